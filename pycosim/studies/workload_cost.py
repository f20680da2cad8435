"""What do the transformer's own reads cost? Energy and latency of every column that a token reads, by the models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.trace import AttentionTrace
from pycosim.errors import InputError
from pycosim.flows.characterization import Design
from pycosim.models.column import WRITE, ColumnSurrogate
from pycosim.studies.workload import SHORTEST_PULSE, ReadOperands, on_levels, transformer_traces

Array = NDArray[np.float64]

SHARES = (0.05, 0.5, 0.95)
"""Quantiles of a spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A quantity over many reads or tokens, in SI units.

    Attributes:
        mean, deviation: of them.
        low, median, high: quantiles at `SHARES`.
    """

    mean: float
    deviation: float
    low: float
    median: float
    high: float


def spread_of(values: Array) -> Spread:
    """Summarise values of any shape."""
    low, median, high = (float(value) for value in np.quantile(values, SHARES))
    return Spread(mean=float(np.mean(values)), deviation=float(np.std(values)), low=low, median=median, high=high)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadCost:
    """Energy and latency of the reads of one array.

    Attributes:
        n_reads: columns that were read.
        energy: supply -> spread over reads (J); "read" for all that a read costs, without the write.
        latency: from the rise of the word lines to the end of the pulse (s), `ColumnRead.latency`.
        active: share of the rows with a pulse.
        clipped: share of the laws' terms outside the range that they were fitted to.
    """

    n_reads: int
    energy: dict[str, Spread]
    latency: Spread
    active: float
    clipped: float


def read_cost(surrogate: ColumnSurrogate, operands: ReadOperands) -> ReadCost:
    """Energy and latency of given reads.

    Args:
        surrogate: model of the column.
        operands: (n_reads, n_rows), for example of `transformer_operands` or `token_operands`.
    """
    laws = (*surrogate.energy.values(), surrogate.conversion)
    for law in laws:
        law.clips.reset()
    found = surrogate.read(operands.pulse_widths, operands.stored_voltages)
    seen, clipped = (sum(getattr(law.clips, name) for law in laws) for name in ("seen", "clipped"))
    return ReadCost(
        n_reads=found.pulse_width.size,
        energy={
            **{name: spread_of(value) for name, value in found.energy.items()},
            "read": spread_of(found.read_energy),
        },
        latency=spread_of(found.latency),
        active=float(np.mean(operands.pulse_widths > 0)),
        clipped=clipped / seen if seen else 0.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkloadCost:
    """What a transformer's text costs in both arrays.

    Attributes:
        first, second: their reads.
        token: spread over tokens and heads of the energy of all columns that one token reads in one head (J).
        write: mean energy of writing as many cells as a token writes, one column of keys and one of values (J).
        n_tokens: tokens times heads behind it.
    """

    first: ReadCost
    second: ReadCost
    token: Spread
    write: float
    n_tokens: int


def token_operands(
    trace: AttentionTrace, hardware: AttentionHardware, batch: int, head: int, token: int
) -> tuple[ReadOperands, ReadOperands]:
    """Operands of every column that one token reads in one head, of both arrays.

    Only whole tiles within the window: tokens from the end of the first tile on have one.

    Args:
        trace: of the layer.
        hardware: sizes and levels.
        batch: which sequence.
        head: which head.
        token: which token.

    Raises:
        InputError: a token before the first whole tile.
    """
    last = (token + 1) // hardware.tile * hardware.tile
    first = max(0, last - hardware.window)
    if last <= first:
        raise InputError(f"token {token} has no whole tile of {hardware.tile} tokens behind it")
    keys = trace.k[batch, head, first:last]  # (columns, d)
    query = np.broadcast_to(trace.q[batch, head, token], keys.shape)
    values = trace.v[batch, head, first:last].reshape(-1, hardware.tile, trace.v.shape[-1])
    stored = np.moveaxis(values, 1, 2).reshape(-1, hardware.tile)  # (tiles * d, rows)
    weights = trace.weight_width[batch, head, token, first:last].reshape(-1, 1, hardware.tile)
    widths = np.broadcast_to(weights, (len(weights), trace.v.shape[-1], hardware.tile)).reshape(stored.shape)
    levels, codes = hardware.stored_axis.nodes, hardware.query_axis.nodes
    return (
        ReadOperands(
            stored_voltages=on_levels(keys, levels),
            pulse_widths=on_levels(query * hardware.max_pulse_width, codes),
        ),
        ReadOperands(
            stored_voltages=on_levels(stored, levels), pulse_widths=np.where(widths < SHORTEST_PULSE, 0.0, widths)
        ),
    )


def workload_cost(
    design: Design,
    first: ColumnSurrogate,
    second: ColumnSurrogate,
    *,
    n_tokens: int,
    seed: int,
    n_text: int = 512,
) -> WorkloadCost:
    """Energy and latency of the transformer's own text, with its spread over reads and over tokens.

    Args:
        design: the circuits' levels and timing.
        first: model of the columns of the first array.
        second: of the second.
        n_tokens: tokens drawn at random over layers, heads and text; every column of each is read.
        seed: of the draw.
        n_text: tokens of text that the transformer reads.
    """
    hardware, traces = transformer_traces(design, n_text)
    rng = np.random.default_rng(seed)
    reads: tuple[list[ReadOperands], list[ReadOperands]] = ([], [])
    for _ in range(n_tokens):
        trace = traces[rng.integers(len(traces))]
        batch, head = (int(rng.integers(trace.q.shape[axis])) for axis in (0, 1))
        token = int(rng.integers(hardware.tile - 1, trace.q.shape[2]))
        for taken, one in zip(reads, token_operands(trace, hardware, batch, head, token), strict=True):
            taken.append(one)
    models, longest = (first, second), design.max_pulse_width
    costs, of_token, written = [], np.zeros(n_tokens), []
    for model, taken in zip(models, reads, strict=True):
        joined = ReadOperands(
            stored_voltages=np.concatenate([one.stored_voltages for one in taken]),
            pulse_widths=np.minimum(np.concatenate([one.pulse_widths for one in taken]), longest),
        )
        costs.append(read_cost(model, joined))
        energy = model.read(joined.pulse_widths, joined.stored_voltages).read_energy
        ends = np.cumsum([len(one.pulse_widths) for one in taken])[:-1]
        of_token += np.array([part.sum() for part in np.split(energy, ends)])
        written.append(costs[-1].energy[WRITE].mean)
    return WorkloadCost(
        first=costs[0],
        second=costs[1],
        token=spread_of(of_token),
        write=sum(written),
        n_tokens=n_tokens,
    )
