"""PROGRESS: how a flow tells what it is doing, without knowing who listens.

A flow calls `stage`, then `advance` as its parts finish, and `note` for a figure worth seeing at once.
Listeners: silence, a terminal, and a stop-watch around either.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from pycosim.evaluate.report import StageTime


class Progress(Protocol):
    """What a flow calls."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage, and so end the one before.

        Args:
            name: what is being done, in a few words.
            total: number of parts; None where it is not known.
        """
        ...

    def advance(self, n: int = 1) -> None:
        """`n` more parts of the stage are done."""
        ...

    def note(self, text: str) -> None:
        """Say something worth seeing now, in one line."""
        ...


class SilentProgress:
    """Listens and shows nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Show nothing."""

    def advance(self, n: int = 1) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""


class TimedProgress:
    """A stop-watch around another listener.

    Args:
        inner: who is told everything.
    """

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._marks: list[tuple[str, float]] = []

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage and note the time."""
        self._marks.append((name, time.perf_counter()))
        self._inner.stage(name, total)

    def advance(self, n: int = 1) -> None:
        """Pass on."""
        self._inner.advance(n)

    def note(self, text: str) -> None:
        """Pass on."""
        self._inner.note(text)

    def times(self) -> tuple[StageTime, ...]:
        """Duration of every stage so far; the last one lasts until now."""
        ends = [*(start for _, start in self._marks[1:]), time.perf_counter()]
        return tuple(
            StageTime(name=name, seconds=end - start) for (name, start), end in zip(self._marks, ends, strict=True)
        )


def advancing(progress: Progress) -> Callable[[int, int], None]:
    """Return what tells a listener of what is new, when it is called with (done, all).

    Args:
        progress: who is told.
    """
    before = 0

    def advance(done: int, _: int) -> None:
        nonlocal before
        progress.advance(done - before)
        before = done

    return advance


class RichProgress:
    """Shows stages on a terminal as bars, elsewhere as lines; use it as a context manager.

    Args:
        console: where to; standard error, so that the report alone goes to standard output.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal
        self._bars = Bars(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._name: str | None = None
        self._total: int | None = None
        self._task: TaskID | None = None
        self._started = 0.0

    def __enter__(self) -> RichProgress:
        """Start drawing."""
        if self._live:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the last stage, as done only where nothing was raised."""
        if kind is None:
            self._finish()
        if self._live:
            self._bars.stop()

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage, and so end the one before."""
        self._finish()
        self._name, self._total, self._started = name, total, time.perf_counter()
        if self._live:
            self._task = self._bars.add_task(name, total=total)
        else:
            self._console.print(Text(name))

    def advance(self, n: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.advance(self._task, n)

    def note(self, text: str) -> None:
        """Print the line above the bars."""
        self._console.print(Text(f"  {text}", style="dim"))

    def _finish(self) -> None:
        """Fill the bar of the stage, or say how long it took."""
        if self._name is None:
            return
        if self._task is not None:
            total = self._total or 1
            self._bars.update(self._task, total=total, completed=total)
        else:
            self._console.print(Text(f"  done in {time.perf_counter() - self._started:.1f} s", style="dim"))
        self._name, self._task = None, None
