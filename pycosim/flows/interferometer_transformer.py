"""The shipped transformer with its feed-forward blocks by interference; GELU between them is digital."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pycosim.checks import Array
from pycosim.evaluate.document import Json
from pycosim.flows.gilbert_transformer import (
    FeedForward,
    Single,
    exact_feed_forward,
    feed_forward_perplexity,
    feed_forward_states,
    projection,
)
from pycosim.flows.progress import Progress
from pycosim.flows.workload import Workload, load_workload
from pycosim.network.interference import InterferenceLayer
from pycosim.transformer.layers import gelu, linear

CALIBRATION_TOKENS = 256
"""Tokens whose activations set the scales. Ours."""

CASES: Mapping[str, Mapping[str, float]] = {
    "homodyne, no imperfection": {},
    "mask of 6 bits": {"bits": 6},
    "mask of 8 bits": {"bits": 8},
    "phase error 0.05 rad": {"phase_error": 0.05},
    "1e5 photons a product": {"photons": 1e5},
    "8 bits, 0.01 rad, 1e5 photons": {"bits": 8, "phase_error": 0.01, "photons": 1e5},
}
"""What is imperfect in each row."""


def run_optical_transformer(progress: Progress, *, n_tokens: int, seed: int) -> dict[str, Json]:
    """Perplexity by imperfection.

    Args:
        progress: told what happens.
        n_tokens: of held-out text.
        seed: of phases and noise.
    """
    progress.stage("optical transformer", total=len(CASES) + 1)
    workload = load_workload(n_tokens)
    largest = _largest(workload)
    rows: list[Json] = []
    exact = feed_forward_perplexity(workload, exact_feed_forward(workload.softmax))
    progress.advance()
    for name, changes in CASES.items():
        found = feed_forward_perplexity(workload, _optical(workload, largest, changes, seed))
        rows.append({"name": name, "perplexity": found})
        progress.advance()
    return {"n_tokens": n_tokens, "exact": exact, "rows": rows}


def _largest(workload: Workload) -> list[tuple[float, float]]:
    """Largest inputs of both projections of every block."""
    found: list[tuple[float, float]] = []
    weights = workload.softmax
    block = exact_feed_forward(weights)

    def watch(x: Single, layer: int) -> Single:
        hidden = gelu(linear(x, *weights.pair(f"h.{layer}.mlp.c_fc")))
        found.append((float(np.abs(x).max()), float(np.abs(hidden).max())))
        return block(x, layer)

    feed_forward_states(workload.tokens[: min(CALIBRATION_TOKENS, weights.config.n_ctx)], weights, watch)
    return found


def _optical(
    workload: Workload, largest: list[tuple[float, float]], changes: Mapping[str, float], seed: int
) -> FeedForward:
    weights = workload.softmax

    def block(x: Single, layer: int) -> Single:
        flat = x.reshape(-1, x.shape[-1]).astype(np.float64)
        first, second = (_layer(one, changes, 10 * layer + k, seed) for k, one in enumerate(largest[layer]))
        hidden = gelu(_signed(first, flat, *projection(weights, layer, "c_fc")).astype(np.float32))
        out = _signed(second, hidden.astype(np.float64), *projection(weights, layer, "c_proj"))
        return out.astype(np.float32).reshape(x.shape)

    return block


def _layer(largest: float, changes: Mapping[str, float], place: int, seed: int) -> InterferenceLayer:
    bits = changes.get("bits")
    return InterferenceLayer(
        largest_input=largest,
        rectifier=None,
        bits=None if bits is None else int(bits),
        phase_error=changes.get("phase_error", 0.0),
        photons=changes.get("photons", np.inf),
        seed=1000 * seed + place,
    )


def _signed(layer: InterferenceLayer, inputs: Array, weights: Array, biases: Array) -> Array:
    """Two frames on one mask: the positive part of the inputs less the negative one, each with noise of its own."""
    plus = layer.forward(np.maximum(inputs, 0.0), weights, biases)
    minus = replace(layer, frame=layer.frame + 1).forward(np.maximum(-inputs, 0.0), weights, np.zeros_like(biases))
    return np.asarray(plus - minus)
