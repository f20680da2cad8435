"""Tasks in flight on a Dask cluster: a window of parcels, sent as others come back, and what came of each.

A parcel holds as many tasks as take a wanted time, so that Dask's work for one is shared by short ones. A task that
ends its Dask worker is tried on others by Dask itself, which then gives up on everything that such workers had. These
suspects run again at the end, each alone on the cluster: only what ends its workers then as well has failed.
"""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final

import cloudpickle
from distributed import Client, Future, KilledWorker

from pycosim.campaign.cluster_worker import Answer, Identity, Parcel, file_digest, run_parcel
from pycosim.campaign.python_file import MODULE_PREFIX
from pycosim.campaign.task import Result, Task
from pycosim.errors import ClusterError, InputError, PycosimError
from pycosim.spice import NetlistLike
from pycosim.spice.rundirectory import DECK

_PARCELS_PER_THREAD: Final = 3  # one runs, one waits on the worker, one is on its way
_TIME_BETWEEN_PARCELS: Final = 0.01  # s, at least; client and scheduler each take some milliseconds for one
_MOST_TASKS: Final = 256  # in a parcel
_MOST_TEXT: Final = 4_000_000  # characters of decks in a parcel; Dask warns of graphs from 10 MB on
_LOOK_TIME: Final = 1.0  # s between looks at the number of workers


