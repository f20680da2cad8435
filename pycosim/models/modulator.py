"""The edge of a modulator: what the output of an electro-optic unit is for a level of its converter.

    output(v) = offset + full (T_min + (1 - T_min) sin^2(phase + slope v_s tanh(v / v_s)))^n

n modulators in series, driven alike by a driver that saturates: smooth everywhere, with a derivative in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, at_least, not_negative, positive
from pycosim.errors import InputError
from pycosim.models.domain import EVERYWHERE, ClipCounter, Domain, Outside, Range, check_outside


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulatorEdge:
    """Output over the converter's level.

    Args:
        phase: at level 0, rad: half of what the arms differ by.
        slope: of the phase, rad/V.
        saturation: level v_s at which the driver saturates, V.
        floor: T_min, share of the light that passes at the dark point, one modulator.
        full: output at full transmission of all modulators, less the offset, V.
        offset: output without light, V.
        n_modulators: in series.
        level_range: levels on which the model holds, V.
        outside: "raise" or "clip", for levels outside that range.
        clips: counts levels moved into that range.
    """

    phase: float
    slope: float
    saturation: float
    floor: float = 0.0
    full: float = 1.0
    offset: float = 0.0
    n_modulators: int = 1
    level_range: Range = EVERYWHERE
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        positive("saturation", self.saturation, "V")
        positive("full", self.full, "V")
        not_negative("floor", self.floor)
        at_least("n_modulators", self.n_modulators, 1)
        if not (np.isfinite([self.phase, self.slope, self.offset]).all() and self.floor < 1 and self.slope):
            raise InputError(
                "an edge needs a finite phase and offset, a slope that is not 0 and a floor below 1, found phase "
                f"{self.phase:g}, slope {self.slope:g}, offset {self.offset:g}, floor {self.floor:g}"
            )
        check_outside(self.outside)
        self.domain  # noqa: B018 - checks the range

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of levels on which the model holds."""
        return (Domain(quantity="level", unit="V", low=self.level_range[0], high=self.level_range[1]),)

    def output(self, level: ArrayLike) -> Array:
        """Return the output, V, for levels in V."""
        phase, _ = self._phase(self.domain[0].admit(level, self.outside, self.clips))
        return np.asarray(self.offset + self.full * self._transmission(phase) ** self.n_modulators)

    def derivative(self, level: ArrayLike) -> Array:
        """Return d output / d level, V/V."""
        phase, rate = self._phase(self.domain[0].admit(level, self.outside, self.clips))
        single = self._transmission(phase)
        change = (1 - self.floor) * np.sin(2 * phase) * rate
        return np.asarray(self.full * self.n_modulators * single ** (self.n_modulators - 1) * change)

    def level_of_phase(self, phase: float) -> float:
        """Return the level, V, at which sin^2 has this phase (rad): 0 is dark, pi/4 half, pi/2 bright.

        Raises:
            InputError: the driver saturates before.
        """
        share = (phase - self.phase) / (self.slope * self.saturation)
        if not abs(share) < 1:
            raise InputError(
                f"no level gives the phase {phase:.4g} rad: the driver saturates at {self.saturation:.3g} V"
            )
        return float(self.saturation * np.arctanh(share))

    def _phase(self, level: Array) -> tuple[Array, Array]:
        bent = np.tanh(level / self.saturation)
        return self.phase + self.slope * self.saturation * bent, self.slope * (1 - bent**2)

    def _transmission(self, phase: Array) -> Array:
        return np.asarray(self.floor + (1 - self.floor) * np.sin(phase) ** 2)
