"""ngspice on a Dask cluster: what it gives is what this machine gives, whatever dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs Dask: pip install 'pycosim-spice[cluster]'")
import psutil

from pycosim.campaign.cluster import DaskExecutor
from pycosim.campaign.local import LocalExecutor
from pycosim.campaign.progress import SilentSweep
from pycosim.campaign.sweep import sweep
from pycosim.campaign.task import Task

from .benches import FAULTY
from .clusters import LoopbackCluster, wait_until

pytestmark = pytest.mark.ngspice


class AtPoint(SilentSweep):
    """Does something when so many points are known."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        self._left = number
        self._act = act

    def point(self, *, simulated: bool, failure: str) -> None:
        self._left -= 1
        if not self._left:
            self._act()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    """One worker that lives."""
    with LoopbackCluster(tmp_path_factory.mktemp("cluster")) as shared:
        shared.worker("lives")
        yield shared


def tasks(*points: tuple[str, float]) -> list[Task]:
    return [
        Task(
            index=index,
            netlist=FAULTY.make({"fault": fault, "resistance": resistance}),
            measurements=tuple(FAULTY.measurements.values()),
        )
        for index, (fault, resistance) in enumerate(points)
    ]


def test_a_sweep_on_a_cluster_that_loses_a_worker_is_that_of_this_machine_to_the_bit(
    cluster: LoopbackCluster, tmp_path: Path
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


def test_what_fails_on_a_cluster_is_what_fails_here_and_the_worker_lives(
    cluster: LoopbackCluster, tmp_path: Path
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
