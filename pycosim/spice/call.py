"""One call of a pool: which worker runs which netlist, and what came of it."""

from __future__ import annotations

import signal
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final, cast

from pycosim.errors import SimulationError, SimulationTimeout, SimulatorCrashed, SuspectNetlist
from pycosim.spice.channel import Job, Reply
from pycosim.spice.checked import Checked, Checker
from pycosim.spice.crew import Crew
from pycosim.spice.log import last_words, read_log
from pycosim.spice.results import to_waveforms
from pycosim.spice.rundirectory import new_run_directory, write_run
from pycosim.spice.simulator import NetlistLike, Outcome
from pycosim.spice.workerprocess import WorkerProcess, describe_status

_CRASH_ADVICE: Final = (
    "run the deck by hand with 'ngspice -b' in its run directory; the other runs of the batch went on"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One netlist of many, finished.

    Attributes:
        index: its place among the netlists of the call.
        outcome: waveforms, or the error that says why not.
        seconds: that ngspice took to read and run the deck (s), or until its worker died; 0 where it was refused.
    """

    index: int
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True)
class _Task:
    """One netlist of a call, checked."""

    index: int
    netlist: NetlistLike
    checked: Checked


class Call:
    """Runs netlists on a crew; a crash or a time-out costs one run, not the others.

    Args:
        crew: the workers.
        checker: says which decks may be run.
        netlists: drawn one by one, when a worker is about to be free.
        timeout: time limit of one run (s).
        run_root: folder for the decks and logs of failed runs; the system's temporary folder without one.
    """

    def __init__(
        self,
        crew: Crew,
        checker: Checker,
        netlists: Iterable[NetlistLike],
        timeout: float,
        run_root: Path | None,
    ) -> None:
        self._crew = crew
        self._checker = checker
        self._netlists = iter(netlists)
        self._timeout = timeout
        self._run_root = run_root
        self._n_drawn = 0
        self._next: _Task | None = None
        self._running: dict[WorkerProcess, tuple[_Task, float]] = {}
        self._finished: deque[Run] = deque()
        self._stopped = False

    def runs(self) -> Iterator[Run]:
        """Every run, as it finishes."""
        while not self._stopped:
            self._give_work()
            if not self._finished and not self._running:
                return
            while self._finished and not self._stopped:
                yield self._finished.popleft()
            if self._running and not self._stopped:
                self._wait()

    def stop(self) -> None:
        """Give nothing more; the workers are ended by others."""
        self._stopped = True

    def _wait(self) -> None:
        """Until a worker has something to say, or is late."""
        self._give_work()
        by_channel = {worker.channel: worker for worker in self._running}
        for channel in wait(list(by_channel), self._crew.next_deadline()):
            self._hear(by_channel[cast(socket.socket, channel)])
        for worker in [worker for worker in self._running if worker.is_late]:
            self._stop_late(worker)

    def _give_work(self) -> None:
        while (task := self._drawn()) is not None:
            worker = self._crew.next_worker(task.checked.needs_fresh_worker)
            if worker is None:
                return
            self._next = None
            self._running[worker] = task, time.monotonic()
            try:
                worker.give(Job(task.checked.deck, task.netlist.settings, task.netlist.probes, self._timeout))
            except OSError:
                self._bury(worker)

    def _drawn(self) -> _Task | None:
        """The next netlist, checked while the workers run; a refused one has finished at once."""
        while self._next is None and len(self._finished) <= self._crew.size:
            netlist = next(self._netlists, None)
            if netlist is None:
                return None
            self._next = self._checked(self._n_drawn, netlist)
            self._n_drawn += 1
        return self._next

    def _checked(self, index: int, netlist: NetlistLike) -> _Task | None:
        try:
            return _Task(index, netlist, self._checker.check(netlist))
        except SuspectNetlist as error:
            self._finish(index, self._kept(error, netlist, netlist.text, None))
        except SimulationError as error:
            self._finish(index, error)
        return None

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
        task, _ = self._running.pop(worker)
        self._crew.rest(worker, reply.healthy)
        try:
            if reply.exited and read_log(reply.log) is None:
                words = last_words(reply.log)
                raise SimulatorCrashed(f"libngspice gave up; its last words: {words}; {_CRASH_ADVICE}")
            outcome: Outcome = to_waveforms(reply.plots, reply.log, task.netlist, task.checked.extent)
        except SimulationError as error:
            outcome = self._kept(error, task.netlist, task.checked.deck, reply.log)
        self._finish(task.index, outcome, reply.seconds)

    def _bury(self, worker: WorkerProcess) -> None:
        """A worker died in its run."""
        task, began = self._running.pop(worker)
        with self._crew.burying(worker, kill=False) as status:
            log = worker.said()
            error = self._late(log) if status == -signal.SIGALRM else _death(worker, status, log)
            self._finish(task.index, self._kept(error, task.netlist, task.checked.deck, log), time.monotonic() - began)

    def _stop_late(self, worker: WorkerProcess) -> None:
        task, began = self._running.pop(worker)
        with self._crew.burying(worker, kill=True):
            log = worker.said()
            error = self._kept(self._late(log), task.netlist, task.checked.deck, log)
            self._finish(task.index, error, time.monotonic() - began)

    def _late(self, log: str) -> SimulationTimeout:
        return SimulationTimeout(
            f"no result after {self._timeout:g} s; ngspice's last words: {last_words(log)}; "
            "raise the timeout, shorten the transient, or lengthen its time step"
        )

    def _kept(self, error: SimulationError, netlist: NetlistLike, deck: str, log: str | None) -> SimulationError:
        """The error with the run directory that now holds deck and log."""
        try:
            directory = new_run_directory(netlist.name, self._run_root)
            write_run(directory, deck, netlist.settings, log)
        except OSError as problem:
            message = f"{error.message} (its deck could not be kept: {problem.strerror})"
            return type(error)(message, netlist=netlist.name)
        return type(error)(error.message, netlist=netlist.name, run_directory=directory)

    def _finish(self, index: int, outcome: Outcome, seconds: float = 0.0) -> None:
        self._finished.append(Run(index=index, outcome=outcome, seconds=seconds))


def _death(worker: WorkerProcess, status: int, log: str) -> SimulatorCrashed:
    """What is said of a worker that died: in its run, or before it could begin."""
    how = describe_status(status)
    if worker.started:
        return SimulatorCrashed(
            f"the worker process died with {how}; its last words: {last_words(log)}; {_CRASH_ADVICE}"
        )
    words = last_words(log, 2)
    return SimulatorCrashed(f"the worker process died at its start with {how}: {words}; try 'pycosim doctor'")
