"""Stage 5 of the Gilbert flow: digits on the models: accuracy as drawn, of dies, and after learning on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array
from pycosim.evaluate.document import Json
from pycosim.flows.gilbert_cells import CellResult
from pycosim.flows.gilbert_design import GilbertDesign
from pycosim.flows.gilbert_network import MappedNetwork, map_network, settling_of
from pycosim.flows.progress import Progress
from pycosim.models.multiplier import ProductSpread
from pycosim.network.analog import AnalogLayer, CellErrors
from pycosim.network.data import load_data_set
from pycosim.network.perceptron import Parameters, accuracy_of, exact_layers
from pycosim.network.training import Schedule, random_parameters, train
from pycosim.spice import Simulator

SIZES = (64, 32, 10)
"""Of the perceptron for the digits."""

SCHEDULE = Schedule(epochs=40)
RETRAINING = Schedule(epochs=8, decay=0.0)
"""On a die, from the weights of the exact network on. Ours: longer does not help."""

WEIGHT_BITS = (3, 4, 5, 6, 8)
"""Bits of a weight memory that are compared: sign included, equal steps over the weight range."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigitsResult:
    """What the digits gave.

    Attributes:
        figures: for the results file.
        mapped: weights and models.
    """

    figures: Mapping[str, Json]
    mapped: MappedNetwork


def run_digits(
    design: GilbertDesign, cells: CellResult, simulator: Simulator, progress: Progress, *, n_dies: int, seed: int
) -> DigitsResult:
    """Train on the digits, map, and measure the accuracy on what no training saw.

    Args:
        design: circuits.
        cells: the multiplier, its model and its spread.
        simulator: measures the neurons.
        progress: told what happens.
        n_dies: whose accuracy is measured.
        seed: of split, training and dies.
    """
    progress.stage("digits", total=3 + n_dies)
    data, exact = load_data_set("digits", seed=seed), exact_layers(len(SIZES) - 1)
    start = random_parameters(SIZES, seed=seed)
    parameters = train(exact, start, data.inputs, data.labels, SCHEDULE, seed=seed)
    progress.advance()
    mapped = map_network(design, cells, parameters, data.inputs, simulator)
    progress.advance()

    def accuracy(layers: Sequence[AnalogLayer], on: Parameters) -> float:
        return accuracy_of(layers, on, data.test_inputs, data.test_labels)

    dies: list[Json] = []
    for k in range(n_dies):
        layers = layers_of_die(mapped, cells.spread, seed=1000 * seed + k)
        learned = train(layers, parameters, data.inputs, data.labels, RETRAINING, seed=seed)
        dies.append({"die": k, "before": accuracy(layers, parameters), "after": accuracy(layers, learned)})
        progress.advance()
    timing = settling_of(design, mapped.voltages, simulator, seed=seed)
    progress.advance()
    # every output of a layer has its own cells and neuron; the one that was simulated stands for all
    power = sum(one["power_w"] * layer.n_outputs for one, layer in zip(timing, mapped.voltages, strict=True))
    latency = sum(one["settling_s"] for one in timing)
    n_products = parameters.n_products
    return DigitsResult(
        figures={
            "sizes": list(SIZES),
            "n_test": len(data.test_labels),
            "accuracy_exact": accuracy_of(exact, parameters, data.test_inputs, data.test_labels),
            "accuracy_analog": accuracy(mapped.layers, parameters),
            "dies": dies,
            "accuracy_noise": noisy_accuracy(
                mapped, [one["noise_v"] for one in timing], data.test_inputs, data.test_labels, seed=seed
            ),
            "accuracy_dies": _mean(dies, "before"),
            "accuracy_learned": _mean(dies, "after"),
            "by_cause": _causes(mapped, cells.spread, accuracy, seed=seed, n_dies=n_dies),
            "weight_bits": [
                {"bits": bits, "accuracy": accuracy(mapped.layers, quantized(mapped, bits))} for bits in WEIGHT_BITS
            ],
            "latency_s": latency,
            "layers": [dict(one) for one in timing],
            "power_w": power,
            "energy_j": power * latency,
            "energy_per_product_j": power * latency / n_products,
            "products_per_second": n_products / latency,
            "n_products": n_products,
        },
        mapped=mapped,
    )


def layers_of_die(mapped: MappedNetwork, spread: ProductSpread, *, seed: int) -> tuple[AnalogLayer, ...]:
    """The behavioural layers with cells that deviate; the same seed gives the same die."""
    found = []
    for k, (layer, weights) in enumerate(zip(mapped.layers, mapped.parameters.weights, strict=True)):
        shape = (weights.shape[0], weights.shape[1] + 1)
        upper, lower, output, gain = spread.draw(shape, seed=100 * seed + k)
        errors = CellErrors(upper_offset=upper, lower_offset=lower, output_offset=output, gain=gain)
        found.append(replace(layer, errors=errors))
    return tuple(found)


def noisy_accuracy(
    mapped: MappedNetwork, noise: Sequence[float], inputs: Array, labels: NDArray[np.int64], *, seed: int
) -> float:
    """Accuracy when every output of a layer carries white noise of this deviation (V) at the moment that it is taken.

    Args:
        mapped: weights and models.
        noise: of every layer's outputs (V rms).
        inputs: (n, n_inputs).
        labels: (n,).
        seed: of the noise.
    """
    rng, values = np.random.default_rng(seed), inputs
    parts = zip(mapped.layers, mapped.parameters.weights, mapped.parameters.biases, noise, strict=True)
    for layer, weights, biases, deviation in parts:
        values = layer.forward(values, weights, biases)
        values = values + rng.standard_normal(values.shape) * deviation / layer.scale.outputs
    return float(np.mean(values.argmax(axis=1) == labels))


def quantized(mapped: MappedNetwork, bits: int) -> Parameters:
    """The weights and biases on 2^bits - 1 equal steps from minus to plus the weight range."""
    weights, biases = [], []
    pairs = zip(mapped.layers, mapped.parameters.weights, mapped.parameters.biases, strict=True)
    for layer, matrix, row in pairs:
        reach = float(max(np.abs(matrix * layer.scale.weights).max(), np.abs(row * layer.scale.biases).max()))
        step = 2 * reach / (2**bits - 2)
        weights.append(_rounded(matrix, step / layer.scale.weights))
        biases.append(_rounded(row, step / layer.scale.biases))
    return Parameters(weights=tuple(weights), biases=tuple(biases))


def _rounded(values: Array, step: float) -> Array:
    return np.asarray(np.round(values / step) * step)


def _causes(
    mapped: MappedNetwork,
    spread: ProductSpread,
    accuracy: Callable[[Sequence[AnalogLayer], Parameters], float],
    *,
    seed: int,
    n_dies: int,
) -> Json:
    """Accuracy with one kind of deviation at a time."""
    nothing = ProductSpread(upper_offset=0.0, lower_offset=0.0, output_offset=0.0, gain=0.0)
    found: dict[str, Json] = {}
    for name in ("upper_offset", "lower_offset", "output_offset", "gain"):
        only = replace(nothing, **{name: getattr(spread, name)})
        scores = [accuracy(layers_of_die(mapped, only, seed=1000 * seed + k), mapped.parameters) for k in range(n_dies)]
        found[name] = float(np.mean(scores))
    return found


def _mean(dies: Sequence[Json], key: str) -> float:
    return float(np.mean([one[key] for one in dies if isinstance(one, dict)]))
