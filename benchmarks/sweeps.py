"""Speed and memory of sweeps on this machine, each against what one would write without pycosim.

    python benchmarks/sweeps.py [--quick] [--only speed,engine,memory,monte_carlo]

Writes its keys of docs/results/sweeps.json as soon as a part is done, the tables of docs/benchmarks.md, and the plots
beside the results. Every part starts from points and ends with numbers: decks are made, run and measured in each.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import typer
from PySpice.Spice.NgSpice.Shared import NgSpiceCommandError, NgSpiceShared
from record import merge, write_table
from sweeps_memory import memory_of_a_worker, monte_carlo
from sweeps_page import draw, tables

from circuits.technology import Technology, load_technology
from pycosim.campaign.bench import SweepBench
from pycosim.campaign.catalogue import shipped_bench
from pycosim.campaign.local import LocalExecutor
from pycosim.campaign.task import Measurement, Point, Result, Task
from pycosim.spice import NetlistLike, NgspicePool, Waveforms, find_libngspice, find_ngspice, ngspice_version
from pycosim.spice.edited import edited
from pycosim.spice.rawfile import read_raw
from pycosim.spice.simulator import Array

REST = "charge_to_pulse, operating point"
BENCHES = {
    "gain_cell_dc": "read_current",
    REST: "supply_current",
    "gain_cell": "charge",
    "charge_to_pulse": "pulse_width",
}
POINTS = {
    "gain_cell_dc": 400,
    REST: 80,
    "gain_cell": 120,
    "charge_to_pulse": 12,
}  # of ours a round; the loops a quarter
N_WORKERS = 2
SHARES = (1, 4, 16)
OURS, SHARED = "pycosim, 2 workers", "pycosim, 2 workers, 16 in one deck"
PARTS = ("speed", "engine", "memory", "monte_carlo")
PYSPICE = "--pyspice-loop"


def bench_of(name: str) -> SweepBench:
    technology = load_technology("generic28")
    return converter_at_rest(technology) if name == REST else shipped_bench(name, technology)


def converter_at_rest(technology: Technology) -> SweepBench:
    """The converter's operating point: its deck with `.op` for the transient."""
    bench = shipped_bench("charge_to_pulse", technology)

    def make(point: Point) -> NetlistLike:
        netlist = bench.make(point)
        text = re.sub(r"(?m)^\.tran .*$", ".op", re.sub(r"(?m)^\.print tran .*\n", "", netlist.text))
        return edited(netlist, text, change=".op")

    current = Measurement(name="supply_current", unit="A", function=supply_current, version="1")
    return replace(bench, name="charge_to_pulse_op", make=make, measurements={current.name: current})


def supply_current(waves: Waveforms, point: Point) -> float:
    """From the converter's supply (A)."""
    return -float(np.real(waves.signals["i(vdd)"])[0])


def tasks_of(name: str, seeds: Sequence[int]) -> list[Task]:
    """Dies of a bench, made."""
    bench = bench_of(name)
    wanted = (bench.measurements[BENCHES[name]],)
    points = [bench.point({"seed": seed}) for seed in seeds]
    return [
        Task(index=i, netlist=bench.make(point), measurements=wanted, point=point) for i, point in enumerate(points)
    ]


