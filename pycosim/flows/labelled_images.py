"""Images with labels for a vision transformer: the shipped digits, MNIST made as small, or a file of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.network.data import load_data_set
from pycosim.network.mnist import read_mnist, reduced_digits
from pycosim.transformer.classifiers import DIGITS_SPLIT
from pycosim.transformer.tensors import read_npz
from pycosim.transformer.vit import Images
from pycosim.transformer.vit_parameters import VitConfig

DIGITS = "digits"
SIDE = 8
"""Rows, and columns, of the digits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledImages:
    """Images and what they show.

    Attributes:
        name: for a reader.
        images: (n, n_channels, row, column), scaled as in training.
        labels: (n,) classes, from 0.
    """

    name: str
    images: Images
    labels: NDArray[np.int64]

    def first(self, n: int | None) -> LabelledImages:
        """Return the first n; None for all."""
        return LabelledImages(name=self.name, images=self.images[:n], labels=self.labels[:n])


def digits(*, held_out: bool) -> LabelledImages:
    """scikit-learn's digits, 8 x 8, 0 to 1: the part that no shipped weights have seen, or the rest."""
    data = load_data_set("digits", seed=DIGITS_SPLIT)
    inputs, labels = (data.test_inputs, data.test_labels) if held_out else (data.inputs, data.labels)
    name = "digits, held-out part" if held_out else "digits, training part"
    return LabelledImages(name=name, images=inputs.reshape(-1, 1, SIDE, SIDE), labels=labels)


def read_images(source: str | Path, config: VitConfig) -> LabelledImages:
    """Read images for a model.

    Args:
        source: "digits"; a folder with MNIST's test files, which are made 8 x 8 as `pycosim.network.mnist` says; or an
            .npz file with ``images``, (n, row, column) or (n, channel, row, column), and ``labels``, (n,).
        config: of the model, whose sizes the images must have.

    Raises:
        InputError: there is no such source, or it holds other images than the model's.
    """
    path = Path(source)
    if str(source) == DIGITS:
        found = digits(held_out=True)
    elif path.is_dir():
        images, labels = read_mnist(path)
        found = LabelledImages(name=f"MNIST, {SIDE} x {SIDE}", images=reduced_digits(images)[:, None], labels=labels)
    elif path.suffix == ".npz" and path.is_file():
        found = _of_npz(path)
    else:
        raise InputError(
            f"there are no images {str(source)!r}; give 'digits', a folder with MNIST's test files, or an .npz file "
            "with images and labels"
        )
    wanted = (config.n_channels, config.image_size, config.image_size)
    if found.images.shape[1:] != wanted:
        raise InputError(
            f"{source}: the model wants images of {wanted} = (channels, rows, columns), found {found.images.shape[1:]}"
        )
    return found


def _of_npz(path: Path) -> LabelledImages:
    arrays = read_npz(path)
    images, labels = arrays.get("images"), arrays.get("labels")
    if (
        images is None
        or labels is None
        or images.ndim not in (3, 4)
        or labels.shape != images.shape[:1]
        or labels.dtype.kind not in "iu"
        or not len(labels)
        or labels.min() < 0
    ):
        shapes = {name: f"{array.dtype} {array.shape}" for name, array in arrays.items()}
        raise InputError(
            f"{path} must hold images (n, channel?, row, column) and as many whole-number labels, found {shapes}"
        )
    whole = images[:, None] if images.ndim == 3 else images
    return LabelledImages(name=path.name, images=whole.astype(np.float32), labels=labels.astype(np.int64))
