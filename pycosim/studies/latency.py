"""How short can each phase be? The timing plan, phase by phase, at several corners.

One phase at a time is shortened from a generous plan until a pulse changes by more than `TOLERANCE`. Then all phases
are as short as they may be, together, and the pulses are compared once more: what phases owe to each other shows there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from circuits.timing import COUNT_ADD_LATCH, ColumnTiming, token_period
from pycosim.evaluate.cost import PUBLISHED_LATENCY
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.flows.characterization import Design
from pycosim.studies.operands import measured_charges, spread_operands
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.column import Column, column_reads

Array = NDArray[np.float64]

TOLERANCE = 0.1e-9
"""What a pulse may change by (s): a tenth of a count, the error that a column model may have."""

CORNERS = {
    "tt": ("tt", 27.0, 1.0),
    "ss cold": ("ss", 0.0, 0.9),
    "ss hot": ("ss", 85.0, 0.9),
    "sf cold": ("sf", 0.0, 0.9),
    "fs cold": ("fs", 0.0, 0.9),
    "ff hot": ("ff", 85.0, 1.1),
}
"""Name -> corner, temperature (deg C), supply over nominal: the slow ones, and the fastest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase of the plan that a circuit must settle in.

    Attributes:
        name: what happens.
        generous: its length in the plan that pulses are compared with (s).
        candidates: lengths that are tried (s), rising.
        signed_only: whether only the signed converter has it.
        on_the_way: whether it adds to the latency; a wake-up runs under the phase before.
    """

    name: str
    generous: float
    candidates: tuple[float, ...]
    signed_only: bool = False
    on_the_way: bool = True


def _ns(*values: float) -> tuple[float, ...]:
    return tuple(value * 1e-9 for value in values)


PHASES = {
    "write_time": Phase(name="write", generous=12e-9, candidates=_ns(1, 1.5, 2, 3, 4, 6, 8, 10)),
    "hand_over": Phase(name="close gates, open word lines", generous=2e-9, candidates=_ns(0.3, 0.6, 0.9, 1.25)),
    "wake_time": Phase(name="wake conveyor", generous=5e-9, candidates=_ns(1.5, 2, 2.5, 3, 3.5), on_the_way=False),
    "settle_time": Phase(name="settle integration", generous=1.5e-9, candidates=_ns(0.1, 0.2, 0.3, 0.5, 1)),
    "gap": Phase(name="release to discharge", generous=0.5e-9, candidates=_ns(0.1, 0.2, 0.3)),
    "sign_time": Phase(name="latch sign", generous=1e-9, candidates=_ns(0.1, 0.2, 0.3, 0.5, 0.7), signed_only=True),
}
"""Field of the plan (or "hand_over") -> phase."""


def plan(base: ColumnTiming, lengths: Mapping[str, float]) -> ColumnTiming:
    """The plan with these phases; the input begins when write and hand-over are done, the conveyor wakes before it."""
    fields = {name: length for name, length in lengths.items() if name != "hand_over"}
    input_start = base.write_start + lengths["write_time"] + lengths["hand_over"]
    fields["wake_time"] = min(lengths["wake_time"], input_start)
    return replace(base, **fields, input_start=input_start)


def study_latency(lab: Laboratory) -> Study:
    """The shortest plan at every corner, its sum, and which phases limit it."""
    corners = dict(list(CORNERS.items())[:1]) if lab.quick else CORNERS
    lab.progress.stage("latency: shortest phases", total=2 * len(corners))
    shortest: dict[str, dict[str, float]] = {}
    errors: dict[str, float] = {}
    for name, (corner, temperature, scale) in corners.items():
        design = lab.design.at(
            corner=corner,
            temperature=temperature,
            supply_voltage=scale * lab.design.technology.supply_voltage,
        )
        found: dict[str, float] = {}
        worst = 0.0
        for column in (design.first, design.second):
            lengths, error = _shortest(lab, design, column)
            found |= {key: max(length, found.get(key, 0.0)) for key, length in lengths.items()}
            worst = max(worst, error)
            lab.progress.advance()
        shortest[name], errors[name] = found, worst
    totals = {name: _total(lab.design, lengths) for name, lengths in shortest.items()}
    worst_name = max(totals, key=lambda name: totals[name])
    return Study(
        name="latency",
        title="Latency: the shortest plan",
        figures=_figures(lab, shortest, errors, totals, worst_name),
        tables=(_table(lab, shortest, errors, totals),),
        plots={"latency": _plot(lab.design, shortest, totals)},
    )


def _phases(column: Column) -> dict[str, Phase]:
    return {key: phase for key, phase in PHASES.items() if column.converter.signed or not phase.signed_only}


def _shortest(lab: Laboratory, design: Design, column: Column) -> tuple[dict[str, float], float]:
    """Shortest length of every phase of one column (s), and the pulses' error with all of them together (s)."""
    phases = _phases(column)
    generous = {key: phase.generous for key, phase in phases.items()}
    stored, widths, _ = spread_operands(lab, design, column, measured_charges(lab, design))

    def pulses(lengths: Mapping[str, float]) -> Array:
        timed = replace(column, timing=plan(column.timing, lengths))
        reads = column_reads(timed, lab.simulator, stored_voltages=stored, pulse_widths=widths)
        return np.asarray(reads["pulse_width"].values)

    reference = pulses(generous)
    found: dict[str, float] = {}
    for key, phase in phases.items():
        low, high = 0, len(phase.candidates)  # bisection: what is longer than a sufficient length suffices
        while low < high:
            middle = (low + high) // 2
            change = np.abs(pulses({**generous, key: phase.candidates[middle]}) - reference).max()
            low, high = (low, middle) if change <= TOLERANCE else (middle + 1, high)
        found[key] = phase.candidates[low] if low < len(phase.candidates) else phase.generous
    return found, float(np.abs(pulses(found) - reference).max())


