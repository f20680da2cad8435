from __future__ import annotations

import io

import pytest
from rich.console import Console

from pycosim.flows.progress import Progress, RichProgress, SilentProgress, TimedProgress


def work(progress: Progress) -> None:
    progress.stage("Cell", 2)
    progress.advance()
    progress.note("rms 0.12 µA [not markup]")
    progress.advance()
    progress.stage("Report")


def shown(*, terminal: bool) -> str:
    stream = io.StringIO()
    with RichProgress(Console(file=stream, force_terminal=terminal, width=80)) as progress:
        work(progress)
    return stream.getvalue()


def test_lines_are_printed_where_there_is_no_terminal() -> None:
    lines = shown(terminal=False).splitlines()
    assert [line.split(" in ")[0].strip() for line in lines] == [
        "Cell",
        "rms 0.12 µA [not markup]",
        "done",
        "Report",
        "done",
    ]
    assert "\x1b" not in "".join(lines)


def test_bars_are_drawn_on_a_terminal() -> None:
    text = shown(terminal=True)
    assert "Cell" in text
    assert "2/2" in text
    assert "[not markup]" in text


def test_the_last_stage_is_not_called_done_after_an_error() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="stop"), RichProgress(Console(file=stream)) as progress:
        progress.stage("Cell")
        raise ValueError("stop")
    assert "done" not in stream.getvalue()


def test_a_stop_watch_times_every_stage() -> None:
    timed = TimedProgress(SilentProgress())
    work(timed)
    assert [stage.name for stage in timed.times()] == ["Cell", "Report"]
    assert all(stage.seconds >= 0.0 for stage in timed.times())
