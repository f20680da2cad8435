"""What one read makes a column do: the quantities of which its energy, its latency and its errors are functions.

All word lines rise together and row i falls after its own pulse. So the current of the bit line is a staircase that
follows from the operands: at any time the sum over the rows that are still up. Every term here is an integral over that
staircase, or a sum over rows; none depends on the order in which rows are counted but `far_charge`, which is about
their places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, finite_array
from pycosim.errors import InputError
from pycosim.models.cell import CellModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnActivity:
    """One or many reads of a column, leading axes (...).

    Attributes:
        pulse_widths: (..., n_rows) inputs, s.
        stored_voltages: (..., n_rows) V.
        charges: (..., n_rows) sunk from the bit line by each cell, C, by the cell's model.
        durations: (..., n_rows) of the steps of the staircase, s; the first is from the rise to the earliest fall.
        currents: (..., n_rows) of the bit line in each step, A.
        magnitudes: (..., n_rows) sum of the magnitudes of the cells' currents in each step, A.
        active: (n_rows,) word lines that are up in each step.
        mid_voltage: half of the supply, V.
        output: (...) pulse that the column's converter makes, s, signed for a signed one; None where nobody asked.
    """

    pulse_widths: Array
    stored_voltages: Array
    charges: Array
    durations: Array
    currents: Array
    magnitudes: Array
    active: Array
    mid_voltage: float
    output: Array | None = None

    @property
    def charge(self) -> Array:
        """Charge of the whole column by the sum of its cells, (...) C."""
        return np.asarray(self.charges.sum(axis=-1))

    def over_time(self, of_step: Array) -> Array:
        """Integral over the read of a value that each step has, (...)."""
        return np.asarray((of_step * self.durations).sum(axis=-1))

    def rows_up(self, of_row: Array) -> Array:
        """Sum of a value that each row has over the rows that are up, for each step, (..., n_rows)."""
        return _sum_from(np.take_along_axis(of_row, _fall_order(self.pulse_widths), axis=-1))

    def with_output(self, output: ArrayLike) -> ColumnActivity:
        """The same reads with the pulse of their converter, (...) s."""
        return replace(self, output=finite_array("output", output))

    def term(self, name: str) -> Array:
        """One of `TERMS`, (...) in its unit.

        Raises:
            InputError: no such term, or one of the output where there is none.
        """
        if name not in TERMS:
            raise InputError(f"a term must be one of {sorted(TERMS)}, found {name!r}")
        return np.asarray(TERMS[name].value(self), dtype=np.float64)


def column_activity(
    cell: CellModel,
    pulse_widths: ArrayLike,
    stored_voltages: ArrayLike,
    *,
    mid_voltage: float,
) -> ColumnActivity:
    """Return what a read with these operands does.

    Args:
        cell: gives the charge of each cell.
        pulse_widths: (..., n_rows) inputs, s.
        stored_voltages: (..., n_rows) levels, V.
        mid_voltage: half of the supply, V.

    Raises:
        InputError: operands of different shapes.
        DomainError: an operand outside the cell's model.
    """
    widths, levels = finite_array("pulse_widths", pulse_widths), finite_array("stored_voltages", stored_voltages)
    if widths.shape != levels.shape or not widths.ndim:
        raise InputError(
            f"pulse_widths and stored_voltages must both be (..., n_rows), found {widths.shape} and {levels.shape}"
        )
    charges = cell.charge(widths, levels)
    order = _fall_order(widths)
    falls = np.take_along_axis(widths, order, axis=-1)
    amplitude = np.divide(charges, widths, out=np.zeros_like(charges), where=widths > 0)
    ordered = np.take_along_axis(amplitude, order, axis=-1)
    return ColumnActivity(
        pulse_widths=widths,
        stored_voltages=levels,
        charges=charges,
        durations=np.diff(falls, axis=-1, prepend=0.0),
        currents=_sum_from(ordered),
        magnitudes=_sum_from(np.abs(ordered)),
        active=np.arange(widths.shape[-1], 0, -1, dtype=np.float64),
        mid_voltage=mid_voltage,
    )


def _fall_order(pulse_widths: Array) -> NDArray[np.intp]:
    """Rows in the order in which their word lines fall; each step of the staircase ends with one of them."""
    return np.argsort(pulse_widths, axis=-1, kind="stable")


def _sum_from(rows: Array) -> Array:
    """Sum over each row and all after it."""
    return np.asarray(np.flip(np.cumsum(np.flip(rows, axis=-1), axis=-1), axis=-1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One quantity of a read.

    Attributes:
        unit: SI.
        meaning: in words, for tables.
        value: of an activity, (...).
    """

    unit: str
    meaning: str
    value: Callable[[ColumnActivity], Array]


def _output(activity: ColumnActivity) -> Array:
    if activity.output is None:
        raise InputError("a term of the output needs the converter's pulse; see with_output")
    return np.abs(activity.output)


def _pushed(values: Array) -> Array:
    return np.maximum(values, 0.0)


def _railed(activity: ColumnActivity) -> Array:
    distances = (activity.stored_voltages - activity.mid_voltage) ** 4
    return activity.over_time(activity.currents * activity.rows_up(distances))


