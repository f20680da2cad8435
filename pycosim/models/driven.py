"""A cell whose operands arrive with an error: pulses from a real driver, voltages from a real write path."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from pycosim.checks import Array, frozen_array, increasing
from pycosim.errors import InputError
from pycosim.models.cell import CellModel
from pycosim.models.domain import ClipCounter, Domain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transfer:
    """What arrives of what was meant; monotone cubic (PCHIP) between the measured points.

    Args:
        meant: (n,) increasing: pulse widths (s) or voltages (V).
        arrived: (n,) in the same unit.
    """

    meant: Array
    arrived: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "meant", increasing("meant", self.meant))
        object.__setattr__(self, "arrived", frozen_array("arrived", self.arrived, ndim=1))
        if self.meant.shape != self.arrived.shape:
            raise InputError(f"arrived must be one per meant value, {self.meant.size}, found {self.arrived.size}")

    def domain(self, arrived: Domain) -> Domain:
        """Return the range of what was meant, with the name and unit of what arrives."""
        return replace(arrived, low=float(self.meant[0]), high=float(self.meant[-1]))

    def __call__(self, values: Array) -> Array:
        """Return what arrives of values within ``meant``."""
        return np.asarray(PchipInterpolator(self.meant, self.arrived)(values), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrivenCell:
    """A cell behind its drivers: charge = cell.charge(pulses(pulse_width), levels(stored_voltage)).

    Args:
        cell: what the operands that arrive act on.
        pulses: pulse width meant -> pulse width that arrives, s; None for no error.
        levels: voltage meant -> voltage stored, V; None for no error.
    """

    cell: CellModel
    pulses: Transfer | None = None
    levels: Transfer | None = None

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of what was meant: the cell's own, or of the transfer where there is one."""
        return tuple(
            own if transfer is None else transfer.domain(own)
            for own, transfer in zip(self.cell.domain, (self.pulses, self.levels), strict=True)
        )

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the charge sunk in one read, C, for the widths (s) and voltages (V) that were meant."""
        operands = [
            np.asarray(values, dtype=np.float64)
            if transfer is None
            else transfer(domain.admit(values, "raise", ClipCounter()))
            for values, transfer, domain in zip(
                (pulse_width, stored_voltage), (self.pulses, self.levels), self.domain, strict=True
            )
        ]
        return self.cell.charge(*operands)
