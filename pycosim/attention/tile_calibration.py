"""A gain and an offset of every tile, in the digital logic after its read-out.

Converters and cells differ from tile to tile. Both read-outs of the same operands, of the tile as it is and of ideal
hardware, lie on a line with some scatter; its slope and intercept are found once, by least squares, and applied to
every count before the tiles are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.conversions import Conversions
from pycosim.checks import Array, frozen_array
from pycosim.errors import InputError
from pycosim.namespace import AnyArray, like


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TileCalibration:
    """count -> gain count + offset, of one layer.

    Args:
        gain: (n_heads, n_tiles, n), n features, or 1 for one gain of all features of a tile.
        offset: the same, in shares of the full count.
    """

    gain: Array
    offset: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", frozen_array("gain", self.gain, ndim=3))
        object.__setattr__(self, "offset", frozen_array("offset", self.offset, ndim=3))
        if self.gain.shape != self.offset.shape:
            raise InputError(f"gain and offset must be alike, found {self.gain.shape} and {self.offset.shape}")

    @property
    def numbers(self) -> int:
        """Numbers that one head keeps."""
        return 2 * int(np.prod(self.gain.shape[1:]))

    def check(self, n_heads: int, n_tiles: int, d_head: int) -> None:
        """Raise InputError unless it is for so many heads, tiles and features."""
        if self.gain.shape[:2] != (n_heads, n_tiles) or self.gain.shape[2] not in (1, d_head):
            raise InputError(
                f"a calibration of {n_heads} heads with {n_tiles} tiles of {d_head} features is wanted, found "
                f"{self.gain.shape}; calibrate on this hardware"
            )

    def of_tiles(self, tiles: Sequence[int], reference: AnyArray) -> Conversions:
        """Return what it makes of shares (..., head, tile, t, d_head) of some tiles, for arrays like the reference."""
        places = list(tiles)
        return Conversions(
            factor=like(self.gain[:, places, None, :], reference),
            shift=like(self.offset[:, places, None, :], reference),
        )


class TileFit:
    """Collects read-outs of one layer's tiles beside those of ideal hardware, and fits the lines between them.

    Only sums are kept: any number of texts may follow each other.

    Args:
        by_feature: one line for each feature of a tile, which has a converter of its own; False for one per tile.
    """

    def __init__(self, *, by_feature: bool = True) -> None:
        self._by_feature = by_feature
        self._sums: NDArray[np.float64] | None = None

    def add(self, found: Array, ideal: Array, is_read: NDArray[np.bool_]) -> None:
        """Take read-outs.

        Args:
            found: shares of the full count (n_tiles, ..., head, t, d_head).
            ideal: of ideal hardware for the same operands, alike.
            is_read: (n_tiles, t), where a tile was read.
        """
        weight = np.broadcast_to(is_read[..., None], (*is_read.shape, found.shape[-1])).astype(np.float64)
        weight = weight.reshape(len(weight), *([1] * (found.ndim - 3)), *weight.shape[1:])
        x, y = np.asarray(found, dtype=np.float64), np.asarray(ideal, dtype=np.float64)
        axes = (*range(1, found.ndim - 3), found.ndim - 2, *(() if self._by_feature else (found.ndim - 1,)))
        terms = np.stack(
            [
                (np.broadcast_to(weight, x.shape) * term).sum(axis=axes, keepdims=True)
                for term in (np.ones_like(x), x, y, x * x, x * y)
            ]
        )
        n_heads = found.shape[-3]
        own = terms.reshape(5, len(found), n_heads, -1)
        self._sums = own if self._sums is None else self._sums + own

    def result(self) -> TileCalibration:
        """Return the lines; a tile or feature that never moved keeps its gain and gets an offset alone.

        Raises:
            InputError: nothing was read.
        """
        if self._sums is None:
            raise InputError("a calibration needs read-outs, found none; give it a text")
        n, x, y, xx, xy = np.moveaxis(self._sums, 1, 2)  # each (head, tile, feature)
        count = np.maximum(n, 1.0)
        variance = xx / count - (x / count) ** 2
        covariance = xy / count - x * y / count**2
        moves = variance > 1e-12  # shares of the full count, squared: below the rounding of the sums
        gain = np.divide(covariance, variance, out=np.ones_like(x), where=moves)
        offset = (y - gain * x) / count
        return TileCalibration(gain=gain, offset=np.where(n > 0, offset, 0.0))
