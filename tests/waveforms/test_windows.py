"""A part of a waveform."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pycosim.errors import InputError
from pycosim.waveforms import charge, windowed

AXIS = np.array([0.0, 1.0, 1.0, 3.0, 10.0])
SIGNAL = np.array([0.0, 1.0, 2.0, 4.0, 4.0])


def test_without_ends_the_window_is_the_waveform() -> None:
    axis, signal = windowed(AXIS, SIGNAL)
    assert np.array_equal(axis, AXIS)
    assert np.array_equal(signal, SIGNAL)


def test_ends_are_interpolated_and_steps_are_kept() -> None:
    axis, signal = windowed(AXIS, SIGNAL, 0.5, 2.0)
    assert np.array_equal(axis, [0.5, 1.0, 1.0, 2.0])
    assert np.array_equal(signal, [0.5, 1.0, 2.0, 3.0])


@example(0.0, 0.5, 1.0)  # ends on the step
@given(st.floats(0.0, 10.0), st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_windows_that_meet_hold_the_integral_of_both(a: float, b: float, c: float) -> None:
    start, middle, stop = sorted((a, b, c))
    parts = [np.trapezoid(*windowed(AXIS, SIGNAL, *ends)[::-1]) for ends in ((start, middle), (middle, stop))]
    assert sum(parts) == pytest.approx(charge(AXIS, SIGNAL, start, stop), abs=1e-12)  # of values of the order of ten


@pytest.mark.parametrize(("start", "stop"), [(2.0, 1.0), (-1.0, 1.0), (9.0, 10.1), (11.0, 12.0)])
def test_a_window_outside_the_waveform_is_refused(start: float, stop: float) -> None:
    with pytest.raises(InputError, match="which goes from 0 to 10"):
        windowed(AXIS, SIGNAL, start, stop)
