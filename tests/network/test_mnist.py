"""MNIST's files, and its digits made as small as scikit-learn's."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.network.mnist import IMAGES, LABELS, read_mnist, reduced_digits

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"


def _write(folder: Path, *, images: bytes | None = None, labels: bytes | None = None) -> Path:
    pixels = np.arange(2 * 28 * 28, dtype=np.uint8).tobytes()
    stored = bytes((0, 0, 8, 3)) + np.array([2, 28, 28], ">u4").tobytes() + pixels if images is None else images
    named = bytes((0, 0, 8, 1)) + np.array([2], ">u4").tobytes() + bytes((3, 9)) if labels is None else labels
    (folder / IMAGES).write_bytes(gzip.compress(stored))
    (folder / LABELS).write_bytes(gzip.compress(named))
    return folder


def test_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    images, labels = read_mnist(_write(tmp_path))
    assert images.shape == (2, 28, 28) and images[0, 0, 5] == 5 and labels.tolist() == [3, 9]


@pytest.mark.parametrize(
    "damage",
    [
        {"images": b"\0\0\x08\x03" + np.array([2, 28, 28], ">u4").tobytes() + b"few"},
        {"images": b"\0\0\x08\x03"},
        {"images": b"\0\0\x0d\x03" + np.array([0, 0, 0], ">u4").tobytes()},
        {"labels": b"\0\0\x08\x01" + np.array([1], ">u4").tobytes() + b"\x01"},
        {"labels": b"\0\0\x08\x01" + np.array([2], ">u4").tobytes() + b"\x01\x0a"},
        {"images": b"\0\0\x08\x03" + b"\xff" * 12},
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, damage: dict[str, bytes]) -> None:
    with pytest.raises(InputError):
        read_mnist(_write(tmp_path, **damage))


def test_missing_files_and_others_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_mnist(tmp_path)
    (_write(tmp_path) / IMAGES).write_bytes(b"no gzip")
    with pytest.raises(InputError, match="cannot read"):
        read_mnist(tmp_path)


def test_ink_is_counted_in_blocks_of_what_has_ink() -> None:
    image = np.zeros((28, 28), dtype=np.uint8)
    image[4:24, 10:14] = 255  # a stroke of 20 x 4: as high as the image, a fifth of it wide
    found = reduced_digits(image[None])[0]
    assert found.sum() * 20 / 8 * 20 / 8 == pytest.approx(20 * 4)  # no ink is lost
    assert found[:, 3:5] == pytest.approx(np.full((8, 2), 0.8)) and not found[:, [0, 1, 2, 5, 6, 7]].any()


def test_a_digit_wider_than_high_is_squeezed_and_an_empty_image_stays_empty() -> None:
    image = np.zeros((28, 28), dtype=np.uint8)
    image[10:18, 4:24] = 255
    found = reduced_digits(np.stack([image, np.zeros_like(image)]))
    assert found[0].sum(axis=1) == pytest.approx(np.full(8, 5.0))  # 20 of 32 wide
    assert not found[1].any()


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs MNIST in ../shared/data/mnist")
def test_digits_of_mnist_become_like_those_that_are_shipped() -> None:
    images, labels = read_mnist(SHARED)
    small = reduced_digits(images[:300])
    assert images.shape == (10000, 28, 28) and set(labels) == set(range(10))
    assert small.min() >= 0 and small.max() <= 1 + 1e-12
    assert 0.2 < small.mean() < 0.35  # those of scikit-learn have 0.305: NIST's pens are broader
