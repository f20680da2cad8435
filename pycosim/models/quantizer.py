"""A signal of a few levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, at_least, ordered
from pycosim.namespace import AnyArray, finite, namespace_of


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

    def codes(self, values: ArrayLike | AnyArray) -> Any:
        """Return the index of the nearest level, of the shape and library of ``values``; ties go to the even index.

        Raises:
            InputError: for NaN and infinite values.
        """
        array = finite("values", values)
        xp = namespace_of(array)
        steps = (array - self.low) * ((self.n_levels - 1) / (self.high - self.low))
        return xp.astype(xp.clip(xp.round(steps), 0, self.n_levels - 1), xp.int64)

    def __call__(self, values: ArrayLike) -> Array:
        """Return the nearest level to each value."""
        return np.asarray(self.levels[self.codes(values)])
