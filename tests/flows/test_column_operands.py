"""Random operands of the columns that check the models."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.flows.characterization import Design, make_design
from pycosim.flows.columns import N_ROWS, draw_operands
from pycosim.flows.config import GainCellConfig
from pycosim.models.cell import PolynomialCell
from pycosim.sweeps.column import Column

Array = NDArray[np.float64]

CELL = PolynomialCell.linear(19.3e-6)
COUNT = 12


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(GainCellConfig())


def columns(design: Design) -> tuple[Column, Column]:
    return design.first, design.second


def drawn(design: Design, column: Column, seed: int, count: int = COUNT) -> tuple[Array, Array]:
    return draw_operands(design, column, CELL, count, np.random.default_rng([seed, 0]))


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("count", [2, COUNT])
def test_charges_cover_the_converters_range_one_in_each_equal_bin(design: Design, index: int, count: int) -> None:
    column = columns(design)[index]
    stored, widths = drawn(design, column, seed=1, count=count)
    share = CELL.charge(widths, stored).sum(axis=-1) / (column.converter.saturation_current * design.max_pulse_width)
    edges = np.linspace(-1.1 if column.converter.signed else -0.1, 1.1, count + 1)
    assert stored.shape == widths.shape == (count, N_ROWS)
    assert (share >= edges[:-1]).all()
    assert (share < edges[1:]).all()


def test_operands_are_what_the_arrays_can_be_given(design: Design) -> None:
    stored, widths = drawn(design, design.first, seed=1)
    assert np.isin(stored, design.levels).all()
    codes = widths / 1e-9
    assert codes == pytest.approx(np.rint(codes), abs=1e-9)
    assert (codes.min(), codes.max()) == pytest.approx((0, 15), abs=1e-9)
    stored, widths = drawn(design, design.second, seed=1)
    assert np.isin(stored, design.levels).all()
    present = widths[widths > 0]
    assert 0.1e-9 <= present.min() <= present.max() <= 15e-9
    assert 0.2 < np.mean(widths == 0) < 0.9  # most of phi is absent


@pytest.mark.parametrize("index", [0, 1])
def test_one_seed_gives_one_set_of_operands_and_another_seed_another(design: Design, index: int) -> None:
    column = columns(design)[index]
    one, again, other = (drawn(design, column, seed) for seed in (1, 1, 2))
    assert np.array_equal(one[0], again[0])
    assert np.array_equal(one[1], again[1])
    assert not np.array_equal(one[0], other[0])


def test_many_columns_are_drawn_in_more_than_one_round(design: Design) -> None:
    # one round of 4000 candidates leaves bins at the ends empty
    count = 300
    stored, widths = drawn(design, design.first, seed=0, count=count)
    share = CELL.charge(widths, stored).sum(axis=-1) / 1.2e-12
    assert (np.diff(np.floor((share + 0.1) / 1.2 * count)) == 1).all()


def test_a_cell_that_is_too_weak_for_the_range_is_refused_in_one_sentence(design: Design) -> None:
    weak = PolynomialCell.linear(0.1e-6)
    with pytest.raises(
        InputError, match=r"80000 random columns hold none with a charge near .* of 4 that were asked for"
    ):
        draw_operands(design, design.first, weak, 4, np.random.default_rng(0))
