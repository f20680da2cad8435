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
from functools import partial
from pathlib import Path

import psutil
import typer
from record import ROOT, merge, table, write_table

sys.path.insert(0, str(ROOT / "tests"))
from campaign.clusters import LoopbackCluster, wait_until

from circuits.technology import load_technology
from circuits.testbench import Netlist
from pycosim.campaign.catalogue import shipped_bench
from pycosim.campaign.cluster import DaskExecutor
from pycosim.campaign.task import Result, Task
from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, for_file, new_figure, plain, render_svg

DECK = ROOT / "netlists" / "charge_to_pulse__generic28_tt_27c.cir"
WORKERS = (1, 2, 4, 8, 16, 32, 64)
TASK_TIMES = (0.01, 0.1, 1.0)  # s
NO_PROFILE = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}  # of 64 threads; it takes a tenth of a processor
MOST_PROCESSES = 8  # of workers; more of them are threads, which for a simulator that sleeps is the same


class SleepingExecutor:
    """An executor whose simulator sleeps; 0 s does nothing at all."""

    n_workers = 1

    def __init__(self, seconds: float, *, run_root: Path) -> None:
        self._seconds = seconds

    def simulator_version(self) -> str:
        """No version of anything."""
        return "sleep-1"

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """Sleep for each task."""
        for task in tasks:
            if self._seconds:
                time.sleep(self._seconds)
            yield task.index, Result(values={"slept": self._seconds}, seconds=self._seconds)

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Time of a run on the wall, and of the processors by role (s)."""

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
        return Run(wall=wall, client=spent[0], scheduler=spent[1], workers=spent[2])

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


def same_tasks(n: int) -> list[Task]:
    """Tasks with the deck of a converter, a text of its own each."""
    text = DECK.read_text(encoding="utf-8")
    return [
        Task(index=i, netlist=Netlist(name="deck", text=f"{text}* {i}\n", digest=str(i), probes=()), measurements=())
        for i in range(n)
    ]


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
    tasks, rows = same_tasks(n), []
    for parcel_time, name in ((0.2, "parcels of 0.2 s"), (0.0, "one point at a time")):
        with Lab(2, partial(SleepingExecutor, 0.0), parcel_time) as lab:
            lab.timed(tasks[: n // 10])  # how long a point takes is learnt
            runs = [lab.timed(tasks) for _ in range(3)]
        best = min(runs, key=lambda run: run.wall)
        roles = {f"{role}_s": getattr(best, role) / n for role in ("client", "scheduler", "workers")}
        rows.append({"sending": name, "points": n, "seconds_per_point": best.wall / n, **roles})
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


def scaling(run_time: float) -> list[dict[str, float]]:
    """Points per second against workers, for tasks of three lengths."""
    rows = []
    for n_workers in WORKERS:
        for task_time in TASK_TIMES:
            n = n_workers * max(3, round(run_time / task_time))
            with Lab(n_workers, partial(SleepingExecutor, task_time)) as lab:
                lab.timed(same_tasks(2 * n_workers))
                run = lab.timed(same_tasks(n))
            rate = n / run.wall
            rows.append(
                {
                    "task_s": task_time,
                    "workers": n_workers,
                    "points": n,
                    "points_per_second": rate,
                    "efficiency": rate * task_time / n_workers,
                    "processors_busy": (run.client + run.scheduler + run.workers) / run.wall,
                }
            )
            typer.echo(f"  {n_workers:3d} workers, {task_time:5.2f} s a task: {rate:8.1f} points/s")
    return rows


def draw(rows: Sequence[dict[str, float]], overhead_s: float) -> Path:
    """Points per second against workers, with what would be without any overhead."""
    with drawing_style():
        figure = new_figure(6.4, 4.0)
        axes = figure.subplots()
        for color, task_time in zip(SERIES, TASK_TIMES, strict=False):
            here = [row for row in rows if row["task_s"] == task_time]
            workers = [row["workers"] for row in here]
            axes.plot(workers, [n / task_time for n in workers], color=color, linestyle=":", linewidth=1)
            axes.plot(
                workers, [row["points_per_second"] for row in here], color=color, marker="o", label=f"{task_time:g} s"
            )
        axes.axhline(1 / overhead_s, color=MUTED, linestyle="--", linewidth=1)
        axes.annotate("a simulator that takes no time", (1, 1.1 / overhead_s), color=MUTED, fontsize="small")
        axes.set(xscale="log", yscale="log", xlabel="workers", ylabel="points per second")
        axes.set_xticks(WORKERS, [str(n) for n in WORKERS])
        axes.minorticks_off()
        axes.legend(title="time of a point; dotted: ideal", frameon=False, labelcolor=INK)
        plain(axes)
        path = ROOT / "docs" / "results" / "dask_scaling.svg"
        path.write_text(for_file(render_svg(figure, "dask_scaling")), encoding="utf-8")
    return path


def tables(record: dict[str, object]) -> dict[str, str]:
    """The tables of the docs, by name."""
    sent = [
        [
            row["sending"],
            *(f"{1e3 * row[key]:.2f}" for key in ("seconds_per_point", "client_s", "scheduler_s", "workers_s")),
        ]
        for row in record["dask_overhead"]
    ]
    shared = [
        [
            name,
            f"{1e3 * row['seconds_per_point_1']:.1f}",
            f"{1e3 * row['seconds_per_point_2']:.1f}",
            f"{row['efficiency']:.2f}",
        ]
        for name, row in record["dask_efficiencies"].items()
    ]
    scaled = [
        [
            n,
            *(
                f"{row['points_per_second']:.0f} ({row['efficiency']:.2f})"
                for row in record["dask_scaling"]
                if row["workers"] == n
            ),
        ]
        for n in WORKERS
    ]
    roles = ["client", "scheduler", "workers"]
    return {
        "dask_overhead": table(
            ["sent", "ms per point", *(f"of it processor time of the {role}" for role in roles)], sent
        ),
        "dask_efficiency": table(
            ["simulator", "1 worker, ms per point", "2 workers, ms per point", "efficiency"], shared
        ),
        "dask_scaling": table(["workers", *(f"points/s at {time:g} s a point" for time in TASK_TIMES)], scaled),
    }


def main(quick: bool = False) -> None:
    """Measure everything; `--quick` with fewer points."""
    typer.echo(f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors")
    rows = overhead(400 if quick else 4000)
    n, repeats = (40, 3) if quick else (200, 5)
    typer.echo(f"overhead {1e3 * rows[0]['seconds_per_point']:.2f} ms per point (wanted: below 5)")
    efficiencies = {
        "ngspice, read of a gain cell, a processor for each worker": efficiency(cell_tasks(n), None, repeats, True),
        "sleeps 20 ms": efficiency(same_tasks(2 * n), partial(SleepingExecutor, 0.02), repeats, False),
    }
    real, sleeping = (row["efficiency"] for row in efficiencies.values())
    typer.echo(f"efficiency at 2 workers {real:.2f}, of a simulator that sleeps {sleeping:.2f} (wanted: 0.85)")
    scaled = scaling(0.5 if quick else 3.0)
    record = merge(
        {
            "dask_overhead_s": rows[0]["seconds_per_point"],
            "dask_overhead": rows,
            "dask_efficiency": real,
            "dask_efficiency_sleeping": sleeping,
            "dask_efficiencies": efficiencies,
            "dask_scaling": scaled,
        }
    )
    draw(scaled, float(rows[0]["seconds_per_point"]))
    for name, text in tables(record).items():
        typer.echo(f"\n{name}\n{text}")
        write_table(name, text)


if __name__ == "__main__":
    typer.run(main)
