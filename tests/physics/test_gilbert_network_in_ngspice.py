"""Layers of Gilbert cells in ngspice against the sum of products, a small perceptron against its behavioural twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from circuits.errors import CircuitError
from circuits.gilbert_layer import LayerVoltages, NeuronParameters
from circuits.rectifiers import RectifierParameters
from circuits.technology import load_technology
from pycosim.fitting.multiplier import fit_product_polynomial, product_points
from pycosim.fitting.neuron import fit_rectifier, fit_summing_stage
from pycosim.flows.gilbert_config import GilbertConfig
from pycosim.flows.gilbert_design import GilbertDesign, make_gilbert_design
from pycosim.models.product_factors import ProductFactors, factor_product
from pycosim.network.analog import AnalogLayer
from pycosim.network.data import load_data_set
from pycosim.network.mapping import layer_scales, stage_gains
from pycosim.network.perceptron import exact_layers, run_layers
from pycosim.network.training import Schedule, random_parameters, train
from pycosim.spice import NgspicePool
from pycosim.sweeps.gilbert_network import gain_for, layer_voltages, network_reads, neuron_transfer
from pycosim.sweeps.multiplier import multiplier_surface

pytestmark = pytest.mark.ngspice

GAIN = 7.2e-4
"""Of the cell with its loads (A/V^2)."""


@pytest.fixture(scope="module")
def design() -> GilbertDesign:
    return make_gilbert_design(GilbertConfig())


@pytest.fixture(scope="module")
def product(design: GilbertDesign, pool: NgspicePool) -> ProductFactors:
    surface = multiplier_surface(
        design.network_cell.bench,
        pool,
        upper=1.15 * design.ranges.weights,
        lower=1.5 * design.ranges.inputs,
        points=17,
    )
    fit = fit_product_polynomial(
        surface["upper_voltage"].values[None, :],
        surface["lower_voltage"].values[:, None],
        surface["current"].values[0],
        degree=7,
        held_out=product_points(17, 17),
        max_residual_rms=1e-9,
    )
    return factor_product(fit.model)


def test_a_layer_is_the_sum_of_its_products(design: GilbertDesign, pool: NgspicePool) -> None:
    rng = np.random.default_rng(0)
    weights, biases = rng.uniform(-0.04, 0.04, (2, 3)), rng.uniform(-0.04, 0.04, 2)
    layer = LayerVoltages(
        weights=tuple(map(tuple, weights.tolist())), biases=tuple(biases.tolist()), gain=1.0, rectified=False
    )
    layer = gain_for(design.neurons, design.square, layer, pool, resistance=2e4)
    samples = rng.uniform(-0.06, 0.06, (6, 3))
    reads = network_reads(design.neurons, design.square, [layer], pool, samples=samples, period=3e-6, tolerance=1e-3)
    wanted = 2e4 * GAIN * (samples @ weights.T + design.neurons.bias_input * biases)
    # within a fifth of the overdrives the product is good to 0.2 %; offset of the amplifier 0.2 mV
    assert np.abs(reads.outputs[0] - wanted).max() < 0.02 * np.abs(wanted).max()


def test_the_loads_hold_their_level_whatever_the_number_of_cells() -> None:
    neurons = NeuronParameters()
    assert neurons.load(1) * 2 == neurons.load(63) * 64 == neurons.cell.load


def test_a_perceptron_in_ngspice_gives_what_its_models_give(
    design: GilbertDesign, product: ProductFactors, pool: NgspicePool
) -> None:
    """Ten flowers here; `pycosim.flows.gilbert_network` runs all that no training saw."""
    data = load_data_set("iris", seed=0)
    exact = exact_layers(2)
    schedule = Schedule(epochs=60, batch=16, rate=1e-2, decay=3e-2)
    parameters = train(exact, random_parameters((4, 4, 3), seed=0), data.inputs, data.labels, schedule, seed=0)
    scales = layer_scales(parameters, data.inputs, design.ranges)
    resistances = stage_gains(scales, GAIN)
    voltages = [
        gain_for(design.neurons, design.square, layer, pool, resistance=resistance)
        for layer, resistance in zip(layer_voltages(parameters, scales, [1.0, 1.0]), resistances, strict=True)
    ]
    layers = []
    for layer, scale, resistance in zip(voltages, scales, resistances, strict=True):
        transfer = neuron_transfer(design.neurons, design.square, layer, pool, current=0.6 / resistance)
        summed, held_out = transfer["sum"].values, np.arange(81) % 3 == 1
        stage = fit_summing_stage(transfer["current"].values, summed, unit="A", held_out=held_out)
        rectifier = (
            fit_rectifier(summed, transfer["output"].values, held_out=held_out).model if layer.rectified else None
        )
        model = replace(stage.model, outside="clip")
        layers.append(
            AnalogLayer(
                product=product,
                stage=model,
                rectifier=rectifier and replace(rectifier, outside="clip"),
                scale=scale,
            )
        )
    samples = data.test_inputs[:10]
    reads = network_reads(
        design.neurons,
        design.square,
        voltages,
        pool,
        samples=samples * scales[0].inputs,
        period=5e-6,
        tolerance=3e-3,
    )
    modelled = run_layers(layers, parameters, samples)[-1] * scales[-1].outputs
    full = np.abs(run_layers(exact, parameters, data.inputs)[-1]).max() * scales[-1].outputs
    assert np.abs(reads.outputs[-1] - modelled).max() < 0.02 * full
    best = np.sort(modelled, axis=1)
    clear = best[:, -1] - best[:, -2] > 0.04 * full
    assert (reads.outputs[-1].argmax(axis=1) == modelled.argmax(axis=1))[clear].all()
    assert np.nanmax(reads.settling) < 5e-6
    cells, amplifiers = 35 * 100e-6, (4 + 3 + 4) * 120e-6
    assert reads.energy.mean() / 5e-6 == pytest.approx(3.3 * (cells + amplifiers), rel=0.1)


def test_networks_that_do_not_fit_are_refused(design: GilbertDesign) -> None:
    from circuits.benches.gilbert_network import network_bench, neuron_bench

    layer = LayerVoltages(weights=((0.1, 0.1),), biases=(0.0,), gain=1.0, rectified=False)
    square = load_technology("square")
    with pytest.raises(CircuitError, match="do not follow"):
        network_bench(design.neurons, square, [layer, layer], samples=[[0.0, 0.0]], period=1e-6)
    with pytest.raises(CircuitError, match="samples of 2 voltages"):
        network_bench(design.neurons, square, [layer], samples=[[0.0]], period=1e-6)
    with pytest.raises(CircuitError, match="a bias for each"):
        LayerVoltages(weights=((0.1, 0.1), (0.1,)), biases=(0.0, 0.0), gain=1.0, rectified=False)
    with pytest.raises(CircuitError, match="difference of the currents"):
        neuron_bench(design.neurons, square, layer, current=1e-3)
    with pytest.raises(CircuitError, match="give both the same"):
        NeuronParameters(rectifier=RectifierParameters(amplifier=replace(design.neurons.amplifier, nulling=900.0)))  # type: ignore[type-var]
