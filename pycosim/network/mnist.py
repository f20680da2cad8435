"""MNIST's files, and its digits made as small as scikit-learn's, for networks that were trained on those.

The digits of `pycosim.network.data` are 32 x 32 bitmaps that a character fills, in which the ink of every 4 x 4 block
was counted [1998 Alpaydin, Kaynak]; a character is as high as the bitmap, and at most 20 wide. A digit of MNIST,
28 x 28 grey values, is brought to the same: made black and white, what has ink made as high as the image and at most
20/32 as wide, and the share of ink in each of 8 x 8 blocks is its pixel.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array
from pycosim.errors import InputError

IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
SIDE = 8

_INK = 0.2  # share of full black from which a pixel is black: strokes as broad as in those digits
_WIDEST = 20 / 32  # width of the widest digits over the image's


def read_mnist(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read MNIST's test part.

    Args:
        folder: has the two gzip files under their names of old.

    Returns:
        Images (n, 28, 28) and labels (n,).

    Raises:
        InputError: a file is missing or damaged, or they are not of the same digits.
    """
    images, labels = _read(folder / IMAGES, 3), _read(folder / LABELS, 1)
    if len(images) != len(labels) or labels.max(initial=0) > 9:
        raise InputError(f"{folder}: wanted as many images as labels of 0 to 9, found {len(images)} and {len(labels)}")
    return images, labels.astype(np.int64)


def reduced_digits(images: NDArray[np.uint8]) -> Array:
    """Return digits of 8 x 8 pixels, 0 to 1, (n, 8, 8), for images of 0 to 255, (n, rows, columns)."""
    return np.stack([_reduced(image / 255.0) for image in images])


def _reduced(image: Array) -> Array:
    black = (image > _INK).astype(np.float64)
    rows, columns = (np.flatnonzero(black.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return np.zeros((SIDE, SIDE))
    height, width = np.ptp(rows) + 1.0, np.ptp(columns) + 1.0
    across = max(height, width / _WIDEST)
    down = _overlaps(image.shape[0], rows[0], height)
    return np.asarray(down @ black @ _overlaps(image.shape[1], columns[0] + (width - across) / 2, across).T)


def _overlaps(n_pixels: int, start: float, length: float) -> Array:
    """Share of each of 8 equal parts of an interval that lies in every pixel, (8, n_pixels)."""
    ends = start + length * np.arange(SIDE + 1) / SIDE
    pixels = np.arange(n_pixels)
    inside = np.minimum(ends[1:, None], pixels + 1) - np.maximum(ends[:-1, None], pixels)
    return np.asarray(np.maximum(inside, 0.0) * SIDE / length)


def _read(path: Path, n_axes: int) -> NDArray[np.uint8]:
    """An IDX file of bytes: 0, 0, 8, number of axes, each axis as a big-endian 32-bit number, the bytes."""
    try:
        stored = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path} ({error}); give the folder with MNIST's {IMAGES} and {LABELS}") from None
    head = 4 + 4 * n_axes
    shape = tuple(int(size) for size in np.frombuffer(stored[4:head].ljust(4 * n_axes, b"\0"), ">u4"))
    if stored[:4] != bytes((0, 0, 8, n_axes)) or len(stored) - head != np.prod(shape, dtype=object):
        raise InputError(f"{path} is no whole IDX file of bytes with {n_axes} axes; fetch it again")
    return np.frombuffer(stored, np.uint8, offset=head).reshape(shape)
