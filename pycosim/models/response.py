"""Cells whose current is a curve of the stored voltage that no polynomial says: sigmoid and exponential."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, positive
from pycosim.errors import InputError
from pycosim.models.domain import ClipCounter, Domain, Outside, Range, check_outside

CURVES = ("sigmoid", "exponential")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCell:
    """Read current along a curve g of the stored voltage, times the width of the pulse.

    charge = width * span * (g(w) - g(0)) / (g(h) - g(-h)), with w = voltage - centre and h half the voltage range,
    and g(w) = 1 / (1 + exp(-stiffness w)) or exp(stiffness w)  [2025 Leroux, authors' code].

    Args:
        curve: "sigmoid" or "exponential".
        stiffness: 1/V.
        span: current of the highest stored voltage less that of the lowest, A.
        width_range: pulse widths on which the model holds, s.
        voltage_range: stored voltages on which the model holds, V; the centre is in the middle of it.
        outside: "raise" or "clip", for operands outside the two ranges.
        clips: counts clipped operands.
    """

    curve: Literal["sigmoid", "exponential"]
    stiffness: float
    span: float
    width_range: Range
    voltage_range: Range
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.curve not in CURVES:
            raise InputError(f"curve must be one of {', '.join(CURVES)}, found {self.curve!r}")
        positive("stiffness", self.stiffness)
        positive("span", self.span, "A")
        check_outside(self.outside)
        if not all(domain.low < domain.high for domain in self.domain):
            raise InputError(f"ranges must not be empty, found {self.width_range} s and {self.voltage_range} V")

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of pulse width and stored voltage on which the model holds."""
        widths, voltages = self.width_range, self.voltage_range
        return (
            Domain(quantity="pulse_width", unit="s", low=widths[0], high=widths[1]),
            Domain(quantity="stored_voltage", unit="V", low=voltages[0], high=voltages[1]),
        )

    def current(self, stored_voltage: ArrayLike) -> Array:
        """Return the read current at full pulse amplitude, A, for voltages in V."""
        voltage = self.domain[1].admit(stored_voltage, self.outside, self.clips)
        low, high = self.voltage_range
        half = (high - low) / 2
        scale = self.span / (self._curve(half) - self._curve(-half))
        return np.asarray(scale * (self._curve(voltage - low - half) - self._curve(0.0)))

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the charge sunk in one read, C, for widths in s and voltages in V, which broadcast."""
        width = self.domain[0].admit(pulse_width, self.outside, self.clips)
        return np.asarray(width * self.current(stored_voltage))

    def _curve(self, volts: ArrayLike) -> Array:
        argument = self.stiffness * np.asarray(volts, dtype=np.float64)
        return np.asarray(np.exp(argument) if self.curve == "exponential" else 1 / (1 + np.exp(-argument)))
