"""Operands of real reads: what the shipped transformer sends to columns of both arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.timing import token_period
from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import linear_models
from pycosim.attention.trace import AttentionTrace
from pycosim.flows.characterization import Design
from pycosim.flows.workload import load_workload
from pycosim.models.quantizer import Quantizer
from pycosim.transformer.gpt2 import gpt2

Array = NDArray[np.float64]

SHORTEST_PULSE = 0.1e-9
"""Narrower pulses of the second array are left out (s): twice an edge, below which a driver makes no full pulse."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadOperands:
    """Columns of one array.

    Attributes:
        stored_voltages: (n_reads, n_rows) levels (V).
        pulse_widths: (n_reads, n_rows) inputs (s).
    """

    stored_voltages: Array
    pulse_widths: Array


def transformer_traces(design: Design, n_tokens: int) -> tuple[AttentionHardware, list[AttentionTrace]]:
    """What every layer's attention did with held-out text, and the hardware that it is of.

    It comes from the shipped linear weights on their own hardware model, so it depends on no circuit.

    Args:
        design: timing, levels, longest pulse.
        n_tokens: of text; whole contexts of the transformer are read, so fewer may be used.
    """
    workload = load_workload(n_tokens)
    hardware = AttentionHardware(
        token_period=workload.token_interval(token_period(design.first.timing, design.second.timing)),
        tile=workload.tile,
        window=workload.window,
        stored_high=float(design.levels[-1]),
        max_pulse_width=design.max_pulse_width,
    )
    traces: list[list[AttentionTrace]] = [[] for _ in workload.scalers]
    layers = analog_layers(
        factored_arrays(linear_models(), hardware), workload.scalers, [trace.append for trace in traces]
    )
    context = workload.linear.config.n_ctx
    gpt2(workload.tokens[: n_tokens // context * context].reshape(-1, context), workload.linear, layers)
    return hardware, [trace for (trace,) in traces]


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
    levels, codes = hardware.stored_axis.nodes, hardware.query_axis.nodes
    widths = np.array([width for _, width in second])
    return (
        ReadOperands(
            stored_voltages=on_levels(np.array([stored for stored, _ in first]), levels),
            pulse_widths=on_levels(np.array([q for _, q in first]) * hardware.max_pulse_width, codes),
        ),
        ReadOperands(
            stored_voltages=on_levels(np.array([stored for stored, _ in second]), levels),
            pulse_widths=np.where(widths < SHORTEST_PULSE, 0.0, widths),
        ),
    )


def on_levels(values: Array, nodes: Array) -> Array:
    """Values moved to the nearest of evenly spaced nodes."""
    codes = Quantizer(n_levels=nodes.size, low=float(nodes[0]), high=float(nodes[-1])).codes(values)
    return np.asarray(nodes[codes])
