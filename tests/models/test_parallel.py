"""Cells side by side on one column."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.attention.published import published_cell
from pycosim.errors import PycosimError
from pycosim.models.parallel import ParallelCells, parallel_deviations
from pycosim.models.spread import CellDeviation

VOLTS = np.linspace(0.0, 0.9, 8)


def test_charges_of_cells_on_one_column_add_up() -> None:
    cell = published_cell()
    np.testing.assert_allclose(
        ParallelCells(cell=cell, n_cells=8).charge(15e-9, VOLTS), 8 * cell.charge(15e-9, VOLTS), rtol=1e-15
    )
    assert ParallelCells(cell=cell, n_cells=8).domain == cell.domain


def test_their_mismatch_adds_up_by_its_squares() -> None:
    deviation = CellDeviation(name="threshold", sigma=0.01, sensitivity=published_cell())
    (of_sum,) = parallel_deviations([deviation], 4)
    rng = np.random.default_rng(0)
    drawn = rng.normal(0.0, deviation.sigma, (200_000, 4)).sum(axis=1).std()
    assert of_sum.sigma == pytest.approx(0.02, rel=1e-12)
    assert drawn == pytest.approx(of_sum.sigma, rel=0.01)  # of 200 000 draws to a few tenths of a percent


def test_no_cells_are_refused() -> None:
    with pytest.raises(PycosimError, match="n_cells"):
        ParallelCells(cell=published_cell(), n_cells=0)
