"""One read of whole arrays: word lines and bit lines with resistance, a finite clamp, pulses of different widths.

Between the ends of two pulses nothing changes but the slow integrals: the lines settle within a tenth of a nanosecond.
So a read is a handful of steady states (16 codes have 15), all solved at once. In each, every line is a tridiagonal
system of Newton's method: word lines with the bit lines where they were, then bit lines with the word lines' answer.
Two or three rounds suffice, because a drop of millivolts changes a cell's current by percents. The cost is
proportional to the number of cells. What the edges of a pulse carry beyond its area is a table of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, at_least, finite_array, not_negative, positive
from pycosim.errors import DomainError, FitError, InputError
from pycosim.models.bit_line_clamp import BitLineClamp
from pycosim.models.lines import solve_lines
from pycosim.models.pair_currents import PairCurrents
from pycosim.models.pulse_edges import edge_charges, line_time_constants
from pycosim.models.pulse_intervals import pulse_intervals
from pycosim.models.resistive_array import ReadPairTable

CHUNK = 2**15
"""Cells times steady states that are solved at once: more do not fit the processor's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayLines:
    """The lines of an array.

    Args:
        word_line_resistance: from one cell to the next, ohm.
        bit_line_resistance: the same along a bit line, ohm.
        driver_resistance: of each word line's driver, ohm.
        word_line_capacitance: of one cell's share of a word line, what its transistors load it with included, F.
        edge_time: of the drivers' pulses, s.
    """

    word_line_resistance: float = 0.0
    bit_line_resistance: float = 0.0
    driver_resistance: float = 0.0
    word_line_capacitance: float = 0.0
    edge_time: float = 0.0

    def __post_init__(self) -> None:
        for name in ("word_line_resistance", "bit_line_resistance", "driver_resistance"):
            not_negative(name, getattr(self, name), "ohm")
        not_negative("word_line_capacitance", self.word_line_capacitance, "F")
        not_negative("edge_time", self.edge_time, "s")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SolvedRead:
    """What one read gave; leading axes are those of the operands.

    Attributes:
        charges: (..., n_rows, n_columns) sunk by each cell from its bit line, C.
        n_rounds: of Newton's method, the most that any steady state took.
    """

    charges: Array
    n_rounds: int

    @property
    def column_charges(self) -> Array:
        """Charge that each converter delivers, (..., n_columns) C."""
        return np.asarray(self.charges.sum(axis=-2))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steady:
    """Steady states: voltages and currents of every cell.

    Attributes:
        drops: (2, n_states, ..., n_rows, n_columns) of upper and lower word line from their rails, V.
        droop: (n_states, ..., n_rows, n_columns) how far the bit line is below mid-supply, V.
        currents: (2, n_states, ..., n_rows, n_columns) from the upper line to the bit line, from it to the lower, A.
        foot: (n_states, ..., n_columns) current into the foot of each bit line, A.
        n_rounds: of Newton's method.
    """

    drops: Array
    droop: Array
    currents: Array
    foot: Array
    n_rounds: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArraySolver:
    """An array of any size whose cells, lines and clamps are these.

    Args:
        table: currents of a cell, measured with a storage node that floats (or at DC, for cells without coupling).
        lines: resistances; default none.
        clamp: of every bit line; default ideal.
        window: how long the clamps hold the bit lines in a read, s: what their offset draws through idle cells counts.
            0 ends with the longest pulse.
        tolerance: of the last move of any voltage, V; what is left after it is its square, below 1e-6 of full scale.
        max_rounds: of Newton's method.
        n_intervals: steady states that a read is resolved into at most; one per width of a pulse where there are no
            more widths, which is exact.
    """

    table: ReadPairTable
    lines: ArrayLines = field(default_factory=ArrayLines)
    clamp: BitLineClamp = field(default_factory=lambda: BitLineClamp.resistor(0.0))
    window: float = 0.0
    tolerance: float = 1e-4
    max_rounds: int = 40
    n_intervals: int = 16

    def __post_init__(self) -> None:
        not_negative("window", self.window, "s")
        positive("tolerance", self.tolerance, "V")
        at_least("max_rounds", self.max_rounds, 1)
        at_least("n_intervals", self.n_intervals, 1)

    def read(self, stored_voltages: Array, pulse_widths: Array) -> SolvedRead:
        """Read arrays once.

        Args:
            stored_voltages: (..., n_rows, n_columns), V.
            pulse_widths: (..., n_rows), s; all begin at once. Leading axes are those of `stored_voltages`.

        Raises:
            InputError: shapes that do not fit, or a negative width.
            DomainError: a stored voltage outside the table, or a bit line that leaves it.
            FitError: the lines drop so much that no steady state was found.
        """
        stored, widths = _operands(stored_voltages, pulse_widths)
        n_rows, n_columns = stored.shape[1:]
        constants = line_time_constants(
            n_columns,
            section=self.lines.word_line_resistance,
            source=self.lines.driver_resistance,
            capacitance=self.lines.word_line_capacitance,
        )
        charges, n_rounds = np.empty(stored.shape), 0
        n_cells = n_rows * n_columns
        size, n_states = max(1, CHUNK // (n_cells * self.n_intervals)), max(1, CHUNK // n_cells)
        for first in range(0, len(stored), size):
            part = slice(first, first + size)
            cells = PairCurrents.of(self.table, stored[part])
            active, weights = pulse_intervals(widths[part], self.n_intervals, self.window)
            total = (widths[part] > 0)[..., None] * edge_charges(cells, self.lines.edge_time, constants)
            for state in range(0, len(active), n_states):
                states = slice(state, state + n_states)
                steady = self._solve(cells, active[states])
                net = steady.currents[1] - steady.currents[0]
                total += np.einsum("mbr,mbrc->brc", weights[states], net)
                n_rounds = max(n_rounds, steady.n_rounds)
            charges[part] = total
        return SolvedRead(charges=charges.reshape(np.shape(stored_voltages)), n_rounds=n_rounds)

    def steady(self, stored_voltages: Array, active: ArrayLike) -> Steady:
        """Return the steady states of arrays (..., n_rows, n_columns) while rows (n_states, ..., n_rows) are active."""
        stored = finite_array("stored_voltages", stored_voltages)
        return self._solve(PairCurrents.of(self.table, stored), np.asarray(active, dtype=bool))

    def _solve(self, cells: PairCurrents, active: NDArray[np.bool_]) -> Steady:
        lines, shape = self.lines, (*active.shape, cells.level.shape[-1])
        rest = np.where(active, 0.0, cells.middle)
        drops = np.broadcast_to(rest[..., None], (2, *shape)).copy()
        droop, foot = np.zeros(shape), np.zeros((*active.shape[:-1], shape[-1]))
        both = np.broadcast_to(rest, (2, *rest.shape))
        for n_rounds in range(1, self.max_rounds + 1):
            currents, by_drop, by_droop = cells.at(drops, droop)
            found, _ = solve_lines(
                currents + by_drop * drops,
                by_drop,
                section=lines.word_line_resistance,
                source_drop=both,
                source_resistance=lines.driver_resistance,
            )
            change = found - drops
            currents -= by_drop * change
            largest, drops = float(np.abs(change).max(initial=0.0)), found
            falls = by_droop[0] - by_droop[1]
            source_drop, source_resistance = self.clamp.linearised(foot)
            along, foot = solve_lines(
                np.swapaxes(currents[1] - currents[0] + falls * droop, -1, -2),
                np.swapaxes(falls, -1, -2),
                section=lines.bit_line_resistance,
                source_drop=source_drop,
                source_resistance=source_resistance,
            )
            change = np.swapaxes(along, -1, -2) - droop
            currents += by_droop * change
            droop = droop + change
            largest = max(largest, float(np.abs(change).max(initial=0.0)))
            if largest < self.tolerance:
                self._check_reach(droop)
                return Steady(drops=drops, droop=droop, currents=currents, foot=foot, n_rounds=n_rounds)
        raise FitError(
            f"the voltages of the array still move by {largest:.2g} V after {self.max_rounds} rounds; its lines drop "
            "more than the supply, or its clamps are beyond their limit: draw wider wires, or fewer rows"
        )

    def _check_reach(self, droop: Array) -> None:
        """Refuse bit lines beyond the table."""
        low, high = self.table.drops[-1] - self.table.bit_line_voltages[[-1, 0]]
        least, most = float(droop.min(initial=0.0)), float(droop.max(initial=0.0))
        if least < low - self.tolerance or most > high + self.tolerance:
            raise DomainError(
                f"a bit line leaves its rest by {max(-least, most):.3f} V, the cells' table ends at {high:.3f} V: "
                "its wire is too long, or its cells draw more than the clamp can give; draw it wider, or fewer rows"
            )


def _operands(stored_voltages: Array, pulse_widths: Array) -> tuple[Array, Array]:
    """Operands with one leading axis."""
    stored = finite_array("stored_voltages", stored_voltages)
    widths = finite_array("pulse_widths", pulse_widths)
    if stored.ndim < 2 or not stored.size or widths.shape != stored.shape[:-1]:
        raise InputError(
            "an array needs stored_voltages (..., n_rows, n_columns) and pulse_widths (..., n_rows), found shapes "
            f"{stored.shape} and {widths.shape}"
        )
    if widths.min() < 0:
        raise InputError(f"pulse_widths must not be negative, found {widths.min():.4g} s")
    return stored.reshape(-1, *stored.shape[-2:]), widths.reshape(-1, widths.shape[-1])
