"""Memory of a worker over 10 000 points, and a Monte Carlo of as many that is killed twice and goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import typer
import xarray as xr

from circuits.technology import load_technology
from pycosim.campaign.catalogue import shipped_bench
from pycosim.campaign.local import LocalExecutor
from pycosim.campaign.task import Task

MB = 1 << 20
N_POINTS = 10_000
NEVER = 1 << 30
SPEC = """bench = "gain_cell"
measure = ["charge", "written_voltage"]
[parameters]
temperature = 27.0
[axes]
seed = {{ seeds = {n} }}
[simulator]
workers = 2
"""


def memory_of_a_worker(quick: bool) -> dict[str, object]:
    """RSS of one worker: recycled after 1000 runs, as it is used, and never recycled."""
    n = 1000 if quick else N_POINTS
    curves = {
        "recycled": _curve(n, n // 10),
        "never_recycled": _curve(n, NEVER),
    }
    fifth = len(curves["recycled"]["worker_mb"]) // 5
    growths = {
        name: (max(curve["worker_mb"][-fifth:]) - max(curve["worker_mb"][:fifth])) * N_POINTS / n * 1.25
        for name, curve in curves.items()
    }  # between the middles of the first and the last fifth lie four fifths of the points
    parent = curves["recycled"]["parent_mb"]
    typer.echo(f"  MB per 10 000 points: {growths}")
    return {
        "memory_growth_mb_per_10k_points": growths["recycled"],
        "memory_growth_mb_per_10k_points_never_recycled": growths["never_recycled"],
        "memory_growth_mb_per_10k_points_parent": (parent[-1] - parent[fifth]) * N_POINTS / n * 1.25,
        "memory_curves": curves,
    }


def _curve(n: int, runs_per_worker: int) -> dict[str, list[float]]:
    """RSS of worker and parent (MB) every hundredth of the points."""
    bench = shipped_bench("gain_cell_dc", load_technology("generic28"))
    wanted = tuple(bench.measurements.values())

    def tasks() -> Iterator[Task]:
        for seed in range(n):
            point = bench.point({"seed": seed})
            yield Task(index=seed, netlist=bench.make(point), measurements=wanted, point=point)

    curve: dict[str, list[float]] = {"points": [], "worker_mb": [], "parent_mb": []}
    executor, us = LocalExecutor(1, runs_per_worker=runs_per_worker), psutil.Process()
    for done, (_, result) in enumerate(executor.run(tasks()), start=1):
        assert not result.failure, result.failure
        if done % max(1, n // 100) == 0:
            curve["points"].append(done)
            curve["worker_mb"].append(max(_sizes(us.pid)[1:], default=0.0))
            curve["parent_mb"].append(us.memory_info().rss / MB)
    executor.close()
    return curve


def monte_carlo(quick: bool) -> dict[str, object]:
    """`pycosim sweep` of 10 000 dies undisturbed, then once more, killed with SIGKILL twice on the way."""
    n = 300 if quick else N_POINTS
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec.toml"
        spec.write_text(SPEC.format(n=n), encoding="utf-8")
        killed, whole = Path(folder) / "killed", Path(folder) / "whole"
        undisturbed = _Sweep(spec, whole).run(None)
        sweep = _Sweep(spec, killed)
        seconds, known = [], []
        for limit in (0.4 * undisturbed, 0.4 * undisturbed, None):
            seconds.append(sweep.run(limit))
            known.append(_n_points(killed / "points.sqlite"))
        same = (killed / "sweep.nc").read_bytes() == (whole / "sweep.nc").read_bytes()
        with xr.open_dataset(whole / "sweep.nc") as found:
            charge = found["charge"].to_numpy()
    typer.echo(f"  {n} dies: {undisturbed:.1f} s in one run; killed after {known[:2]} points; the same bytes: {same}")
    return {
        "monte_carlo": {
            "points": n,
            "seconds_undisturbed": undisturbed,
            "points_per_second": n / undisturbed,
            "seconds_of_runs": seconds,
            "points_known_after_runs": known,
            "same_bytes": same,
            "failed": int((charge != charge).sum()),
            "charge_mean_c": float(charge.mean()),
            "charge_sigma_c": float(charge.std()),
            "memory": sweep.memory,
        }
    }


class _Sweep:
    """A sweep that is run more than once, and the memory of its processes over all runs.

    Args:
        spec: the TOML file.
        out: the store.
    """

    def __init__(self, spec: Path, out: Path) -> None:
        self._words = [sys.executable, "-m", "pycosim", "sweep", str(spec), "--out", str(out)]
        self._seconds = 0.0
        self.memory: list[dict[str, float]] = []

    def run(self, limit: float | None) -> float:
        """Seconds of one run; it is killed after the limit (s)."""
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        began, n_run = time.perf_counter(), len({row["run"] for row in self.memory}) + 1
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(self._words, env=environment, stdout=said, stderr=said) as process,
        ):
            while process.poll() is None:
                time.sleep(0.2)
                now = time.perf_counter() - began
                sizes = _sizes(process.pid)
                if sizes:
                    seconds = self._seconds + now
                    self.memory.append(
                        {"run": n_run, "seconds": seconds, "main_mb": sizes[0], "workers_mb": sum(sizes[1:])}
                    )
                if limit is not None and now > limit:
                    process.send_signal(signal.SIGKILL)
            said.seek(0)
            words = said.read().decode(errors="replace")
        assert process.returncode == (0 if limit is None else -signal.SIGKILL), words
        self._seconds += time.perf_counter() - began
        return time.perf_counter() - began


def _sizes(number: int) -> list[float]:
    """RSS of a process and of its children (MB); nothing where one of them ended just now."""
    try:
        tree = [psutil.Process(number), *psutil.Process(number).children(recursive=True)]
        return [one.memory_info().rss / MB for one in tree]
    except psutil.Error:
        return []


def _n_points(cache: Path) -> int:
    """Points whose two measurements are in the cache, which nobody has open."""
    with contextlib.closing(sqlite3.connect(cache)) as file:
        return int(file.execute("SELECT count(*) FROM results").fetchone()[0]) // 2
