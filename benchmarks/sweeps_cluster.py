"""Sweeps on a Dask cluster of this machine: overhead per point, efficiency, and where more workers stop helping.

    python benchmarks/sweeps_cluster.py [--quick]

Writes dask_* into docs/results/sweeps.json, the tables of docs/sweeps.md and docs/results/dask_scaling.svg. Scheduler
and workers are processes of their own on 127.0.0.1. A simulator that sleeps stands for one that computes elsewhere;
tasks carry the deck of a real converter, so that what travels is what a sweep sends.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import typer
from record import ROOT, merge, write_table
from sweeps_cluster_page import draw, tables

sys.path.insert(0, str(ROOT / "tests"))
from campaign.clusters import LoopbackCluster, wait_until

from circuits.technology import load_technology
from circuits.testbench import Netlist
from pycosim.campaign.catalogue import shipped_bench
from pycosim.campaign.cluster import DaskExecutor
from pycosim.campaign.task import Result, Task
from pycosim.spice import NgspicePool

DECK = ROOT / "netlists" / "charge_to_pulse__generic28_tt_27c.cir"
WORKERS = (1, 2, 4, 8, 16, 32, 64)
TASK_TIMES = (0.01, 0.1, 1.0)  # s
NO_PROFILE = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}  # of 64 threads; it takes a tenth of a processor
MOST_PROCESSES = 8  # of workers; more of them are threads, which for a simulator that sleeps is the same


class SleepingExecutor:
    """An executor whose simulator sleeps as long as the point of a task says (s); 0 does nothing at all."""

    n_workers = 1

    def __init__(self, *, run_root: Path) -> None:
        """Leave nothing in the folder: nothing fails."""

    def simulator_version(self) -> str:
        """No version of anything."""
        return "sleep-1"

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """Sleep for each task."""
        for task in tasks:
            seconds = float(task.point["sleep"])
            if seconds:
                time.sleep(seconds)
            yield task.index, Result(values={"slept": seconds}, seconds=seconds)

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Points of a run, its time on the wall, and that of the processors by role (s)."""

    n_points: int
    wall: float
    client: float
    scheduler: float
    workers: float


