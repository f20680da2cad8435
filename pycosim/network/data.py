"""The data sets that perceptrons are judged on, shipped with the package, split once and for all by a seed."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array
from pycosim.errors import InputError

DataName = Literal["digits", "iris"]
TEST_SHARE = 0.3
"""Share of each data set that no training sees. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataSet:
    """Samples with labels, in two parts.

    Attributes:
        name: which.
        inputs, labels: (n, n_inputs) and (n,) of the training part; inputs lie between 0 and 1, or are standardised.
        test_inputs, test_labels: the part that no training sees.
        n_classes: labels are 0 to n_classes - 1.
    """

    name: str
    inputs: Array
    labels: NDArray[np.int64]
    test_inputs: Array
    test_labels: NDArray[np.int64]
    n_classes: int

    @property
    def n_inputs(self) -> int:
        """Numbers of one sample."""
        return int(self.inputs.shape[1])


def load_data_set(name: DataName, *, seed: int) -> DataSet:
    """Load a shipped data set and split it.

    Args:
        name: "digits" (8 x 8 pixels, 0 to 1, ten classes) or "iris" (four lengths, standardised on the training part,
            three classes). Sources: pycosim/network/shipped/NOTICE.
        seed: of the split.

    Raises:
        InputError: no such data set, or a damaged installation.
    """
    resource = files("pycosim.network").joinpath("shipped", f"{name}.npz")
    if not resource.is_file():
        raise InputError(f"no data set {name!r}; there are digits and iris")
    try:
        with as_file(resource) as path, np.load(path, allow_pickle=False) as stored:
            inputs, labels = stored["inputs"].astype(np.float64), stored["labels"].astype(np.int64)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"the installed file shipped/{name}.npz is damaged ({error}); install pycosim again") from None
    order = np.random.default_rng(seed).permutation(len(labels))
    n_test = round(TEST_SHARE * len(labels))
    test, train = order[:n_test], order[n_test:]
    centre, size = (0.0, 16.0) if name == "digits" else (inputs[train].mean(axis=0), inputs[train].std(axis=0))
    inputs = (inputs - centre) / size
    return DataSet(
        name=name,
        inputs=inputs[train],
        labels=labels[train],
        test_inputs=inputs[test],
        test_labels=labels[test],
        n_classes=int(labels.max()) + 1,
    )
