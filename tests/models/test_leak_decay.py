"""A leak that depends on the voltage: exact between knots, and the law of one time constant as its smallest case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from pycosim.attention import published_cell
from pycosim.errors import DomainError, InputError
from pycosim.models import LeakDecay, StorageDecay, load_model, save_model

KNOTS = np.linspace(0, 0.9, 19)
LEAK = LeakDecay(voltages=KNOTS, rates=-0.5 * np.sinh(12 * (KNOTS - 0.4)))
LEVELS, AGES = np.linspace(0, 0.9, 8), np.geomspace(1e-6, 0.1, 30)[:, None]


def test_with_two_knots_it_is_the_law_of_one_time_constant() -> None:
    leak = LeakDecay(voltages=[0.0, 0.9], rates=[0.35 / 5e-3, -0.55 / 5e-3])
    law = StorageDecay(time_constant=5e-3, final_voltage=0.35)
    assert leak.zero_voltage == pytest.approx(0.35)
    assert leak.voltage(LEVELS, AGES) == pytest.approx(law.voltage(LEVELS, AGES), abs=1e-14)


@pytest.mark.parametrize("start", [0.0, 0.2, 0.5, 0.9])
def test_it_solves_its_differential_equation(start: float) -> None:
    ages = np.geomspace(1e-4, 3, 20)
    solved = solve_ivp(lambda _, v: LEAK.rate(v), (0, 3), [start], t_eval=ages, method="LSODA", rtol=1e-10, atol=1e-12)
    assert LEAK.voltage(start, ages) == pytest.approx(solved.y[0], abs=1e-8)  # the solver's tolerance, summed


@given(volts=st.floats(0, 0.9), first=st.floats(0, 1), second=st.floats(0, 1))
def test_two_ages_in_a_row_are_their_sum(volts: float, first: float, second: float) -> None:
    twice = LEAK.voltage(LEAK.voltage(volts, first), second)
    # a node near the zero of the leak has lost the digits that say how long it has been there
    assert twice == pytest.approx(float(LEAK.voltage(volts, first + second)), abs=1e-9)


@given(volts=st.floats(0, 0.9), age=st.floats(0, 1e6))
def test_it_never_crosses_the_zero_of_the_leak(volts: float, age: float) -> None:
    low, high = sorted((volts, LEAK.zero_voltage))
    assert low - 1e-12 <= LEAK.voltage(volts, age) <= high + 1e-12


def test_at_the_zero_and_at_age_zero_nothing_moves() -> None:
    assert LEAK.voltage(LEAK.zero_voltage, 1e9) == pytest.approx(LEAK.zero_voltage)
    assert LEAK.voltage(LEVELS, 0.0) == pytest.approx(LEVELS, abs=1e-15)
    assert LEAK.voltage(LEVELS, 1e9) == pytest.approx(np.full(8, LEAK.zero_voltage))


def test_a_leak_that_ends_at_zero_drifts_to_one_side_only() -> None:
    upward = LeakDecay(voltages=[0.0, 0.9], rates=[1.0, 0.0])
    assert upward.voltage([0.0, 0.9], 0.9) == pytest.approx([0.9 * (1 - np.exp(-1)), 0.9])


def test_twice_the_leak_is_half_the_time() -> None:
    assert LEAK.faster(2.0).voltage(LEVELS, AGES) == pytest.approx(LEAK.voltage(LEVELS, 2 * AGES), abs=1e-12)


def test_a_read_is_that_of_the_voltage_that_is_left() -> None:
    cell = published_cell()
    assert LEAK.read(cell, 1e-8, LEVELS, AGES) == pytest.approx(cell.charge(1e-8, LEAK.voltage(LEVELS, AGES)))


def test_measured_rates_may_be_flat_but_not_rise() -> None:
    flat = LeakDecay.measured([0.0, 0.3, 0.6, 0.9], [1.0, 1.0, -1.0, -1.0])
    assert flat.zero_voltage == pytest.approx(0.45, abs=1e-6)
    with pytest.raises(InputError, match=r"rates must fall with the voltage, found 1 V/s after 0.5 V/s"):
        LeakDecay.measured([0.0, 0.3, 0.6, 0.9], [1.0, 0.5, 1.0, -1.0])


def test_a_leak_without_a_zero_is_refused() -> None:
    with pytest.raises(InputError, match="rates must pass through 0 V/s"):
        LeakDecay(voltages=[0.0, 0.9], rates=[2.0, 1.0])
    with pytest.raises(InputError, match="one per voltage"):
        LeakDecay(voltages=[0.0, 0.9], rates=[2.0, 1.0, -1.0])


def test_its_ends_are_those_of_its_knots() -> None:
    with pytest.raises(DomainError, match="stored_voltage"):
        LEAK.voltage(1.0, 1.0)
    with pytest.raises(DomainError, match="age"):
        LEAK.voltage(0.5, -1.0)
    clipping = LeakDecay(voltages=LEAK.voltages, rates=LEAK.rates, outside="clip")
    assert clipping.voltage(1.0, 0.01) == clipping.voltage(0.9, 0.01)
    assert clipping.clips.clipped == 1


def test_a_saved_leak_comes_back(tmp_path: Path) -> None:
    save_model(tmp_path / "leak", LEAK)
    found, _ = load_model(tmp_path / "leak")
    assert isinstance(found, LeakDecay)
    assert (found.voltage(LEVELS, AGES) == LEAK.voltage(LEVELS, AGES)).all()
