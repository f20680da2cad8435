"""The parts of the tile solver: lines, intervals of a read, edges of a pulse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_tables import LEVELS, MID, STRENGTH, linear_pairs, pair_table

from pycosim.models.lines import solve_lines
from pycosim.models.pair_currents import PairCurrents
from pycosim.models.pulse_edges import edge_charges, line_time_constants
from pycosim.models.pulse_intervals import pulse_intervals


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.0, 15e-9), min_size=1, max_size=30),
    st.integers(1, 20),
    st.sampled_from([0.0, 1e-9, 16e-9]),
)
def test_intervals_share_out_every_pulse_and_no_more(widths: list[float], n_intervals: int, window: float) -> None:
    pulses = np.array(widths)
    active, weights = pulse_intervals(pulses, n_intervals, window)
    assert len(active) <= n_intervals + (window > 0)
    assert (weights >= 0).all()
    if len(active):
        assert (active[0] == (pulses > 0)).all()
        assert (np.where(active, weights, 0.0).sum(axis=0)) == pytest.approx(pulses, abs=1e-20)
        in_all = weights.sum(axis=0)
        assert (in_all <= max(pulses.max(), window) + 1e-20).all()
        if window > pulses.max():
            assert in_all == pytest.approx(window)


def test_the_edges_of_a_pulse_of_resistors_carry_its_area() -> None:
    cells = PairCurrents.of(linear_pairs(), np.random.default_rng(0).choice(LEVELS, (3, 5)))
    extra = edge_charges(cells, 50e-12, np.linspace(0, 80e-12, 5))
    assert np.abs(extra).max() < 1e-6 * STRENGTH * 50e-12


def test_the_edges_of_a_pulse_carry_more_where_cells_saturate() -> None:
    """Current in full from half the swing on."""
    table = pair_table(
        lambda v, d, b: 0 * v, lambda v, d, b: STRENGTH * np.where(v > 0, np.minimum(1.0, 2 * (1 - d / MID)), 0.0)
    )
    cells = PairCurrents.of(table, np.full((1, 6), 0.9))
    ramp = edge_charges(cells, 50e-12, np.zeros(6))
    assert ramp == pytest.approx(STRENGTH * 50e-12 * 0.5 * np.ones((1, 6)), rel=2e-3)  # twice three quarters, less one
    constants = np.linspace(0, 100e-12, 6)
    slow = edge_charges(cells, 0.0, constants)
    # rising it lacks (1 - ln 2), falling it has (1 + ln 2) time constants; trapezoids of 96 points, and the tail
    assert slow[0] == pytest.approx(2 * np.log(2) * constants * STRENGTH, rel=0.01, abs=1e-20)
    both = edge_charges(cells, 50e-12, constants)
    assert (both > np.maximum(ramp, slow) * 0.99).all()
    assert (both < ramp + slow).all()


def test_time_constants_of_a_line_are_elmores() -> None:
    n, section, source, capacitance = 5, 3.0, 7.0, 2e-15
    expected = [
        capacitance * sum(source + section * (min(k, m) + 1) for m in range(n)) for k in range(n)
    ]  # every capacitor charges through what it shares with the path to k
    found = line_time_constants(n, section=section, source=source, capacitance=capacitance)
    assert found == pytest.approx(expected)


def test_a_line_is_solved_as_the_whole_system_would_be() -> None:
    rng = np.random.default_rng(2)
    n, section, resistance = 6, 3.0, 5.0
    load, conductance, drop = rng.normal(size=(3, n)), rng.uniform(0, 0.1, (3, n)), rng.normal(size=3)
    found, source = solve_lines(load, conductance, section=section, source_drop=drop, source_resistance=resistance)
    for k in range(3):
        chain = np.linalg.inv(np.minimum.outer(np.arange(1, n + 1), np.arange(1, n + 1)) * section + resistance)
        drops = np.linalg.solve(chain + np.diag(conductance[k]), load[k] + chain @ np.full(n, drop[k]))
        assert found[k] == pytest.approx(drops)
        assert source[k] == pytest.approx((load[k] - conductance[k] * drops).sum())
    wide = solve_lines(load, conductance, section=1e-6, source_drop=drop, source_resistance=resistance)
    none = solve_lines(load, conductance, section=0.0, source_drop=drop, source_resistance=resistance)
    assert wide[0] == pytest.approx(none[0], abs=1e-4)
    assert wide[1] == pytest.approx(none[1], abs=1e-4)
