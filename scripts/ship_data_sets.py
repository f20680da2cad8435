"""Write pycosim/network/shipped/*.npz from scikit-learn's data sets; run it where scikit-learn is installed.

python scripts/ship_data_sets.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, load_iris

SHIPPED = Path(__file__).parents[1] / "pycosim" / "network" / "shipped"


def main() -> None:
    digits, iris = load_digits(), load_iris()
    for name, inputs, labels in (
        ("digits", digits.data, digits.target),
        ("iris", np.round(10 * iris.data), iris.target),
    ):
        np.savez_compressed(SHIPPED / f"{name}.npz", inputs=inputs.astype(np.uint8), labels=labels.astype(np.uint8))


if __name__ == "__main__":
    main()
