"""Several like cells that hold one voltage and get one pulse: their charges add up.

A head with few features leaves most rows of an array unused, and its scores far below what the converter takes: the
array is made for 64 rows [2025 Leroux]. Each feature then takes several rows, which drive the column together. Cells
differ by themselves, so that their mismatch adds up by its squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from numpy.typing import ArrayLike

from pycosim.checks import Array, at_least
from pycosim.models.cell import CellModel
from pycosim.models.domain import Domain
from pycosim.models.spread import CellDeviation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParallelCells:
    """Some like cells on one column.

    Args:
        cell: each of them.
        n_cells: how many.
    """

    cell: CellModel
    n_cells: int

    def __post_init__(self) -> None:
        at_least("n_cells", self.n_cells, 1)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """That of one cell."""
        return self.cell.domain

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        """Return the charge of all cells, C; operands broadcast."""
        return self.n_cells * self.cell.charge(pulse_width, stored_voltage)


def parallel_deviations(deviations: Sequence[CellDeviation], n_cells: int) -> tuple[CellDeviation, ...]:
    """Return how the sum of so many cells differs from that of others: each deviation of a cell, by its squares."""
    return tuple(replace(deviation, sigma=deviation.sigma * sqrt(n_cells)) for deviation in deviations)
