"""A pool of processes that keep libngspice loaded: the fast engine, a few milliseconds a run."""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

from pycosim.errors import (
    InputError,
    SimulationError,
    SimulationTimeout,
    SimulatorCrashed,
    SimulatorMissing,
    SuspectNetlist,
)
from pycosim.spice.channel import Job, Reply
from pycosim.spice.crew import Crew
from pycosim.spice.deck import analysis_extent, read_cards
from pycosim.spice.installation import find_libngspice, installation_hint
from pycosim.spice.log import last_words, read_log
from pycosim.spice.prepare import has_noise_source, runnable_deck
from pycosim.spice.results import to_waveforms
from pycosim.spice.rundirectory import new_run_directory, write_run
from pycosim.spice.simulator import NetlistLike, Outcome, Progress, Waveforms
from pycosim.spice.structure import check_structure
from pycosim.spice.workerprocess import WorkerProcess, describe_status

_MEMORY_PER_WORKER: Final = 1 << 30  # byte
_CRASH_ADVICE: Final = (
    "run the deck by hand with 'ngspice -b' in its run directory; the other runs of the batch went on"
)


@dataclass(frozen=True, slots=True)
class _Task:
    """One netlist of a call, checked."""

    index: int
    netlist: NetlistLike
    deck: str
    needs_fresh_worker: bool


