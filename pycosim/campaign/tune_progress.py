"""PROGRESS of a tuning: candidates, rate, failures and the best so far, as a bar or as lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from pycosim.campaign.progress import LINE_INTERVAL, Tally


class RichTune:
    """Shows a tuning; use it as a context manager.

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
        self._name, self._best = "", ""
        self._judged = self._total = 0
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

    def stage(self, name: str, total: int) -> None:
        """Show an empty bar."""
        self._name, self._judged, self._total = name, 0, total
        if self._live:
            self._task = self._bar.add_task(name, total=total, words="")
        else:
            self._console.print(Text(f"{name}: {total} candidates at most"))

    def point(self, *, simulated: bool, failure: str) -> None:
        """Count a point."""
        self.tally.count(simulated=simulated, failure=failure)
        self._show()

    def candidates(self, count: int, best: str) -> None:
        """Move the bar."""
        self._judged += count
        self._best = best
        self._show()

    @property
    def line(self) -> str:
        """One line: points, rate, failures, the best."""
        known = self.tally.done - self.tally.simulated
        parts = [f"{self.tally.simulated} simulated", f"{known} known"]
        if self.tally.rate:
            parts.append(f"{self.tally.rate:.3g}/s")
        parts.append(f"{self.tally.failed} failed" if self.tally.failed else "none failed")
        return ", ".join(parts) + (f"; best: {self._best}" if self._best else "")

    def _show(self) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=self._judged, words=self.line)
        elif self._clock() - self._last >= LINE_INTERVAL:
            self._last = self._clock()
            self._console.print(
                Text(f"  {self._name} {self._judged}/{self._total}: {self.line}", style="dim"), soft_wrap=True
            )
