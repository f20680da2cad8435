"""Stage 8 of the gain-cell flow: the reads that were metered -> what the report says of the cost of this text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.evaluate.cost import Block, Energy, Latency
from pycosim.evaluate.figures import WorkloadFigure
from pycosim.evaluate.workload_cost import EnergyPart, HeadCost, TimePart, WorkloadCost, spread_of
from pycosim.fitting.column import ALL, ReadErrors
from pycosim.flows.surrogates import SurrogateFit
from pycosim.flows.workload_cost import ArrayReads, TokenReads

Array = NDArray[np.float64]

BLOCKS = ("array 1 and charge-to-pulse", "array 2 and signed charge-to-pulse")
"""Blocks of the energy that are reads of an array."""

INPUT, FIRST, SECOND = "longest query pulse (array 1)", "last phi pulse has ended", "last signed pulse has ended"
"""Phases whose length depends on the operands; the second array's input is the first one's output."""

PHASES = {
    INPUT: ("integrate query (array 1)",),
    FIRST: ("start pulse", "phi pulse = integrate (array 2)"),
    SECOND: ("latch sign, start pulse", "signed pulse, counted"),
}
"""The clocked phases that each of them lies in."""


def report_workload_cost(
    reads: TokenReads, fits: tuple[SurrogateFit, SurrogateFit], energy: Energy, latency: Latency
) -> WorkloadCost:
    """Set the cost of the reads beside the plan's.

    Args:
        reads: every column of the drawn tokens.
        fits: laws of both columns, with their errors.
        energy: blocks of one token, from random columns.
        latency: phases of one token, as clocked.
    """
    arrays = (reads.first, reads.second)
    blocks = {block.name: block for block in energy.blocks}
    granted = {phase.name: phase.scheduled or phase.duration for phase in latency.phases}
    written = reads.first.write + reads.second.write
    bias = np.full(reads.n_tokens, blocks["bias of the converters"].energy)
    parts = (
        *(_read_part(blocks[name], one, fit.energy[ALL]) for name, one, fit in zip(BLOCKS, arrays, fits, strict=True)),
        _constant_part(blocks["bias of the converters"], bias),
        _write_part(blocks["write lines"], written, fits),
    )
    found = {INPUT: reads.first.longest, FIRST: reads.first.conversion, SECOND: reads.second.conversion}
    planned = {name: sum(granted[phase] for phase in phases) for name, phases in PHASES.items()}
    last = {name: _last(values) for name, values in found.items()}
    total = np.sum([*(one.energy.sum(axis=1) for one in arrays), written, bias], axis=0)
    ready = latency.scheduled_total + np.sum([last[name] - planned[name] for name in found], axis=0)
    errors = {FIRST: fits[0].conversion[ALL], SECOND: fits[1].conversion[ALL]}
    pulses = {FIRST: reads.first.pulses, SECOND: reads.second.pulses}
    return WorkloadCost(
        n_tokens=reads.n_tokens,
        n_reads=reads.n_reads,
        energy=parts,
        total=spread_of(total),
        times=tuple(
            TimePart(
                name=name,
                token=spread_of(last[name]),
                read=None if values.ndim == 1 else spread_of(values),
                pulses=pulses.get(name),
                planned=planned[name],
                error=errors[name].relative if name in errors else None,
                n_held_out=errors[name].n_reads if name in errors else 0,
            )
            for name, values in found.items()
        ),
        latency=spread_of(ready),
        planned_latency=latency.scheduled_total,
        heads=_heads(reads, total, ready),
        clipped=reads.clipped,
    )


def workload_figure(reads: TokenReads) -> WorkloadFigure:
    """The arrays behind the drawing of the text's cost."""
    return WorkloadFigure(
        energy=np.stack([one.energy.sum(axis=1) for one in (reads.first, reads.second)]),
        pulse_end=np.stack([_last(one.conversion) for one in (reads.first, reads.second)]),
    )


def _last(values: Array) -> Array:
    """Of every token its slowest column, (n_tokens,)."""
    return values if values.ndim == 1 else np.asarray(values.max(axis=1))


def _read_part(block: Block, reads: ArrayReads, errors: ReadErrors) -> EnergyPart:
    return EnergyPart(
        name=block.name,
        token=spread_of(reads.energy.sum(axis=1)),
        read=spread_of(reads.energy),
        planned=block.energy,
        error=errors.relative,
        n_held_out=errors.n_reads,
    )


def _constant_part(block: Block, energy: Array) -> EnergyPart:
    return EnergyPart(name=block.name, token=spread_of(energy), read=None, planned=block.energy)


def _write_part(block: Block, energy: Array, fits: tuple[SurrogateFit, SurrogateFit]) -> EnergyPart:
    errors = [fit.laws["write"].errors[ALL] for fit in fits]
    return EnergyPart(
        name=block.name,
        token=spread_of(energy),
        read=None,
        planned=block.energy,
        error=max((e for one in errors if np.isfinite(e := one.rms_over_mean)), default=None),
        n_held_out=sum(one.n_reads for one in errors),
    )


def _heads(reads: TokenReads, energy: Array, latency: Array) -> tuple[HeadCost, ...]:
    places = sorted(set(zip(reads.layers.tolist(), reads.heads.tolist(), strict=True)))
    found = []
    for layer, head in places:
        own = (reads.layers == layer) & (reads.heads == head)
        found.append(
            HeadCost(layer=layer, head=head, energy=float(energy[own].mean()), latency=float(latency[own].mean()))
        )
    return tuple(found)
