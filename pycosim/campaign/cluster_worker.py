"""What runs on a Dask worker: simulators that are kept loaded, and the check that every worker is the same."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import itertools
import pickle
import platform
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from distributed import Worker, WorkerPlugin, get_worker
from tornado.ioloop import PeriodicCallback

import pycosim
from pycosim.campaign.task import Executor, Result, Task
from pycosim.errors import ClusterError

_IDLE_TIME: Final = 60.0  # s after which an unused simulator is given back: a client may have been killed

_LONGEST_FILE: Final = 10_000_000  # byte


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What must be equal on every worker, or results would depend on where a point ran.

    Attributes:
        python: version, minor included.
        pycosim: version and a digest of its source.
        simulator: of the worker's executor: 'ngspice-39'.
    """

    python: str
    pycosim: str
    simulator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Some tasks on their way to a worker.

    Attributes:
        tasks: pickled, so that what cannot be loaded is told in our words.
        identity: what the worker must be.
        libraries: file -> SHA-256 of the model libraries that the decks read, which travel by name only.
    """

    tasks: bytes
    identity: Identity
    libraries: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a parcel.

    Attributes:
        results: (index, result) of every task.
        seconds: that the worker took (s).
        kept_files: name -> content of decks and logs of failed tasks, '<folder>/<file>'.
    """

    results: tuple[tuple[int, Result], ...]
    seconds: float
    kept_files: Mapping[str, bytes] = field(default_factory=dict)


class WorkerExecutor(Protocol):
    """Gives the executor of a worker's thread; pickled on the way: `partial(LocalExecutor, n_workers=1)`."""

    def __call__(self, *, run_root: Path) -> Executor:
        """An executor that runs one task at a time and leaves decks and logs of failed ones in a folder."""


@dataclass(slots=True)
class _Kept:
    """An executor, its folder of failures, and since when it waits for work (s, monotonic)."""

    executor: Executor
    folder: Path
    since: float


class KeptSimulators(WorkerPlugin):
    """One executor for each thread of a Dask worker that has had work, closed when idle for a minute and at the end.

    Args:
        make: called on the worker.
    """

    def __init__(self, make: WorkerExecutor) -> None:
        self._make = make

    def setup(self, worker: Worker) -> None:
        """Begin without any: the first task starts its own."""
        self._address: str = worker.address
        self._folder = Path(worker.local_directory) / f"pycosim-{id(self)}"
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: list[_Kept] = []
        self._ended = False
        self._identity: Identity | None = None
        self._known: dict[tuple[Path, int, int], str] = {}
        self._clock = PeriodicCallback(self._close_idle, 1e3 * _IDLE_TIME / 2)
        self._clock.start()

    def teardown(self, worker: Worker) -> None:
        """Close every simulator."""
        self._clock.stop()
        self._ended = True
        self._close(self._take(older_than=0.0))

    def identity(self) -> Identity:
        """What this worker is; the simulator is asked once."""
        with self._lock:
            if self._identity is None:
                kept = self._new()
                self._identity = local_identity(kept.executor.simulator_version())
                self._waiting.append(kept)
            return self._identity

    def run(self, parcel: Parcel) -> Answer:
        """Run the tasks of a parcel, one after the other.

        Raises:
            ClusterError: this worker is not what the others are, lacks a library, or cannot load the tasks.
        """
        start = time.perf_counter()
        self._check(parcel)
        kept = self._borrow()
        try:
            results = tuple(kept.executor.run(self._unpacked(parcel)))
            files = _taken_files(kept.folder)
        finally:
            self._give_back(kept)
        return Answer(results=results, seconds=time.perf_counter() - start, kept_files=files)

    def _new(self) -> _Kept:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir(parents=True)
        return _Kept(self._make(run_root=folder), folder, time.monotonic())

    def _borrow(self) -> _Kept:
        with self._lock:
            if self._waiting:
                return self._waiting.pop()
        return self._new()

    def _give_back(self, kept: _Kept) -> None:
        kept.since = time.monotonic()
        with self._lock:
            self._waiting.append(kept)
        if self._ended:
            self._close(self._take(older_than=0.0))

    def _check(self, parcel: Parcel) -> None:
        differences = difference(self.identity(), parcel.identity)
        if differences:
            raise ClusterError(
                f"worker {self._address} is not what the workers were at the start: {differences}; end it, run again"
            )
        for path, digest in parcel.libraries.items():
            if self._digest(path) != digest:
                raise ClusterError(
                    f"worker {self._address} has no {path}, or another version of it; model libraries must lie under "
                    "the same path, with the same content, on every worker: share the folder, or copy it there"
                )

    def _digest(self, path: Path) -> str:
        try:
            status = path.stat()
            key = (path, status.st_mtime_ns, status.st_size)
            if key not in self._known:
                self._known[key] = file_digest(path)
        except OSError:
            return ""
        return self._known[key]

    def _unpacked(self, parcel: Parcel) -> tuple[Task, ...]:
        try:
            tasks: tuple[Task, ...] = pickle.loads(parcel.tasks)
        except Exception as error:
            raise ClusterError(
                f"worker {self._address} cannot load the tasks ({type(error).__name__}: {error}); measurements must be "
                "functions of a module that the workers can import: install it there"
            ) from error
        return tasks

    def _close_idle(self) -> None:
        idle = self._take(older_than=_IDLE_TIME)
        if idle:
            threading.Thread(target=self._close, args=(idle,), daemon=True).start()  # the loop must not wait for it

    def _take(self, older_than: float) -> list[_Kept]:
        now = time.monotonic()
        with self._lock:
            taken = [kept for kept in self._waiting if now - kept.since >= older_than]
            self._waiting = [kept for kept in self._waiting if kept not in taken]
        return taken

    @staticmethod
    def _close(taken: list[_Kept]) -> None:
        for kept in taken:
            kept.executor.close()
            shutil.rmtree(kept.folder, ignore_errors=True)


