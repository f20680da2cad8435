"""Make a shipped file of a folder that `pycosim finetune` wrote: ``python training/ship.py FOLDER NAME``."""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.load import load_model
from pycosim.transformer.parameters import SIZES
from pycosim.transformer.weights import CALIBRATION

SHIPPED = Path("pycosim/transformer/shipped")


def main(folder: str, name: str) -> None:
    """Write pycosim/transformer/shipped/NAME.safetensors."""
    model = load_model(folder)
    assert isinstance(model, Gpt2)
    arrays = {name: np.asarray(array) for name, array in model.weights.arrays.items()}
    if model.weights.calibration_tokens is not None:
        arrays[CALIBRATION] = model.weights.calibration_tokens.astype(np.uint8)  # bytes are the tokens
    sizes = {size: str(getattr(model.config, size)) for size in SIZES}
    kept = {key: text for key, text in model.weights.metadata.items() if key != "format"}
    save_file(arrays, SHIPPED / f"{name}.safetensors", {**kept, **sizes, "tokenizer": "byte"})


if __name__ == "__main__":
    main(*sys.argv[1:])
