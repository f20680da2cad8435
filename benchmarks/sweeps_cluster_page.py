"""Tables and the plot of the docs' section on clusters, from docs/results/sweeps.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from record import ROOT, table

from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, for_file, new_figure, plain, render_svg


def draw(record: Mapping[str, Any]) -> Path:
    """Points per second against workers, with what would be without any overhead."""
    rows, overhead_s = record["dask_scaling"], record["dask_overhead_s"]
    task_times = sorted({row["task_s"] for row in rows})
    n_workers = sorted({row["workers"] for row in rows})
    with drawing_style():
        figure = new_figure(6.4, 4.0)
        axes = figure.subplots()
        for color, task_time in zip(SERIES, task_times, strict=False):
            here = [row for row in rows if row["task_s"] == task_time]
            workers = [row["workers"] for row in here]
            axes.plot(workers, [n / task_time for n in workers], color=color, linestyle=":", linewidth=1)
            axes.plot(
                workers, [row["points_per_second"] for row in here], color=color, marker="o", label=f"{task_time:g} s"
            )
        axes.axhline(1 / overhead_s, color=MUTED, linestyle="--", linewidth=1)
        axes.annotate("a simulator that takes no time", (1, 1.1 / overhead_s), color=MUTED, fontsize="small")
        axes.set(xscale="log", yscale="log", xlabel="workers", ylabel="points per second")
        axes.set_xticks(n_workers, [str(n) for n in n_workers])
        axes.minorticks_off()
        axes.legend(title="time of a point; dotted: ideal", frameon=False, labelcolor=INK)
        plain(axes)
        path = ROOT / "docs" / "results" / "dask_scaling.svg"
        path.write_text(for_file(render_svg(figure, "dask_scaling")), encoding="utf-8")
    return path


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name; of what was measured."""
    makers = {
        "dask_overhead": _overhead,
        "dask_efficiencies": _efficiency,
        "dask_feeding": _feeding,
        "dask_scaling": _scaling,
    }
    found = {}
    for key, make in makers.items():
        name = key.replace("efficiencies", "efficiency")
        if key in record:
            load = f"Load of each processor while it ran, other work included: {record[f'{name}_load']:.1f}."
            found[name] = f"{make(record[key])}\n\n{load}"
    return found


def _overhead(rows: Sequence[Mapping[str, Any]]) -> str:
    roles = ("client", "scheduler", "workers")
    head = ["sent", "ms per point", *(f"of it processor time of the {role}" for role in roles)]
    keys = ["seconds_per_point", *(f"{role}_s" for role in roles)]
    return table(head, [[row["sending"], *(f"{1e3 * row[key]:.2f}" for key in keys)] for row in rows])


def _efficiency(rows: Mapping[str, Mapping[str, float]]) -> str:
    keys = ("seconds_per_point_1", "seconds_per_point_2")
    cells = [
        [name, *(f"{1e3 * row[key]:.1f}" for key in keys), f"{row['efficiency']:.2f}"] for name, row in rows.items()
    ]
    return table(["simulator", "1 worker, ms per point", "2 workers, ms per point", "efficiency"], cells)


def _feeding(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        [row["bench"], f"{1e3 * row['make_s']:.1f}", f"{1e3 * row['simulate_s']:.1f}", f"{row['workers_fed']:.0f}"]
        for row in rows
    ]
    return table(["bench", "ms to make a deck", "ms to simulate it", "workers that one client feeds"], cells)


def _scaling(rows: Sequence[Mapping[str, Any]]) -> str:
    task_times = sorted({row["task_s"] for row in rows})
    cells = [
        [n, *(f"{row['points_per_second']:.0f} ({row['efficiency']:.2f})" for row in rows if row["workers"] == n)]
        for n in sorted({row["workers"] for row in rows})
    ]
    return table(["workers", *(f"points/s at {time:g} s a point" for time in task_times)], cells)
