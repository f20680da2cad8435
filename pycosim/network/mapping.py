"""Weights and activations into the linear range of the multipliers.

For each layer: the largest activation that the training data make (a high quantile of them) becomes the input range,
the largest weight the weight range. The output scale is the next layer's input scale, which the gain of the difference
amplifier makes so. A bias is a weight on a constant input; biases that would need more than the weight range lower the
weight scale, so that nothing is clipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, positive
from pycosim.errors import InputError
from pycosim.network.analog import LayerScale
from pycosim.network.perceptron import Parameters, exact_layers, run_layers

QUANTILE = 0.999
"""Of the activations that the input range must hold; what lies beyond is clipped. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """What the voltages may be.

    Attributes:
        inputs: largest input at a lower port (V).
        weights: largest differential weight (V).
        scores: largest output of the last layer (V).
    """

    inputs: float
    weights: float
    scores: float

    def __post_init__(self) -> None:
        for name in ("inputs", "weights", "scores"):
            positive(f"range of the {name}", getattr(self, name), "V")


def layer_scales(parameters: Parameters, inputs: Array, ranges: Ranges) -> tuple[LayerScale, ...]:
    """Scales of every layer.

    Args:
        parameters: of the exact perceptron.
        inputs: training samples, from which the sizes of the activations follow.
        ranges: what the voltages may be.

    Raises:
        InputError: a layer whose weights or whose inputs are all 0.
    """
    outputs = run_layers(exact_layers(len(parameters.weights)), parameters, inputs)
    sizes = [float(np.quantile(np.abs(one), QUANTILE)) for one in outputs]
    scales = []
    for k, (weights, biases) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        if not (sizes[k] > 0 and sizes[k + 1] > 0 and np.abs(weights).max() > 0):
            raise InputError(f"layer {k} has no inputs, weights or outputs that differ from 0; train it first")
        into = ranges.inputs / sizes[k]
        by_bias = float(np.abs(biases).max()) * into / ranges.inputs
        outward = (ranges.scores if k == len(parameters.weights) - 1 else ranges.inputs) / sizes[k + 1]
        scales.append(
            LayerScale(
                inputs=into,
                weights=ranges.weights / max(float(np.abs(weights).max()), by_bias),
                outputs=outward,
                bias_input=ranges.inputs,
            )
        )
    return tuple(scales)


def stage_gains(scales: Sequence[LayerScale], product_gain: float) -> list[float]:
    """Transresistance (ohm) that each layer's loads and amplifier must have together.

    Args:
        scales: of `layer_scales`.
        product_gain: of the multiplier (A/V^2).
    """
    positive("product_gain", product_gain, "A/V^2")
    return [scale.outputs / (product_gain * scale.inputs * scale.weights) for scale in scales]
