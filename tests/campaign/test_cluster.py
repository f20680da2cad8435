"""DaskExecutor on a real scheduler with workers on loopback, without a simulator: nothing is lost, whoever dies."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
import types
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs Dask: pip install 'pycosim-spice[cluster]'")

from distributed import Client

from pycosim.campaign.cluster import DaskExecutor
from pycosim.campaign.task import Measurement, Result, Task
from pycosim.errors import ClusterError, InputError

from .clusters import LoopbackCluster, wait_until
from .fakes import FakeDeck, FakeExecutor, fake_task, fake_tasks
from .faults import Note, note_fault


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    """Two workers, one of them with two threads, that tests share and leave alive."""
    with LoopbackCluster(tmp_path_factory.mktemp("cluster")) as shared:
        shared.worker("one")
        shared.worker("two", threads=2)
        with dask(shared) as executor:
            wait_until(lambda: executor.n_workers == 3, "both workers")
        yield shared


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[LoopbackCluster]:
    """A scheduler of one's own, without workers."""
    with LoopbackCluster(tmp_path) as own:
        yield own


def dask(cluster: LoopbackCluster, **kwargs) -> DaskExecutor:
    return DaskExecutor(cluster.address, **{"on_worker": FakeExecutor, **kwargs})


def n_on_scheduler(executor: DaskExecutor) -> int:
    return executor._client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def values(results: list[tuple[int, Result]]) -> list[tuple[int, float]]:
    return sorted((index, result.values["final"]) for index, result in results)


def test_every_task_comes_back_once_and_nothing_stays_on_the_cluster(cluster: LoopbackCluster) -> None:
    with dask(cluster) as executor:
        assert executor.simulator_version() == "fake-1"
        results = list(executor.run(fake_tasks(300, "sleep 0.001")))
        assert values(results) == [(index, 3.0 * index) for index in range(300)]
        wait_until(lambda: n_on_scheduler(executor) == 0, "the scheduler to forget", 10.0)
        assert list(executor.run([])) == []


def test_tasks_are_drawn_as_results_come(cluster: LoopbackCluster) -> None:
    n_drawn = 0

    def tasks() -> Iterator[Task]:
        nonlocal n_drawn
        for task in fake_tasks(10_000, "sleep 0.05"):
            n_drawn += 1
            yield task

    with dask(cluster) as executor, contextlib.closing(executor.run(tasks())) as results:
        for n_back, _ in enumerate(results, 1):
            # 3 threads have 3 parcels each, and a parcel of 0.2 s has 4 of these tasks; 6 where a sleep is short.
            assert n_drawn - n_back <= 9 * 6
            if n_back == 60:
                break
        results.close()
        wait_until(lambda: n_on_scheduler(executor) == 0, "the rest to be called back", 10.0)
    assert n_drawn < 200


def test_each_thread_of_a_worker_has_a_simulator_and_all_end_with_the_executor(
    cluster: LoopbackCluster, tmp_path: Path
) -> None:
    with dask(cluster, on_worker=partial(FakeExecutor, tmp_path)) as executor:
        start = time.perf_counter()
        assert len(list(executor.run(fake_tasks(6, "sleep 1.0")))) == 6
        assert time.perf_counter() - start < 4.0  # 6 s of sleep on 3 threads; 3 s if a worker's threads took turns
        assert not list(tmp_path.iterdir())
    closed = [path.name.split("-")[1] for path in tmp_path.iterdir()]
    assert sorted(closed.count(process) for process in set(closed)) == [1, 2]


def test_a_measurement_of_a_notebook_travels(cluster: LoopbackCluster) -> None:
    task = fake_task(0, "sleep 0")
    local = Measurement(name="final", unit="V", function=lambda waves, point: 1.0, version="1")
    with dask(cluster) as executor:
        assert len(list(executor.run([replace(task, measurements=(local,))]))) == 1
        held = Measurement(name="final", unit="V", function=partial(print, threading.Lock()), version="1")
        with pytest.raises(
            InputError, match=r"cannot travel .*cannot pickle '_thread.lock'.* holds no open file, lock"
        ):
            list(executor.run([replace(task, measurements=(held,))]))


