from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pair_tables import DROPS, LEVELS, MID, STEPS, STRENGTH, linear_pairs, pair_table, saturating_pairs

from pycosim.errors import DomainError, FitError, InputError
from pycosim.models import array_solver
from pycosim.models.array_solver import ArrayLines, ArraySolver
from pycosim.models.bit_line_clamp import BitLineClamp
from pycosim.models.cell import PolynomialCell
from pycosim.models.converter import HardSigmoid, SignedPulse
from pycosim.models.pair_currents import PairCurrents
from pycosim.models.resistive_array import ReadPairTable, ResistiveArray
from pycosim.models.tile import Tile
from pycosim.models.tile_solver import TileSolver

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def linear() -> ReadPairTable:
    return linear_pairs()


@pytest.fixture(scope="module")
def saturating() -> ReadPairTable:
    return saturating_pairs()


LINES = ArrayLines(word_line_resistance=30.0, bit_line_resistance=20.0, driver_resistance=100.0)
CLAMP = BitLineClamp(currents=np.array([-1e-3, -1e-5, 2e-5, 1e-3]), droops=np.array([-0.3, -1e-4, 1e-3, 0.1]))


def lossy(table: ReadPairTable) -> ArraySolver:
    return ArraySolver(table=table, lines=LINES, clamp=CLAMP, tolerance=1e-9)


