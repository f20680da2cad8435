"""The probes of attention into the docs.

``python benchmarks/probes.py --models RUN``: docs/results/accuracy.json (key ``probes``), docs/results/probes.svg and
the tables of docs/probes.md. Tasks that are named are measured, the others stay as the file has them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from record import ROOT, merge, write_table
from rich.console import Console

from pycosim.attention.hardware import AttentionHardware
from pycosim.evaluate.write import write_text
from pycosim.flows.probe_axes import AXES
from pycosim.flows.probe_report import axis_table, probes_svg, summary_table
from pycosim.flows.probes import OtherHardware, ProbePlan, choose_hardware, run_probes
from pycosim.flows.progress import RichProgress
from pycosim.probes import TASKS, ProbePoint, load_probe

RESULTS = ROOT / "docs" / "results"
ACCURACY = RESULTS / "accuracy.json"


def probe(tasks: Sequence[str], other: OtherHardware, plan: ProbePlan) -> list[ProbePoint]:
    """Every point of some tasks."""
    with RichProgress(Console(stderr=True)) as progress:
        return run_probes([load_probe(name) for name in tasks], other, plan, progress)


def known_points() -> list[ProbePoint]:
    """What the file has already."""
    record = json.loads(ACCURACY.read_text(encoding="utf-8")) if ACCURACY.exists() else {}
    return [ProbePoint(**row) for row in record.get("probes", [])]


def measured_circuits() -> dict[str, float]:
    """What `pycosim characterize` found of the circuits, by axis: the worst of all stored levels and converters.

    The deviation of a cell's current over the slope of the mean current is one of its stored voltage.
    """
    record = json.loads((RESULTS / "gain_cell.json").read_text(encoding="utf-8"))
    levels = record["monte_carlo"]["cell_current"]
    volts, means, sigmas = (np.array([level[key] for level in levels]) for key in ("level_v", "mean_a", "sigma_a"))
    noise = max(record["noise_s"][kind]["total"] for kind in ("hard_sigmoid", "signed"))
    longest = AttentionHardware(token_period=0.0).max_pulse_width
    return {"mismatch": float(np.max(sigmas / np.gradient(means, volts))), "noise": noise / longest}


def write_probes(points: Sequence[ProbePoint], other: OtherHardware) -> None:
    """Figures, picture and tables."""
    merge({"probes": [dataclasses.asdict(point) for point in points]}, ACCURACY)
    write_text(RESULTS / "probes.svg", probes_svg(points, measured_circuits()))
    write_table("probes", f"Analog hardware: {other.name}.\n\n{summary_table(points).markdown()}")
    for axis in AXES:
        write_table(f"probes {axis}", axis_table(points, axis).markdown())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", default=list(TASKS), help="which; all by default")
    parser.add_argument("--models", type=Path, required=True, help="folder of a 'pycosim run'")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sequences", type=int, default=256, help="of each task")
    args = parser.parse_args()
    plan = ProbePlan(seed=args.seed, n_sequences=args.sequences)
    other = choose_hardware(args.models, None)
    assert other is not None
    for task in args.tasks:  # each into the file as soon as it is done
        own = probe([task], other, plan)
        rest = [point for point in known_points() if point.task != task]
        points = sorted([*rest, *own], key=lambda point: list(TASKS).index(point.task))
        write_probes(points, other)


if __name__ == "__main__":
    main()
