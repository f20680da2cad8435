"""Decay models: what a read of a cell gives some time after the cell was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, finite_array, frozen_array, increasing, positive
from pycosim.errors import InputError
from pycosim.models.cell import CellModel
from pycosim.models.domain import ClipCounter, Domain, Outside, check_outside
from pycosim.models.table import interpolate_table

_AGES = Domain(quantity="age", unit="s", low=0.0, high=np.inf)


class DecayModel(Protocol):
    """How a stored value ages."""

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges on which the model holds."""
        ...

    def read(self, cell: CellModel, pulse_width: ArrayLike, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the charge, C, of a cell written to a voltage, V, ``age`` s ago; operands broadcast."""
        ...


def _checked_age(age: ArrayLike) -> Array:
    return np.asarray(_AGES.admit(age, "raise", ClipCounter()))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDecay:
    """A cell that keeps what was written."""

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Any age that is not negative."""
        return (_AGES,)

    def read(self, cell: CellModel, pulse_width: ArrayLike, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the charge, C, of a fresh cell, broadcast over ``age`` too."""
        charge = cell.charge(pulse_width, stored_voltage)
        return np.broadcast_to(charge, np.broadcast_shapes(charge.shape, _checked_age(age).shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDecay:
    """The charge of a read shrinks with the cell's age: charge * exp(-age / time_constant).

    The law of the authors' reference tiles. It acts on the charge, not on the voltage, and has no level to
    drift to.

    Args:
        time_constant: s.
    """

    time_constant: float

    def __post_init__(self) -> None:
        positive("time_constant", self.time_constant, "s")

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Any age that is not negative."""
        return (_AGES,)

    def read(self, cell: CellModel, pulse_width: ArrayLike, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the charge, C, of a cell written ``age`` s ago; operands broadcast."""
        factor = np.exp(-_checked_age(age) / self.time_constant)
        return cell.charge(pulse_width, stored_voltage) * factor


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageDecay:
    """The stored voltage relaxes to one final level.

    voltage(age) = final + (stored - final) * exp(-age / time_constant); with final 0.45 V and 5 ms the
    paper's law.

    Args:
        time_constant: s.
        final_voltage: V.
    """

    time_constant: float
    final_voltage: float

    def __post_init__(self) -> None:
        positive("time_constant", self.time_constant, "s")
        frozen_array("final_voltage", self.final_voltage, ndim=0)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Any age that is not negative."""
        return (_AGES,)

    def voltage(self, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the voltage, V, that is left of ``stored_voltage`` V after ``age`` s; operands broadcast."""
        factor = np.exp(-_checked_age(age) / self.time_constant)
        return self.final_voltage + (finite_array("stored_voltage", stored_voltage) - self.final_voltage) * factor

    def read(self, cell: CellModel, pulse_width: ArrayLike, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the charge, C, of a cell written ``age`` s ago; operands broadcast."""
        return cell.charge(pulse_width, self.voltage(stored_voltage, age))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriftTable:
    """Measured drift of every level: linear between ages, monotone cubic (PCHIP) between stored voltages.

    Real storage nodes leak to several levels at once, so the drift of one level says little about another's.

    Args:
        ages: (n_ages,) s, increasing from 0.
        stored_voltages: (n_levels,) V as written, increasing.
        voltages: (n_ages, n_levels) V at that age.
        outside: "raise" or "clip", for ages and voltages outside the table.
        clips: counts clipped operands.
    """

    ages: Array
    stored_voltages: Array
    voltages: Array
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ages", increasing("ages", self.ages))
        object.__setattr__(self, "stored_voltages", increasing("stored_voltages", self.stored_voltages))
        object.__setattr__(self, "voltages", frozen_array("voltages", self.voltages, ndim=2))
        if self.ages[0] != 0:
            raise InputError(f"ages must start at 0 s, the write, found {self.ages[0]:.3g} s")
        wanted = (self.ages.size, self.stored_voltages.size)
        if self.voltages.shape != wanted:
            raise InputError(f"voltages must be (n_ages, n_levels) = {wanted}, found {self.voltages.shape}")
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of age and stored voltage that the table covers."""
        levels = self.stored_voltages
        return (
            Domain(quantity="age", unit="s", low=0.0, high=float(self.ages[-1])),
            Domain(quantity="stored_voltage", unit="V", low=float(levels[0]), high=float(levels[-1])),
        )

    def voltage(self, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the voltage, V, that is left of ``stored_voltage`` V after ``age`` s; operands broadcast."""
        ages, levels = self.domain
        when = ages.admit(age, self.outside, self.clips)
        stored = levels.admit(stored_voltage, self.outside, self.clips)
        return interpolate_table(self.ages, self.stored_voltages, self.voltages, when, stored)

    def read(self, cell: CellModel, pulse_width: ArrayLike, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the charge, C, of a cell written ``age`` s ago; operands broadcast."""
        return cell.charge(pulse_width, self.voltage(stored_voltage, age))