def batch_loop(name: str, seeds: Sequence[int], threads: str | None) -> float:
    """Seconds per point of `ngspice -b` in a loop; with the threads that it takes by itself, or with so many."""
    bench, program = bench_of(name), str(find_ngspice())
    measure = bench.measurements[BENCHES[name]].function
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    environment |= {} if threads is None else {"OMP_NUM_THREADS": threads, "OMP_THREAD_LIMIT": threads}
    with tempfile.TemporaryDirectory() as folder:
        deck, raw = Path(folder) / "deck.cir", Path(folder) / "out.raw"
        command = [program, "-b", "-r", raw.name, "-o", "log", deck.name]
        began = time.perf_counter()
        for seed in seeds:
            point = bench.point({"seed": seed})
            netlist = bench.make(point)
            deck.write_text(netlist.text)
            subprocess.run(command, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
            (plot,) = read_raw(raw)
            measure(_waves(dict(plot.vectors), netlist.probes), point)
        return (time.perf_counter() - began) / len(seeds)


def pyspice_loop(name: str, seeds: Sequence[int]) -> float:
    """Seconds per point of PySpice's shared library in a loop, as its simulator does it, in a process of its own."""
    words = [sys.executable, __file__, PYSPICE, name, str(seeds[0]), str(len(seeds))]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def run_pyspice(name: str, first: int, n: int) -> float:
    """What `pyspice_loop` starts: load, run, take the vectors, as `NgSpiceSharedCircuitSimulator._run` does.

    PySpice takes notes of ngspice for errors, and raises for every converter, whose operating point needs gmin
    stepping. The run is complete then; a loop that goes on is what its user is left with.
    """
    logging.disable(logging.CRITICAL)
    NgSpiceShared.LIBRARY_PATH = str(find_libngspice())
    ngspice, bench = NgSpiceShared.new_instance(), bench_of(name)
    measure = bench.measurements[BENCHES[name]].function
    began = time.perf_counter()
    for seed in range(first, first + n):
        point = bench.point({"seed": seed})
        netlist = bench.make(point)
        ngspice.destroy()
        ngspice.load_circuit(netlist.text)
        with contextlib.suppress(NgSpiceCommandError):
            ngspice.run()
        found = ngspice.plot(None, ngspice.last_plot)
        vectors = {_probe(key): np.asarray(vector._data) for key, vector in found.items()}
        measure(_waves(vectors, netlist.probes), point)
    return (time.perf_counter() - began) / n


def _probe(name: str) -> str:
    lower = name.lower()
    axis = lower == "time" or lower.endswith("-sweep")
    return lower if axis else f"i({lower.removesuffix('#branch')})" if lower.endswith("#branch") else f"v({lower})"


def _waves(vectors: dict[str, Array], probes: Sequence[str]) -> Waveforms:
    axis = next((key for key in vectors if key == "time" or key.endswith("-sweep")), None)  # none: an operating point
    signals = {probe: vectors[probe] for probe in probes}
    kind = "time" if axis == "time" else "sweep"
    points = np.zeros(1) if axis is None else np.real(vectors[axis])
    return Waveforms(axis=points, axis_name=kind, signals=signals, netlist_digest="")


class Ours:
    """The executor with warm workers.

    Args:
        n_workers: processes.
        share: tasks in one deck.
    """

    def __init__(self, n_workers: int, share: int = 1) -> None:
        self._executor = LocalExecutor(n_workers, share=share)

    def seconds_per_point(self, name: str, seeds: Sequence[int]) -> float:
        """Of dies that are made while others run."""
        bench = bench_of(name)
        wanted = (bench.measurements[BENCHES[name]],)

        def tasks() -> object:
            for index, seed in enumerate(seeds):
                point = bench.point({"seed": seed})
                yield Task(index=index, netlist=bench.make(point), measurements=wanted, point=point)

        began = time.perf_counter()
        _values(self._executor.run(tasks()))  # type: ignore[arg-type]
        return (time.perf_counter() - began) / len(seeds)

    def close(self) -> None:
        """End the workers."""
        self._executor.close()


def _values(found: object) -> dict[int, Result]:
    results = dict(found)  # type: ignore[call-overload]
    failures = [result.failure for result in results.values() if result.failure]
    assert not failures, failures[0]
    return results


def speed(quick: bool) -> dict[str, object]:
    """Points per second of every way, in turn within each round, so that other jobs of the machine slow all of them."""
    ours, in_one_deck = Ours(N_WORKERS), Ours(N_WORKERS, share=SHARES[-1])
    rows: list[dict[str, object]] = []
    for name, n_full in POINTS.items():
        n = max(4, n_full // (8 if quick else 1))
        ways: dict[str, tuple[Callable[[Sequence[int]], float], int]] = {
            "ngspice -b, its own threads": (lambda seeds, name=name: batch_loop(name, seeds, None), max(2, n // 4)),
            "ngspice -b, one thread": (lambda seeds, name=name: batch_loop(name, seeds, "1"), max(2, n // 4)),
            "PySpice": (lambda seeds, name=name: pyspice_loop(name, seeds), max(2, n // 4)),
            OURS: (lambda seeds, name=name: ours.seconds_per_point(name, seeds), n),
        }
        if not name.startswith("charge_to_pulse"):  # slower: see the part on the engine
            ways[SHARED] = lambda seeds, name=name: in_one_deck.seconds_per_point(name, seeds), max(n, 4 * SHARES[-1])
        ours.seconds_per_point(name, range(4))  # starts the workers
        in_one_deck.seconds_per_point(name, range(4))
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(2 if quick else 5):
            for way, (run, n_points) in ways.items():
                times[way].append(run(range(100, 100 + n_points)))
        rows.append({"bench": name, **_ratios(times)})
        typer.echo(f"  {name}: {rows[-1]}")
    ours.close()
    in_one_deck.close()
    against = {key: {str(row["bench"]): row[key] for row in rows} for key in ("against_batch", "against_pyspice")}
    return {
        "speed": rows,
        "speedup_vs_ngspice_batch": _mean(row["against_batch"] for row in rows),
        "speedup_vs_pyspice_loop": _mean(row["against_pyspice"] for row in rows),
        "speedups": against,
        "points_per_second": {str(row["bench"]): row["points_per_second"] for row in rows},
        "sweeps_machine": {"ngspice": ngspice_version(), "processors": os.cpu_count(), "load": os.getloadavg()[1]},
    }


def _ratios(times: dict[str, list[float]]) -> dict[str, object]:
    """Medians over the rounds of seconds per point, and of ratios within a round; against the faster batch loop."""
    ours = times[OURS]
    loops = [times["ngspice -b, its own threads"], times["ngspice -b, one thread"]]
    best = min(loops, key=statistics.median)
    return {
        "seconds_per_point": {way: statistics.median(found) for way, found in times.items()},
        "points_per_second": 1 / statistics.median(ours),
        "against_batch": statistics.median(a / b for a, b in zip(best, ours, strict=True)),
        "against_batch_own_threads": statistics.median(a / b for a, b in zip(loops[0], ours, strict=True)),
        "against_pyspice": statistics.median(a / b for a, b in zip(times["PySpice"], ours, strict=True)),
        "shared_against_batch": statistics.median(
            a / b for a, b in zip(best, min(times.get(SHARED, ours), ours, key=statistics.median), strict=True)
        ),
    }


def _mean(ratios: object) -> float:
    """The geometric mean."""
    return float(statistics.geometric_mean(ratios))  # type: ignore[arg-type]


def engine(quick: bool) -> dict[str, object]:
    """Where a point's time goes, what altering the loaded deck saves, and what sharing a deck saves and costs."""
    rows: list[dict[str, object]] = []
    for name in BENCHES:
        n = 4 if name == "charge_to_pulse" else 16 if quick else 48
        began = time.process_time()
        tasks = tasks_of(name, range(n))
        making = (time.process_time() - began) / n
        with NgspicePool(1) as pool:
            netlists = [task.netlist for task in tasks]
            other = bench_of("gain_cell_dc" if name != "gain_cell_dc" else "gain_cell")
            between = other.make(other.point({}))
            mixed = [one for netlist in netlists for one in (between, netlist)]
            pool.run_many(mixed[:2])
            found = {run.index: run for run in pool.runs(mixed)}
            read = statistics.median(found[i].seconds for i in range(1, 2 * n, 2))
            waves = {run.index: run for run in pool.runs(netlists)}
            altered = statistics.median(waves[i].seconds for i in range(1, n))
        same = all(_same(found[2 * i + 1].outcome, waves[i].outcome) for i in range(n))
        began = time.process_time()
        for i, task in enumerate(tasks):
            task.measurements[0].function(waves[i].outcome, task.point)  # type: ignore[arg-type]
        measuring = (time.process_time() - began) / n
        row = {"bench": name, "make_s": making, "read_s": read, "altered_s": altered, "measure_s": measuring}
        rows.append({**row, "bits_equal": same, "shared": [_shared(tasks, share) for share in SHARES]})
        typer.echo(f"  {rows[-1]}")
    return {"engine": rows}


def _same(left: object, right: object) -> bool:
    assert isinstance(left, Waveforms)
    assert isinstance(right, Waveforms)
    return all(np.array_equal(left.signals[probe], right.signals[probe]) for probe in left.signals)


def _shared(tasks: Sequence[Task], share: int) -> dict[str, float]:
    """Seconds of ngspice per point with so many tasks in a deck, and the largest difference to alone, relative."""
    executor, alone = LocalExecutor(1, share=share), LocalExecutor(1)
    list(executor.run(tasks[:share]))
    together, each = _values(executor.run(tasks)), _values(alone.run(tasks))
    executor.close()
    alone.close()
    (name,) = each[0].values
    differences = [abs(together[i].values[name] / each[i].values[name] - 1) for i in each]
    seconds = statistics.fmean(result.seconds for result in together.values())
    return {"share": share, "seconds_per_point": seconds, "difference": max(differences)}


def main(quick: bool = False, only: str = ",".join(PARTS)) -> None:
    """Measure; `--quick` with fewer points, `--only` some parts."""
    parts: dict[str, Callable[[bool], dict[str, object]]] = {
        "speed": speed,
        "engine": engine,
        "memory": memory_of_a_worker,
        "monte_carlo": monte_carlo,
    }
    for name in only.split(","):
        typer.echo(name)
        merge(parts[name](quick))
    record = merge({})
    for name, text in tables(record).items():
        write_table(name, text)
        typer.echo(f"\n{text}")
    for path in draw(record):
        typer.echo(path)


if __name__ == "__main__":
    if PYSPICE in sys.argv:
        typer.echo(run_pyspice(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    else:
        typer.run(main)