@dataclass(frozen=True, slots=True)
class _Sent:
    """A parcel on the cluster; the future keeps Dask from forgetting it."""

    tasks: tuple[Task, ...]
    future: Future[Answer]
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a flight must know of its executor.

    Attributes:
        address: of the scheduler, for messages.
        simulators: name of the plugin that runs parcels.
        identity: what every worker must be.
        number: of the flight, so that Dask's keys differ from those of others.
        run_root: folder for the decks and logs of failed tasks; None for none.
        parcel_time: wanted duration of a parcel (s).
        patience: time (s) without an answer of the scheduler, or without workers, after which the cluster is lost.
    """

    address: str
    simulators: str
    identity: Identity
    number: int
    run_root: Path | None
    parcel_time: float
    patience: float


class Flight:
    """One call of `DaskExecutor.run`.

    Args:
        client: connected to the cluster.
        ticket: what else there is to know.
    """

    def __init__(self, client: Client, ticket: Ticket) -> None:
        self._client = client
        self._ticket = ticket
        self._group = f"{ticket.simulators}-{ticket.number}"
        self._n_sent = 0
        self._sent: dict[int, _Sent] = {}
        self._landed: SimpleQueue[tuple[int, Answer | BaseException]] = SimpleQueue()
        self._suspects: deque[Task] = deque()
        self._task_time: float | None = None
        self._libraries: dict[Path, str] = {}
        self._n_threads = 1
        self._looked = self._last_workers = monotonic()

    def results(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """(index, result) of every task, as parcels come back.

        Raises:
            ClusterError: the cluster is lost or cannot run the tasks.
        """
        waiting = iter(tasks)
        self._look()
        while True:
            self._fill(waiting)
            if not self._sent and not self._suspects:
                return
            if not self._sent:
                self._send((self._suspects.popleft(),), alone=True)
            yield from self._land()

    def abandon(self) -> None:
        """Call back what is still on the cluster."""
        futures = [sent.future for sent in self._sent.values()]
        self._sent.clear()
        if futures:
            with contextlib.suppress(Exception):  # of a cluster that is lost
                self._client.cancel(futures, asynchronous=False)

    def _fill(self, waiting: Iterator[Task]) -> None:
        if any(sent.alone for sent in self._sent.values()):
            return
        while len(self._sent) < _PARCELS_PER_THREAD * self._n_threads:
            tasks = tuple(self._next_tasks(waiting))
            if not tasks:
                return
            self._send(tasks, alone=False)
            if not self._landed.empty():
                return  # results first: making decks takes time

    def _next_tasks(self, waiting: Iterator[Task]) -> Iterator[Task]:
        n_characters = 0
        for _ in range(self._parcel_size()):
            task = next(waiting, None)
            if task is None:
                return
            yield task
            n_characters += len(task.netlist.text)
            if n_characters > _MOST_TEXT:
                return

    def _parcel_size(self) -> int:
        """As many tasks as take the wanted time, once it is known how long one takes."""
        if not self._task_time or not self._ticket.parcel_time:
            return 1
        wanted = max(self._ticket.parcel_time, self._n_threads * _TIME_BETWEEN_PARCELS)
        return max(1, min(round(wanted / self._task_time), _MOST_TASKS))

    def _send(self, tasks: tuple[Task, ...], alone: bool) -> None:
        parcel = Parcel(tasks=_pickled(tasks), identity=self._ticket.identity, libraries=self._libraries_of(tasks))
        number = self._n_sent = self._n_sent + 1
        with self._telling_of_loss():
            future = self._client.submit(
                run_parcel, self._ticket.simulators, parcel, key=(self._group, number), pure=False
            )
        self._sent[number] = _Sent(tasks, future, alone)
        loop = self._client.loop
        assert loop is not None  # of a client that is connected
        loop.add_callback(self._wait_for, number, future)

    async def _wait_for(self, number: int, future: Future[Answer]) -> None:
        """On the client's loop: bring an answer here, also where its worker is lost before it is fetched."""
        try:
            answer: Any = await self._client.gather(future, asynchronous=True)
        except BaseException as error:
            answer = error
        self._landed.put((number, answer))

    def _land(self) -> Iterator[tuple[int, Result]]:
        """Results of the next parcel that is back, if one comes in time for the next look at the workers."""
        try:
            number, answer = self._landed.get(timeout=_LOOK_TIME)
        except Empty:
            pass
        else:
            sent = self._sent.pop(number)
            sent.future.release()
            yield from self._opened(sent, answer)
        if monotonic() - self._looked >= _LOOK_TIME:
            self._look()

    def _opened(self, sent: _Sent, answer: Answer | BaseException) -> Iterator[tuple[int, Result]]:
        if isinstance(answer, Answer):
            if sorted(index for index, _ in answer.results) != sorted(task.index for task in sent.tasks):
                raise ClusterError(
                    f"a worker answered {len(answer.results)} other tasks than the {len(sent.tasks)} sent"
                )
            seconds = answer.seconds / len(sent.tasks)
            self._task_time = seconds if self._task_time is None else (self._task_time + seconds) / 2
            self._keep(answer.kept_files)
            yield from answer.results
        elif isinstance(answer, KilledWorker) and sent.alone:
            self._keep(_deck_files(sent.tasks[0].netlist))
            yield sent.tasks[0].index, _killed(answer.allowed_failures + 1)
        elif isinstance(answer, KilledWorker):
            self._suspects.extend(sent.tasks)
        elif isinstance(answer, PycosimError):
            raise answer
        elif isinstance(answer, CancelledError | OSError):
            raise self._loss() from answer
        else:
            raise ClusterError(f"a worker could not run its tasks: {type(answer).__name__}: {answer}") from answer

    def _keep(self, files: Mapping[str, bytes]) -> None:
        """Write decks and logs of failed tasks, <folder>/<file> each."""
        if self._ticket.run_root is None:
            return
        with contextlib.suppress(OSError):  # the result says what failed; a full disk is the store's to tell
            for name, content in files.items():
                path = self._ticket.run_root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def _look(self) -> None:
        """Count the threads of the workers, which come and go."""
        with self._telling_of_loss():
            n_threads = sum(self._client.nthreads(callback_timeout=self._ticket.patience).values())
        self._looked = monotonic()
        self._n_threads = max(1, n_threads)
        if n_threads:
            self._last_workers = self._looked
        elif self._looked - self._last_workers > self._ticket.patience:
            raise ClusterError(
                f"the cluster at {self._ticket.address} has had no worker for {self._ticket.patience:g} s; start "
                "workers (with a nanny, which replaces those that die) and run again: finished points are kept"
            )

    @contextlib.contextmanager
    def _telling_of_loss(self) -> Iterator[None]:
        try:
            yield
        except (OSError, TimeoutError, CancelledError, RuntimeError) as error:
            raise self._loss() from error

    def _loss(self) -> ClusterError:
        return ClusterError(
            f"the scheduler at {self._ticket.address} is lost; start it and its workers again, and "
            "run the same command: finished points are kept"
        )

    def _libraries_of(self, tasks: tuple[Task, ...]) -> dict[Path, str]:
        paths = {path for task in tasks for path in task.netlist.libraries}
        for path in paths - self._libraries.keys():
            self._libraries[path] = file_digest(path)
        return {path: self._libraries[path] for path in paths}


def _pickled(tasks: tuple[Task, ...]) -> bytes:
    """The tasks; code of a user's own file, which a worker cannot import, with them."""
    own = [module for name, module in sys.modules.items() if name.startswith(MODULE_PREFIX)]
    try:
        for module in own:
            cloudpickle.register_pickle_by_value(module)
        content: bytes = cloudpickle.dumps(tasks)
    except Exception as error:
        raise InputError(
            f"the tasks cannot travel to a Dask worker ({type(error).__name__}: {error}); a measurement must be a "
            "function or a dataclass with __call__ that holds no open file, lock or simulator"
        ) from error
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)
    return content


def _deck_files(netlist: NetlistLike) -> dict[str, bytes]:
    """The deck of a task of which nothing came back."""
    return {f"{netlist.name}-{netlist.digest[:12]}/{DECK}": netlist.text.encode()}


def _killed(n_workers: int) -> Result:
    return Result(
        values={},
        kind="KilledWorker",
        failure=(
            f"{n_workers} Dask workers died one after the other with this point, alone on the cluster; look at their "
            "logs and their memory limit, or run it on this machine"
        ),
    )