def _low(activity: ColumnActivity) -> Array:
    distances = _pushed(activity.mid_voltage - activity.stored_voltages)
    return activity.over_time(activity.currents * activity.rows_up(distances))


def _place(activity: ColumnActivity) -> Array:
    """Drop along the evenly loaded bit line over that at its far end; row 0 lies at the converter."""
    share = np.arange(1, activity.active.size + 1) / activity.active.size
    return np.asarray(share * (2 - share))


def _lowered(activity: ColumnActivity) -> Array:
    levels, mid = activity.stored_voltages, activity.mid_voltage
    return np.asarray(levels * (2 * mid - levels) * (levels <= mid))


TERMS: Mapping[str, Term] = {
    "one": Term(unit="", meaning="every read", value=lambda a: np.ones(a.pulse_widths.shape[:-1])),
    "pulses": Term(unit="", meaning="rows with a pulse", value=lambda a: (a.pulse_widths > 0).sum(axis=-1)),
    "pulse_time": Term(unit="s", meaning="sum of the pulses", value=lambda a: a.pulse_widths.sum(axis=-1)),
    "longest": Term(unit="s", meaning="longest pulse", value=lambda a: a.pulse_widths.max(axis=-1)),
    "charge": Term(unit="C", meaning="charge of the column", value=lambda a: a.charge),
    "cells_sink": Term(unit="C", meaning="charge of the cells that sink", value=lambda a: _pushed(a.charges).sum(-1)),
    "cells_source": Term(
        unit="C", meaning="charge of the cells that source", value=lambda a: _pushed(-a.charges).sum(-1)
    ),
    "line_sinks": Term(
        unit="C", meaning="charge while the line's current is sunk", value=lambda a: a.over_time(_pushed(a.currents))
    ),
    "line_sources": Term(
        unit="C",
        meaning="charge while the line's current is sourced",
        value=lambda a: a.over_time(_pushed(-a.currents)),
    ),
    "root_current": Term(
        unit="A^0.5 s",
        meaning="integral of the root of the line's current",
        value=lambda a: a.over_time(np.sqrt(np.abs(a.currents))),
    ),
    "square": Term(
        unit="A^2 s", meaning="integral of the line's current squared", value=lambda a: a.over_time(a.currents**2)
    ),
    "signed_square": Term(
        unit="A^2 s",
        meaning="integral of the line's current times its magnitude",
        value=lambda a: a.over_time(a.currents * np.abs(a.currents)),
    ),
    "cube": Term(
        unit="A^3 s", meaning="integral of the line's current cubed", value=lambda a: a.over_time(a.currents**3)
    ),
    "loaded_charge": Term(
        unit="C",
        meaning="charge, each step times the rows that are up",
        value=lambda a: a.over_time(a.currents * a.active),
    ),
    "sunk_square": Term(
        unit="A^2 s",
        meaning="integral of the line's current squared while it is sunk",
        value=lambda a: a.over_time(_pushed(a.currents) ** 2),
    ),
    "crowded_charge": Term(
        unit="A^2 s",
        meaning="integral of the line's current times the sum of the cells' magnitudes",
        value=lambda a: a.over_time(a.currents * a.magnitudes),
    ),
    "crowded_square": Term(
        unit="A^3 s",
        meaning="integral of the line's current times its magnitude times the sum of the cells' magnitudes",
        value=lambda a: a.over_time(a.currents * np.abs(a.currents) * a.magnitudes),
    ),
    "railed_charge": Term(
        unit="C V^4",
        meaning="charge, each step times the distances from half the supply to the fourth, of the levels that are up",
        value=_railed,
    ),
    "low_charge": Term(
        unit="C V",
        meaning="charge, each step times the distances below half the supply, of the levels that are up",
        value=_low,
    ),
    "first_step": Term(unit="A", meaning="current at the rise of the word lines", value=lambda a: a.currents[..., 0]),
    "far_charge": Term(
        unit="C", meaning="charge, each cell times its drop by place", value=lambda a: (a.charges * _place(a)).sum(-1)
    ),
    "output_time": Term(unit="s", meaning="width of the output pulse", value=_output),
    "output_pulse": Term(unit="", meaning="an output pulse", value=lambda a: (_output(a) > 0).astype(np.float64)),
    "levels": Term(unit="V", meaning="sum of the levels written", value=lambda a: a.stored_voltages.sum(axis=-1)),
    "levels_squared": Term(
        unit="V^2",
        meaning="sum of the squares of the levels' distances from half the supply",
        value=lambda a: ((a.stored_voltages - a.mid_voltage) ** 2).sum(axis=-1),
    ),
    "cells_raised": Term(
        unit="V^2",
        meaning="levels above half the supply, squared: written over 0 V",
        value=lambda a: (a.stored_voltages**2 * (a.stored_voltages > a.mid_voltage)).sum(axis=-1),
    ),
    "cells_lowered": Term(
        unit="V^2",
        meaning="levels below it, each times its distance from the supply: written over the supply",
        value=lambda a: _lowered(a).sum(axis=-1),
    ),
}
"""Every term that a law of a column may have."""
