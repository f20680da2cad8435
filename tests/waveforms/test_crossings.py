"""Crossings and pulse widths against ramps, sines and trapezoids whose answers are known in closed form."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.waveforms import crossing_times, pulse_width

Array = NDArray[np.float64]

ROUNDING = 1e-12  # relative; interpolation on straight lines is exact but for rounding

LEVELS = st.floats(-2.0, 2.0, allow_nan=False).map(lambda value: round(value, 3))


def trapezoid(start: float, rise: float, top: float, fall: float) -> tuple[Array, Array]:
    """A pulse from 0 to 1 V, described by its corners only."""
    time = np.array([0.0, start, start + rise, start + rise + top, start + rise + top + fall, 100e-9])
    return time, np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])


@st.composite
def waveforms(draw: st.DrawFn) -> tuple[Array, Array]:
    """An unevenly sampled waveform of 2 to 40 points."""
    steps = draw(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=39))
    time = np.concatenate([[0.0], np.cumsum(steps)])
    return time, np.array(draw(st.lists(LEVELS, min_size=time.size, max_size=time.size)))


def test_a_ramp_crosses_where_it_reaches_the_threshold() -> None:
    time = np.array([0.0, 1e-9, 4e-9])
    assert crossing_times(time, np.array([0.0, 1.0, 1.0]), 0.25) == pytest.approx([0.25e-9], rel=ROUNDING)


def test_a_falling_ramp_crosses_on_its_falling_edge_only() -> None:
    time, signal = np.array([0.0, 1e-9, 4e-9]), np.array([1.0, 1.0, 0.0])
    assert crossing_times(time, signal, 0.5, "fall") == pytest.approx([2.5e-9], rel=ROUNDING)
    assert crossing_times(time, signal, 0.5, "rise").size == 0


def test_a_sine_crosses_zero_at_every_half_period() -> None:
    frequency = 3e8
    time = np.linspace(0.1e-9, 20e-9, 4001)  # 5 ps steps
    found = crossing_times(time, np.sin(2 * np.pi * frequency * time), 0.0)
    expected = np.arange(1, 12) / (2 * frequency)
    # a chord of a sine near its zero misses it by less than a thousandth of a step
    assert found == pytest.approx(expected, abs=5e-15)


@pytest.mark.parametrize("level", [-0.9, -0.3, 0.2, 0.8])
def test_a_sine_is_above_a_level_for_the_arc_that_the_arcsine_gives(level: float) -> None:
    frequency, periods = 1e9, 4
    time = np.linspace(0.0, periods / frequency, 8001)  # 0.5 ps steps
    width = pulse_width(time, np.sin(2 * np.pi * frequency * time), level)
    expected = periods * (np.pi - 2 * np.arcsin(level)) / (2 * np.pi * frequency)
    # linear interpolation of a sine errs by (w h)^2 / 8 in level, 1.2e-6: 1e-15 s on each of 8 slow edges
    assert width == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_the_width_of_a_trapezoid_is_its_top_and_what_its_edges_add(threshold: float) -> None:
    time, signal = trapezoid(start=9.5e-9, rise=50e-12, top=7e-9, fall=30e-12)
    expected = 7e-9 + (1 - threshold) * 80e-12
    assert pulse_width(time, signal, threshold) == pytest.approx(expected, rel=1e-10)


def test_at_half_height_equal_edges_leave_the_time_from_edge_to_edge() -> None:
    time, signal = trapezoid(start=2e-9, rise=50e-12, top=4.95e-9, fall=50e-12)
    assert pulse_width(time, signal, 0.5) == pytest.approx(5e-9, rel=1e-10)


def test_pulse_width_is_zero_below_threshold() -> None:
    time, signal = trapezoid(start=2e-9, rise=50e-12, top=4e-9, fall=50e-12)
    assert pulse_width(time, 0.3 * signal, 0.5) == 0.0


def test_pulse_width_is_the_whole_time_of_a_signal_that_is_always_above() -> None:
    time = np.array([1e-9, 2e-9, 5e-9])
    assert pulse_width(time, np.ones(3), 0.5) == pytest.approx(4e-9, rel=ROUNDING)


def test_a_glitch_counts_as_width() -> None:
    time, signal = trapezoid(start=2e-9, rise=50e-12, top=4e-9, fall=50e-12)
    with_glitch = np.concatenate([time, [101e-9, 101.1e-9, 101.2e-9]])
    values = np.concatenate([signal, [0.0, 1.0, 0.0]])
    assert pulse_width(with_glitch, values, 0.5) - pulse_width(time, signal, 0.5) == pytest.approx(0.1e-9, rel=1e-6)


def test_a_signal_that_touches_the_threshold_from_below_does_not_cross_it() -> None:
    time = np.array([0.0, 1.0, 2.0])
    assert crossing_times(time, np.array([0.0, 0.5, 0.0]), 0.5).size == 0


@settings(deadline=None)  # a busy machine is no failure
@given(waveforms(), LEVELS)
def test_rises_and_falls_alternate_and_together_are_all_crossings(waveform: tuple[Array, Array], level: float) -> None:
    time, signal = waveform
    rises, falls = (crossing_times(time, signal, level, edge) for edge in ("rise", "fall"))
    both = crossing_times(time, signal, level)
    assert np.array_equal(np.sort(np.concatenate([rises, falls])), both)
    assert abs(rises.size - falls.size) <= 1
    assert (np.diff(both) >= 0).all()
    assert both.size == 0 or (both[0] >= time[0] and both[-1] <= time[-1])


@settings(deadline=None)  # a busy machine is no failure
@given(waveforms(), LEVELS)
def test_time_above_and_time_below_make_the_whole(waveform: tuple[Array, Array], level: float) -> None:
    time, signal = waveform
    level += 0.0005  # levels have three decimals: the signal never rests on the threshold
    whole = pulse_width(time, signal, level) + pulse_width(time, -signal, -level)
    assert whole == pytest.approx(time[-1] - time[0], rel=1e-9)


@settings(deadline=None)  # a busy machine is no failure
@given(waveforms(), LEVELS, LEVELS)
def test_a_pulse_is_not_wider_at_a_higher_threshold(waveform: tuple[Array, Array], one: float, other: float) -> None:
    time, signal = waveform
    low, high = sorted((one, other))
    assert pulse_width(time, signal, high) <= pulse_width(time, signal, low) + 1e-12


@settings(deadline=None)  # a busy machine is no failure
@given(waveforms(), LEVELS, st.floats(-50.0, 50.0), st.floats(0.1, 10.0))
def test_a_pulse_keeps_its_width_when_it_is_moved_and_scales_with_time(
    waveform: tuple[Array, Array], level: float, shift: float, scale: float
) -> None:
    time, signal = waveform
    width = pulse_width(time, signal, level)
    assert pulse_width(scale * time + shift, signal, level) == pytest.approx(scale * width, abs=1e-9)


@settings(deadline=None)  # a busy machine is no failure
@given(waveforms(), LEVELS)
def test_a_sample_more_on_a_straight_line_changes_nothing(waveform: tuple[Array, Array], level: float) -> None:
    time, signal = waveform
    finer = np.sort(np.concatenate([time, (time[1:] + time[:-1]) / 2]))
    width = pulse_width(finer, np.interp(finer, time, signal), level)
    assert width == pytest.approx(pulse_width(time, signal, level), abs=1e-9)


@pytest.mark.parametrize(
    ("time", "signal", "message"),
    [
        ([], [], "two points"),
        ([0.0], [1.0], "two points"),
        ([0.0, 1.0], [1.0], "one value per time"),
        ([[0.0, 1.0]], [[0.0, 1.0]], "shapes"),
        ([0.0, 1.0], [0.0, float("nan")], "NaN"),
        ([0.0, float("inf")], [0.0, 1.0], "infinity"),
        ([0.0, 2.0, 1.0], [0.0, 1.0, 0.0], "step back after index 1"),
    ],
)
def test_what_is_no_waveform_is_refused(time: list[float], signal: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        crossing_times(np.array(time), np.array(signal), 0.5)
    with pytest.raises(InputError, match=message):
        pulse_width(np.array(time), np.array(signal), 0.5)


@pytest.mark.parametrize("edge", ["rise", "fall", "both"])
def test_a_threshold_that_is_no_number_is_refused(edge: Literal["rise", "fall", "both"]) -> None:
    with pytest.raises(InputError, match="threshold"):
        crossing_times(np.array([0.0, 1.0]), np.array([0.0, 1.0]), float("nan"), edge)
