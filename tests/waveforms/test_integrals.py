"""Charge and energy against the charging of a capacitor, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.waveforms import charge, supply_energy

Array = NDArray[np.float64]

RESISTANCE, CAPACITANCE, VOLTAGE = 10e3, 12e-15, 0.9
TAU = RESISTANCE * CAPACITANCE


def charging() -> tuple[Array, Array]:
    """Time and ngspice's current of the source (negative) that charges a capacitor through a resistor."""
    time = np.linspace(0.0, 25 * TAU, 20001)
    return time, -VOLTAGE / RESISTANCE * np.exp(-time / TAU)


# the trapezoidal rule on an exponential errs by (h/tau)^2 / 12 relative; h = tau / 800 here
TRAPEZOID = (1 / 800) ** 2 / 12 * 1.5


def test_a_resistor_charges_a_capacitor_with_c_v() -> None:
    time, current = charging()
    assert -charge(time, current) == pytest.approx(CAPACITANCE * VOLTAGE, rel=TRAPEZOID)


def test_the_supply_delivers_c_v_squared_of_which_half_is_stored() -> None:
    time, current = charging()
    delivered = supply_energy(time, current, VOLTAGE)
    dissipated = charge(time, RESISTANCE * current**2)
    assert delivered == pytest.approx(CAPACITANCE * VOLTAGE**2, rel=TRAPEZOID)
    # the dissipated power falls twice as fast, so that the rule errs four times as much
    assert delivered - dissipated == pytest.approx(CAPACITANCE * VOLTAGE**2 / 2, rel=4 * TRAPEZOID)


def test_after_one_time_constant_the_charge_is_1_minus_1_over_e() -> None:
    time, current = charging()
    assert -charge(time, current, stop=TAU) == pytest.approx(CAPACITANCE * VOLTAGE * (1 - np.exp(-1.0)), rel=TRAPEZOID)


def test_the_ends_of_a_window_are_interpolated() -> None:
    time, current = np.array([0.0, 1.0]), np.array([0.0, 2.0])  # i = 2 t
    assert charge(time, current, 0.25, 0.75) == pytest.approx(0.75**2 - 0.25**2, rel=1e-14)


def test_a_voltage_may_change_with_time() -> None:
    time = np.array([0.0, 1.0, 2.0])
    assert supply_energy(time, np.array([-1.0, -1.0, -1.0]), np.array([0.0, 1.0, 1.0])) == pytest.approx(1.5)


def test_energy_is_negative_where_a_source_takes_it() -> None:
    time = np.array([0.0, 2.0])
    assert supply_energy(time, np.array([1.0, 1.0]), 0.9) == pytest.approx(-1.8)


def test_a_window_without_length_has_no_charge() -> None:
    time, current = charging()
    assert charge(time, current, TAU, TAU) == 0.0


def test_a_window_that_sticks_out_is_cut_at_the_waveform() -> None:
    time, current = charging()
    assert charge(time, current, -1.0, 1.0) == charge(time, current)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=30), st.floats(0.0, 1.0))
def test_the_charges_of_two_adjoining_windows_add_up(values: list[float], share: float) -> None:
    time, current = np.arange(len(values), dtype=float), np.array(values)
    cut = share * time[-1]
    both = charge(time, current, stop=cut) + charge(time, current, start=cut)
    assert both == pytest.approx(charge(time, current), abs=1e-12 * len(values))


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=30), st.floats(-3.0, 3.0))
def test_charge_is_linear_in_the_current(values: list[float], factor: float) -> None:
    time, current = np.arange(len(values), dtype=float), np.array(values)
    assert charge(time, factor * current) == pytest.approx(factor * charge(time, current), abs=1e-12)


@pytest.mark.parametrize(("start", "stop"), [(2.0, 3.0), (-3.0, -2.0), (0.7, 0.3), (float("nan"), 1.0)])
def test_a_window_outside_the_waveform_is_refused_rather_than_empty(start: float, stop: float) -> None:
    with pytest.raises(InputError, match="window"):
        charge(np.array([0.0, 1.0]), np.array([1.0, 1.0]), start, stop)


def test_what_is_no_waveform_is_refused() -> None:
    with pytest.raises(InputError, match="NaN"):
        charge(np.array([0.0, 1.0]), np.array([1.0, float("nan")]))
    with pytest.raises(InputError, match="NaN"):
        supply_energy(np.array([0.0, 1.0]), np.array([1.0, 1.0]), float("nan"))
    with pytest.raises(InputError, match="shapes"):
        supply_energy(np.array([0.0, 1.0]), np.array([1.0, 1.0]), np.ones(3))
    with pytest.raises(InputError, match="two points"):
        charge(np.array([]), np.array([]))
