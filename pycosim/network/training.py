"""Training of a perceptron on whatever layers it has: Adam on the cross-entropy of the scores.

Layers of circuits are trained like the arithmetic, because both give gradients: so a network learns around the
offsets of the chip that it runs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array, at_least, positive
from pycosim.errors import InputError
from pycosim.network.perceptron import Layer, Parameters, run_layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how fast (ours).

    Attributes:
        epochs: passes over the samples.
        batch: samples of one step.
        rate: of Adam, falling as a cosine to 0.
        decay: share of the weights that a step at full rate takes away, over the rate.
        temperature: the scores are divided by it before the softmax.
        weight_limit: largest magnitude of a weight or bias; inf for none.
    """

    epochs: int = 60
    batch: int = 32
    rate: float = 3e-3
    decay: float = 1e-2
    temperature: float = 1.0
    weight_limit: float = np.inf

    def __post_init__(self) -> None:
        at_least("epochs", self.epochs, 1)
        at_least("batch", self.batch, 1)
        positive("rate", self.rate)
        positive("temperature", self.temperature)


def random_parameters(sizes: Sequence[int], *, seed: int) -> Parameters:
    """Random weights of variance 2 / n_inputs [2015 He], no biases.

    Args:
        sizes: inputs, hidden layers, outputs.
        seed: of the draw.
    """
    if len(sizes) < 2:
        raise InputError(f"a perceptron needs inputs and outputs, found sizes {list(sizes)}")
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(sizes))
    return Parameters(
        weights=tuple(rng.standard_normal((m, n)) * np.sqrt(2.0 / n) for n, m in pairs),
        biases=tuple(np.zeros(m) for _, m in pairs),
    )


def train(
    layers: Sequence[Layer],
    parameters: Parameters,
    inputs: Array,
    labels: NDArray[np.int64],
    schedule: Schedule,
    *,
    seed: int,
) -> Parameters:
    """Train from given parameters on.

    Args:
        layers: exact or analog.
        parameters: where to start.
        inputs: (n, n_inputs).
        labels: (n,).
        schedule: how long and how fast.
        seed: of the order of the samples.
    """
    rng = np.random.default_rng(seed)
    values = [array.copy() for array in (*parameters.weights, *parameters.biases)]
    means, squares = ([np.zeros_like(v) for v in values] for _ in range(2))
    n_layers, n = len(parameters.weights), len(labels)
    n_steps, step = schedule.epochs * -(-n // schedule.batch), 0
    for _ in range(schedule.epochs):
        order = rng.permutation(n)
        for first in range(0, n, schedule.batch):
            here = order[first : first + schedule.batch]
            now = Parameters(weights=tuple(values[:n_layers]), biases=tuple(values[n_layers:]))
            slopes = gradients(layers, now, inputs[here], labels[here], schedule.temperature)
            step += 1
            rate = schedule.rate * 0.5 * (1 + np.cos(np.pi * step / n_steps))
            for k, (value, slope) in enumerate(zip(values, (*slopes.weights, *slopes.biases), strict=True)):
                means[k] = 0.9 * means[k] + 0.1 * slope
                squares[k] = 0.999 * squares[k] + 0.001 * slope**2
                move = (means[k] / (1 - 0.9**step)) / (np.sqrt(squares[k] / (1 - 0.999**step)) + 1e-8)
                shrink = 1 - rate * schedule.decay * (k < n_layers)
                limit = schedule.weight_limit
                values[k] = np.clip(value * shrink - rate * move, -limit, limit)
    return Parameters(weights=tuple(values[:n_layers]), biases=tuple(values[n_layers:]))


def gradients(
    layers: Sequence[Layer],
    parameters: Parameters,
    inputs: Array,
    labels: NDArray[np.int64],
    temperature: float = 1.0,
) -> Parameters:
    """Gradient of the mean cross-entropy by every weight and bias, as `Parameters`."""
    outputs = run_layers(layers, parameters, inputs)
    scores = outputs[-1] / temperature
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(labels)), labels] -= 1.0
    upstream = shares / (len(labels) * temperature)
    weights, biases = [], []
    for k in reversed(range(len(layers))):
        upstream, by_weights, by_biases = layers[k].backward(
            upstream, outputs[k], parameters.weights[k], parameters.biases[k]
        )
        weights.append(by_weights)
        biases.append(by_biases)
    return Parameters(weights=tuple(weights[::-1]), biases=tuple(biases[::-1]))
