"""DaskExecutor: the tasks of a campaign on a Dask cluster (extra `cluster`), with its workers' simulator."""

from __future__ import annotations

import contextlib
import itertools
import logging
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from distributed import Client
from distributed.versions import VersionMismatchWarning

from pycosim.campaign.cluster_flight import Flight, Ticket
from pycosim.campaign.cluster_worker import (
    Identity,
    KeptSimulators,
    WorkerExecutor,
    difference,
    local_identity,
    worker_identity,
)
from pycosim.campaign.local import LocalExecutor
from pycosim.campaign.task import Executor, Result, Task
from pycosim.errors import ClusterError, PycosimError

_CONNECT_TIME: Final = 10.0  # s in which a scheduler answers, or is not there
_CLOSE_TIME: Final = 5.0  # s that a cluster gets to hear that we go
_LOGGERS: Final = ("distributed.client", "distributed.batched", "distributed.core")


def one_simulator(*, run_root: Path) -> Executor:
    """What a worker's thread runs tasks on, unless it is told otherwise; a `WorkerExecutor`."""
    return LocalExecutor(n_workers=1, run_root=run_root)


class DaskExecutor:
    """Runs tasks on the workers of a Dask scheduler.

    Each thread of a worker gets an executor of its own, which keeps libngspice loaded; it starts with the first task
    and is closed with this one, with the worker, or after a minute without work. Workers may come and go; what a lost
    one had runs on another.

    Args:
        address: of the scheduler, 'tcp://host:8786'.
        on_worker: gives the executor of a worker's thread, `partial(LocalExecutor, n_workers=1, timeout=60.0)`.
        run_root: folder here that receives decks and logs of failed tasks; None keeps none.
        parcel_time: wanted duration (s) of what a worker is sent at a time, so that short tasks share Dask's work for
            one; more with more than 20 threads, a hundred parcels a second being what one client and scheduler handle
            with ease. 0: one task at a time.
        patience: time (s) that the cluster may be without any worker, or silent.

    Raises:
        ClusterError: no scheduler there, no worker in time, workers that differ in Python, pycosim or
            simulator, or one without a simulator.
    """

    def __init__(
        self,
        address: str,
        *,
        on_worker: WorkerExecutor = one_simulator,
        run_root: Path | None = None,
        parcel_time: float = 0.2,
        patience: float = 30.0,
    ) -> None:
        self._address = address
        self._run_root = run_root
        self._parcel_time = parcel_time
        self._patience = patience
        self._client = _connected(address)
        self._silence = _Silence()
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self._silence)
        self._simulators = f"pycosim-{self._client.id}"
        self._numbers = itertools.count(1)
        try:
            with _answering(address):
                self._client.register_plugin(KeptSimulators(on_worker), self._simulators)
                self._await_worker()
                self._identity = self._common_identity()
        except BaseException as error:
            self.close()
            if isinstance(error, PycosimError) or not isinstance(error, Exception):
                raise
            raise ClusterError(
                f"the workers of {address} cannot run pycosim ({type(error).__name__}: {_first_line(error)}); install "
                "the same Python, pycosim and ngspice on every worker and here"
            ) from error

    @property
    def n_workers(self) -> int:
        """Threads of all workers: tasks that run at a time, now."""
        with _answering(self._address):
            return sum(self._client.nthreads(callback_timeout=self._patience).values())

    def simulator_version(self) -> str:
        """What runs the decks on every worker, as the cache's key names it: 'ngspice-39'."""
        return self._identity.simulator

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """(index, result) of every task, as they finish; draws tasks lazily, a few parcels for each worker's thread.

        A task that ends its workers again and again is a failed result of kind 'KilledWorker'.

        Raises:
            ClusterError: the scheduler is lost, no worker is left, or a new one differs from the others.
            InputError: a task cannot travel.
        """
        ticket = Ticket(
            address=self._address,
            simulators=self._simulators,
            identity=self._identity,
            number=next(self._numbers),
            run_root=self._run_root,
            parcel_time=self._parcel_time,
            patience=self._patience,
        )
        flight = Flight(self._client, ticket)
        try:
            yield from flight.results(tasks)
        finally:
            flight.abandon()

    def close(self) -> None:
        """Give the workers back: their simulators end, the workers stay."""
        with contextlib.suppress(Exception):  # of a cluster that is gone
            if self._client.status == "running":
                self._client.nthreads(callback_timeout=_CLOSE_TIME)  # it answers; the next call would wait for ever
                self._client.unregister_worker_plugin(self._simulators)
        self._client.close(_CLOSE_TIME)
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self._silence)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Give the workers back."""
        self.close()

    def _await_worker(self) -> None:
        """Wait for the first one, with a task, so that a cluster that grows on demand grows."""
        future = self._client.submit(local_identity, key=f"{self._simulators}-first", pure=False)
        try:
            future.result(self._patience)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {self._address} answers, but no worker of it did within {self._patience:g} s; start "
                f"some on any machine with 'dask worker {self._address}', or wait until they are not busy"
            ) from None
        finally:
            future.release()

    def _common_identity(self) -> Identity:
        """What every worker is, which is what this process is, but for the simulator."""
        answers = self._client.run(worker_identity, self._simulators, on_error="return")
        ours = local_identity()
        first: Identity | None = None
        for worker, answer in sorted(answers.items()):
            if isinstance(answer, PycosimError):
                raise ClusterError(f"worker {worker} cannot simulate: {answer}") from answer
            if not isinstance(answer, Identity):
                raise ClusterError(f"worker {worker} cannot run pycosim: {type(answer).__name__}: {answer}") from answer
            first = first or answer
            wanted = replace(ours, simulator=first.simulator)
            if answer != wanted:
                raise ClusterError(
                    f"worker {worker} has {difference(answer, wanted)}; a result would depend on where its point "
                    "ran: install the same Python, pycosim and ngspice on every worker and here"
                )
        if first is None:
            raise ClusterError(f"the last worker of the scheduler at {self._address} left; start some and run again")
        return first


def _connected(address: str) -> Client:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # what matters here is checked, in one sentence
            return Client(address, timeout=_CONNECT_TIME, set_as_default=False, name="pycosim")
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address!r} within {_CONNECT_TIME:g} s ({_first_line(error)}); start one "
            "with 'dask scheduler', and give the address that it prints, such as tcp://host:8786"
        ) from error


@contextlib.contextmanager
def _answering(address: str) -> Iterator[None]:
    """Tell in one sentence that the scheduler is gone."""
    try:
        yield
    except (OSError, CancelledError) as error:
        raise ClusterError(
            f"the scheduler at {address} no longer answers ({_first_line(error)}); start it and its workers again"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


class _Silence(logging.Filter):
    """Of what Dask logs on the way to an error, keeps nothing: the error is told, in one sentence."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.CRITICAL
