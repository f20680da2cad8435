"""Piece-wise linear sources: their text, read back as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.errors import CircuitError
from circuits.stimuli import EDGE_TIME, piecewise_linear, pulse

# nine digits are written: a time of 100 ns is off by up to 5e-17 s, two corners of 1 V by 1e-16 V s
WRITTEN = 2e-16


def corners(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of the text of a source."""
    assert text.startswith("pwl(")
    assert text.endswith(")")
    numbers = np.array([float(word) for word in text[4:-1].split()])
    return numbers[::2], numbers[1::2]


def area(text: str, idle: float) -> float:
    times, values = corners(text)
    return float(np.trapezoid(values - idle, times))


@st.composite
def windows(draw: st.DrawFn) -> list[tuple[float, float]]:
    """One to four windows below 100 ns that do not overlap."""
    found, time = [], 0.0
    for _ in range(draw(st.integers(1, 4))):
        start = time + draw(st.floats(0.2e-9, 5e-9))
        time = start + draw(st.floats(EDGE_TIME, 15e-9))
        found.append((start, time))
        time += EDGE_TIME
    return found


@settings(deadline=None)  # a busy machine is no failure
@given(windows(), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_the_area_of_pulses_is_their_width_times_their_height(
    spans: list[tuple[float, float]], idle: float, active: float
) -> None:
    expected = sum(stop - start for start, stop in spans) * (active - idle)
    assert area(pulse(spans, idle=idle, active=active), idle) == pytest.approx(expected, abs=len(spans) * WRITTEN)


@settings(deadline=None)  # a busy machine is no failure
@given(windows())
def test_the_written_times_rise(spans: list[tuple[float, float]]) -> None:
    times, _ = corners(pulse(spans, idle=0.0, active=0.9))
    assert (np.diff(times) > 0).all()


def test_a_pulse_rests_at_its_idle_level_before_and_after() -> None:
    times, values = corners(pulse([(9.5e-9, 12.5e-9)], idle=0.45, active=0.9))
    assert times.tolist() == [0.0, 9.5e-9, 9.55e-9, 12.5e-9, 12.55e-9]
    assert values.tolist() == [0.45, 0.45, 0.9, 0.9, 0.45]


def test_a_window_as_short_as_its_edge_is_a_triangle_of_the_right_area() -> None:
    for start in (0.0, 9.5e-9, 24.5e-9):
        text = pulse([(start, start + EDGE_TIME)], idle=0.0, active=1.0)
        assert area(text, 0.0) == pytest.approx(EDGE_TIME, abs=WRITTEN)


def test_a_window_may_begin_at_zero() -> None:
    times, _ = corners(pulse([(0.0, 1e-9)], idle=0.0, active=1.0))
    assert times.tolist() == [0.0, EDGE_TIME, 1e-9, 1e-9 + EDGE_TIME]


def test_without_windows_the_source_is_constant() -> None:
    assert pulse([], idle=0.45, active=0.9) == "0.45"


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(1e-9, 3e-9), (2e-9, 4e-9)], "overlap at 2 ns"),
        ([(1e-9, 3e-9), (3e-9, 4e-9)], "overlap at 3 ns"),  # the first still has its falling edge to go
        ([(3e-9, 4e-9), (1e-9, 2e-9)], "overlap at 1 ns"),
        ([(1e-9, 1.02e-9)], "20 ps is shorter than its 50 ps edge"),
        ([(2e-9, 1e-9)], "shorter than its 50 ps edge"),
        ([(-1e-9, 1e-9)], "from 0 s or later"),
        ([(1e-9, float("nan"))], "shorter than its 50 ps edge"),
        ([(float("nan"), 1e-9)], "shorter than its 50 ps edge"),
        ([(1e-9, float("inf"))], "finite"),
    ],
)
def test_windows_that_are_none_raise(spans: list[tuple[float, float]], message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        pulse(spans, idle=0.0, active=1.0)


@pytest.mark.parametrize("level", [float("nan"), float("inf")])
def test_levels_that_are_none_raise(level: float) -> None:
    with pytest.raises(CircuitError, match="levels of a stimulus must be finite"):
        pulse([], idle=level, active=0.0)
    with pytest.raises(CircuitError, match="levels of a stimulus must be finite"):
        pulse([(1e-9, 2e-9)], idle=0.0, active=level)


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(0.0, float("nan"))],
        [(float("nan"), 0.0)],
        [(0.0, 0.0), (0.0, 1.0)],
        [(1e-9, 0.0), (0.5e-9, 1.0)],
        [(-1e-9, 0.0)],
    ],
)
def test_points_that_are_no_source_raise(points: list[tuple[float, float]]) -> None:
    with pytest.raises(CircuitError, match="piece-wise linear source"):
        piecewise_linear(points)
