"""The plan of a column."""

from __future__ import annotations

from dataclasses import fields

import pytest

from circuits.errors import CircuitError
from circuits.timing import ColumnTiming, signed_timing


@pytest.mark.parametrize("timing", [ColumnTiming(), signed_timing()])
def test_the_clocks_of_a_plan_come_in_order(timing: ColumnTiming) -> None:
    order = [
        0.0,
        timing.write_start,
        timing.wake,
        timing.write_start + timing.write_time,
        timing.reset_end,
        timing.input_start,
        timing.input_start + timing.input_window,
        timing.release,
        timing.discharge_start,
        timing.window_start,
        timing.window_end,
        timing.stop,
    ]
    assert order == sorted(order)


def test_the_window_is_as_long_as_the_longest_pulse() -> None:
    for timing in (ColumnTiming(), signed_timing()):
        assert timing.window_end - timing.window_start == pytest.approx(15e-9, rel=1e-12)  # T_max [2025 Leroux]


def test_the_signed_plan_has_half_a_nanosecond_more_to_latch_its_sign() -> None:
    plain, signed = ColumnTiming(), signed_timing()
    later = signed.discharge_start - plain.discharge_start
    assert later == pytest.approx(0.5e-9, rel=1e-9)


@pytest.mark.parametrize("name", [field.name for field in fields(ColumnTiming)])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e-9, 15.0])
def test_a_time_that_is_none_or_in_another_unit_is_refused(name: str, value: float) -> None:
    with pytest.raises(CircuitError, match=rf"timing: {name} must be at least 0 and at most 1e-06 s"):
        ColumnTiming(**{name: value})


def test_reading_does_not_begin_before_the_write_has_ended() -> None:
    with pytest.raises(CircuitError, match=r"the write ends at 10\.25 ns .* 5\.5 ns"):
        ColumnTiming(write_time=10e-9)
    with pytest.raises(CircuitError, match=r"wakes at -4\.5 ns"):
        ColumnTiming(wake_time=10e-9)
