"""Tables and plots of docs/benchmarks.md about sweeps on one machine, from docs/results/sweeps.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from record import ROOT, table

from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, for_file, new_figure, plain, render_svg

RESULTS = ROOT / "docs" / "results"


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The tables that the record has the figures for, by name."""
    found: dict[str, str] = {}
    if "speed" in record:
        found["sweep_speed"] = _speed(record)
    if "engine" in record:
        found["sweep_engine"] = _engine(record)
        found["sweep_share"] = _share(record)
    if "memory_curves" in record:
        found["sweep_memory"] = _memory(record)
    if "monte_carlo" in record:
        found["sweep_monte_carlo"] = _monte_carlo(record["monte_carlo"])
    return found


def _speed(record: Mapping[str, Any]) -> str:
    rows = record["speed"]
    ways = list(rows[0]["seconds_per_point"])
    times = [row["seconds_per_point"] for row in rows]
    lines = [[way, *(f"{1e3 * one[way]:.2f} ms" if way in one else "-" for one in times)] for way in ways]
    for words, key in (
        ("pycosim, points per second", "points_per_second"),
        ("pycosim against the faster loop of `ngspice -b`", "against_batch"),
        ("... against the loop with ngspice's own threads", "against_batch_own_threads"),
        ("... against PySpice", "against_pyspice"),
        ("... the better of alone and 16 in one deck, against the faster loop", "shared_against_batch"),
    ):
        lines.append([words, *(f"{row[key]:.3g}" + ("" if "per second" in words else " x") for row in rows)])
    machine = record["sweeps_machine"]
    note = (
        f"ngspice {machine['ngspice']}, {machine['processors']} processors, load {machine['load']:.1f} while it ran; "
        f"geometric means: {record['speedup_vs_ngspice_batch']:.2f} x `ngspice -b`, "
        f"{record['speedup_vs_pyspice_loop']:.2f} x PySpice."
    )
    benches = [f"`{row['bench']}`" for row in rows]
    return f"{table(['per point', *benches], lines)}\n\n{note}"


def _engine(record: Mapping[str, Any]) -> str:
    head = ["bench", "make the deck", "ngspice, deck read", "ngspice, deck altered", "saved", "measure", "same bits"]
    rows = [
        [
            f"`{row['bench']}`",
            *(f"{1e3 * row[key]:.2f} ms" for key in ("make_s", "read_s", "altered_s")),
            f"{1 - row['altered_s'] / row['read_s']:.0%}",
            f"{1e3 * row['measure_s']:.2f} ms",
            "yes" if row["bits_equal"] else "no",
        ]
        for row in record["engine"]
    ]
    return table(head, rows)


def _share(record: Mapping[str, Any]) -> str:
    head = ["bench", *(f"{one['share']} in a deck" for one in record["engine"][0]["shared"]), "largest difference"]
    rows = [
        [
            f"`{row['bench']}`",
            *(f"{1e3 * one['seconds_per_point']:.2f} ms" for one in row["shared"]),
            f"{max(one['difference'] for one in row['shared']):.1e}",
        ]
        for row in record["engine"]
    ]
    return table(head, rows)


def _memory(record: Mapping[str, Any]) -> str:
    key = "memory_growth_mb_per_10k_points"
    rows = [
        ["worker, replaced after 1000 runs (as it is used)", f"{record[key]:+.1f} MB"],
        ["worker, never replaced", f"{record[f'{key}_never_recycled']:+.1f} MB"],
        ["the process that feeds it", f"{record[f'{key}_parent']:+.1f} MB"],
    ]
    return table(["memory", "growth per 10 000 points"], rows)


def _monte_carlo(found: Mapping[str, Any]) -> str:
    peak = max(row["main_mb"] + row["workers_mb"] for row in found["memory"])
    runs = zip(found["seconds_of_runs"], found["points_known_after_runs"], strict=True)
    rows = [
        ["undisturbed", f"{found['seconds_undisturbed']:.0f} s", f"{found['points']}"],
        *([f"run {i}", f"{seconds:.0f} s", f"{known}"] for i, (seconds, known) in enumerate(runs, start=1)),
    ]
    note = (
        f"Charge {1e15 * found['charge_mean_c']:.2f} fC, sigma {1e15 * found['charge_sigma_c']:.2f} fC; "
        f"{found['failed']} failed; {found['points_per_second']:.0f} points per second; all processes together at most "
        f"{peak:.0f} MB. The store of the run that was killed twice "
        f"{'is byte for byte' if found['same_bytes'] else 'IS NOT'} that of the undisturbed one."
    )
    return f"{table(['run', 'time', 'points known after it'], rows)}\n\n{note}"


def draw(record: Mapping[str, Any]) -> list[Path]:
    """The memory curves."""
    paths = []
    if "memory_curves" in record:
        paths.append(_draw_worker(record["memory_curves"]))
    if "monte_carlo" in record:
        paths.append(_draw_monte_carlo(record["monte_carlo"]["memory"]))
    return paths


def _draw_worker(curves: Mapping[str, Any]) -> Path:
    with drawing_style():
        figure = new_figure(6.4, 3.6)
        axes = figure.subplots()
        names = {"never_recycled": "never replaced", "recycled": "replaced after 1000 runs"}
        for color, (name, words) in zip(SERIES, names.items(), strict=False):
            axes.plot(curves[name]["points"], curves[name]["worker_mb"], color=color, label=f"worker, {words}")
        recycled = curves["recycled"]
        axes.plot(recycled["points"], recycled["parent_mb"], color=MUTED, label="the process that feeds it")
        axes.set(xlabel="points", ylabel="resident memory (MB)", ylim=(0, None))
        axes.legend(frameon=False, labelcolor=INK)
        plain(axes)
        path = RESULTS / "sweep_memory.svg"
        path.write_text(for_file(render_svg(figure, "sweep_memory")), encoding="utf-8")
    return path


def _draw_monte_carlo(memory: list[Mapping[str, float]]) -> Path:
    with drawing_style():
        figure = new_figure(6.4, 3.6)
        axes = figure.subplots()
        for color, key, words in zip(SERIES, ("main_mb", "workers_mb"), ("pycosim sweep", "its workers"), strict=False):
            for n_run in sorted({row["run"] for row in memory}):
                rows = [row for row in memory if row["run"] == n_run]
                seconds, sizes = [row["seconds"] for row in rows], [row[key] for row in rows]
                axes.plot(seconds, sizes, color=color, label=words if n_run == 1 else None)
                if n_run > 1:
                    axes.axvline(seconds[0], color=MUTED, linestyle=":", linewidth=1)
        axes.set(xlabel="time (s); killed and begun again at the dotted lines", ylabel="memory (MB)", ylim=(0, None))
        axes.legend(frameon=False, labelcolor=INK)
        plain(axes)
        path = RESULTS / "sweep_monte_carlo.svg"
        path.write_text(for_file(render_svg(figure, "sweep_monte_carlo")), encoding="utf-8")
    return path
