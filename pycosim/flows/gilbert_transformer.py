"""Stage 6 of the Gilbert flow: the shipped transformer with its feed-forward blocks on Gilbert cells.

The two projections of every block are layers of cells without a ReLU; GELU between them stays digital, because the
model was trained with it. Perplexity is that of `pycosim.evaluate.accuracy`, with exact softmax attention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from circuits.gilbert_layer import LayerVoltages
from pycosim.attention.exact import exact_attention
from pycosim.checks import Array
from pycosim.evaluate.document import Json
from pycosim.fitting.neuron import fit_summing_stage
from pycosim.flows.gilbert_cells import CellResult
from pycosim.flows.gilbert_design import GilbertDesign
from pycosim.flows.progress import Progress
from pycosim.flows.workload import Workload, load_workload
from pycosim.models.multiplier import ProductSpread
from pycosim.models.product_factors import ProductFactors, factor_product
from pycosim.models.summing import SummingStage
from pycosim.network.analog import AnalogLayer, CellErrors, LayerScale
from pycosim.spice import Simulator
from pycosim.sweeps.gilbert_network import gain_for, neuron_transfer
from pycosim.transformer.gpt2 import attention, embed
from pycosim.transformer.layers import gelu, layer_norm, linear, project
from pycosim.transformer.weights import Weights

Single = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
FeedForward = Callable[[Single, int], Single]
"""(tokens, d_model) of a layer -> what the block adds."""

CALIBRATION_TOKENS = 512
"""Tokens whose activations set the scales. Ours."""

SWING = 1.2
"""Output of the neurons to which they are measured, to both sides (V)."""

QUANTILE = 0.9999
"""Of the activations and sums that the ranges hold. Ours: a few outliers of a transformer carry it."""


def run_transformer(
    design: GilbertDesign, cells: CellResult, simulator: Simulator, progress: Progress, *, n_tokens: int, seed: int
) -> Mapping[str, Json]:
    """Perplexity with exact blocks, with cells as drawn, of a die, and of that die with its offsets set off.

    Args:
        design: circuits.
        cells: the multiplier, its model and its spread.
        simulator: measures the neurons.
        progress: told what happens.
        n_tokens: of held-out text.
        seed: of the die.
    """
    progress.stage("transformer", total=5)
    workload = load_workload(n_tokens)
    weights = workload.softmax
    exact = exact_feed_forward(weights)
    blocks = _map_blocks(design, cells, weights, workload, simulator)
    progress.advance()
    found: dict[str, Json] = {"n_tokens": n_tokens}
    found["exact"] = feed_forward_perplexity(workload, exact)
    progress.advance()
    found["analog"] = feed_forward_perplexity(workload, _analog(weights, blocks))
    progress.advance()
    spoilt = [_with_errors(pair, weights, k, cells.spread, seed) for k, pair in enumerate(blocks)]
    found["die"] = feed_forward_perplexity(workload, _analog(weights, spoilt))
    progress.advance()
    trimmed = [tuple(_trimmed(layer) for layer in pair) for pair in spoilt]
    found["die_trimmed"] = feed_forward_perplexity(workload, _analog(weights, trimmed))
    progress.advance()
    return found


def exact_feed_forward(weights: Weights) -> FeedForward:
    """The arithmetic of the shipped blocks."""

    def block(x: Single, layer: int) -> Single:
        hidden = gelu(linear(x, *weights.pair(f"h.{layer}.mlp.c_fc")))
        return linear(hidden, *weights.pair(f"h.{layer}.mlp.c_proj"))

    return block


def _analog(weights: Weights, blocks: Sequence[tuple[AnalogLayer, ...]]) -> FeedForward:
    def block(x: Single, layer: int) -> Single:
        first, second = blocks[layer]
        flat = x.reshape(-1, x.shape[-1]).astype(np.float64)
        hidden = gelu(first.forward(flat, *projection(weights, layer, "c_fc")).astype(np.float32))
        out = second.forward(hidden.astype(np.float64), *projection(weights, layer, "c_proj"))
        return out.astype(np.float32).reshape(x.shape)

    return block


def projection(weights: Weights, layer: int, name: str) -> tuple[Array, Array]:
    """Weights (n_outputs, n_inputs) and biases of a projection."""
    matrix, bias = weights.pair(f"h.{layer}.mlp.{name}")
    return np.asarray(matrix.T, dtype=np.float64), np.asarray(bias, dtype=np.float64)


def feed_forward_perplexity(workload: Workload, feed_forward: FeedForward) -> float:
    """Exp of the mean loss over chunks that do not overlap."""
    losses, size = [], workload.softmax.config.n_ctx
    for first in range(0, workload.n_tokens, size):
        chunk = workload.tokens[first : first + size + 1]
        logits = project(
            feed_forward_states(chunk[:-1], workload.softmax, feed_forward), workload.softmax["wte.weight"].T
        )
        scores = logits.astype(np.float64)
        top = scores.max(axis=-1, keepdims=True)
        total = np.log(np.exp(scores - top).sum(axis=-1)) + top[:, 0]
        losses.append(total - scores[np.arange(chunk.size - 1), chunk[1:]])
    return float(np.exp(np.mean(np.concatenate(losses))))


def feed_forward_states(
    tokens: np.ndarray[tuple[int, ...], np.dtype[np.int64]], weights: Weights, feed_forward: FeedForward
) -> Single:
    """What the head sees, with any feed-forward block."""
    x = embed(tokens, weights)
    for layer in range(weights.config.n_layer):
        x = x + attention(layer_norm(x, *weights.pair(f"h.{layer}.ln_1")), layer, weights, exact_attention)
        x = x + feed_forward(layer_norm(x, *weights.pair(f"h.{layer}.ln_2")), layer)
    return layer_norm(x, *weights.pair("ln_f"))


def _map_blocks(
    design: GilbertDesign, cells: CellResult, weights: Weights, workload: Workload, simulator: Simulator
) -> list[tuple[AnalogLayer, ...]]:
    """The two analog layers of every block, scaled by what some tokens make of it."""
    seen: list[tuple[Single, ...]] = []

    def watch(x: Single, layer: int) -> Single:
        summed = linear(x, *weights.pair(f"h.{layer}.mlp.c_fc"))
        hidden = gelu(summed)
        out = linear(hidden, *weights.pair(f"h.{layer}.mlp.c_proj"))
        seen.append((x, summed, hidden, out))
        return out

    feed_forward_states(workload.tokens[: min(CALIBRATION_TOKENS, workload.softmax.config.n_ctx)], weights, watch)
    product, stages = factor_product(cells.model), {}
    blocks = []
    for layer, (x, summed, hidden, out) in enumerate(seen):
        pair = []
        for name, inputs, outputs in (("c_fc", x, summed), ("c_proj", hidden, out)):
            matrix, bias = projection(weights, layer, name)
            scale = _scale(design, matrix, bias, inputs, outputs)
            if matrix.shape[1] not in stages:
                stages[matrix.shape[1]] = _stage(design, matrix.shape[1], simulator)
            resistance = scale.outputs / (cells.gain * scale.inputs * scale.weights)
            pair.append(_layer(product, stages[matrix.shape[1]], resistance, scale))
        blocks.append(tuple(pair))
    return blocks


def _scale(design: GilbertDesign, matrix: Array, bias: Array, inputs: Single, outputs: Single) -> LayerScale:
    into = design.ranges.inputs / float(np.quantile(np.abs(inputs), QUANTILE))
    by_bias = float(np.abs(bias).max()) * into / design.ranges.inputs
    return LayerScale(
        inputs=into,
        weights=design.ranges.weights / max(float(np.abs(matrix).max()), by_bias),
        outputs=design.ranges.scores / float(np.quantile(np.abs(outputs), QUANTILE)),
        bias_input=design.ranges.inputs,
    )


def _stage(design: GilbertDesign, n_inputs: int, simulator: Simulator) -> SummingStage:
    """The fitted neuron of so many inputs, at 10 kohm of transresistance."""
    drawn = LayerVoltages(weights=((0.0,) * n_inputs,), biases=(0.0,), gain=1.0, rectified=False)
    layer = gain_for(design.neurons, design.square, drawn, simulator, resistance=1e4)
    transfer = neuron_transfer(design.neurons, design.square, layer, simulator, current=SWING / 1e4)
    summed = transfer["sum"].values
    return fit_summing_stage(
        transfer["current"].values, summed, unit="A", held_out=np.arange(summed.size) % 3 == 1
    ).model


def _layer(product: ProductFactors, stage: SummingStage, resistance: float, scale: LayerScale) -> AnalogLayer:
    """A layer whose amplifiers have the gain that its scale needs; clips and their offset stay as measured."""
    inputs = (-np.inf, np.inf)
    model = replace(stage, gain=resistance, input_range=inputs)
    return AnalogLayer(product=product, stage=model, rectifier=None, scale=scale)


def _with_errors(
    pair: tuple[AnalogLayer, ...], weights: Weights, layer: int, spread: ProductSpread, seed: int
) -> tuple[AnalogLayer, ...]:
    """The pair with cells of a die."""
    found = []
    for k, (one, name) in enumerate(zip(pair, ("c_fc", "c_proj"), strict=True)):
        matrix, _ = projection(weights, layer, name)
        drawn = spread.draw((matrix.shape[0], matrix.shape[1] + 1), seed=100_000 * seed + 10 * layer + k)
        errors = CellErrors(upper_offset=drawn[0], lower_offset=drawn[1], output_offset=drawn[2], gain=drawn[3])
        found.append(replace(one, errors=errors))
    return tuple(found)


def _trimmed(layer: AnalogLayer) -> AnalogLayer:
    """The layer after a calibration: every weight is set off by its cell's offset, every output by its own.

    What stays is the deviation of the inputs' offsets, which acts through the weights, and of the gains.
    """
    errors = layer.errors
    assert errors is not None
    zero = np.zeros_like(errors.upper_offset)
    constant = np.zeros_like(errors.output_offset)
    return replace(layer, errors=replace(errors, upper_offset=zero, output_offset=constant))
