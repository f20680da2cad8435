"""Curves that differ from part to part, as sampled models.

The current of a cell over its level, the pulse of a converter over its charge: with the spread, the correlation along
the curve and the skewness that SPICE shows. A part's curve is

    value(x; z)  =  mean(x)  +  sum_j z_j mode_j(x)  +  sum_j (z_j^2 - 1) bend_j(x),    clipped to low .. high,

z_j independent standard normal numbers of the part. The bends keep the mean, and give the skewness that an exponential
law makes of a normal threshold. Noise is a curve whose numbers are drawn anew for every read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, at_least, finite_array, frozen_array, increasing
from pycosim.errors import InputError
from pycosim.models.domain import ClipCounter, Domain, Outside, check_outside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampledCurve:
    """A curve and how it differs between parts.

    Args:
        quantity: what the curve gives, for example "pulse_width".
        unit: its SI unit.
        argument: over what it is given, for example "charge".
        argument_unit: its SI unit.
        points: (n_points,) arguments, increasing.
        mean: (n_points,) mean of the parts.
        modes: (rank, n_points) change of the curve by one standard deviation of each number.
        bends: (rank, n_points) change with the squares of the numbers, less one.
        low: what the curve is clipped at, below.
        high: above.
        outside: "raise" or "clip", for arguments outside the points.
        clips: counts clipped arguments.
    """

    quantity: str
    unit: str
    argument: str
    argument_unit: str
    points: Array
    mean: Array
    modes: Array
    bends: Array
    low: float = -math.inf
    high: float = math.inf
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", increasing("points", self.points))
        object.__setattr__(self, "mean", frozen_array("mean", self.mean, ndim=1))
        object.__setattr__(self, "modes", frozen_array("modes", self.modes, ndim=2))
        object.__setattr__(self, "bends", frozen_array("bends", self.bends, ndim=2))
        n = self.points.size
        if self.mean.shape != (n,) or self.modes.shape[1] != n or self.bends.shape != self.modes.shape:
            raise InputError(
                f"mean, modes and bends must have the {n} points and modes and bends one shape, found "
                f"{self.mean.shape}, {self.modes.shape} and {self.bends.shape}"
            )
        if not self.low < self.high:
            raise InputError(f"low must be below high, found {self.low:g} and {self.high:g}")
        check_outside(self.outside)

    @property
    def rank(self) -> int:
        """Numbers of a part."""
        return len(self.modes)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of the argument."""
        ends = float(self.points[0]), float(self.points[-1])
        return (Domain(quantity=self.argument, unit=self.argument_unit, low=ends[0], high=ends[1]),)

    def draw(self, n_parts: int, seed: int) -> Array:
        """Return the numbers of parts, (n_parts, rank) standard normal; the same seed gives the same parts.

        Args:
            n_parts: how many.
            seed: of the draw.
        """
        return np.random.default_rng(seed).standard_normal((at_least("n_parts", n_parts, 1), self.rank))

    def value(self, numbers: ArrayLike, argument: ArrayLike) -> Array:
        """Return values of parts, (n_parts, ...).

        Args:
            numbers: (n_parts, rank) of the parts, see `draw`.
            argument: (n_parts, ...), or (1, ...) where all parts have the same.

        Raises:
            InputError: numbers of another rank, or arguments of another number of parts.
            DomainError: an argument outside the points, when ``outside`` is "raise".
        """
        z = finite_array("numbers", numbers, ndim=2)
        at = self.domain[0].admit(finite_array(self.argument, argument), self.outside, self.clips)
        if z.shape[1] != self.rank or at.ndim == 0 or at.shape[0] not in (1, len(z)):
            raise InputError(
                f"numbers must be (n_parts, {self.rank}) and {self.argument} (n_parts, ...) or (1, ...), found "
                f"{z.shape} and {at.shape}"
            )
        shape = np.broadcast_shapes((len(z), *[1] * (at.ndim - 1)), at.shape)
        spread = z.reshape(len(z), self.rank, *[1] * (at.ndim - 1))
        total = np.broadcast_to(np.interp(at, self.points, self.mean), shape).copy()
        for j in range(self.rank):
            total += spread[:, j] * np.interp(at, self.points, self.modes[j])
            if self.bends[j].any():
                total += (spread[:, j] ** 2 - 1) * np.interp(at, self.points, self.bends[j])
        return np.asarray(np.clip(total, self.low, self.high))

    def deviation(self, argument: ArrayLike) -> Array:
        """Return the standard deviation between parts, without the clip, in `unit`, of the argument's shape."""
        at = self.domain[0].admit(finite_array(self.argument, argument), self.outside, self.clips)
        variance = np.zeros(at.shape)
        for mode, bend in zip(self.modes, self.bends, strict=True):
            variance += np.interp(at, self.points, mode) ** 2 + 2 * np.interp(at, self.points, bend) ** 2
        return np.asarray(np.sqrt(variance))