def _total(design: Design, lengths: Mapping[str, float]) -> float:
    """Write to latched output with these phases (s)."""
    first = {key: length for key, length in lengths.items() if key != "sign_time"}
    return token_period(plan(design.first.timing, first), plan(design.second.timing, lengths))


def _protocol(design: Design) -> float:
    """Time that no circuit can shorten: both integrations and the counted pulse (s)."""
    first, second = design.first.timing, design.second.timing
    return first.input_window + first.max_pulse_width + second.max_pulse_width


def _figures(
    lab: Laboratory,
    shortest: Mapping[str, Mapping[str, float]],
    errors: Mapping[str, float],
    totals: Mapping[str, float],
    worst: str,
) -> dict[str, Json]:
    clocked = token_period(lab.design.first.timing, lab.design.second.timing)
    limit = max(
        (key for key, phase in PHASES.items() if phase.on_the_way), key=lambda key: shortest[worst].get(key, 0.0)
    )
    return {
        "latency_s": {"tt": totals["tt"], "worst": totals[worst], "clocked": clocked, "published": PUBLISHED_LATENCY},
        "latency_worst_corner": worst,
        "latency_limit": f"pulses of the protocol, {_protocol(lab.design) * 1e9:g} ns of {totals[worst] * 1e9:.1f} ns; "
        f"of the circuits' phases {PHASES[limit].name}",
        "latency_phases_s": {name: dict(lengths) for name, lengths in shortest.items()},
        "latency_error_s": dict(errors),
    }


def _table(
    lab: Laboratory,
    shortest: Mapping[str, Mapping[str, float]],
    errors: Mapping[str, float],
    totals: Mapping[str, float],
) -> Table:
    timing = {False: lab.design.first.timing, True: lab.design.second.timing}

    def clocked(key: str) -> float:
        plan_of = timing[PHASES[key].signed_only]
        if key == "hand_over":
            return plan_of.input_start - plan_of.write_start - plan_of.write_time
        return float(getattr(plan_of, key))

    rows = [
        (
            phase.name + ("" if phase.on_the_way else " (under the write)"),
            f"{clocked(key) * 1e9:.2f}",
            *(f"{lengths.get(key, float('nan')) * 1e9:.2f}" for lengths in shortest.values()),
        )
        for key, phase in PHASES.items()
    ]
    total = token_period(lab.design.first.timing, lab.design.second.timing)
    rows += [
        ("**write to latched output**", f"**{total * 1e9:.1f}**", *(f"**{t * 1e9:.1f}**" for t in totals.values())),
        ("largest change of a pulse, all phases short", "", *(f"{error * 1e9:.2f}" for error in errors.values())),
    ]
    return Table(
        title="Shortest length of each phase, ns",
        header=("phase", "as clocked", *shortest),
        rows=tuple(rows),
        note="Shortest tried length at which no pulse of six columns changes by more than "
        f"{TOLERANCE * 1e9:g} ns against a generous plan. The sum holds {_protocol(lab.design) * 1e9:g} ns of pulses "
        f"that the protocol fixes and {COUNT_ADD_LATCH * 1e9:g} ns assumed for counting and adding; settle and release "
        "are paid twice.",
    )


def _plot(design: Design, shortest: Mapping[str, Mapping[str, float]], totals: Mapping[str, float]) -> Figure:
    with drawing_style():
        figure = new_figure(10, 1.3 + 0.35 * len(shortest))
        axes = figure.subplots()
        names = list(shortest)
        for row, name in enumerate(names):
            lengths, left = shortest[name], 0.0
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
        axes.set(yticks=range(len(names)), yticklabels=names, xlabel="ns; dashed: published", xlim=(0, 80))
        axes.invert_yaxis()
        figure.legend(loc="outside lower center", ncols=5)
        plain(axes, grid="x")
        return figure
