"""Currents of many cells at once, with their slopes: what Newton's method asks for in every round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pycosim.checks import Array
from pycosim.models.domain import ClipCounter, Domain
from pycosim.models.resistive_array import ReadPairTable

MOST_LEVELS = 64
"""Different stored voltages up to which each gets a table of its own."""

LEVEL_STEP = 0.25e-3
"""Where there are more, voltages that are nearer than this (V) share one: a cell's current changes by 4 nA of 10 uA."""

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairCurrents:
    """The table at the stored voltages of some cells: linear in drop and droop, cubic in the stored voltage.

    Attributes:
        drops: (n_drops,) axis of the table, V.
        first, step: of the axis of the bit line, V.
        tables: (2, n_levels, n_drops, n_steps) of upper and lower current at the levels that occur, A.
        level: (..., n_rows, n_columns) which level each cell holds.
    """

    drops: Array
    first: float
    step: float
    tables: Array
    level: Indices

    @classmethod
    def of(cls, table: ReadPairTable, stored_voltages: Array) -> PairCurrents:
        """Return the currents of cells with these stored voltages (..., n_rows, n_columns) in V.

        Raises:
            DomainError: a voltage outside the table.
        """
        axis = table.stored_voltages
        domain = Domain(quantity="stored_voltage", unit="V", low=float(axis[0]), high=float(axis[-1]))
        stored = domain.admit(stored_voltages, "raise", ClipCounter())
        levels, level = np.unique(stored, return_inverse=True)
        if levels.size > MOST_LEVELS:
            coarse, level = np.unique(np.rint((stored - axis[0]) / LEVEL_STEP), return_inverse=True)
            levels = np.minimum(axis[0] + LEVEL_STEP * coarse, axis[-1])
        both = CubicSpline(axis, np.stack([table.upper, table.lower], axis=1))(levels)
        steps = table.bit_line_voltages
        return cls(
            drops=table.drops,
            first=float(steps[0]),
            step=float(steps[1] - steps[0]),
            tables=np.ascontiguousarray(np.swapaxes(both, 0, 1)),
            level=level.reshape(stored.shape),
        )

    @property
    def middle(self) -> float:
        """Voltage of bit lines and word lines at rest, V."""
        return float(self.drops[-1])

    def at(self, drops: Array, droop: Array) -> tuple[Array, Array, Array]:
        """Return upper and lower current (A), how they fall with the drop, and how they rise with the droop (A/V).

        Args:
            drops: (2, n_states, ..., n_rows, n_columns) of upper and lower word line, V.
            droop: (n_states, ..., n_rows, n_columns) of the bit line below its rest, V.
        """
        _, n_levels, n_drops, n_steps = self.tables.shape
        along = drops * (1 / (self.drops[1] - self.drops[0]))
        row = np.minimum(along.astype(np.intp), n_drops - 2)
        along -= row
        across = (self.middle - self.first - droop) * (1 / self.step)
        column = np.clip(across.astype(np.intp), 0, n_steps - 2)
        across -= column
        row *= n_steps
        row += column
        row += self.level * (n_drops * n_steps)
        row[1] += n_levels * n_drops * n_steps
        flat = self.tables.reshape(-1)
        near, far = flat.take(row), flat.take(row + n_steps)
        row += 1
        near_step, far_step = flat.take(row), flat.take(row + n_steps)
        near_step -= near
        far_step -= far
        by_step = near_step + along * (far_step - near_step)
        near += across * near_step
        far += across * far_step
        far -= near
        near += along * far
        far *= -1 / (self.drops[1] - self.drops[0])
        by_step *= -1 / self.step
        return near, far, by_step
