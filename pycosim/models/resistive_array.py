"""A read of an array whose wires have resistance, solved as a sequence of steady states.

While a set of rows is active, nothing changes but the slow integrals: word lines and bit lines settle within a tenth of
a nanosecond. So the charge of every cell is the sum over the intervals between two ends of pulses of its steady current
times the interval. The steady state is found by iteration: currents from voltages (a measured table), voltages from
currents (a ladder that is fed from one end: two cumulative sums).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from pycosim.checks import Array, finite_array, frozen_array, increasing, not_negative
from pycosim.errors import FitError, InputError

_EVEN = 1e-6  # of a step: how even the steps of a table must be
_STEP = 0.6  # of the way to the new voltages: a plain iteration overshoots where drops are large


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPairTable:
    """Measured currents of the read pair at DC; linear between points.

    Args:
        stored_voltages: (n_levels,) evenly spaced, V.
        drops: (n_drops,) how far both word lines are from their rails, evenly spaced from 0 to half the supply, V.
        bit_line_voltages: (n_steps,) evenly spaced, V.
        upper: (n_levels, n_drops, n_steps) current from the upper word line into the bit line, A.
        lower: the same from the bit line into the lower word line, A.
    """

    stored_voltages: Array
    drops: Array
    bit_line_voltages: Array
    upper: Array
    lower: Array

    def __post_init__(self) -> None:
        for name in ("stored_voltages", "drops", "bit_line_voltages"):
            axis = increasing(name, getattr(self, name))
            if np.ptp(np.diff(axis)) > _EVEN * np.diff(axis)[0]:
                raise InputError(
                    f"{name} must be evenly spaced, found steps of {np.diff(axis).min():.4g} to "
                    f"{np.diff(axis).max():.4g}; sweep it in equal steps"
                )
            object.__setattr__(self, name, axis)
        wanted = (self.stored_voltages.size, self.drops.size, self.bit_line_voltages.size)
        for name in ("upper", "lower"):
            table = frozen_array(name, getattr(self, name), ndim=3)
            if table.shape != wanted:
                raise InputError(f"{name} must be (n_levels, n_drops, n_steps) = {wanted}, found {table.shape}")
            object.__setattr__(self, name, table)

    def currents(self, stored: Array, upper_drop: Array, lower_drop: Array, bit_line: Array) -> tuple[Array, Array]:
        """Return the upper and the lower current, A, for voltages of one shape, V; clipped to the table's edges."""
        level, step = _place(self.stored_voltages, stored), _place(self.bit_line_voltages, bit_line)
        upper, lower = (
            np.asarray(
                map_coordinates(table, [level, _place(self.drops, drop), step], order=1, mode="nearest"),
                dtype=np.float64,
            )
            for table, drop in ((self.upper, upper_drop), (self.lower, lower_drop))
        )
        return upper, lower


def _place(axis: Array, values: Array) -> Array:
    return np.asarray((values - axis[0]) / (axis[1] - axis[0]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResistiveArray:
    """An array of cells on wires with resistance, its bit lines held at their foot.

    Args:
        table: currents of a cell.
        word_line_resistance: from one cell to the next, ohm.
        bit_line_resistance: from one cell to the next, ohm.
        driver_resistance: of each word line's driver, ohm.
        bit_line_voltage: at the foot, and that of word lines at rest, V.
        tolerance: of every voltage, V.
    """

    table: ReadPairTable
    word_line_resistance: float
    bit_line_resistance: float
    driver_resistance: float = 0.0
    bit_line_voltage: float = 0.45
    tolerance: float = 5e-5
    max_iterations: int = 200

    def __post_init__(self) -> None:
        for name in ("word_line_resistance", "bit_line_resistance", "driver_resistance"):
            not_negative(name, getattr(self, name), "ohm")

    def charges(self, stored_voltages: Array, pulse_widths: Array) -> Array:
        """Return the charge that every cell sinks from its bit line in one read, (n_rows, n_columns) in C.

        Args:
            stored_voltages: (n_rows, n_columns), V.
            pulse_widths: (n_rows,), s; all begin at once.

        Raises:
            FitError: no steady state was found.
        """
        stored = finite_array("stored_voltages", stored_voltages, ndim=2)
        widths = finite_array("pulse_widths", pulse_widths, ndim=1)
        if widths.size != len(stored):
            raise InputError(f"pulse_widths must be one per row, {len(stored)}, found {widths.size}")
        total = np.zeros(stored.shape)
        begin = 0.0
        voltages = np.stack([np.zeros(stored.shape)] * 2 + [np.full(stored.shape, self.bit_line_voltage)])
        for end in np.unique(widths[widths > 0]):
            voltages, currents = self._steady(stored, widths > begin, voltages)
            total += (end - begin) * currents
            begin = float(end)
        return total

    def _steady(self, stored: Array, active: NDArray[np.bool_], voltages: Array) -> tuple[Array, Array]:
        """Drops of the word lines and bit-line voltage (3, n_rows, n_columns), and the currents, from a first guess."""
        rest = np.where(active, 0.0, self.table.drops[-1])[:, None]
        for _ in range(self.max_iterations):
            voltages[:2] = np.where(rest > 0, rest, voltages[:2])
            upper, lower = self.table.currents(stored, *voltages)
            new = np.stack(
                [
                    self._word_line_drop(upper, rest),
                    self._word_line_drop(lower, rest),
                    self.bit_line_voltage - self.bit_line_resistance * _ladder((lower - upper).T).T,
                ]
            )
            if float(np.abs(new - voltages).max()) < self.tolerance:
                return voltages, lower - upper
            voltages = voltages + _STEP * (new - voltages)
        raise FitError(
            f"the voltages of the array did not settle in {self.max_iterations} steps; its wires drop more than the "
            "supply: draw them wider"
        )

    def _word_line_drop(self, currents: Array, rest: Array) -> Array:
        along = self.word_line_resistance * _ladder(currents)
        drop = along + self.driver_resistance * currents.sum(axis=1, keepdims=True)
        return np.where(rest > 0, rest, drop)


def _ladder(currents: Array) -> Array:
    """Drop (V) at each cell of a line of 1 ohm per cell, fed at its beginning, along the last axis."""
    behind = np.cumsum(currents[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.cumsum(behind, axis=1))