def run_parcel(name: str, parcel: Parcel) -> Answer:
    """The task that Dask knows: run a parcel on the simulators of this worker.

    Args:
        name: of the `KeptSimulators` among the worker's plugins.
        parcel: what to run.
    """
    return _simulators(get_worker(), name).run(parcel)


async def worker_identity(name: str, dask_worker: Worker) -> Identity:
    """What a worker is; asked beside its tasks, without holding up its loop."""
    return await asyncio.to_thread(_simulators(dask_worker, name).identity)


def _simulators(worker: Worker, name: str) -> KeptSimulators:
    plugin = worker.plugins[name]
    assert isinstance(plugin, KeptSimulators)
    return plugin


def local_identity(simulator: str = "") -> Identity:
    """What this process is."""
    return Identity(
        python=".".join(platform.python_version_tuple()[:2]),
        pycosim=f"{importlib.metadata.version('pycosim-spice')}+{_source_digest()[:8]}",
        simulator=simulator,
    )


def difference(found: Identity, wanted: Identity) -> str:
    """In words what differs: 'simulator ngspice-45, wanted ngspice-39'; "" where nothing does."""
    pairs = {name: (getattr(found, name), getattr(wanted, name)) for name in ("python", "pycosim", "simulator")}
    return ", ".join(f"{name} {ours}, wanted {theirs}" for name, (ours, theirs) in pairs.items() if ours != theirs)


def _taken_files(folder: Path) -> dict[str, bytes]:
    """What lies in the folders of a folder, which is empty afterwards; very long logs are cut."""
    files = {}
    for run in folder.iterdir():
        for path in run.iterdir():
            with path.open("rb") as file:
                files[f"{run.name}/{path.name}"] = file.read(_LONGEST_FILE)
        shutil.rmtree(run, ignore_errors=True)
    return files


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _source_digest() -> str:
    """SHA-256 (hex) of the package's source: a version says nothing about a working copy."""
    root = Path(pycosim.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
