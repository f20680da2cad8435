"""Tasks on this machine: a pool of worker processes, and the ladder after a run that did not converge."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from pycosim.campaign.attempt import Attempt
from pycosim.campaign.task import Result, Task
from pycosim.errors import SimulatorMissing
from pycosim.spice import NetlistLike, NgspicePool
from pycosim.spice.installation import installation_hint, libngspice_version


class LocalExecutor:
    """An `Executor`: worker processes with libngspice kept loaded; waveforms are dropped when they are measured.

    Args:
        n_workers: processes; the processors that this process may use without a number.
        timeout: time limit of one run (s).
        run_root: folder for the decks and logs of failed tasks, `<name>-<digest>` each; the system's temporary folder
            without one.
        runs_per_worker: runs after which a worker is replaced, because ngspice does not give all memory back.
    """

    def __init__(
        self,
        n_workers: int | None = None,
        timeout: float = 120.0,
        run_root: Path | None = None,
        runs_per_worker: int = 1000,
    ) -> None:
        self._pool = NgspicePool(n_workers, timeout, runs_per_worker, run_root)
        self._run_root = run_root
        self._version: str | None = None

    @property
    def n_workers(self) -> int:
        """Tasks that run at a time."""
        return self._pool.n_workers

    def simulator_version(self) -> str:
        """Such as `ngspice-39`; asks the library once.

        Raises:
            SimulatorMissing: no libngspice on this machine, or one that does not load.
        """
        self._version = self._version or libngspice_version()
        if self._version is None:
            raise SimulatorMissing(f"no libngspice that loads on this machine. {installation_hint()}")
        return f"ngspice-{self._version}"

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """(index, result) of every task, as they finish; see `pycosim.campaign.task.Executor`.

        Tasks are drawn one by one, when a worker is about to be free; a task that did not converge goes to the front
        again with the next rung of its ladder.

        Raises:
            SimulatorMissing: no libngspice on this machine.
        """
        feed = _Feed(tasks, self._run_root)
        with contextlib.closing(self._pool.runs(feed)) as runs:
            for run in runs:
                attempt = feed.take(run.index)
                result = attempt.result_of(run)
                if result is None:
                    feed.again(attempt)
                else:
                    yield attempt.task.index, result

    def close(self) -> None:
        """End the workers; a later run starts new ones."""
        self._pool.close()


class _Feed:
    """The netlists of tasks, those that are tried again first; an iterator that may go on after its end."""

    def __init__(self, tasks: Iterable[Task], run_root: Path | None) -> None:
        self._tasks = iter(tasks)
        self._run_root = run_root
        self._waiting: deque[Attempt] = deque()
        self._running: dict[int, Attempt] = {}
        self._n_given = 0

    def __iter__(self) -> Iterator[NetlistLike]:
        return self

    def __next__(self) -> NetlistLike:
        attempt = self._waiting.popleft() if self._waiting else Attempt(next(self._tasks), self._run_root)
        self._running[self._n_given] = attempt
        self._n_given += 1
        return attempt.netlist

    def take(self, place: int) -> Attempt:
        """The attempt whose netlist was given at this place."""
        return self._running.pop(place)

    def again(self, attempt: Attempt) -> None:
        """Give its netlist once more, which is another one now."""
        self._waiting.append(attempt)
