"""A shortest plan: every phase of a column's clocks tried alone, then all together against a long plan's pulses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from circuits.timing import ColumnTiming
from pycosim.flows.characterization import Design
from pycosim.flows.columns import N_ROWS
from pycosim.studies.operands import CODES, measured_charges, spread_operands
from pycosim.studies.study import Laboratory
from pycosim.sweeps.characterize import characterize
from pycosim.sweeps.column import Column
from pycosim.sweeps.converter import signed_pulse_width

Array = NDArray[np.float64]
Lengths = Mapping[str, float]

TOLERANCE = 0.1e-9
"""What a pulse may change by (s): a tenth of a count, the error that a column model may have."""

SMALL_CHARGE = 0.05
"""Charge of the columns that test the latching of the sign, over the full one (ours): a pulse of 0.75 ns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase of the plan that a circuit must settle in.

    Attributes:
        name: what happens.
        reference: its length in the plan that pulses are compared with (s); None for the shipped one.
        candidates: lengths that are tried beside the shipped one (s).
        signed_only: whether only the signed converter has it.
        on_the_way: whether it adds to the latency; a wake-up runs under the phases before.
    """

    name: str
    reference: float | None
    candidates: tuple[float, ...]
    signed_only: bool = False
    on_the_way: bool = True


def _ns(*values: float) -> tuple[float, ...]:
    return tuple(value * 1e-9 for value in values)


PHASES = {
    "write_time": Phase(name="write", reference=8e-9, candidates=()),
    "hand_over": Phase(name="close gates, open word lines", reference=2e-9, candidates=_ns(0.15, 0.3, 0.6, 0.9)),
    "wake_time": Phase(name="wake conveyor", reference=None, candidates=_ns(0.5, 1), on_the_way=False),
    "settle_time": Phase(name="settle integration", reference=1.5e-9, candidates=_ns(0, 0.05, 0.1, 0.2, 0.3, 0.75, 1)),
    "gap": Phase(name="release to discharge", reference=0.5e-9, candidates=_ns(0.05, 0.1)),
    "sign_time": Phase(name="latch sign", reference=1e-9, candidates=_ns(0.05, 0.1, 0.2, 0.3), signed_only=True),
}
"""Field of the plan (or "hand_over") -> phase. The write's candidates are the lengths that the write path was measured
at. Ours: a shorter hand-over than 0.15 ns overlaps the fall of a driven write line, some 90 ps, with the word lines'
edge; a shorter gap than 50 ps overlaps the edges of release and discharge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortPlan:
    """The shortest plan of one corner.

    Attributes:
        lengths: of the phases (s).
        marks: phase -> "≤" where the shortest length that was tried suffices, ">" where the longest does not.
        error: largest change of a pulse against the reference plan (s).
    """

    lengths: Lengths
    marks: Mapping[str, str]
    error: float


def plan(base: ColumnTiming, lengths: Lengths) -> ColumnTiming:
    """The plan with these phases; the input begins when write and hand-over are done, the conveyor wakes before it.

    Raises:
        CircuitError: a conveyor that would wake before the write.
    """
    fields = {name: length for name, length in lengths.items() if name != "hand_over"}
    return replace(base, **fields, input_start=base.write_start + lengths["write_time"] + lengths["hand_over"])


def clocked_lengths(design: Design) -> dict[str, float]:
    """The phases of the shipped plan (s)."""
    first, second = design.first.timing, design.second.timing
    hand_over = first.input_start - first.write_start - first.write_time
    fields = {key: float(getattr(second, key)) for key in PHASES if key != "hand_over"}
    return {key: hand_over if key == "hand_over" else fields[key] for key in PHASES}


