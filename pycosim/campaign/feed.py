"""The netlists of tasks on their way to a pool, and the results on their way back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pycosim.campaign.attempt import Attempt
from pycosim.campaign.task import Result, Task
from pycosim.spice import NetlistLike, Waveforms
from pycosim.spice.call import Run
from pycosim.spice.rundirectory import remove_run
from pycosim.spice.share import SharedNetlist, shared


class Feed:
    """The netlists of tasks, those that are tried again first; an iterator that may go on after its end.

    Args:
        tasks: drawn as they are needed.
        run_root: see `Attempt`.
        share: tasks in a row that may be run in one deck.
    """

    def __init__(self, tasks: Iterable[Task], run_root: Path | None, share: int) -> None:
        self._tasks = iter(tasks)
        self._run_root = run_root
        self._share = share
        self._waiting: deque[Attempt] = deque()
        self._running: dict[int, tuple[tuple[Attempt, ...], NetlistLike]] = {}
        self._n_given = 0

    def __iter__(self) -> Iterator[NetlistLike]:
        """Return itself."""
        return self

    def __next__(self) -> NetlistLike:
        """The next netlist, for one task or several."""
        attempts, netlist = self._next()
        self._running[self._n_given] = attempts, netlist
        self._n_given += 1
        return netlist

    def results(self, run: Run) -> Iterator[tuple[int, Result]]:
        """(index, result) of the tasks whose netlist was run; what is to be tried again waits for the next draw."""
        attempts, netlist = self._running.pop(run.index)
        if not isinstance(netlist, SharedNetlist):
            yield from self._taken(attempts[0], run)
        elif isinstance(run.outcome, Waveforms):
            each = replace(run, seconds=run.seconds / len(attempts))
            for attempt, waves in zip(attempts, netlist.split(run.outcome), strict=True):
                yield from self._taken(attempt, replace(each, outcome=waves))
        else:  # one of them failed: each alone says which
            if run.outcome.run_directory is not None:
                remove_run(run.outcome.run_directory)
            self._waiting.extend(attempts)

    def _taken(self, attempt: Attempt, run: Run) -> Iterator[tuple[int, Result]]:
        result = attempt.result_of(run)
        if result is None:
            self._waiting.append(attempt)
        else:
            yield attempt.task.index, result

    def _next(self) -> tuple[tuple[Attempt, ...], NetlistLike]:
        if not self._waiting:
            attempts = tuple(Attempt(task, self._run_root) for task in islice(self._tasks, self._share))
            together = shared([attempt.netlist for attempt in attempts]) if len(attempts) > 1 else None
            if together is not None:
                return attempts, together
            self._waiting.extend(attempts)
        if not self._waiting:
            raise StopIteration
        attempt = self._waiting.popleft()
        return (attempt,), attempt.netlist
