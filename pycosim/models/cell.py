"""Cell models: pulse width and stored voltage -> charge that one cell sinks from its bit line in one read.

Positive charge is sunk from the bit line, which a high stored voltage does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike

from pycosim.checks import Array, frozen_array, increasing, not_negative
from pycosim.errors import InputError
from pycosim.models.domain import EVERYWHERE, ClipCounter, Domain, Outside, Range, check_outside
from pycosim.models.table import interpolate_table


class CellModel(Protocol):
    """What a cell does in one read."""

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of pulse width and stored voltage on which the model holds."""
        ...

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the charge in coulomb for widths in seconds and voltages in volts, which broadcast."""
        ...


def _cell_domain(width_range: Range, voltage_range: Range) -> tuple[Domain, Domain]:
    return (
        Domain(quantity="pulse_width", unit="s", low=width_range[0], high=width_range[1]),
        Domain(quantity="stored_voltage", unit="V", low=voltage_range[0], high=voltage_range[1]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolynomialCell:
    """Read current as a polynomial of the stored voltage, times the width of the pulse.

    charge = max(width - pulse_offset, 0) * sum_i coefficients[i] * (voltage - centre)^i  [2025 Leroux, the
    cell's polynomial at full pulse amplitude].

    Args:
        coefficients: A/V^i, lowest power first; any degree.
        width_range: pulse widths on which the model holds, s.
        voltage_range: stored voltages on which the model holds, V.
        centre: voltage about which the polynomial is written, V; half of the paper's 0.9 V supply.
        pulse_offset: width that a pulse loses to its edges, s, at least 0.
        outside: "raise" or "clip", for operands outside the two ranges.
        clips: counts clipped operands.
    """

    coefficients: tuple[float, ...]
    width_range: Range
    voltage_range: Range
    centre: float = 0.45
    pulse_offset: float = 0.0
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        values = frozen_array("coefficients", self.coefficients, ndim=1)
        if not values.size:
            raise InputError("coefficients must have at least one number, found none")
        object.__setattr__(self, "coefficients", tuple(float(value) for value in values))
        not_negative("pulse_offset", self.pulse_offset, "s")
        check_outside(self.outside)
        _cell_domain(self.width_range, self.voltage_range)

    @classmethod
    def linear(cls, transconductance: float, centre: float = 0.45) -> PolynomialCell:
        """Return the ideal cell: charge = transconductance * (voltage - centre) * width, defined everywhere.

        Args:
            transconductance: A/V; 19.3e-6 in the paper's intermediate model.
            centre: voltage without current, V.
        """
        return cls(
            coefficients=(0.0, transconductance),
            centre=centre,
            width_range=EVERYWHERE,
            voltage_range=EVERYWHERE,
        )

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of pulse width and stored voltage on which the model holds."""
        return _cell_domain(self.width_range, self.voltage_range)

    def current(self, stored_voltage: ArrayLike) -> Array:
        """Return the read current at full pulse amplitude, A, for voltages in V."""
        voltage = self.domain[1].admit(stored_voltage, self.outside, self.clips)
        return np.asarray(polynomial.polyval(voltage - self.centre, self.coefficients), dtype=np.float64)

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the charge sunk in one read, C, for widths in s and voltages in V, which broadcast."""
        width = self.domain[0].admit(pulse_width, self.outside, self.clips)
        drive = np.maximum(width - self.pulse_offset, 0.0) if self.pulse_offset else width
        return np.asarray(drive * self.current(stored_voltage))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LookupCell:
    """Measured charges: linear between pulse widths, monotone cubic (PCHIP) between stored voltages.

    Args:
        pulse_widths: (n_widths,) s, increasing.
        stored_voltages: (n_voltages,) V, increasing.
        charges: (n_widths, n_voltages) C.
        outside: "raise" or "clip", for operands outside the table.
        clips: counts clipped operands.
    """

    pulse_widths: Array
    stored_voltages: Array
    charges: Array
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pulse_widths", increasing("pulse_widths", self.pulse_widths))
        object.__setattr__(self, "stored_voltages", increasing("stored_voltages", self.stored_voltages))
        object.__setattr__(self, "charges", frozen_array("charges", self.charges, ndim=2))
        wanted = (self.pulse_widths.size, self.stored_voltages.size)
        if self.charges.shape != wanted:
            raise InputError(f"charges must be (n_widths, n_voltages) = {wanted}, found {self.charges.shape}")
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of pulse width and stored voltage that the table covers."""
        widths, voltages = self.pulse_widths, self.stored_voltages
        return _cell_domain((float(widths[0]), float(widths[-1])), (float(voltages[0]), float(voltages[-1])))

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the charge sunk in one read, C, for widths in s and voltages in V, which broadcast."""
        widths, voltages = self.domain
        width = widths.admit(pulse_width, self.outside, self.clips)
        voltage = voltages.admit(stored_voltage, self.outside, self.clips)
        return interpolate_table(self.pulse_widths, self.stored_voltages, self.charges, width, voltage)