def short_plan(lab: Laboratory, design: Design, times: Sequence[float], write: tuple[float, str]) -> ShortPlan:
    """The phases that suffice alone, taken together and lengthened until the pulses of both columns are right.

    Where they never are, the plan is the shipped one and its error is above `TOLERANCE`.

    Args:
        lab: simulator, seed.
        design: the circuits at their corner.
        times: lengths of a write that are tried from the shortest that suffices on (s).
        write: this shortest one and its mark.
    """
    shipped = clocked_lengths(design)
    shipped["write_time"] = max(shipped["write_time"], write[0])
    tried = {key: _tried(phase.candidates, shipped[key], lab.quick) for key, phase in PHASES.items()}
    shorter = [time for time in times if write[0] <= time < shipped["write_time"]]
    tried["write_time"] = _tried(shorter, shipped["write_time"], quick=False)
    charges = measured_charges(lab, design)
    reads = [(column, *_operands(lab, design, column, charges)) for column in (design.first, design.second)]
    reference = {key: shipped[key] if phase.reference is None else phase.reference for key, phase in PHASES.items()}
    right: list[Array] = []
    change: dict[tuple[str, float], float] = {}
    for column, stored, widths in reads:
        scanned = [(key, length) for key in _phases(column) for length in tried[key][:-1]]  # the last: all together
        pulses = _pulses(lab, column, [reference, *({**reference, key: to} for key, to in scanned)], stored, widths)
        right.append(pulses[0])
        for point, worst in zip(scanned, np.abs(pulses[1:] - pulses[0]).max(axis=1), strict=True):
            change[point] = max(float(worst), change.get(point, 0.0))
    shortest = {key: next(to for to in of if change.get((key, to), 0.0) <= TOLERANCE) for key, of in tried.items()}

    def error(lengths: Lengths) -> float:
        return max(
            float(np.abs(_pulses(lab, column, [lengths], stored, widths)[0] - wanted).max())
            for (column, stored, widths), wanted in zip(reads, right, strict=True)
        )

    lengths, found = shortest, error(shortest)
    while found > TOLERANCE:
        longer = lengthened(lengths, tried)
        if longer == lengths:
            lengths, found = shipped, error(shipped)
            break
        lengths, found = longer, error(longer)
    marks = {key: "≤" for key, of in tried.items() if 0 < lengths[key] == of[0] < of[-1]}
    marks["write_time"] = write[1] if lengths["write_time"] == write[0] else ""
    return ShortPlan(lengths=lengths, marks=marks, error=found)


def _tried(candidates: Sequence[float], shipped: float, quick: bool) -> list[float]:
    """Lengths that are tried, rising (s)."""
    others = [length for length in candidates if abs(length - shipped) > 1e-3 * shipped]
    if quick:
        others = [length for length in others if length < shipped][-1:]
    return sorted([*others, shipped])


def lengthened(lengths: Lengths, tried: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Every phase of the read that is on the way, at its next longer length; the longest stay.

    The write stays, as its length is judged by itself.
    """
    steps = [key for key, phase in PHASES.items() if phase.on_the_way and key != "write_time"]
    return {**lengths, **{key: next((to for to in tried[key] if to > lengths[key]), lengths[key]) for key in steps}}


def _phases(column: Column) -> list[str]:
    return [key for key, phase in PHASES.items() if column.converter.signed or not phase.signed_only]


def _operands(lab: Laboratory, design: Design, column: Column, charges: Array) -> tuple[Array, Array]:
    """Levels (V) and pulses (s) of three columns; of a signed one, two have small charges of either sign.

    A small charge is what is left of a larger one when some rows, drawn from the seed, lose their pulse.
    """
    stored, widths, _ = spread_operands(lab, design, column, charges)
    if column.converter.signed:
        codes = np.rint(widths / design.unit_time).astype(int)
        levels = np.rint(stored / design.levels[1]).astype(int)
        taken = np.sum([np.where(codes == code, charges[k][levels], 0.0) for k, code in enumerate(CODES)], axis=0)
        full = column.converter.saturation_current * column.timing.max_pulse_width
        rng = np.random.default_rng([lab.seed, 43])
        kept = rng.uniform(size=(4000, N_ROWS)) < rng.uniform(0.5, 1.0, (4000, 1))
        for k, wanted in enumerate((-SMALL_CHARGE * full, SMALL_CHARGE * full)):
            widths[k] *= kept[np.argmin(np.abs(kept @ taken[k] - wanted))]
    return (stored[:2], widths[:2]) if lab.quick else (stored, widths)


def _pulses(lab: Laboratory, column: Column, plans: Sequence[Lengths], stored: Array, widths: Array) -> Array:
    """Pulse widths (n_plans, n_columns) in s; the input window ends with the longest pulse, so that it must settle."""
    base = replace(column.timing, input_window=float(widths.max()))
    timed = [replace(column, timing=plan(base, {key: one[key] for key in _phases(column)})) for one in plans]
    found = characterize(
        {"plan": range(len(plans)), "sample": range(len(stored))},
        lambda at: timed[int(at["plan"])].bench(stored[int(at["sample"])], widths[int(at["sample"])]),
        lambda waves, bench: {
            "pulse_width": signed_pulse_width(
                waves,
                threshold=column.technology.mid_voltage,
                sign_time=bench.parameters["window_start"] if column.converter.signed else None,
            )
        },
        lab.simulator,
        units={"plan": "", "sample": "", "pulse_width": "s"},
    )
    return np.asarray(found["pulse_width"].values)
