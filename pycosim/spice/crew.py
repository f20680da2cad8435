"""The workers of a pool as one thing that can be ended from anywhere, also when Python exits."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pycosim.spice.rundirectory import remove_run
from pycosim.spice.workerprocess import WorkerProcess


class Crew:
    """Starts, counts and ends worker processes.

    Args:
        size: most workers at a time.
        library: path or name of libngspice.
        runs_per_worker: runs after which a worker is replaced.
        memory_per_worker: peak memory (byte) after which a worker is replaced.
    """

    def __init__(self, size: int, library: str, runs_per_worker: int, memory_per_worker: int) -> None:
        self.idle: list[WorkerProcess] = []
        self.busy: list[WorkerProcess] = []
        self.size = size
        self._library = library
        self._runs_per_worker = runs_per_worker
        self._memory_per_worker = memory_per_worker
        self._folder: Path | None = None
        self._owner = os.getpid()
        self._numbers = itertools.count(1)

    def next_worker(self, fresh: bool) -> WorkerProcess | None:
        """An idle worker, or a new one where there is room; busy from now on. None where all are busy.

        Args:
            fresh: whether it must not have run anything.
        """
        if len(self.busy) >= self.size:
            return None
        for worker in [worker for worker in self.idle if worker.process.poll() is not None]:
            self._dismiss(worker)  # killed while it was idle
        if fresh and len(self.idle) + len(self.busy) >= self.size:
            self._dismiss(self.idle[0])
        worker = self._start() if fresh or not self.idle else self.idle.pop()
        self.busy.append(worker)
        return worker

    def rest(self, worker: WorkerProcess, healthy: bool) -> None:
        """A worker has replied: idle, or replaced after many runs or in doubt."""
        self.busy.remove(worker)
        worn = worker.n_runs >= self._runs_per_worker or worker.memory > self._memory_per_worker
        if healthy and not worn:
            self.idle.append(worker)
        else:
            worker.end()
            self._tidy(worker)

    @contextlib.contextmanager
    def burying(self, worker: WorkerProcess, kill: bool) -> Iterator[int]:
        """End a worker; gives its exit status while its files are still there."""
        self.busy.remove(worker)
        status = worker.kill() if kill else worker.end()
        try:
            yield status
        finally:
            self._tidy(worker)

    def drop_busy(self) -> None:
        """Kill what is running; the idle ones stay."""
        while self.busy:
            worker = self.busy.pop()
            worker.kill()
            self._tidy(worker)

    def end(self) -> None:
        """End every worker and remove their folders; a forked child leaves them to their owner."""
        if os.getpid() != self._owner:
            return
        self.drop_busy()
        for worker in self.idle:
            worker.hang_up()  # all of them hear it before the first is waited for
        while self.idle:
            self.idle.pop().end()
        if self._folder is not None:
            remove_run(self._folder)
            self._folder = None

    def next_deadline(self) -> float | None:
        """Seconds until the first busy worker is late."""
        deadlines = [worker.deadline for worker in self.busy if worker.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _dismiss(self, worker: WorkerProcess) -> None:
        self.idle.remove(worker)
        worker.end()
        self._tidy(worker)

    def _start(self) -> WorkerProcess:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="pycosim-pool-")).resolve()
        folder = self._folder / f"worker-{next(self._numbers)}"
        folder.mkdir()
        return WorkerProcess(folder, self._library)

    @staticmethod
    def _tidy(worker: WorkerProcess) -> None:
        remove_run(worker.folder)
