from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pycosim.errors import FitError, InputError
from pycosim.fitting.wire_loss import fit_wire_loss
from pycosim.models.resistive_array import ReadPairTable, ResistiveArray
from pycosim.models.wire_loss import WireLoss

Array = NDArray[np.float64]

MID, CONDUCTANCE = 0.45, 5e-6


def linear_cells() -> ReadPairTable:
    """A cell whose lower current is a conductance times the voltage between bit line and word line; no upper one."""
    levels, drops, steps = np.array([0.0, 1.0]), np.linspace(0, MID, 10), np.linspace(0.25, 0.65, 21)
    lower = CONDUCTANCE * levels[:, None, None] * (steps - drops[:, None])[None]
    return ReadPairTable(
        stored_voltages=levels, drops=drops, bit_line_voltages=steps, upper=np.zeros_like(lower), lower=lower
    )


def exact_currents(array: ResistiveArray, stored: Array, active: NDArray[np.bool_]) -> Array:
    """The same circuit as one linear system of nodes: word lines and bit lines, solved at once."""
    n_rows, n_columns = map(int, stored.shape)
    n = int(stored.size)

    def node(line: int, i: int, j: int) -> int:
        return line * n + i * n_columns + j

    matrix, right = np.zeros((2 * n, 2 * n)), np.zeros(2 * n)

    def resistor(one: int, other: int | None, conductance: float, held: float = 0.0) -> None:
        matrix[one, one] += conductance
        if other is None:
            right[one] += conductance * held
            return
        matrix[other, other] += conductance
        matrix[one, other] -= conductance
        matrix[other, one] -= conductance

    along, down = 1 / array.word_line_resistance, 1 / array.bit_line_resistance
    for i in range(n_rows):
        for j in range(n_columns):
            word, bit = node(0, i, j), node(1, i, j)
            resistor(word, bit, CONDUCTANCE * stored[i, j] + 1e-15)
            if not active[i]:
                resistor(word, None, 1e6, MID)
            elif j == 0:
                resistor(word, None, 1 / (array.word_line_resistance + array.driver_resistance), 0.0)
            else:
                resistor(word, node(0, i, j - 1), along)
            if i == 0:
                resistor(bit, None, down, MID)
            else:
                resistor(bit, node(1, i - 1, j), down)
    voltage = np.linalg.solve(matrix, right).reshape(2, n_rows, n_columns)
    return np.asarray(CONDUCTANCE * stored * (voltage[1] - voltage[0]))


@pytest.fixture(scope="module")
def lossy() -> ResistiveArray:
    return ResistiveArray(
        table=linear_cells(),
        word_line_resistance=120.0,
        bit_line_resistance=80.0,
        driver_resistance=300.0,
        tolerance=1e-9,
    )


def test_steady_states_are_those_of_the_whole_network(lossy: ResistiveArray) -> None:
    rng = np.random.default_rng(1)
    stored, widths = rng.uniform(0.2, 1.0, (7, 5)), np.array([3.0, 1.0, 3.0, 0.0, 1.0, 3.0, 1.0]) * 1e-9
    expected = 1e-9 * exact_currents(lossy, stored, widths > 0) + 2e-9 * exact_currents(lossy, stored, widths > 1e-9)
    ideal = CONDUCTANCE * stored * MID * widths[:, None]
    assert np.abs(expected - ideal).max() > 0.01 * ideal.max()  # there is something to find
    # the iteration stops at a nanovolt
    assert lossy.charges(stored, widths) == pytest.approx(expected, rel=1e-5, abs=1e-6 * ideal.max())


def test_without_resistance_every_cell_gives_its_current() -> None:
    array = ResistiveArray(table=linear_cells(), word_line_resistance=0.0, bit_line_resistance=0.0)
    stored, widths = np.full((2, 3), 0.5), np.array([2e-9, 0.0])
    expected = np.outer(widths, np.full(3, 0.5 * CONDUCTANCE * MID))
    assert array.charges(stored, widths) == pytest.approx(expected)


def test_wires_that_drop_more_than_the_supply_are_refused() -> None:
    array = ResistiveArray(
        table=linear_cells(), word_line_resistance=1e7, bit_line_resistance=1e7, max_iterations=20, tolerance=1e-9
    )
    with pytest.raises(FitError, match="wider"):
        array.charges(np.ones((8, 8)), np.full(8, 1e-9))


def test_operands_of_another_shape_are_refused(lossy: ResistiveArray) -> None:
    with pytest.raises(InputError, match="one per row"):
        lossy.charges(np.ones((3, 2)), np.ones(2))


def test_a_table_with_uneven_steps_is_refused() -> None:
    table = linear_cells()
    with pytest.raises(InputError, match="evenly"):
        ReadPairTable(
            stored_voltages=np.array([0.0, 0.3, 1.0]),
            drops=table.drops,
            bit_line_voltages=table.bit_line_voltages,
            upper=table.upper,
            lower=table.lower,
        )


def test_the_loss_is_largest_in_the_far_corner_and_grows_as_the_drop_of_an_evenly_loaded_line() -> None:
    loss = WireLoss(n_rows=4, n_columns=8, driver=0.01, word_line=0.1, bit_line=0.02)
    factor = loss.factor()
    assert factor.shape == (4, 8)
    assert factor[-1, -1] == pytest.approx(1 - 0.01 - 0.1 - 0.02)
    assert (np.diff(factor, axis=0) < 0).all()
    assert (np.diff(factor, axis=1) < 0).all()
    # half-way along: 3/4 of the drop
    assert factor[-1, 3] == pytest.approx(1 - 0.01 - 0.1 * 0.75 - 0.02)


def test_a_line_that_is_loaded_evenly_drops_as_the_loss_says() -> None:
    """Cells that keep their current: n (n + 1) / 2 I R at the far end, from the ladder."""
    n, current, resistance = 200, 1e-6, 4.0
    here = np.arange(1, n + 1)
    drop = resistance * current * (here * n - here * (here - 1) / 2)
    shape = (1 - WireLoss(n_rows=1, n_columns=n, word_line=0.5).factor()[0]) / 0.5
    # the continuous line lacks half a cell of the ladder: 1 / n of the drop
    assert drop / drop[-1] == pytest.approx(shape, abs=1.5 / n)


def test_the_fit_finds_the_loss_that_made_the_charges() -> None:
    made = WireLoss(n_rows=6, n_columns=9, driver=0.02, word_line=0.05, bit_line=0.01)
    ideal = np.random.default_rng(0).normal(size=(5, 6, 9)) * 1e-13
    found = fit_wire_loss(ideal * made.factor(), ideal)
    assert (found.driver, found.word_line, found.bit_line) == pytest.approx((0.02, 0.05, 0.01))


def test_losses_that_are_none_are_refused() -> None:
    with pytest.raises(InputError):
        WireLoss(n_rows=4, n_columns=4, word_line=-0.1)
    with pytest.raises(InputError, match="below 1"):
        WireLoss(n_rows=4, n_columns=4, word_line=0.6, bit_line=0.5)
    with pytest.raises(InputError, match="shape"):
        fit_wire_loss(np.zeros((1, 2, 2)), np.zeros((1, 2, 3)))
    with pytest.raises(FitError, match="not determined"):
        fit_wire_loss(np.zeros((1, 2, 2)), np.zeros((1, 2, 2)))