def test_a_module_that_a_worker_does_not_have_is_named(
    cluster: LoopbackCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("only_here")
    exec("def measure(waves, point): return 1.0", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    measurement = Measurement(name="final", unit="V", function=module.measure, version="1")
    with (
        dask(cluster) as executor,
        pytest.raises(ClusterError, match=r"worker tcp:.* cannot load .*only_here.*install it there"),
    ):
        list(executor.run([replace(fake_task(0, "sleep 0"), measurements=(measurement,))]))


@pytest.mark.fault
def test_a_library_that_differs_on_a_worker_is_named(
    cluster: LoopbackCluster, tmp_path: Path, record_property: Note
) -> None:
    library = tmp_path / "cards.lib"
    library.write_text(".model nn nmos\n")
    task = Task(index=0, netlist=FakeDeck(text="sleep 0", libraries=(library,)), measurements=())
    with dask(cluster) as executor:
        assert len(list(executor.run([task]))) == 1

        def tasks() -> Iterator[Task]:
            yield task
            library.write_text(".model nn nmos vto=1\n")
            yield task

        with pytest.raises(ClusterError, match=r"cards\.lib, or another version of it.*under the same path") as error:
            list(executor.run(tasks()))
    note_fault(record_property, "a worker has another version of a model library", f"one sentence: {error.value}")


def test_decks_of_failed_points_come_back(cluster: LoopbackCluster, tmp_path: Path) -> None:
    tasks = [fake_task(index, "fail 1" if index % 2 else "sleep 0") for index in range(6)]
    with dask(cluster, run_root=tmp_path / "failures") as executor:
        results = dict(executor.run(tasks))
        assert [results[index].failure for index in range(6)] == ["", "no luck"] * 3
    kept = {path.parent.name: path.read_text() for path in tmp_path.glob("failures/*/deck.cir")}
    assert kept == {"fake-1": "fail 1", "fake-3": "fail 1", "fake-5": "fail 1"}
    assert not list(cluster.folder.glob("**/fake-*"))


def test_an_error_of_the_executor_itself_ends_the_run_in_one_sentence(cluster: LoopbackCluster) -> None:
    with dask(cluster) as executor, pytest.raises(ClusterError, match="could not run its tasks: ZeroDivisionError: 5"):
        list(executor.run([fake_task(0, "crash 5")]))


@pytest.mark.fault
def test_without_a_scheduler_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, record_property: Note) -> None:
    monkeypatch.setattr("pycosim.campaign.cluster._CONNECT_TIME", 0.3)
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9' within 0\.3 s"):
        DaskExecutor("tcp://127.0.0.1:9")
    with pytest.raises(ClusterError, match="no Dask scheduler answers at 'nonsense://x'") as error:
        DaskExecutor("nonsense://x")
    note_fault(record_property, "the address is wrong, or no scheduler runs there", f"one sentence: {error.value}")


@pytest.mark.fault
def test_without_a_worker_there_is_one_sentence_and_a_later_one_is_waited_for(
    doomed: LoopbackCluster, record_property: Note
) -> None:
    with pytest.raises(ClusterError, match=r"answers, but no worker of it did within 0\.2 s.*dask worker tcp") as error:
        dask(doomed, patience=0.2)
    note_fault(record_property, "a scheduler has no workers", f"one sentence: {error.value}")
    doomed.worker("late")
    with dask(doomed) as executor:
        assert len(list(executor.run(fake_tasks(5)))) == 5


@pytest.mark.fault
def test_workers_with_different_simulators_are_refused(cluster: LoopbackCluster, record_property: Note) -> None:
    with dask(cluster) as executor:
        new = cluster.worker("new", environment={"FAKE_SIMULATOR": "fake-2"})
        results = executor.run(fake_tasks(100_000))
        with pytest.raises(ClusterError, match=r"worker tcp:.*simulator fake-2, wanted fake-1") as error:
            list(results)  # it joined when points were under way
    with pytest.raises(
        ClusterError, match=r"worker tcp:.* has simulator fake-\d, wanted fake-\d; a result would depend"
    ):
        dask(cluster)
    new.kill()
    new.wait()
    note_fault(record_property, "a worker with another simulator joins a sweep", f"one sentence: {error.value}")


@pytest.mark.fault
def test_a_killed_worker_costs_nothing(cluster: LoopbackCluster, record_property: Note) -> None:
    victim = cluster.worker("victim")
    with dask(cluster) as executor:
        wait_until(lambda: executor.n_workers == 4, "the third worker")
        results = []
        for n_back, result in enumerate(executor.run(fake_tasks(400, "sleep 0.01"))):
            results.append(result)
            if n_back == 50:
                victim.kill()
        assert values(results) == [(index, 3.0 * index) for index in range(400)]
        assert executor.n_workers == 3
    fault = "one of three Dask workers is killed (kill -9)"
    note_fault(record_property, fault, "its points run elsewhere: all 400 come back, each once")


@pytest.mark.fault
def test_a_worker_without_pycosim_is_told(doomed: LoopbackCluster, record_property: Note) -> None:
    doomed.worker("bare", preload="import sys; sys.modules['pycosim'] = None")
    with Client(doomed.address, set_as_default=False) as client:
        client.wait_for_workers(1)
    with pytest.raises(ClusterError, match=r"cannot run pycosim .*ModuleNotFoundError.*; install the same") as error:
        dask(doomed)
    note_fault(record_property, "a worker has no pycosim", f"one sentence: {error.value}")


@pytest.mark.fault
@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_one_failed_result(tmp_path: Path, record_property: Note) -> None:
    twice = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    tasks = fake_tasks(60, "sleep 0.02")
    tasks[20] = fake_task(20, "die 9")
    with LoopbackCluster(tmp_path, twice) as own:
        own.worker("one", nanny=True)
        own.worker("two", nanny=True)
        with dask(own) as executor:
            results = list(executor.run(tasks))
    assert sorted(index for index, _ in results) == list(range(60))
    (failed,) = [(index, result) for index, result in results if result.failure]
    assert failed[0] == 20
    assert failed[1].kind == "KilledWorker"
    assert "2 Dask workers died one after the other with this point" in failed[1].failure
    fault = "a point kills every Dask worker that runs it (allowed-failures: 1)"
    note_fault(record_property, fault, f"it alone is NaN: {failed[1].failure}")


@pytest.mark.fault
def test_a_lost_scheduler_ends_in_one_sentence_after_the_results_so_far(
    doomed: LoopbackCluster, capfd: pytest.CaptureFixture[str], record_property: Note
) -> None:
    doomed.worker("one")
    executor = dask(doomed)
    results = []
    with pytest.raises(ClusterError, match=r"is lost; start it .*finished points are kept") as error:
        for result in executor.run(fake_tasks(500)):
            results.append(result)
            if len(results) == 30:
                doomed.scheduler.kill()
    assert len(results) >= 30
    executor.close()
    assert capfd.readouterr() == ("", "")
    note_fault(record_property, "the scheduler is killed (kill -9)", f"one sentence: {error.value}")


@pytest.mark.fault
def test_a_cluster_that_loses_its_last_worker_ends_in_one_sentence(
    doomed: LoopbackCluster, record_property: Note
) -> None:
    last = doomed.worker("last")
    dask(doomed).close()  # it is there
    with (
        dask(doomed, patience=1.0) as executor,
        pytest.raises(ClusterError, match=r"has had no worker for 1 s; start workers") as error,
    ):
        for index, _ in executor.run(fake_tasks(500)):
            if index == 20:
                last.kill()
    note_fault(record_property, "the last Dask worker is lost (limit: 1 s)", f"one sentence: {error.value}")


@pytest.mark.fault
def test_a_silent_scheduler_is_a_lost_one(
    doomed: LoopbackCluster, monkeypatch: pytest.MonkeyPatch, record_property: Note
) -> None:
    monkeypatch.setattr("pycosim.campaign.cluster._CLOSE_TIME", 0.5)
    doomed.worker("one")
    dask(doomed).close()  # it is there
    with dask(doomed, patience=1.0) as executor:
        try:
            with pytest.raises(ClusterError, match="is lost") as error:
                for index, _ in executor.run(fake_tasks(500)):
                    if index == 20:
                        doomed.scheduler.send_signal(signal.SIGSTOP)
            start = time.perf_counter()
            executor.close()
            assert time.perf_counter() - start < 5.0  # half a second to ask, as much to close
        finally:
            doomed.scheduler.send_signal(signal.SIGCONT)
    note_fault(record_property, "the scheduler hangs (limit: 1 s)", f"one sentence: {error.value}")
