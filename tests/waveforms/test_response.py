"""Small-signal responses."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.waveforms import fall_frequency, magnitude_at, phase_at

FREQUENCY = np.geomspace(1.0, 1e6, 61)
SLOPE = 1e3 / (1j * FREQUENCY)  # an integrator: a straight line on the Bode plot


def test_a_straight_line_is_read_exactly_between_points() -> None:
    assert magnitude_at(FREQUENCY, SLOPE, 777.0) == pytest.approx(1e3 / 777, rel=1e-12)
    assert phase_at(FREQUENCY, SLOPE, 777.0) == pytest.approx(-90.0, rel=1e-12)
    assert fall_frequency(FREQUENCY, SLOPE, 2.0) == pytest.approx(500.0, rel=1e-12)


def test_a_response_that_stays_above_a_level_does_not_fall() -> None:
    assert fall_frequency(FREQUENCY, SLOPE, 1e-9) is None


def test_of_several_falls_the_first_counts() -> None:
    response = np.array([2.0, 0.5, 2.0, 0.5], dtype=complex)
    found = fall_frequency(np.array([1.0, 10.0, 100.0, 1000.0]), response, 1.0)
    assert found == pytest.approx(np.sqrt(10.0))


def test_a_frequency_outside_the_grid_is_refused_but_not_for_rounding() -> None:
    assert magnitude_at(FREQUENCY, SLOPE, 1e6 * (1 + 1e-12)) == pytest.approx(1e-3)
    with pytest.raises(InputError, match="2e\\+06 Hz lies outside the analysis"):
        magnitude_at(FREQUENCY, SLOPE, 2e6)


def test_a_response_needs_a_value_for_each_frequency() -> None:
    with pytest.raises(InputError, match="one finite value for each frequency"):
        phase_at(FREQUENCY, SLOPE[1:], 10.0)
    with pytest.raises(InputError, match="above 0"):
        fall_frequency(FREQUENCY, SLOPE, 0.0)
