"""Signed pulses on two cells that hold the same voltage: the second one's charge is taken from the first one's.

Each weight has two cells, one on the plus and one on the minus word line, on two bit lines whose difference is
converted. A positive operand is a pulse on the plus line, a negative one a pulse on the minus line, so that

    charge(width, voltage)  =  Q(max(width, 0), voltage) - Q(max(-width, 0), voltage):

sign(width) times what one cell gives for the magnitude, whatever the cell's law. What a cell gives without a pulse
cancels. Cells, word lines and bit lines are twice as many; converters and time stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, finite_array
from pycosim.models.cell import CellModel
from pycosim.models.domain import Domain
from pycosim.models.spread import CellDeviation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DifferentialCell:
    """Two like cells that are driven by turns.

    Args:
        cell: each of them.
    """

    cell: CellModel

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of the signed pulse width and of the stored voltage."""
        return _both_signs(self.cell)

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the difference of both cells' charges, C, for signed widths in s and voltages in V."""
        width = finite_array("pulse_width", pulse_width)
        plus = self.cell.charge(np.maximum(width, 0.0), stored_voltage)
        return np.asarray(plus - self.cell.charge(np.maximum(-width, 0.0), stored_voltage))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HalfCell:
    """What one of the two cells adds to the difference.

    Args:
        cell: it.
        sign: 1 for the one on the plus word line, -1 for the other.
    """

    cell: CellModel
    sign: int

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The ranges of the signed pulse width and of the stored voltage."""
        return _both_signs(self.cell)

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the charge with its sign in the difference, C, for signed widths in s and voltages in V."""
        width = self.sign * finite_array("pulse_width", pulse_width)
        return np.asarray(self.sign * self.cell.charge(np.maximum(width, 0.0), stored_voltage))


def separate_deviations(deviations: Sequence[CellDeviation]) -> tuple[CellDeviation, ...]:
    """Return the deviations of both cells, which know nothing of each other: first those of the plus line's."""
    return tuple(
        replace(one, name=f"{one.name}, {line} line", sensitivity=HalfCell(cell=one.sensitivity, sign=sign))
        for sign, line in ((1, "plus"), (-1, "minus"))
        for one in deviations
    )


def _both_signs(cell: CellModel) -> tuple[Domain, ...]:
    width, voltage = cell.domain
    return replace(width, low=-width.high), voltage
