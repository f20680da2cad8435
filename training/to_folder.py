"""Make a folder that `pycosim` reads of a softmax checkpoint: ``python training/to_folder.py CHECKPOINT FOLDER``."""

import sys
from dataclasses import replace

import torch

from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.load import load_model
from pycosim.transformer.save import save_model


def main(checkpoint: str, folder: str) -> None:
    """Write the folder: the sizes and tokenizer of the shipped softmax model, the arrays of the checkpoint."""
    model = load_model("softmax")
    assert isinstance(model, Gpt2)
    saved = torch.load(checkpoint)
    arrays = {name: tensor.numpy() for name, tensor in saved["model"].items()}
    trained = f"training/train.py softmax, {checkpoint} at step {saved['step']}"
    save_model(folder, replace(model, weights=model.weights.with_arrays(arrays)), metadata={"trained": trained})


if __name__ == "__main__":
    main(*sys.argv[1:])
