"""Operands of real reads: what a transformer sends to columns of both arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.timing import token_period
from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import linear_models
from pycosim.attention.trace import AttentionTrace
from pycosim.errors import InputError
from pycosim.flows.accuracy import attention_hardware
from pycosim.flows.characterization import Design
from pycosim.flows.workload import Workload, load_workload
from pycosim.models.quantizer import Quantizer
from pycosim.transformer.gpt2 import gpt2

Array = NDArray[np.float64]

SHORTEST_PULSE = 0.1e-9
"""Narrower pulses of the second array are left out (s): twice an edge, below which a driver makes no full pulse."""


CONTEXTS_PER_CALL = 16
"""Contexts that the transformer reads at once: what a trace holds grows with them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadOperands:
    """Columns of one array.

    Attributes:
        stored_voltages: (n_reads, n_rows) levels (V).
        pulse_widths: (n_reads, n_rows) inputs (s).
    """

    stored_voltages: Array
    pulse_widths: Array


def planned_hardware(design: Design, workload: Workload) -> AttentionHardware:
    """Sizes and levels of a design's hardware, for a workload, as its decks are clocked."""
    interval = workload.token_interval(token_period(design.first.timing, design.second.timing))
    return attention_hardware(design, workload, interval)


def watch_text(design: Design, n_tokens: int, observers: Sequence[Callable[[AttentionTrace], None]]) -> None:
    """Let the shipped linear weights read held-out text on their own hardware model, so that no circuit matters.

    Args:
        design: timing, levels, longest pulse.
        n_tokens: of text; whole contexts of the transformer are read, so fewer may be used.
        observers: one per layer, told of what its attention did, a few contexts at a time.
    """
    workload = load_workload(n_tokens)
    hardware, context = planned_hardware(design, workload), workload.linear.config.n_ctx
    layers = analog_layers(factored_arrays(linear_models(), hardware), workload.scalers, observers)
    texts = workload.tokens[: n_tokens // context * context].reshape(-1, context)
    for first in range(0, len(texts), CONTEXTS_PER_CALL):
        gpt2(texts[first : first + CONTEXTS_PER_CALL], workload.linear, layers)


def transformer_traces(design: Design, n_tokens: int) -> tuple[AttentionHardware, list[AttentionTrace]]:
    """What every layer's attention did with held-out text, and the hardware that it is of; see `watch_text`.

    Args:
        design: timing, levels, longest pulse.
        n_tokens: of text, at most `CONTEXTS_PER_CALL` contexts.
    """
    workload = load_workload(n_tokens)
    traces: list[list[AttentionTrace]] = [[] for _ in workload.scalers]
    watch_text(design, n_tokens, [trace.append for trace in traces])
    return planned_hardware(design, workload), [trace for (trace,) in traces]


def transformer_operands(
    design: Design, n_reads: int, rng: np.random.Generator, n_tokens: int = 512
) -> tuple[ReadOperands, ReadOperands]:
    """Operands of reads drawn evenly over layers, heads, tokens and columns, for each array.

    They come from the shipped linear weights on their own hardware model and held-out text, so they depend on no
    circuit. A read is drawn among those that the hardware makes: a token and a column of a tile it attends to.
    """
    hardware, traces = transformer_traces(design, n_tokens)
    first, second = [], []
    for _ in range(n_reads):
        trace = traces[rng.integers(len(traces))]
        batch, head = rng.integers(trace.q.shape[0]), rng.integers(trace.q.shape[1])
        token = int(rng.integers(hardware.tile, trace.q.shape[2]))
        column = int(rng.integers(0, token + 1))
        first.append((trace.k[batch, head, column], trace.q[batch, head, token]))
        tile = slice(column // hardware.tile * hardware.tile, (column // hardware.tile + 1) * hardware.tile)
        feature = int(rng.integers(trace.v.shape[3]))
        second.append((trace.v[batch, head, tile, feature], trace.weight_width[batch, head, token, tile]))
    stored, queries = (np.array([pair[k] for pair in first]) for k in (0, 1))
    values, weights = (np.array([pair[k] for pair in second]) for k in (0, 1))
    return _key_reads(hardware, stored, queries), _value_reads(hardware, values, weights)


def full_window_tokens(hardware: AttentionHardware, n_tokens: int) -> NDArray[np.intp]:
    """Positions whose token fills its last tile and looks back on a whole window: all columns of a head are read."""
    return np.arange(hardware.window - 1, n_tokens, hardware.tile)


def token_operands(
    trace: AttentionTrace, hardware: AttentionHardware, batch: int, head: int, token: int
) -> tuple[ReadOperands, ReadOperands]:
    """Operands of every column that one token reads in one head, of both arrays.

    Args:
        trace: of the layer, operands (batch, head, token, feature).
        hardware: sizes and levels.
        batch: which sequence.
        head: which head.
        token: one that fills a tile, for example of `full_window_tokens`.

    Returns:
        Reads of the keys' columns (one per token that is looked back on, n_rows = features), then of the values' (one
        per tile and feature, n_rows = tokens of a tile).

    Raises:
        InputError: a token inside a tile, whose columns are partly those of other tokens.
    """
    last, tile = token + 1, hardware.tile
    if last % tile:
        raise InputError(
            f"token must fill a tile of {tile} tokens, found {token}; {last // tile * tile + tile - 1} does"
        )
    seen = slice(max(0, last - hardware.window), last)
    keys, features = trace.k[batch, head, seen], trace.v.shape[-1]
    values = trace.v[batch, head, seen].reshape(-1, tile, features)
    weights = trace.weight_width[batch, head, token, seen].reshape(-1, 1, tile)
    return (
        _key_reads(hardware, keys, np.broadcast_to(trace.q[batch, head, token], keys.shape)),
        _value_reads(
            hardware,
            np.moveaxis(values, 1, 2).reshape(-1, tile),
            np.broadcast_to(weights, (len(weights), features, tile)).reshape(-1, tile),
        ),
    )


def _key_reads(hardware: AttentionHardware, stored: Array, queries: Array) -> ReadOperands:
    """Scaled keys (V) and queries (share of the longest pulse), (n_reads, n_rows), as the hardware has them."""
    return ReadOperands(
        stored_voltages=on_levels(stored, hardware.stored_axis.nodes),
        pulse_widths=on_levels(queries * hardware.max_pulse_width, hardware.query_axis.nodes),
    )


def _value_reads(hardware: AttentionHardware, stored: Array, widths: Array) -> ReadOperands:
    """Scaled values (V) and pulses of the first converters (s), (n_reads, n_rows), as the hardware has them."""
    pulses = np.minimum(np.asarray(widths, dtype=np.float64), hardware.max_pulse_width)
    return ReadOperands(
        stored_voltages=on_levels(stored, hardware.stored_axis.nodes),
        pulse_widths=np.where(pulses < SHORTEST_PULSE, 0.0, pulses),
    )


def on_levels(values: Array, nodes: Array) -> Array:
    """Values moved to the nearest of evenly spaced nodes."""
    codes = Quantizer(n_levels=nodes.size, low=float(nodes[0]), high=float(nodes[-1])).codes(values)
    return np.asarray(nodes[codes])
