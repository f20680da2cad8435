"""PROGRESS of a sweep: rate, time left and failures so far, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

LINE_INTERVAL = 10.0
"""Between two lines where there is no terminal (s)."""


class SweepProgress(Protocol):
    """What a sweep calls."""

    def begin(self, total: int) -> None:
        """A sweep of so many points begins."""

    def point(self, *, simulated: bool, failure: str) -> None:
        """One more point is known: simulated now or found in the cache; `failure` is "" where it has a value."""

    def end(self) -> None:
        """Every point is known."""


class SilentSweep:
    """Listens and shows nothing."""

    def begin(self, total: int) -> None:
        """Show nothing."""

    def point(self, *, simulated: bool, failure: str) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


class Tally:
    """Counts of a sweep, and what follows from them.

    Args:
        clock: seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self.total = 0
        self.done = 0
        self.simulated = 0
        self.failed = 0

    def begin(self, total: int) -> None:
        """Start the clock."""
        self.total, self._started = total, self._clock()

    def count(self, *, simulated: bool, failure: str) -> None:
        """Count one point."""
        self.done += 1
        self.simulated += simulated
        self.failed += bool(failure)

    @property
    def seconds(self) -> float:
        """Since the sweep began (s)."""
        return self._clock() - self._started

    @property
    def rate(self) -> float:
        """Simulated points per second; 0 before the first."""
        return self.simulated / self.seconds if self.simulated and self.seconds > 0 else 0.0

    def line(self) -> str:
        """One line: points, rate, time left, failures."""
        known = self.done - self.simulated
        parts = [f"{self.done}/{self.total} points"]
        if known:
            parts.append(f"{known} known")
        if self.rate:
            parts.append(f"{self.rate:.3g}/s")
            if self.done < self.total:
                parts.append(f"{duration((self.total - self.done) / self.rate)} left")
        parts.append(f"{self.failed} failed" if self.failed else "none failed")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """A time for people: ``75 s``, ``12 min``, ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class RichCampaign:
    """A bar on a terminal, lines elsewhere, and a tally; use it as a context manager.

    Args:
        console: where to; standard error, so that results alone go to standard output.
        clock: seconds that only rise.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._live = console.is_terminal
        self.tally = Tally(clock)
        self._bar = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            console=console,
        )
        self._task: TaskID | None = None
        self._last = clock()

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._live:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        if self._live:
            self._bar.stop()

    @property
    def line(self) -> str:
        """One line: how far it is."""
        return self.tally.line()

    def _open(self, name: str, total: int, words: str) -> None:
        """Show an empty bar, or the words."""
        if self._live:
            self._task = self._bar.add_task(name, total=total, words="")
        else:
            self._console.print(Text(words))

    def _is_due(self) -> bool:
        """Whether it is time for a line."""
        if self._clock() - self._last < LINE_INTERVAL:
            return False
        self._last = self._clock()
        return True


class RichSweep(RichCampaign):
    """Shows a sweep; see `RichCampaign`."""

    def begin(self, total: int) -> None:
        """Show an empty bar."""
        self.tally.begin(total)
        self._last = self._clock()
        self._open("sweep", total, f"sweep of {total} points")

    def point(self, *, simulated: bool, failure: str) -> None:
        """Move the bar; the first failure is told in full."""
        self.tally.count(simulated=simulated, failure=failure)
        if failure and self.tally.failed == 1:
            self._console.print(Text(f"  first failure: {failure}", style="dim"))
        if self._task is not None:
            words = self.line.partition(", ")[2]
            self._bar.update(self._task, completed=self.tally.done, words=words)
        elif self._is_due():
            self._console.print(Text(f"  {self.line}", style="dim"))

    def end(self) -> None:
        """Say how it went."""
        if self._task is None:
            self._console.print(Text(f"  {self.line} in {duration(self.tally.seconds)}", style="dim"))
