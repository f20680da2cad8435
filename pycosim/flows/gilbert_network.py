"""Stage 4 of the Gilbert flow: a small perceptron simulated whole, beside its behavioural and its exact twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from circuits.benches.gilbert_network import neuron_noise_bench
from circuits.die import Die
from circuits.gilbert_layer import LayerVoltages
from circuits.testbench import render_netlist
from pycosim.checks import Array
from pycosim.evaluate.document import Json
from pycosim.fitting.fit import Fit
from pycosim.fitting.neuron import fit_rectifier, fit_summing_stage
from pycosim.fitting.points import netlist_digests
from pycosim.flows.gilbert_cells import CellResult
from pycosim.flows.gilbert_design import GilbertDesign
from pycosim.flows.progress import Progress
from pycosim.models.product_factors import factor_product
from pycosim.models.rectifier import Rectifier
from pycosim.models.summing import SummingStage
from pycosim.network.analog import AnalogLayer
from pycosim.network.data import DataSet, load_data_set
from pycosim.network.mapping import layer_scales, stage_gains
from pycosim.network.perceptron import Parameters, exact_layers, run_layers
from pycosim.network.training import Schedule, random_parameters, train
from pycosim.spice import Simulator
from pycosim.sweeps.gilbert_network import gain_for, layer_voltages, network_reads, neuron_transfer
from pycosim.waveforms import integrated_noise

SMALL_SIZES = (4, 4, 3)
"""Of the perceptron that is simulated whole, for the three species of iris."""

SMALL_SCHEDULE = Schedule(epochs=150, batch=16, rate=1e-2, decay=3e-2)

PERIOD = 20e-6
"""From sample to sample (s): more than twice the slowest settling found with five seeds.

A neuron whose sum is near zero, where both diodes of its rectifier are off, takes up to 8 us; after 5 us it can still
be 3 mV off, and a score 3 % of full scale.
"""

SWING = 1.2
"""Output to which a neuron's transfer is measured, to both sides (V); the ReLU's is fitted within half of it."""

SETTLED = 0.01
"""Share of the scores' full scale within which a network has settled."""

