"""ngspice on a Dask cluster: what it gives is what this machine gives, whatever dies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs Dask: pip install 'pycosim-spice[cluster]'")
import psutil

from pycosim.campaign.cluster import DaskExecutor
from pycosim.campaign.local import LocalExecutor
from pycosim.campaign.sweep import sweep
from pycosim.campaign.task import Task
from pycosim.errors import ClusterError

from .benches import FAULTY, AtPoint
from .clusters import LoopbackCluster, wait_until
from .faults import Note, note_fault

pytestmark = pytest.mark.ngspice


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    """One worker that lives."""
    with LoopbackCluster(tmp_path_factory.mktemp("cluster")) as shared:
        shared.worker("lives")
        yield shared


def tasks(*points: tuple[str, float]) -> list[Task]:
    given = [{"fault": fault, "resistance": resistance} for fault, resistance in points]
    measurements = tuple(FAULTY.measurements.values())
    return [
        Task(index=index, netlist=FAULTY.make(point), measurements=measurements, point=point)
        for index, point in enumerate(given)
    ]


@pytest.mark.fault
def test_a_sweep_on_a_cluster_that_loses_a_worker_is_that_of_this_machine_to_the_bit(
    cluster: LoopbackCluster, tmp_path: Path, record_property: Note
) -> None:
    axes = {"resistance": {"start": 100.0, "stop": 10e3, "n": 150}}
    words = {"measure": ["final"], "axes": axes}
    sweep(FAULTY, **words, out=tmp_path / "local")
    victim = cluster.worker("victim")
    with DaskExecutor(cluster.address) as executor:
        wait_until(lambda: executor.n_workers == 2, "the second worker")
    sweep(FAULTY, **words, out=tmp_path / "dask", scheduler=cluster.address, progress=AtPoint(20, victim.kill))
    assert victim.wait() < 0
    assert (tmp_path / "dask" / "sweep.nc").read_bytes() == (tmp_path / "local" / "sweep.nc").read_bytes()
    outcome = (
        f"all {axes['resistance']['n']} points are there; sweep.nc is that of processes of this machine, to the bit"
    )
    note_fault(record_property, "one of two Dask workers with ngspice is killed (kill -9) after 20 points", outcome)


@pytest.mark.fault
def test_what_fails_on_a_cluster_is_what_fails_here_and_the_worker_lives(
    cluster: LoopbackCluster, tmp_path: Path, record_property: Note
) -> None:
    given = tasks(
        ("none", 1e3), ("segfault", 1.0), ("no_solution", 1.0), ("none", 2e3), ("endless", 1.0), ("none", 3e3)
    )
    make = partial(LocalExecutor, n_workers=1, timeout=1.0)
    local = make(run_root=tmp_path / "local")
    with DaskExecutor(cluster.address, on_worker=make, run_root=tmp_path / "dask") as executor:
        before = set(executor._client.nthreads())
        far = dict(executor.run(given))
        assert before <= set(executor._client.nthreads())
    here = dict(local.run(given))
    local.close()
    for index, task in enumerate(given):
        # last words of a crash may name addresses of memory
        assert far[index].values == here[index].values, task.netlist.name
        assert far[index].kind == here[index].kind, task.netlist.name
        assert far[index].failure.split(";")[0] == here[index].failure.split(";")[0]
    assert [far[index].kind for index in range(6)] == [
        "", "SimulatorCrashed", "ConvergenceFailure", "", "SimulationTimeout", ""
    ]  # fmt: skip
    folders = [sorted(path.name for path in (tmp_path / place).iterdir()) for place in ("dask", "local")]
    assert folders[0] == folders[1]
    assert len(folders[0]) == 3
    kinds = ", ".join(far[index].kind for index in (1, 2, 4))
    outcome = f"NaN with the same reasons as here ({kinds}); deck and log come back; the Dask worker lives"
    note_fault(record_property, "decks segfault, do not converge or do not end on a Dask worker", outcome)


@pytest.mark.fault
def test_a_worker_without_a_simulator_is_named(cluster: LoopbackCluster, record_property: Note) -> None:
    bare = cluster.worker("bare", environment={"NGSPICE_LIBRARY_PATH": "/nowhere/libngspice.so"})
    with pytest.raises(ClusterError, match=r"worker tcp:.* cannot simulate: no libngspice .*Install ngspice") as error:
        while True:  # it joins by and by
            DaskExecutor(cluster.address).close()
    bare.kill()
    bare.wait()
    note_fault(record_property, "a Dask worker has no ngspice", f"one sentence: {error.value}")


def test_simulators_stay_loaded_between_points_and_end_with_the_executor(cluster: LoopbackCluster) -> None:
    def simulators() -> set[int]:
        children = {child for worker in cluster.processes() for child in psutil.Process(worker).children()}
        return {child.pid for child in children if "pycosim.spice.worker" in child.cmdline()}

    with DaskExecutor(cluster.address) as executor:
        first = list(executor.run(tasks(("none", 1e3))))
        kept = simulators()
        assert len(kept) == 1
        assert len(first) == len(list(executor.run(tasks(("none", 2e3))))) == 1
        assert simulators() == kept
    wait_until(lambda: not simulators(), "ngspice to end", 10.0)