class NgspicePool:
    """Runs netlists in parallel worker processes.

    Workers start with the first run, are replaced after a crash, a time-out or many runs (ngspice does not
    give all of its memory back), and end with `close`, with the pool, or with the Python process. May be
    shared between threads; calls then take turns.

    Args:
        n_workers: processes; the processors that this process may use without a number.
        timeout: time limit of one run (s).
        runs_per_worker: runs after which a worker is replaced.
        run_root: folder for the decks and logs of failed runs; the system's temporary folder without one.
    """

    def __init__(
        self,
        n_workers: int | None = None,
        timeout: float = 120.0,
        runs_per_worker: int = 1000,
        run_root: Path | None = None,
    ) -> None:
        size = n_workers if n_workers is not None else _n_processors()
        if size < 1 or runs_per_worker < 1 or not timeout > 0:
            raise InputError(
                "wanted at least 1 worker, 1 run per worker and a timeout above 0 s, "
                f"found {size}, {runs_per_worker} and {timeout} s"
            )
        self._size = size
        self._timeout = timeout
        self._runs_per_worker = runs_per_worker
        self._run_root = run_root
        self._lock = threading.Lock()
        self._crew: Crew | None = None

    def run(self, netlist: NetlistLike) -> Waveforms:
        """Waveforms of one netlist; see `pycosim.spice.simulator.Simulator.run`."""
        (outcome,) = self.run_many([netlist])
        if isinstance(outcome, SimulationError):
            raise outcome
        return outcome

    def run_many(self, netlists: Sequence[NetlistLike], progress: Progress | None = None) -> list[Outcome]:
        """Waveforms or error of each netlist, in order; a crash or a time-out costs one run, not the others.

        Raises:
            SimulatorMissing: no libngspice on this machine.
        """
        with self._lock:
            crew = self._crew or self._gather()
            try:
                return _Call(crew, netlists, self._timeout, self._run_root, progress).outcomes()
            finally:
                crew.drop_busy()  # only after an interrupt are there any

    def close(self) -> None:
        """End the workers; a later run starts new ones."""
        with self._lock:
            if self._crew is not None:
                self._crew.end()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers."""
        self.close()

    def _gather(self) -> Crew:
        library = find_libngspice()
        if library is None:
            raise SimulatorMissing(f"no libngspice on this machine. {installation_hint()}")
        self._crew = Crew(self._size, str(library), self._runs_per_worker, _MEMORY_PER_WORKER)
        weakref.finalize(self, self._crew.end)
        return self._crew


def _n_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Call:
    """One call of `NgspicePool.run_many`: who runs what, and what came of it."""

    def __init__(
        self,
        crew: Crew,
        netlists: Sequence[NetlistLike],
        timeout: float,
        run_root: Path | None,
        progress: Progress | None,
    ) -> None:
        self._crew = crew
        self._netlists = netlists
        self._timeout = timeout
        self._run_root = run_root
        self._progress = progress
        self._tasks = self._prepared()
        self._next: _Task | None = None
        self._running: dict[WorkerProcess, _Task] = {}
        self._outcomes: dict[int, Outcome] = {}

    def outcomes(self) -> list[Outcome]:
        """Run everything."""
        self._next = next(self._tasks, None)
        while self._next is not None or self._running:
            self._give_work()
            by_channel = {worker.channel: worker for worker in self._running}
            for channel in wait(list(by_channel), self._crew.next_deadline()):
                self._hear(by_channel[cast(socket.socket, channel)])
            for worker in [worker for worker in self._running if worker.is_late]:
                self._stop_late(worker)
        return [self._outcomes[index] for index in range(len(self._netlists))]

    def _prepared(self) -> Iterator[_Task]:
        """Check one netlist after the other, while the workers run; a refused one has its outcome at once."""
        for index, netlist in enumerate(self._netlists):
            try:
                deck = runnable_deck(netlist)
                check_structure(netlist)
            except SuspectNetlist as error:
                self._record(index, self._kept(error, netlist, netlist.text, None))
            except SimulationError as error:
                self._record(index, error)
            else:
                yield _Task(index, netlist, deck, has_noise_source(netlist))

    def _give_work(self) -> None:
        while self._next is not None:
            worker = self._crew.next_worker(self._next.needs_fresh_worker)
            if worker is None:
                return
            task, self._next = self._next, None
            self._running[worker] = task
            try:
                worker.give(Job(task.deck, task.netlist.settings, task.netlist.probes, self._timeout))
            except OSError:
                self._bury(worker)
            self._next = next(self._tasks, None)

    def _hear(self, worker: WorkerProcess) -> None:
        try:
            reply = worker.hear()
        except EOFError:
            self._bury(worker)
        except TimeoutError:
            self._stop_late(worker)
        else:
            if reply is not None:
                self._take(worker, reply)

    def _take(self, worker: WorkerProcess, reply: Reply) -> None:
        task = self._running.pop(worker)
        self._crew.rest(worker, reply.healthy)
        try:
            if reply.exited and read_log(reply.log) is None:
                words = last_words(reply.log)
                raise SimulatorCrashed(f"libngspice gave up; its last words: {words}; {_CRASH_ADVICE}")
            outcome: Outcome = to_waveforms(
                reply.plots, reply.log, task.netlist, analysis_extent(read_cards(task.deck))
            )
        except SimulationError as error:
            outcome = self._kept(error, task.netlist, task.deck, reply.log)
        self._record(task.index, outcome)

    def _bury(self, worker: WorkerProcess) -> None:
        """A worker died in its run."""
        task = self._running.pop(worker)
        with self._crew.burying(worker, kill=False) as status:
            log = worker.said()
            how = describe_status(status)
            if worker.started:
                words = last_words(log)
                message = f"the worker process died with {how}; its last words: {words}; {_CRASH_ADVICE}"
            else:
                words = last_words(log, 2)
                message = f"the worker process died at its start with {how}: {words}; try 'pycosim doctor'"
            self._record(task.index, self._kept(SimulatorCrashed(message), task.netlist, task.deck, log))

    def _stop_late(self, worker: WorkerProcess) -> None:
        task = self._running.pop(worker)
        with self._crew.burying(worker, kill=True):
            log = worker.said()
            error = SimulationTimeout(
                f"no result after {self._timeout:g} s; ngspice's last words: {last_words(log)}; "
                "raise the timeout, shorten the transient, or lengthen its time step"
            )
            self._record(task.index, self._kept(error, task.netlist, task.deck, log))

    def _kept(self, error: SimulationError, netlist: NetlistLike, deck: str, log: str | None) -> SimulationError:
        """The error with the run directory that now holds deck and log."""
        directory = new_run_directory(netlist.name, self._run_root)
        write_run(directory, deck, netlist.settings, log)
        return type(error)(error.message, netlist=netlist.name, run_directory=directory)

    def _record(self, index: int, outcome: Outcome) -> None:
        self._outcomes[index] = outcome
        if self._progress is not None:
            self._progress(len(self._outcomes), len(self._netlists))
