"""Charge-to-pulse converters: the charge that a bit line collected -> the width of a pulse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from pycosim.checks import Array, frozen_array, increasing, positive
from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis, grid_axis
from pycosim.models.domain import EVERYWHERE, ClipCounter, Domain, Outside, Range, check_outside
from pycosim.namespace import AnyArray, like, namespace_of


class ConverterModel(Protocol):
    """What a charge-to-pulse block does with one charge."""

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of charge on which the model holds."""
        ...

    @property
    def clips(self) -> ClipCounter:
        """How many charges were moved into that range."""
        ...

    def pulse_width(self, charge: ArrayLike | AnyArray) -> Any:
        """Return the width in seconds for a charge in coulomb; a signed converter gives signed seconds."""
        ...


def _charge_domain(charge_range: Range) -> tuple[Domain]:
    return (Domain(quantity="charge", unit="C", low=charge_range[0], high=charge_range[1]),)


@dataclass(frozen=True, slots=True, kw_only=True)
class HardSigmoid:
    """Pulse width proportional to a positive charge, up to a longest pulse.

    width = clip(gain * (charge - offset) / saturation_charge, 0, 1) * max_pulse_width  [2025 Leroux, phi(S)].

    Args:
        saturation_charge: charge of the longest pulse at gain 1, C (S_sat * T_max).
        max_pulse_width: longest pulse T_max, s.
        offset: charge at which the pulse starts, C.
        gain: measured slope over nominal slope.
        charge_range: charges on which the model holds, C; the law saturates, so everywhere unless measured.
        outside: "raise" or "clip", for charges outside that range.
        clips: counts charges moved into that range (not those that the law saturates).
    """

    saturation_charge: float
    max_pulse_width: float
    offset: float = 0.0
    gain: float = 1.0
    charge_range: Range = EVERYWHERE
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        positive("saturation_charge", self.saturation_charge, "C")
        positive("max_pulse_width", self.max_pulse_width, "s")
        positive("gain", self.gain)
        frozen_array("offset", self.offset, ndim=0)
        check_outside(self.outside)
        _charge_domain(self.charge_range)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of charge on which the model holds."""
        return _charge_domain(self.charge_range)

    def pulse_width(self, charge: ArrayLike | AnyArray) -> Any:
        """Return the pulse width, s, for charges in C."""
        admitted = self.domain[0].admit(charge, self.outside, self.clips)
        width = (admitted - float(self.offset)) * float(self.gain * self.max_pulse_width / self.saturation_charge)
        return namespace_of(width).clip(width, 0.0, float(self.max_pulse_width))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPulse:
    """Sign and magnitude: the width is proportional to the charge's magnitude, its sign is the charge's.

    width = clip(gain * (charge - offset) / saturation_charge, -1, 1) * max_pulse_width, with a gain for each
    sign [2025 Leroux, second read-out].

    Args:
        saturation_charge: magnitude of charge of the longest pulse at gain 1, C.
        max_pulse_width: longest pulse T_max, s.
        offset: charge that reads as zero, C.
        positive_gain: measured slope over nominal slope, positive charges.
        negative_gain: the same for negative charges.
        charge_range: charges on which the model holds, C; the law saturates, so everywhere unless measured.
        outside: "raise" or "clip", for charges outside that range.
        clips: counts charges moved into that range (not those that the law saturates).
    """

    saturation_charge: float
    max_pulse_width: float
    offset: float = 0.0
    positive_gain: float = 1.0
    negative_gain: float = 1.0
    charge_range: Range = EVERYWHERE
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        positive("saturation_charge", self.saturation_charge, "C")
        positive("max_pulse_width", self.max_pulse_width, "s")
        positive("positive_gain", self.positive_gain)
        positive("negative_gain", self.negative_gain)
        frozen_array("offset", self.offset, ndim=0)
        check_outside(self.outside)
        _charge_domain(self.charge_range)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of charge on which the model holds."""
        return _charge_domain(self.charge_range)

    def pulse_width(self, charge: ArrayLike | AnyArray) -> Any:
        """Return the signed pulse width, s, for charges in C."""
        excess = self.domain[0].admit(charge, self.outside, self.clips) - float(self.offset)
        xp = namespace_of(excess)
        nominal, longest = self.max_pulse_width / self.saturation_charge, float(self.max_pulse_width)
        width = excess * float(self.positive_gain * nominal)
        if self.negative_gain != self.positive_gain:
            width = xp.where(excess < 0, excess * float(self.negative_gain * nominal), width)
        return xp.clip(width, -longest, longest)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulseTable:
    """Measured transfer of either converter, monotone cubic (PCHIP) between its points.

    Args:
        charges: (n_points,) C, increasing.
        pulse_widths: (n_points,) s, signed for a signed converter.
        outside: "raise" or "clip", for charges outside the table.
        clips: counts clipped charges.
    """

    charges: Array
    pulse_widths: Array
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "charges", increasing("charges", self.charges))
        object.__setattr__(self, "pulse_widths", frozen_array("pulse_widths", self.pulse_widths, ndim=1))
        if self.pulse_widths.shape != self.charges.shape:
            raise InputError(
                f"pulse_widths must be one per charge, {self.charges.size}, found {self.pulse_widths.size}"
            )
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of charge that the table covers."""
        return _charge_domain((float(self.charges[0]), float(self.charges[-1])))

    def pulse_width(self, charge: ArrayLike) -> Array:
        """Return the pulse width, s, for charges in C."""
        admitted = self.domain[0].admit(charge, self.outside, self.clips)
        return np.asarray(PchipInterpolator(self.charges, self.pulse_widths)(admitted), dtype=admitted.dtype)

    def in_lines(self, tolerance: float) -> PulseLines:
        """Return the table in short lines: many times as fast, and for arrays of any library.

        Args:
            tolerance: largest error of a width over the largest width, at the middle and the quarters of every line.

        Raises:
            InputError: where that takes too many lines.
        """
        curve = PchipInterpolator(self.charges, self.pulse_widths)
        axis = grid_axis(curve, OperandAxis(nodes=self.charges[[0, -1]], is_coded=False), tolerance)
        axis, widths = axis.evenly(curve(axis.nodes)[None])
        return PulseLines(table=self, axis=axis, pulse_widths=widths[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulseLines:
    """A `PulseTable` in short lines; what lies outside the table counts there.

    Args:
        table: what it stands for.
        axis: charges between which widths are linear, C.
        pulse_widths: (n_points,) s.
    """

    table: PulseTable
    axis: OperandAxis
    pulse_widths: Array

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of charge that the table covers."""
        return self.table.domain

    @property
    def clips(self) -> ClipCounter:
        """How many charges were moved into that range."""
        return self.table.clips

    def pulse_width(self, charge: ArrayLike | AnyArray) -> Any:
        """Return the pulse width, s, for charges in C."""
        admitted = self.domain[0].admit(charge, self.table.outside, self.clips)
        return self.axis.sample([like(self.pulse_widths, admitted)], admitted)[0]
