"""A pool of processes that keep libngspice loaded: the fast engine, a few milliseconds a run."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pycosim.errors import InputError, SimulationError, SimulatorMissing
from pycosim.spice.call import Call, Run
from pycosim.spice.checked import Checker
from pycosim.spice.crew import Crew
from pycosim.spice.installation import find_libngspice, installation_hint
from pycosim.spice.simulator import NetlistLike, Outcome, Progress, Waveforms

_MEMORY_PER_WORKER: Final = 1 << 30  # byte


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
        self._checker = Checker()
        self._lock = threading.Lock()
        self._holder: int | None = None
        self._call: Call | None = None
        self._crew: Crew | None = None

    @property
    def n_workers(self) -> int:
        """Worker processes at a time."""
        return self._size

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
        outcomes: dict[int, Outcome] = {}
        with contextlib.closing(self.runs(netlists)) as runs:
            for run in runs:
                outcomes[run.index] = run.outcome
                if progress is not None:
                    progress(len(outcomes), len(netlists))
        return [outcomes[index] for index in range(len(netlists))]

    def stream(self, netlists: Iterable[NetlistLike]) -> Iterator[tuple[int, Outcome]]:
        """(place, waveforms or error) of each netlist, as they finish; see `runs`."""
        with contextlib.closing(self.runs(netlists)) as runs:
            for run in runs:
                yield run.index, run.outcome

    def runs(self, netlists: Iterable[NetlistLike]) -> Generator[Run]:
        """Run netlists as they come, and give each run as it finishes; holds a few at a time, however many there are.

        Netlists are drawn when a worker is about to be free, and asked for again after the last one, as long as
        something runs: an iterator that got another netlist meanwhile (a second try) goes on. What is running when
        the generator is closed is killed.

        Raises:
            InputError: this thread already draws from the pool.
            SimulatorMissing: no libngspice on this machine.
        """
        if self._holder == threading.get_ident():
            raise InputError("the pool still runs an earlier stream of this thread: exhaust or close that one first")
        with self._lock:
            self._holder = threading.get_ident()
            try:
                crew = self._crew or self._gather()
                self._call = Call(crew, self._checker, netlists, self._timeout, self._run_root)
                yield from self._call.runs()
            finally:
                self._holder = self._call = None
                if self._crew is not None:
                    self._crew.drop_busy()  # only after an interrupt are there any

    def close(self) -> None:
        """End the workers, also in the middle of a stream of this thread; a later run starts new ones."""
        if self._holder == threading.get_ident() and self._call is not None:
            self._call.stop()
            self._end()
        else:
            with self._lock:
                self._end()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers."""
        self.close()

    def _end(self) -> None:
        if self._crew is not None:
            self._crew.end()

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
