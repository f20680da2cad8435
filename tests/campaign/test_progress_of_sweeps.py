from __future__ import annotations

import io

from rich.console import Console

from pycosim.campaign.progress import RichSweep, SilentSweep, Tally, duration


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def shown(*, terminal: bool) -> str:
    stream, clock = io.StringIO(), Clock()
    with RichSweep(Console(file=stream, force_terminal=terminal, width=120), clock) as progress:
        progress.begin(40)
        for k in range(40):
            clock.now += 1.0
            progress.point(simulated=k >= 10, failure="the solver gave up" if k % 20 == 15 else "")
        progress.end()
    return stream.getvalue()


def test_a_line_has_rate_time_left_and_failures() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.begin(1000)
    assert tally.line() == "0/1000 points, none failed"
    for k in range(500):
        tally.count(simulated=k >= 100, failure="no" if k in (200, 300) else "")
    clock.now += 200.0
    assert (tally.rate, tally.seconds) == (2.0, 200.0)
    assert tally.line() == "500/1000 points, 100 known, 2/s, 4 min left, 2 failed"


def test_the_rate_is_that_of_simulated_points_alone() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.begin(10)
    clock.now += 1.0
    tally.count(simulated=False, failure="")
    assert tally.rate == 0.0
    assert tally.line() == "1/10 points, 1 known, none failed"


def test_times_are_for_people() -> None:
    assert [duration(s) for s in (3.2, 75, 720, 12600)] == ["3 s", "75 s", "12 min", "3.5 h"]


def test_lines_come_now_and_then_where_there_is_no_terminal() -> None:
    lines = shown(terminal=False).splitlines()
    assert lines[0] == "sweep of 40 points"
    assert "  first failure: the solver gave up" in lines
    assert "  20/40 points, 10 known, 0.5/s, 40 s left, 1 failed" in lines
    assert lines[-1] == "  40/40 points, 10 known, 0.75/s, 2 failed in 40 s"
    assert len(lines) == 7, "one line in ten seconds"


def test_a_bar_is_drawn_on_a_terminal() -> None:
    text = shown(terminal=True)
    assert "40/40" in text
    assert "2 failed" in text


def test_silence_says_nothing() -> None:
    silent = SilentSweep()
    silent.begin(3)
    silent.point(simulated=True, failure="")
    silent.end()
