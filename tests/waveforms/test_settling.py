"""Settling times against exponentials."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosim.errors import InputError
from pycosim.waveforms import settling_time

TAU, STEP = 1e-9, 1e-12
TIME = np.arange(0.0, 20 * TAU, STEP)
# a chord of an exponential lies above it by (h/tau)^2 / 8: the crossing is late by tau times that
LATE = TAU * (STEP / TAU) ** 2 / 8 * 2


@pytest.mark.parametrize("amplitude", [0.9, -0.45])
@pytest.mark.parametrize("tolerance", [64e-3, 1e-3])
def test_an_exponential_settles_after_tau_times_the_logarithm(amplitude: float, tolerance: float) -> None:
    signal = 0.45 + amplitude * np.exp(-TIME / TAU)
    expected = TAU * np.log(abs(amplitude) / tolerance)
    found = settling_time(TIME, signal, 0.0, 15 * TAU, tolerance, final=0.45)
    assert found == pytest.approx(expected, abs=LATE)


def test_time_is_counted_from_the_start_of_the_window() -> None:
    signal = np.where(TIME < 2e-9, 0.0, 1.0 - np.exp(-(TIME - 2e-9) / TAU))
    found = settling_time(TIME, signal, 2e-9, 18e-9, 0.01, final=1.0)
    # the kink at the start lies between two samples: up to one step
    assert found == pytest.approx(TAU * np.log(100.0), abs=STEP)


def test_the_final_value_is_that_at_the_end_where_none_is_given() -> None:
    signal = 1.0 - np.exp(-TIME / TAU)
    stop, tolerance = 5 * TAU, 0.01
    final = 1.0 - np.exp(-5.0)
    expected = -TAU * np.log(1.0 - final + tolerance)
    assert settling_time(TIME, signal, 0.0, stop, tolerance) == pytest.approx(expected, abs=LATE)


def test_ringing_settles_at_its_last_way_out_of_the_band() -> None:
    time = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    signal = np.array([1.0, 0.0, 0.4, 0.0, 0.0, 0.0])
    assert settling_time(time, signal, 0.0, 5.0, 0.1, final=0.0) == pytest.approx(2.75)


def test_a_signal_that_never_leaves_its_band_settles_at_once() -> None:
    assert settling_time(TIME, np.full(TIME.size, 0.45), 1e-9, 9e-9, 1e-3) == 0.0


def test_a_signal_that_never_settles_takes_the_whole_window() -> None:
    assert settling_time(TIME, TIME * 1e9, 1e-9, 9e-9, 0.1, final=0.0) == pytest.approx(8e-9)


@settings(deadline=None)  # a busy machine is no failure
@given(st.floats(1e-3, 0.3), st.floats(1e-3, 0.3))
def test_a_wider_band_is_never_reached_later(one: float, other: float) -> None:
    signal = np.exp(-TIME / TAU) * np.cos(TIME / (0.3 * TAU))
    narrow, wide = sorted((one, other))
    late = settling_time(TIME, signal, 0.0, 15 * TAU, narrow, final=0.0)
    assert settling_time(TIME, signal, 0.0, 15 * TAU, wide, final=0.0) <= late


@pytest.mark.parametrize(
    ("start", "stop", "tolerance", "final", "message"),
    [
        (5.0, 1.0, 0.1, None, "window"),
        (2.0, 3.0, 0.1, None, "window"),
        (0.0, 1.0, 0.0, None, "tolerance"),
        (0.0, 1.0, -0.1, None, "tolerance"),
        (0.0, 1.0, float("nan"), None, "tolerance"),
        (0.0, 1.0, 0.1, float("nan"), "final"),
    ],
)
def test_a_window_or_band_that_is_none_is_refused(
    start: float, stop: float, tolerance: float, final: float | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        settling_time(np.array([0.0, 1.0]), np.array([0.0, 1.0]), start, stop, tolerance, final)
