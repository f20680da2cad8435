"""Milliseconds per run of the engines on one small netlist: ``python benchmarks/spice_engines.py [netlist]``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from circuits.testbench import Netlist
from pycosim.spice import NgspiceBatch, NgspicePool, Outcome, Simulator, Waveforms

ROOT = Path(__file__).parents[1]
N_RUNS = {"pool": 200, "batch": 50}


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "netlists" / "gain_cell_dc__generic28_tt_27c.cir"
    text = path.read_text(encoding="utf-8")
    probes = tuple(line.split()[1] for line in text.splitlines() if line.startswith(".save "))
    netlist = Netlist(name=path.stem, text=text, digest=path.stem, probes=probes)
    batch = _milliseconds(NgspiceBatch(), netlist, N_RUNS["batch"])
    print(f"{path.name}, per run\n  ngspice -b, one after the other  {batch:7.2f} ms")
    for n_workers in (1, 2):
        with NgspicePool(n_workers) as pool:
            taken = _milliseconds(pool, netlist, N_RUNS["pool"])
        print(f"  pool of {n_workers}                        {taken:7.2f} ms   {batch / taken:5.1f} times as fast")


def _milliseconds(simulator: Simulator, netlist: Netlist, n_runs: int) -> float:
    _check(simulator.run_many([netlist] * 4))  # start the workers
    start = time.perf_counter()
    _check(simulator.run_many([netlist] * n_runs))
    return (time.perf_counter() - start) / n_runs * 1e3


def _check(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if not isinstance(outcome, Waveforms):
            raise outcome


if __name__ == "__main__":
    main()
