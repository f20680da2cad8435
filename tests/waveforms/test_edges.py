"""Averages of waveforms and the duration of their edges."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.waveforms import mean_value, rms_value, transition_times

TIME = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 7.0])
EDGES = np.array([0.0, 0.3, 0.0, 1.0, 0.0, 1.0, 1.0])


def test_a_rise_begins_at_the_last_crossing_of_the_lower_level() -> None:
    rises = transition_times(TIME, EDGES, 0.1, 0.9)
    assert rises == pytest.approx([0.8, 1.6])  # the bump at 1 s does not count


def test_a_fall_is_the_mirror_of_a_rise() -> None:
    assert transition_times(TIME, EDGES, 0.1, 0.9, "fall") == pytest.approx([0.8])
    assert transition_times(TIME, -EDGES, -0.9, -0.1, "fall") == pytest.approx([0.8, 1.6])


def test_a_signal_that_begins_above_has_no_rise() -> None:
    assert transition_times(TIME, 1.0 - 0.05 * EDGES, 0.1, 0.9).size == 0


def test_levels_that_do_not_rise_are_refused() -> None:
    with pytest.raises(InputError, match="a lower and a higher level"):
        transition_times(TIME, EDGES, 0.9, 0.1)


def test_mean_and_rms_of_a_ramp_are_exact() -> None:
    ramp = np.array([0.0, 0.1, 2.0])
    assert mean_value(ramp, ramp) == pytest.approx(1.0, rel=1e-14)
    assert rms_value(ramp, ramp) == pytest.approx(np.sqrt(4 / 3), rel=1e-14)


def test_an_average_over_no_time_is_refused() -> None:
    with pytest.raises(InputError, match="needs a window with a length"):
        mean_value(np.zeros(2), np.zeros(2))
