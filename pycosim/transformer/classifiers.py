"""The vision transformers that come with the package: small ones, which tell scikit-learn's digits of 8 x 8 pixels.

Images are (1, 8, 8), grey values 0 to 1, as `pycosim.network.data.load_data_set` gives them. The names say what they
were trained with: "digits_softmax" and "digits_sigmoid" with exact attention, "digits_optmax" and "digits_optmoid" with
that of the electro-optic units at 4 bit with noise.
"""

from __future__ import annotations

from importlib.resources import as_file, files

from pycosim.errors import InputError
from pycosim.transformer.load import load_classifier
from pycosim.transformer.vit import Vit

DIGITS_SPLIT = 0
"""Seed of the split of the digits (`load_data_set`) whose training part alone these weights have seen."""


def shipped_classifiers() -> tuple[str, ...]:
    """Return the names of the classifiers that come with the package, sorted."""
    folder = files("pycosim.transformer").joinpath("shipped")
    found = [item for item in folder.iterdir() if item.is_dir()] if folder.is_dir() else []
    return tuple(sorted(item.name for item in found if item.joinpath("config.json").is_file()))


def load_shipped_classifier(name: str) -> Vit:
    """Load a classifier that comes with the package.

    Args:
        name: one of `shipped_classifiers`.

    Raises:
        InputError: there is none of that name, or its files are damaged.
    """
    if name not in shipped_classifiers():
        raise InputError(f"no shipped classifier {name!r}; there are {', '.join(shipped_classifiers()) or '(none)'}")
    with as_file(files("pycosim.transformer").joinpath("shipped", name)) as folder:
        return load_classifier(folder)