class Lab:
    """A cluster with an executor on it.

    Args:
        n_workers: threads of all its workers.
        on_worker: what they run tasks on; that of ngspice by default.
        parcel_time: of the executor (s).
        pinned: whether each worker has a processor of its own.
    """

    def __init__(
        self, n_workers: int, on_worker: object = None, parcel_time: float = 0.2, pinned: bool = False
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pycosim-lab-")
        self._cluster = LoopbackCluster(Path(self._folder.name), NO_PROFILE)
        n_processes = min(n_workers, MOST_PROCESSES)
        processors = sorted(os.sched_getaffinity(0))
        self._workers = []
        for i in range(n_processes):
            if pinned:
                os.sched_setaffinity(0, {processors[i % len(processors)]})  # what starts now stays there
            worker = self._cluster.worker(f"w{i}", threads=n_workers // n_processes)
            self._workers.append(psutil.Process(worker.pid))
        os.sched_setaffinity(0, processors)
        self._scheduler = psutil.Process(self._cluster.scheduler.pid)
        chosen = {} if on_worker is None else {"on_worker": on_worker}
        self.executor = DaskExecutor(self._cluster.address, parcel_time=parcel_time, **chosen)
        wait_until(lambda: self.executor.n_workers == n_workers, f"{n_workers} workers", 120.0)

    def timed(self, tasks: Sequence[Task]) -> Run:
        """Run tasks, which must not fail."""
        before = self._processor_times()
        start = time.perf_counter()
        results = dict(self.executor.run(tasks))
        wall = time.perf_counter() - start
        spent = [after - then for after, then in zip(self._processor_times(), before, strict=True)]
        assert len(results) == len(tasks)
        failures = [result.failure for result in results.values() if result.failure]
        assert not failures, failures[0]
        return Run(n_points=len(tasks), wall=wall, client=spent[0], scheduler=spent[1], workers=spent[2])

    def close(self) -> None:
        """End every process."""
        self.executor.close()
        self._cluster.close()
        self._folder.cleanup()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _processor_times(self) -> tuple[float, float, float]:
        def spent(process: psutil.Process) -> float:
            times = process.cpu_times()
            return times.user + times.system

        return spent(psutil.Process()), spent(self._scheduler), sum(map(spent, self._workers))


def sleeping_tasks(n: int, seconds: float) -> list[Task]:
    """Tasks for `SleepingExecutor` with the deck of a converter, a text of its own each."""
    text = DECK.read_text(encoding="utf-8")
    decks = (Netlist(name="deck", text=f"{text}* {i}\n", digest=str(i), probes=()) for i in range(n))
    return [Task(index=i, netlist=deck, measurements=(), point={"sleep": seconds}) for i, deck in enumerate(decks)]


def cell_tasks(n: int) -> list[Task]:
    """Reads of a gain cell, each with another stored voltage."""
    bench = shipped_bench("gain_cell", load_technology("generic28"))
    points = [bench.point({"stored_voltage": 0.2 + 0.5 * i / n}) for i in range(n)]
    measurements = (bench.measurements["charge"],)
    return [
        Task(index=i, netlist=bench.make(point), measurements=measurements, point=point)
        for i, point in enumerate(points)
    ]


def overhead(n: int) -> list[dict[str, object]]:
    """Time per point of a simulator that does nothing: all of it is ours, Dask's and the network's."""
    rows = []
    for parcel_time, name, n_points in ((0.2, "parcels of 0.2 s", n), (0.0, "one point at a time", n // 10)):
        tasks = sleeping_tasks(n_points, 0.0)
        with Lab(2, SleepingExecutor, parcel_time) as lab:
            lab.timed(tasks)  # how long a point takes is learnt
            runs = [lab.timed(tasks) for _ in range(3)]
        best = min(runs, key=lambda run: run.wall)
        roles = {f"{role}_s": getattr(best, role) / n_points for role in ("client", "scheduler", "workers")}
        rows.append({"sending": name, "points": n_points, "seconds_per_point": best.wall / n_points, **roles})
    return rows


def efficiency(tasks: Sequence[Task], on_worker: object, repeats: int, pinned: bool) -> dict[str, float]:
    """Time per point of one worker over twice that of two; medians of runs in turn."""
    with Lab(1, on_worker, pinned=pinned) as one, Lab(2, on_worker, pinned=pinned) as two:
        for lab in (one, two):
            lab.timed(tasks[: len(tasks) // 4])
        pairs = [(one.timed(tasks).wall, two.timed(tasks).wall) for _ in range(repeats)]
    return {
        "efficiency": statistics.median(alone / (2 * both) for alone, both in pairs),
        "seconds_per_point_1": statistics.median(alone for alone, _ in pairs) / len(tasks),
        "seconds_per_point_2": statistics.median(both for _, both in pairs) / len(tasks),
    }


def scaling(workers: Sequence[int], run_time: float) -> list[dict[str, float]]:
    """Points per second against workers, for tasks of three lengths."""
    rows = []
    for n_workers in workers:
        with Lab(n_workers, SleepingExecutor) as lab:
            lab.timed(sleeping_tasks(2 * n_workers, 0.01))
            runs = {
                task_time: lab.timed(sleeping_tasks(n_workers * max(3, round(run_time / task_time)), task_time))
                for task_time in TASK_TIMES
            }
        for task_time, run in runs.items():
            rate = run.n_points / run.wall
            rows.append(
                {
                    "task_s": task_time,
                    "workers": n_workers,
                    "points": run.n_points,
                    "points_per_second": rate,
                    "efficiency": rate * task_time / n_workers,
                    "processors_busy": (run.client + run.scheduler + run.workers) / run.wall,
                }
            )
            typer.echo(f"  {n_workers:3d} workers, {task_time:5.2f} s a task: {rate:8.1f} points/s")
    return rows


def feeding(n: int) -> list[dict[str, object]]:
    """What one client makes of decks against what a worker takes to simulate them."""
    technology, rows = load_technology("generic28"), []
    for name, axis, values in (
        ("gain_cell", "stored_voltage", [0.2 + 0.5 * i / n for i in range(n)]),
        ("charge_to_pulse", "charge", [1e-13 + 8e-13 * i / n for i in range(n)]),
    ):
        bench = shipped_bench(name, technology)
        start = time.perf_counter()
        decks = [bench.make(bench.point({axis: value})) for value in values]
        made = (time.perf_counter() - start) / n
        with NgspicePool(1) as pool:
            pool.run(decks[0])
            start = time.perf_counter()
            pool.run_many(decks[: n // 4])
            ran = (time.perf_counter() - start) / (n // 4)
        rows.append({"bench": name, "make_s": made, "simulate_s": ran, "workers_fed": ran / made})
    return rows


def load() -> float:
    """Processes that wanted a processor of this machine in the last minute, for each of its processors."""
    return os.getloadavg()[0] / len(os.sched_getaffinity(0))


def measured(part: str, quick: bool) -> dict[str, object]:
    """The figures of a part of this benchmark, by key of the file."""
    if part == "overhead":
        rows = overhead(400 if quick else 4000)
        return {"dask_overhead_s": rows[0]["seconds_per_point"], "dask_overhead": rows}
    if part == "efficiency":
        n, repeats = (120, 3) if quick else (400, 5)
        rows = {
            "ngspice, read of a gain cell, a processor for each worker": efficiency(cell_tasks(n), None, repeats, True),
            "sleeps 20 ms": efficiency(sleeping_tasks(n, 0.02), SleepingExecutor, repeats, False),
        }
        real, sleeping = (row["efficiency"] for row in rows.values())
        return {"dask_efficiency": real, "dask_efficiency_sleeping": sleeping, "dask_efficiencies": rows}
    if part == "feeding":
        return {"dask_feeding": feeding(20 if quick else 60)}
    return {"dask_scaling": scaling(WORKERS[::2], 1.0) if quick else scaling(WORKERS, 3.0)}


def main(only: str = "", quick: bool = False) -> None:
    """Measure everything, or `--only` overhead, efficiency, feeding or scaling; `--quick` with fewer points."""
    record: dict[str, object] = {}
    for part in [only] if only else ["overhead", "efficiency", "feeding", "scaling"]:
        before = load()
        found = measured(part, quick)
        record = merge({**found, f"dask_{part}_load": max(before, load())})
        for name, text in tables(record).items():
            if name in found or name.replace("efficiency", "efficiencies") in found:
                typer.echo(f"\n{name}, load per processor {record[f'dask_{part}_load']:.1f}\n{text}")
                write_table(name, text)
    if "dask_scaling" in record and "dask_overhead_s" in record:
        draw(record)


if __name__ == "__main__":
    typer.run(main)
