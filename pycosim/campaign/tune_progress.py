"""PROGRESS of a tuning: candidates, rate, failures and the best so far, as a bar or as lines."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from pycosim.campaign.progress import RichCampaign


class RichTune(RichCampaign):
    """Shows a tuning; see `RichCampaign`."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._name, self._best = "", ""
        self._judged = self._total = 0

    def stage(self, name: str, total: int) -> None:
        """Show an empty bar."""
        self._name, self._judged, self._total = name, 0, total
        self._open(name, total, f"{name}: {total} candidates at most")

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
        elif self._is_due():
            self._console.print(
                Text(f"  {self._name} {self._judged}/{self._total}: {self.line}", style="dim"), soft_wrap=True
            )
