"""A rectifier: half a line with a rounded knee, and the time that it is dead after a zero crossing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, frozen_array, not_negative, positive
from pycosim.errors import InputError
from pycosim.models.domain import EVERYWHERE, ClipCounter, Domain, Outside, Range, check_outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectifier:
    """v = knee ln(1 + exp(gain (v_in - threshold) / knee)) + floor, about the reference.

    Args:
        gain: slope far above the threshold; -1 for a rectifier that conducts below it.
        threshold: input at which it turns (V).
        knee: voltage over which it turns (V); the output at the threshold is 0.69 of it.
        floor: output far on the other side (V).
        dead_time: after a zero crossing until the output moves (s).
        input_range: on which the model holds (V).
        outside: "raise" or "clip", for inputs outside it.
        clips: counts clipped inputs.
    """

    gain: float = 1.0
    threshold: float = 0.0
    knee: float = 1e-6
    floor: float = 0.0
    dead_time: float = 0.0
    input_range: Range = EVERYWHERE
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not np.isfinite(self.gain) or self.gain == 0:
            raise InputError(f"the slope of a rectifier must be finite and not 0, found {self.gain!r}")
        positive("knee", self.knee, "V")
        not_negative("dead_time", self.dead_time, "s")
        frozen_array("threshold", self.threshold, ndim=0)
        frozen_array("floor", self.floor, ndim=0)
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of the input."""
        return (Domain(quantity="input_voltage", unit="V", low=self.input_range[0], high=self.input_range[1]),)

    def voltage(self, value: ArrayLike) -> Array:
        """Return the settled output, V, for inputs in V, both about the reference."""
        admitted = self.domain[0].admit(value, self.outside, self.clips)
        return np.asarray(
            self.knee * np.logaddexp(0.0, self.gain * (admitted - self.threshold) / self.knee) + self.floor
        )

    def slope(self, value: ArrayLike) -> Array:
        """Return the derivative of the output by the input."""
        excess = self.gain * (np.asarray(value, dtype=np.float64) - self.threshold) / self.knee
        return np.asarray(self.gain / (1 + np.exp(-np.clip(excess, -500, 500))))
