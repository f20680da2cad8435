"""A signal of a few levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, at_least, finite_array, ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantizer:
    """Nearest of ``n_levels`` equally spaced levels from ``low`` to ``high``; outside, the end level.

    Args:
        n_levels: number of levels, at least 2.
        low: lowest level.
        high: highest level.
    """

    n_levels: int
    low: float
    high: float

    def __post_init__(self) -> None:
        at_least("n_levels", self.n_levels, 2)
        ordered("levels", self.low, self.high)

    @property
    def levels(self) -> Array:
        """The levels, (n_levels,)."""
        return np.linspace(self.low, self.high, self.n_levels)

    def codes(self, values: ArrayLike) -> NDArray[np.intp]:
        """Return the index of the nearest level, of the shape of ``values``; ties go to the even index."""
        steps = (finite_array("values", values) - self.low) * ((self.n_levels - 1) / (self.high - self.low))
        return np.clip(np.rint(steps), 0, self.n_levels - 1).astype(np.intp)

    def __call__(self, values: ArrayLike) -> Array:
        """Return the nearest level to each value."""
        return self.levels[self.codes(values)]