def operands(n_rows: int, n_columns: int, *leading: int, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    stored = LEVELS[rng.integers(0, 8, (*leading, n_rows, n_columns))]
    return stored, 1e-9 * rng.integers(0, 16, (*leading, n_rows))


def test_without_resistance_the_charges_are_those_of_the_cells_to_rounding(saturating: ReadPairTable) -> None:
    stored, widths = operands(9, 7)
    code = np.rint(stored / LEVELS[1]).astype(int)
    middle = np.interp(MID, STEPS, np.arange(STEPS.size))
    assert middle == pytest.approx(10)  # the bit line rests on a point of the table
    current = (saturating.lower - saturating.upper)[code, 0, 10]
    found = ArraySolver(table=saturating).read(stored, widths)
    assert found.charges == pytest.approx(widths[:, None] * current, rel=1e-12, abs=1e-12 * STRENGTH * 15e-9)
    assert found.column_charges == pytest.approx((widths[:, None] * current).sum(axis=0), rel=1e-12)
    assert found.n_rounds == 1


def test_the_currents_of_every_node_add_up_to_zero(saturating: ReadPairTable) -> None:
    stored, _ = operands(12, 10)
    solver = lossy(saturating)
    active = np.random.default_rng(3).random((4, 12)) < 0.5
    state = solver.steady(stored, active)
    rest = np.where(active, 0.0, MID)
    for line in range(2):
        drops, currents = state.drops[line], state.currents[line]
        before = np.concatenate([rest[..., None], drops[..., :-1]], axis=-1)
        into = (drops - before) / LINES.word_line_resistance
        first = (drops[..., 0] - rest) / (LINES.word_line_resistance + LINES.driver_resistance)
        into[..., 0] = first
        onward = np.concatenate([into[..., 1:], np.zeros((*into.shape[:-1], 1))], axis=-1)
        assert into - onward == pytest.approx(currents, abs=1e-7 * STRENGTH)
    net = state.currents[1] - state.currents[0]
    up = np.diff(state.droop, axis=-2) / LINES.bit_line_resistance
    up = np.concatenate([state.foot[:, None], up, np.zeros((4, 1, 10))], axis=1)
    assert up[:, :-1] - up[:, 1:] == pytest.approx(net, abs=1e-7 * STRENGTH)
    at_foot = np.interp(state.foot, CLAMP.currents, CLAMP.droops)
    assert state.droop[:, 0] == pytest.approx(at_foot + LINES.bit_line_resistance * state.foot, abs=1e-9)
    # and the currents are those of the table at these voltages
    again, _, _ = PairCurrents.of(saturating, stored).at(state.drops, state.droop)
    assert again == pytest.approx(state.currents, abs=1e-7 * STRENGTH)


def test_reads_of_resistors_superpose(linear: ReadPairTable) -> None:
    stored, _ = operands(8, 6)
    solver = ArraySolver(table=linear, lines=LINES, clamp=BitLineClamp.resistor(300.0), tolerance=1e-12)
    one, other = np.zeros(8), np.zeros(8)
    one[[0, 3, 4]], other[[1, 7]] = 5e-9, 5e-9
    both = solver.read(stored, one + other).column_charges
    apart = solver.read(stored, one).column_charges + solver.read(stored, other).column_charges
    full = 8 * STRENGTH * 5e-9
    assert both == pytest.approx(apart, abs=1e-9 * full)
    ideal = ArraySolver(table=linear).read(stored, one + other).column_charges
    assert np.abs(both - ideal).max() > 0.01 * full  # there is something to superpose


def test_a_longer_pulse_of_resistors_is_two_short_ones(linear: ReadPairTable) -> None:
    stored, widths = operands(8, 6)
    solver = lossy(linear)
    assert solver.read(stored, 3 * widths).charges == pytest.approx(3 * solver.read(stored, widths).charges, rel=1e-9)


@pytest.mark.parametrize("name", ["word_line_resistance", "bit_line_resistance", "driver_resistance"])
def test_every_resistance_takes_charge(saturating: ReadPairTable, name: str) -> None:
    stored, widths = np.full((10, 8), 0.8), np.full(10, 7e-9)
    charges = [
        ArraySolver(table=saturating, lines=ArrayLines(**{name: resistance})).read(stored, widths).column_charges
        for resistance in (0.0, 1.0, 10.0, 50.0)
    ]
    assert (np.diff(charges, axis=0) < 0).all()


def test_a_weaker_clamp_takes_charge(saturating: ReadPairTable) -> None:
    stored, widths = np.full((10, 8), 0.8), np.full(10, 7e-9)
    charges = [
        ArraySolver(table=saturating, clamp=BitLineClamp.resistor(r)).read(stored, widths).column_charges
        for r in (0.0, 10.0, 100.0, 1000.0)
    ]
    assert (np.diff(charges, axis=0) < 0).all()


def test_it_agrees_with_the_iteration_from_currents_to_voltages(saturating: ReadPairTable) -> None:
    stored, widths = operands(10, 12)
    other = ResistiveArray(
        table=saturating,
        word_line_resistance=30.0,
        bit_line_resistance=20.0,
        driver_resistance=100.0,
        bit_line_voltage=MID,
        tolerance=1e-10,
    )
    solver = ArraySolver(table=saturating, lines=LINES, tolerance=1e-9)
    # the other one holds the lines of idle rows at their rest: a few microvolts on cells that are idle
    assert solver.read(stored, widths).charges == pytest.approx(
        other.charges(stored, widths), abs=2e-4 * STRENGTH * 15e-9
    )


def test_many_tiles_at_once_are_the_tiles_one_by_one(
    saturating: ReadPairTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, widths = operands(6, 5, 2, 3)
    solver = lossy(saturating)
    together = solver.read(stored, widths).charges
    assert together.shape == (2, 3, 6, 5)
    apart = np.stack(
        [solver.read(s, w).charges for s, w in zip(stored.reshape(6, 6, 5), widths.reshape(6, 6), strict=True)]
    )
    assert together.reshape(6, 6, 5) == pytest.approx(apart, abs=1e-8 * STRENGTH * 15e-9)
    monkeypatch.setattr(array_solver, "CHUNK", 50)  # fewer states than one read has
    assert solver.read(stored, widths).charges == pytest.approx(together, abs=1e-8 * STRENGTH * 15e-9)


def test_sixteen_intervals_are_enough_for_widths_of_any_length(saturating: ReadPairTable) -> None:
    rng = np.random.default_rng(5)
    stored, widths = LEVELS[rng.integers(2, 8, (64, 4))], rng.uniform(0, 15e-9, 64)
    solver = lossy(saturating)
    exact = replace(solver, n_intervals=64).read(stored, widths).column_charges
    found = solver.read(stored, widths).column_charges
    cost = np.abs(exact - ArraySolver(table=saturating).read(stored, widths).column_charges)
    assert cost.max() > 0.1e-12  # a tenth of a full charge: much more than in any array that is of use
    assert np.abs(found - exact).max() < 0.03 * cost.max()


def test_a_voltage_between_the_levels_is_as_good_as_a_level(saturating: ReadPairTable) -> None:
    stored = np.random.default_rng(1).uniform(0, 0.9, (20, 20))  # more different ones than get a table each
    widths = np.full(20, 15e-9)
    exact = STRENGTH * ((stored / 0.9) ** 2 - ((0.9 - stored) / 0.9) ** 2) * np.tanh(3.0) * 15e-9
    found = ArraySolver(table=saturating).read(stored, widths).charges
    # a step of the stored voltages moves a current by twice that part of the supply
    assert found == pytest.approx(exact, abs=3 * 0.25e-3 / 0.9 * STRENGTH * 15e-9)


def test_an_ideal_tile_is_the_behavioural_tile() -> None:
    table = pair_table(lambda v, d, b: 0 * v, lambda v, d, b: 19.3e-6 * (v - 0.45) * (1 - d / MID))
    solver = ArraySolver(table=table)
    converters = {
        "charge_to_pulse": HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=15e-9),
        "signed_charge_to_pulse": SignedPulse(saturation_charge=0.6e-12, max_pulse_width=15e-9),
    }
    tile = TileSolver(first=solver, second=solver, longest_pulse=15e-9, **converters)
    behavioural = Tile(
        cell=PolynomialCell(coefficients=(0.0, 19.3e-6), width_range=(0, 15e-9), voltage_range=(0, 0.9)), **converters
    )
    keys, pulses = operands(8, 5, 3)
    values, _ = operands(5, 8, 3, seed=1)
    found = tile.read(pulses, keys, values)
    for k in range(3):
        weights = behavioural.weights(pulses[k], keys[k])
        assert found.weights[k] == pytest.approx(weights, abs=1e-17)
        assert found.outputs[k] == pytest.approx(behavioural.outputs(weights, values[k]), abs=1e-17)
    assert tile.usable(np.array([16e-9, 3e-9])) == pytest.approx([15e-9, 3e-9])
    edged = replace(tile, second=replace(solver, lines=ArrayLines(edge_time=50e-12)))
    assert edged.usable(np.array([20e-12, 3e-9])) == pytest.approx([0.0, 3e-9])


def test_the_offset_of_a_clamp_draws_charge_through_idle_cells(linear: ReadPairTable) -> None:
    offset = BitLineClamp(currents=np.array([-1.0, 1.0]), droops=np.array([2e-3, 2e-3]))
    stored = np.full((4, 3), 0.9)
    found = ArraySolver(table=linear, clamp=offset, window=15e-9).read(stored, np.zeros(4))
    assert found.charges == pytest.approx(-STRENGTH / MID * 2e-3 * 15e-9 * np.ones((4, 3)), rel=1e-9)


def test_no_pulse_draws_no_charge(saturating: ReadPairTable) -> None:
    stored, _ = operands(4, 3)
    assert (lossy(saturating).read(stored, np.zeros(4)).charges == 0).all()


def test_operands_that_are_none_are_refused(saturating: ReadPairTable) -> None:
    solver = lossy(saturating)
    with pytest.raises(InputError, match=r"\(\.\.\., n_rows\)"):
        solver.read(np.zeros((3, 2)), np.zeros(2))
    with pytest.raises(InputError, match="negative"):
        solver.read(np.zeros((3, 2)), np.array([1e-9, -1e-9, 0.0]))
    with pytest.raises(DomainError, match="stored_voltage"):
        solver.read(np.full((3, 2), 1.2), np.full(3, 1e-9))
    with pytest.raises(InputError, match="finite"):
        solver.read(np.full((3, 2), np.nan), np.full(3, 1e-9))


def test_what_has_no_steady_state_is_refused(saturating: ReadPairTable, linear: ReadPairTable) -> None:
    falling = replace(linear, lower=linear.lower - 1e3 * (0.1 - DROPS[None, :, None]))  # draws more the more it drops
    with pytest.raises(FitError, match="wider wires"):
        ArraySolver(table=falling, lines=LINES).read(np.full((4, 4), 0.8), np.full(4, 1e-9))
    with pytest.raises(DomainError, match="leaves its rest"):
        ArraySolver(table=linear, clamp=BitLineClamp.resistor(1e5)).read(np.full((9, 4), 0.9), np.full(9, 1e-9))
    with pytest.raises(FitError, match="wider"):
        impatient = replace(lossy(saturating), max_rounds=1)
        impatient.read(np.full((4, 4), 0.8), np.full(4, 1e-9))


def test_lines_and_clamps_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="word_line_resistance"):
        ArrayLines(word_line_resistance=-1.0)
    with pytest.raises(InputError, match="window"):
        ArraySolver(table=pair_table(lambda v, d, b: v, lambda v, d, b: v), window=-1e-9)
    with pytest.raises(InputError, match="decrease"):
        BitLineClamp(currents=np.array([0.0, 1e-6]), droops=np.array([1e-3, 0.0]))
    with pytest.raises(InputError, match="one per current"):
        BitLineClamp(currents=np.array([0.0, 1e-6]), droops=np.array([1e-3]))
