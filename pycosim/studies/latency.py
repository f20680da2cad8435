"""How short can each phase be? The timing plan, phase by phase, at several corners.

Every shorter length of every phase is tried alone, in a reference plan whose other phases are long, because the pulses
need not improve with length: a conveyor that wakes early wakes under the write. Then all phases are as short as they
may be, together, and are lengthened until the pulses are right again. The write's length is not the column's, whose
data lines are driven ideally, but that of the write path in transistors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from circuits.timing import COUNT_ADD_LATCH, token_period
from pycosim.evaluate.cost import PUBLISHED_LATENCY
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.flows.characterization import N_LEVELS, Design
from pycosim.studies.conditions import NOMINAL, SLOWEST, Condition, condition_name, design_at
from pycosim.studies.latency_plan import PHASES, TOLERANCE, Lengths, ShortPlan, clocked_lengths, plan, short_plan
from pycosim.studies.numbers import number, numbers
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.studies.write_time import WRITE_TIMES, write_times

CORNERS: Mapping[str, Condition] = {
    "tt": NOMINAL,
    "ss cold": SLOWEST,
    "ss hot": ("ss", 85.0, 0.9),
    "sf cold": ("sf", 0.0, 0.9),
    "fs cold": ("fs", 0.0, 0.9),
    "ff hot": ("ff", 85.0, 1.1),
}
"""Name -> condition: the slow ones, and the fastest."""

WRITTEN_AS = {"ss hot": "ss cold", "sf cold": "ss cold", "fs cold": "ss cold", "ff hot": "tt"}
"""Corners at which the write path's length is not measured -> the nearest measured one that is slower in the study of
the write path: both its transistors are no faster, it is no warmer (cold is slow), its supply is no higher."""


def write_length(times: Sequence[float], errors: Sequence[float], quarter_level: float) -> tuple[float, str]:
    """Shortest write (s) whose error is below a quarter level (V), and its mark as in `ShortPlan`."""
    enough = [time for time, error in zip(times, errors, strict=True) if error < quarter_level]
    return (enough[0], "≤" if enough[0] == times[0] else "") if enough else (times[-1], ">")


def study_latency(lab: Laboratory, figures: Mapping[str, Json]) -> Study:
    """The shortest plan at every corner, its sum, and which phases limit it.

    Args:
        lab: circuits, simulator.
        figures: of the study of the write path, for how long a write must be; without them it is measured here.
    """
    corners = dict(list(CORNERS.items())[:1]) if lab.quick else CORNERS
    times, write_errors = _write_errors(lab, figures)
    lab.progress.stage("latency: shortest phases", total=len(corners))
    found: dict[str, ShortPlan] = {}
    for name, condition in corners.items():
        design = design_at(lab.design, condition)
        written = design_at(lab.design, CORNERS[WRITTEN_AS.get(name, name)])
        supply = written.technology.supply_voltage
        errors = write_errors[condition_name(written.technology.corner, written.technology.temperature, supply)]
        found[name] = short_plan(lab, design, times, write_length(times, errors, supply / (N_LEVELS - 1) / 4))
        lab.progress.advance()
    totals = {name: _total(lab.design, one.lengths) for name, one in found.items()}
    return Study(
        name="latency",
        title="Latency: the shortest plan",
        figures=_figures(lab.design, found, totals),
        tables=(_table(lab.design, found, totals),),
        plots={"latency": _plot(lab.design, found, totals)},
    )


def _write_errors(lab: Laboratory, figures: Mapping[str, Json]) -> tuple[list[float], dict[str, list[float]]]:
    """Lengths of a write (s), and at each corner of the write path its error after each of them (V)."""
    margin, path = lab.design.cell.on_margin, figures.get("write_path")
    if not isinstance(path, dict):
        times = WRITE_TIMES[1:2] if lab.quick else WRITE_TIMES
        lab.progress.stage("latency: length of the write", total=None)
        path = {
            "write_times_s": list(times),
            "write_time_errors": [one.figures() for one in write_times(lab, times, (margin,))],
        }
    rows = path["write_time_errors"]
    return numbers(path["write_times_s"]), {
        str(row["corner"]): numbers(row["error_v"])
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and np.isclose(number(row["on_margin_v"]), margin, atol=1e-6)
    }


def _total(design: Design, lengths: Lengths) -> float:
    """Write to latched output with these phases (s)."""
    first = {key: length for key, length in lengths.items() if key != "sign_time"}
    return token_period(plan(design.first.timing, first), plan(design.second.timing, lengths))


def _protocol(design: Design) -> float:
    """Time that no circuit can shorten: both integrations and the counted pulse (s)."""
    first, second = design.first.timing, design.second.timing
    return first.input_window + first.max_pulse_width + second.max_pulse_width


def _figures(design: Design, found: Mapping[str, ShortPlan], totals: Mapping[str, float]) -> dict[str, Json]:
    clocked, worst = token_period(design.first.timing, design.second.timing), max(totals, key=lambda name: totals[name])
    limit = max((key for key, phase in PHASES.items() if phase.on_the_way), key=lambda key: found[worst].lengths[key])
    return {
        "latency_s": {"tt": totals["tt"], "worst": totals[worst], "clocked": clocked, "published": PUBLISHED_LATENCY},
        "latency_worst_corner": worst,
        "latency_limit": f"pulses of the protocol, {_protocol(design) * 1e9:g} ns of {totals[worst] * 1e9:.1f} ns; "
        f"of the circuits' phases {PHASES[limit].name}",
        "latency_phases_s": {name: dict(one.lengths) for name, one in found.items()},
        "latency_error_s": {name: one.error for name, one in found.items()},
    }


def _table(design: Design, found: Mapping[str, ShortPlan], totals: Mapping[str, float]) -> Table:
    clocked, total = clocked_lengths(design), token_period(design.first.timing, design.second.timing)
    rows = [
        (
            phase.name + ("" if phase.on_the_way else " (under the write)"),
            f"{clocked[key] * 1e9:.2f}",
            *(f"{one.marks.get(key, '')} {one.lengths[key] * 1e9:.2f}".strip() for one in found.values()),
        )
        for key, phase in PHASES.items()
    ]
    rows += [
        ("**write to latched output**", f"**{total * 1e9:.1f}**", *(f"**{t * 1e9:.1f}**" for t in totals.values())),
        ("largest change of a pulse", "", *(f"{one.error * 1e9:.2f}" for one in found.values())),
    ]
    return Table(
        title="Shortest plan that keeps the pulses, ns",
        header=("phase", "as clocked", *found),
        rows=tuple(rows),
        note=_note(design, found),
    )


def _note(design: Design, found: Mapping[str, ShortPlan]) -> str:
    missed = [name for name, one in found.items() if one.error > TOLERANCE]
    unfinished = [name for name, one in found.items() if ">" in one.marks.values()]
    return (
        f"All phases of a corner together: no pulse of six columns changes by more than {TOLERANCE * 1e9:g} ns "
        "against a plan with long phases and the shipped wake-up. Each begins at its shortest length that suffices "
        "alone, and all are lengthened step by step while they do not suffice together. ≤: the shortest tried; a "
        "shorter hand-over would overlap the fall of the write lines, some 90 ps when a driver does it. Each input "
        "window ends with its longest pulse, and two of the six columns have small charges of either sign. "
        + "".join(f"At {name} no plan that was tried does: the shipped one is shown. " for name in missed)
        + "".join(f"The longest write that was tried (>) is too short at {name}. " for name in unfinished)
        + "The write is that of the transistor-level write path: within a quarter level of the supply, middle levels, "
        "all rows one code; measured at tt and ss cold, and taken of ss cold, which is slower, for the other corners "
        "with low supply, of tt for ff hot. In the columns clocks, word lines, write lines and data lines are ideal "
        "sources, so what the write leaves unfinished is not in the pulses. "
        f"Fixed: {_protocol(design) * 1e9:g} ns of pulses by the protocol, the delays of the output windows "
        f"as clocked; assumed: {COUNT_ADD_LATCH * 1e9:g} ns for counting and adding. Settle and release are paid "
        "twice. Cold is 0 C, hot 85 C, the supply 10 % low, at ff hot 10 % high; worst is the worst of these."
    )


def _plot(design: Design, found: Mapping[str, ShortPlan], totals: Mapping[str, float]) -> Figure:
    with drawing_style():
        figure = new_figure(10, 1.3 + 0.35 * len(found))
        axes = figure.subplots()
        for row, (name, one) in enumerate(found.items()):
            lengths, left = one.lengths, 0.0
            parts = {
                "write": lengths["write_time"],
                "hand-over": lengths["hand_over"],
                "settle, release, sign": 2 * (lengths["settle_time"] + lengths["gap"]) + lengths["sign_time"],
                "window delays, add, latch": 0.0,
                "pulses of the protocol": _protocol(design),
            }
            parts["window delays, add, latch"] = totals[name] - sum(parts.values())
            for color, (part, length) in zip(SERIES, parts.items(), strict=False):
                axes.barh(row, length * 1e9, left=left * 1e9, color=color, label=part if row == 0 else None)
                left += length
        axes.axvline(PUBLISHED_LATENCY * 1e9, color=MUTED, linestyle="--")
        axes.set(yticks=range(len(found)), yticklabels=found, xlabel="ns; dashed: published", xlim=(0, 80))
        axes.invert_yaxis()
        figure.legend(loc="outside lower center", ncols=5)
        plain(axes, grid="x")
        return figure
