"""The multilayer perceptron: layers with one signature, exact or analog, and their parameters.

    a_0 = x;   a_(l+1) = relu(a_l W_l^T + b_l);   the last layer has no ReLU: its outputs are scores

A layer is anything with `forward(inputs, weights, biases)` and `backward`; `ExactLayer` is the arithmetic, a layer of
circuits (`pycosim.network.analog`) is the same in other numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, finite_array
from pycosim.errors import InputError

Gradients = tuple[Array, Array, Array]
"""Of a loss by inputs, weights and biases of a layer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameters:
    """Weights and biases.

    Attributes:
        weights: one (n_outputs, n_inputs) matrix for each layer.
        biases: one (n_outputs,) row for each layer.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def __post_init__(self) -> None:
        sizes = [matrix.shape for matrix in self.weights]
        fits = all(a[0] == b[1] for a, b in pairwise(sizes))
        if not sizes or not fits or [b.shape for b in self.biases] != [(size[0],) for size in sizes]:
            raise InputError(
                f"layers must follow each other, each with a bias for every output, found weights {sizes} and biases "
                f"{[b.shape for b in self.biases]}"
            )

    @property
    def n_products(self) -> int:
        """Multiplications of one sample, those by biases not counted."""
        return sum(matrix.size for matrix in self.weights)


class Layer(Protocol):
    """What one layer does."""

    def forward(self, inputs: Array, weights: Array, biases: Array) -> Array:
        """Outputs (n, n_outputs) for inputs (n, n_inputs)."""
        ...

    def backward(self, upstream: Array, inputs: Array, weights: Array, biases: Array) -> Gradients:
        """Gradients by inputs, weights and biases from that by the outputs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactLayer:
    """The arithmetic: relu(x W^T + b), or without the ReLU.

    Attributes:
        rectified: whether a ReLU follows.
    """

    rectified: bool

    def forward(self, inputs: Array, weights: Array, biases: Array) -> Array:
        """Outputs (n, n_outputs) for inputs (n, n_inputs)."""
        sums = inputs @ weights.T + biases
        return np.maximum(sums, 0.0) if self.rectified else np.asarray(sums)

    def backward(self, upstream: Array, inputs: Array, weights: Array, biases: Array) -> Gradients:
        """Gradients by inputs, weights and biases from that by the outputs."""
        if self.rectified:
            upstream = upstream * (inputs @ weights.T + biases > 0)
        return upstream @ weights, upstream.T @ inputs, upstream.sum(axis=0)


def exact_layers(n_layers: int) -> tuple[ExactLayer, ...]:
    """Layers of a perceptron: all but the last one rectified."""
    return tuple(ExactLayer(rectified=k < n_layers - 1) for k in range(n_layers))


def run_layers(layers: Sequence[Layer], parameters: Parameters, inputs: ArrayLike) -> list[Array]:
    """Outputs of every layer for inputs (n, n_inputs), the inputs first.

    Raises:
        InputError: inputs of another width, or another number of layers than of weights.
    """
    x = finite_array("inputs", inputs, ndim=2)
    if len(layers) != len(parameters.weights) or x.shape[1] != parameters.weights[0].shape[1]:
        raise InputError(
            f"wanted {len(parameters.weights)} layers and inputs of {parameters.weights[0].shape[1]} numbers, found "
            f"{len(layers)} layers and inputs of {x.shape[1]}"
        )
    outputs = [x]
    for layer, weights, biases in zip(layers, parameters.weights, parameters.biases, strict=True):
        outputs.append(layer.forward(outputs[-1], weights, biases))
    return outputs


def accuracy_of(layers: Sequence[Layer], parameters: Parameters, inputs: ArrayLike, labels: NDArray[np.int64]) -> float:
    """Share of samples whose highest score is that of their label."""
    scores = run_layers(layers, parameters, inputs)[-1]
    return float(np.mean(scores.argmax(axis=1) == labels))