MARGIN = 0.02
"""Share of full scale: a sample has margin when its two best scores are further apart than twice this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MappedNetwork:
    """A perceptron as numbers, as voltages and as models.

    Attributes:
        parameters: weights and biases.
        voltages: the same in a circuit.
        layers: behavioural, fitted to its neurons.
        stages: fits of loads and difference amplifier, one for each layer.
        rectifiers: fits of the ReLU, one for each layer that has one.
    """

    parameters: Parameters
    voltages: tuple[LayerVoltages, ...]
    layers: tuple[AnalogLayer, ...]
    stages: tuple[Fit[SummingStage], ...]
    rectifiers: tuple[Fit[Rectifier], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallNetworkResult:
    """The network in ngspice.

    Attributes:
        figures: for the results file.
        mapped: weights and models.
        scores: name of the way it was computed -> (n_samples, n_classes) (V).
        labels: (n_samples,).
    """

    figures: Mapping[str, Json]
    mapped: MappedNetwork
    scores: Mapping[str, Array]
    labels: Array


def map_network(
    design: GilbertDesign, cells: CellResult, parameters: Parameters, inputs: Array, simulator: Simulator
) -> MappedNetwork:
    """Voltages, amplifier gains and behavioural layers of a trained perceptron.

    Args:
        design: circuits.
        cells: the multiplier and its model.
        parameters: of the perceptron.
        inputs: training samples, which set the scales.
        simulator: measures the neurons.
    """
    scales = layer_scales(parameters, inputs, design.ranges)
    resistances = stage_gains(scales, cells.gain)
    drawn = layer_voltages(parameters, scales, [1.0] * len(scales))
    voltages = tuple(
        gain_for(design.neurons, design.square, layer, simulator, resistance=resistance)
        for layer, resistance in zip(drawn, resistances, strict=True)
    )
    product = factor_product(cells.model)
    layers, stages, rectifiers = [], [], []
    for layer, scale, resistance in zip(voltages, scales, resistances, strict=True):
        most = 0.9 * design.neurons.cell.tail_current * (layer.n_inputs + 1)
        transfer = neuron_transfer(
            design.neurons, design.square, layer, simulator, current=min(SWING / resistance, most)
        )
        summed, output = transfer["sum"].values, transfer["output"].values
        held_out, digests = np.arange(summed.size) % 3 == 1, netlist_digests(transfer)
        stage = fit_summing_stage(
            transfer["current"].values, summed, unit="A", held_out=held_out, netlist_digests=digests
        )
        stages.append(stage)
        rectifier = None
        if layer.rectified:
            near = np.abs(summed) < SWING / 2
            fit = fit_rectifier(summed[near], output[near], held_out=held_out[near], netlist_digests=digests)
            rectifiers.append(fit)
            rectifier = replace(fit.model, input_range=(-np.inf, np.inf))
        model = replace(stage.model, outside="clip")
        layers.append(AnalogLayer(product=product, stage=model, rectifier=rectifier, scale=scale))
    return MappedNetwork(
        parameters=parameters,
        voltages=voltages,
        layers=tuple(layers),
        stages=tuple(stages),
        rectifiers=tuple(rectifiers),
    )


def small_network(
    design: GilbertDesign, cells: CellResult, simulator: Simulator, progress: Progress, *, n_samples: int, seed: int
) -> SmallNetworkResult:
    """Train a 4-4-3 perceptron on iris and run it whole in ngspice, as drawn and as a die.

    Args:
        design: circuits.
        cells: the multiplier and its model.
        simulator: any.
        progress: told what happens.
        n_samples: at most all that no training saw.
        seed: of split, training and die.
    """
    progress.stage("network in ngspice", total=3)
    data = load_data_set("iris", seed=seed)
    exact = exact_layers(len(SMALL_SIZES) - 1)
    start = random_parameters(SMALL_SIZES, seed=seed)
    parameters = train(exact, start, data.inputs, data.labels, SMALL_SCHEDULE, seed=seed)
    mapped = map_network(design, cells, parameters, data.inputs, simulator)
    progress.advance()
    n = min(n_samples, len(data.test_labels))
    samples, labels = data.test_inputs[:n], data.test_labels[:n]
    scale = mapped.layers[-1].scale.outputs
    full = float(np.abs(run_layers(exact, parameters, data.inputs)[-1]).max()) * scale
    voltages = samples * mapped.layers[0].scale.inputs

    def simulated(die: Die | None) -> tuple[Array, dict[str, Json]]:
        reads = network_reads(
            design.neurons,
            design.square,
            mapped.voltages,
            simulator,
            samples=voltages,
            period=PERIOD,
            tolerance=SETTLED * full,
            die=die,
        )
        times = reads.settling[np.isfinite(reads.settling)]
        energy = float(reads.energy.mean())
        slowest = float(times.max())
        return reads.outputs[-1], {
            "settling_median_s": float(np.median(times)),
            "settling_largest_s": slowest,
            "power_w": energy / PERIOD,
            "energy_j": energy / PERIOD * slowest,
            "netlists": list(reads.netlist_digests),
        }

    drawn, timing = simulated(None)
    progress.advance()
    scores = {
        "ngspice": drawn,
        "behavioural": run_layers(mapped.layers, parameters, samples)[-1] * scale,
        "exact": run_layers(exact, parameters, samples)[-1] * scale,
    }
    scores["die in ngspice"], _ = simulated(Die(seed=seed))
    progress.advance()
    return SmallNetworkResult(
        figures={
            "sizes": list(SMALL_SIZES),
            "n_samples": n,
            "n_cells": sum(layer.n_outputs * (layer.n_inputs + 1) for layer in mapped.voltages),
            "full_scale_v": full,
            "errors": _errors(scores, full),
            "accuracy": {name: float(np.mean(one.argmax(axis=1) == labels)) for name, one in scores.items()},
            "amplifier_gains": [layer.gain for layer in mapped.voltages],
            "timing": timing,
        },
        mapped=mapped,
        scores=scores,
        labels=labels.astype(np.float64),
    )


def data_of(name: str, seed: int) -> DataSet:
    """The shipped data set "digits" or "iris"."""
    return load_data_set("digits" if name == "digits" else "iris", seed=seed)


def _errors(scores: Mapping[str, Array], full: float) -> Json:
    """Ngspice against the two others: largest error of full scale, and classes where there is margin."""
    found: dict[str, Json] = {}
    for name in ("behavioural", "exact"):
        best = np.sort(scores[name], axis=1)
        clear = best[:, -1] - best[:, -2] > 2 * MARGIN * full
        same = scores["ngspice"].argmax(axis=1) == scores[name].argmax(axis=1)
        found[name] = {
            "largest_of_full_scale": float(np.abs(scores["ngspice"] - scores[name]).max() / full),
            "rms_of_full_scale": float(np.sqrt(np.mean((scores["ngspice"] - scores[name]) ** 2)) / full),
            "with_margin": int(clear.sum()),
            "same_class_with_margin": int((same & clear).sum()),
            "same_class": int(same.sum()),
        }
    return found


def settling_of(
    design: GilbertDesign, layers: Sequence[LayerVoltages], simulator: Simulator, *, seed: int
) -> list[dict[str, float]]:
    """One output of each layer with all its cells: settling (s), power of cells and neuron (W), noise (V rms).

    Large networks run layer after layer, each output by itself: their latency is the sum over the layers.

    Args:
        design: circuits.
        layers: of the network.
        simulator: any.
        seed: of the inputs.
    """
    rng = np.random.default_rng(seed)
    found = []
    for layer in layers:
        alone = replace(layer, weights=layer.weights[:1], biases=layer.biases[:1])
        samples = rng.uniform(0.0, design.ranges.inputs, (6, layer.n_inputs))
        reads = network_reads(
            design.neurons,
            design.square,
            [alone],
            simulator,
            samples=samples,
            period=PERIOD,
            tolerance=SETTLED * (design.ranges.inputs if layer.rectified else design.ranges.scores),
        )
        bench = neuron_noise_bench(design.neurons, design.square, layer, sample=samples[0].tolist())
        noisy = simulator.run(render_netlist(bench))
        density = np.real(noisy.signals["onoise_spectrum"]) ** 2
        found.append(
            {
                "settling_s": float(np.nanmax(reads.settling)),
                "power_w": float(reads.energy.mean()) / PERIOD,
                "noise_v": float(np.sqrt(integrated_noise(noisy.axis, density))),
            }
        )
    return found
