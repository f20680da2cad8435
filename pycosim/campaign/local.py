"""Tasks on this machine: a pool of worker processes, and the ladder after a run that did not converge."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pycosim.campaign.feed import Feed
from pycosim.campaign.task import Result, Task
from pycosim.errors import InputError, SimulatorMissing
from pycosim.spice import NgspicePool
from pycosim.spice.installation import installation_hint, libngspice_version


class LocalExecutor:
    """An `Executor`: worker processes with libngspice kept loaded; waveforms are dropped when they are measured.

    Args:
        n_workers: processes; the processors that this process may use without a number.
        timeout: time limit of one run (s).
        run_root: folder for the decks and logs of failed tasks, `<name>-<digest>` each; the system's temporary folder
            without one.
        runs_per_worker: runs after which a worker is replaced, because ngspice does not give all memory back.
        share: tasks in a row that may be run in one deck (`pycosim.spice.share`): faster for small circuits, and equal
            within the tolerances of the decks, not to the last bit.
    """

    def __init__(
        self,
        n_workers: int | None = None,
        timeout: float = 120.0,
        run_root: Path | None = None,
        runs_per_worker: int = 1000,
        share: int = 1,
    ) -> None:
        if share < 1:
            raise InputError(f"share must be 1 task in a deck or more, found {share}")
        self._pool = NgspicePool(n_workers, timeout, runs_per_worker, run_root)
        self._run_root = run_root
        self._share = share
        self._version: str | None = None

    @property
    def n_workers(self) -> int:
        """Tasks that run at a time."""
        return self._pool.n_workers

    def simulator_version(self) -> str:
        """Such as `ngspice-39`, of decks that are shared `ngspice-39-shared`; asks the library once.

        Raises:
            SimulatorMissing: no libngspice on this machine, or one that does not load.
        """
        self._version = self._version or libngspice_version()
        if self._version is None:
            raise SimulatorMissing(f"no libngspice that loads on this machine. {installation_hint()}")
        return f"ngspice-{self._version}{'-shared' if self._share > 1 else ''}"

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """(index, result) of every task, as they finish; see `pycosim.campaign.task.Executor`.

        Tasks are drawn one by one, when a worker is about to be free; a task that did not converge goes to the front
        again with the next rung of its ladder.

        Raises:
            SimulatorMissing: no libngspice on this machine.
        """
        feed = Feed(tasks, self._run_root, self._share)
        with contextlib.closing(self._pool.runs(feed)) as runs:
            for run in runs:
                yield from feed.results(run)

    def close(self) -> None:
        """End the workers; a later run starts new ones."""
        self._pool.close()
