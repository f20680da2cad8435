"""One bench of every circuit of the Gilbert system, for the committed netlists."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from circuits.benches.gilbert_cell import MultiplierBench
from circuits.benches.gilbert_network import network_bench, neuron_bench, neuron_noise_bench
from circuits.benches.operational_amplifier import (
    follower_bench,
    follower_noise_bench,
    open_loop_bench,
    transfer_bench,
)
from circuits.benches.summing_amplifier import (
    rectifier_dc_bench,
    rectifier_step_bench,
    summer_ac_bench,
    summer_dc_bench,
)
from circuits.benches.weight_memories import (
    triode_bench,
    weight_capacitor_bench,
    weight_noise_bench,
    weight_steps_bench,
)
from circuits.bipolar_gilbert_cell import BipolarGilbertParameters
from circuits.devices import Mosfet
from circuits.gilbert_cell import GilbertCellParameters, thick_oxide_gilbert_parameters
from circuits.gilbert_layer import LayerVoltages, NeuronParameters
from circuits.operational_amplifier import MacromodelParameters, TwoStageParameters
from circuits.rectifiers import RECTIFIER_KINDS, RectifierParameters
from circuits.summing_amplifier import SummerParameters
from circuits.technology import Technology, load_technology
from circuits.testbench import Testbench
from circuits.weight_memories import CapacitorParameters, StepParameters
from pycosim.flows.gilbert_design import THICK_SUPPLY

LEVEL = 1.5
"""At which amplifiers and rectifiers stand (V)."""


def gilbert_benches() -> list[Testbench]:
    """Every bench of the Gilbert system once, the small network with weights that are always the same."""
    square = load_technology("square")
    thick = load_technology("oxide").at(supply_voltage=THICK_SUPPLY)
    return [*_cells(square, thick), *_amplifiers(square), *_weights(square, thick), *_networks(square)]


def _cells(square: Technology, thick: Technology) -> list[Testbench]:
    cell = MultiplierBench(cell=GilbertCellParameters(), technology=square)
    degenerated = replace(cell, cell=GilbertCellParameters(degeneration=2e3))
    bipolar = replace(cell, cell=BipolarGilbertParameters())
    bsim = MultiplierBench(cell=thick_oxide_gilbert_parameters(), technology=thick)
    return [
        cell.surface(upper=0.11, lower=0.16, points=11),
        replace(degenerated.surface(upper=0.11, lower=0.16, points=11), name="degenerated_gilbert_dc"),
        replace(bipolar.surface(upper=0.025, lower=0.025, points=11), name="bipolar_gilbert_dc"),
        bsim.surface(upper=0.05, lower=0.075, points=11),
        cell.response(port="upper", other=0.16),
        cell.noise(x=0.11, y=0.16),
        cell.sine(port="upper", amplitude=0.11, other=0.016, frequency=1e5),
        cell.step(port="lower", amplitude=0.16, other=0.11),
    ]


def _amplifiers(square: Technology) -> list[Testbench]:
    transistors = TwoStageParameters()
    macromodel = open_loop_bench(MacromodelParameters(), square, level=LEVEL, load_capacitance=1e-12)
    summer = SummerParameters()
    return [
        open_loop_bench(transistors, square, level=LEVEL, load_capacitance=1e-12),
        replace(macromodel, name="macromodel_ac"),
        follower_bench(transistors, square, low=1.0, high=2.0, load_capacitance=1e-12),
        transfer_bench(transistors, square, level=LEVEL, span=0.05),
        follower_noise_bench(transistors, square, level=LEVEL),
        summer_dc_bench(summer, square, held=[1.0] * 4, span=0.8),
        summer_ac_bench(summer, square, held=[1.0] * 4),
        *(
            replace(
                rectifier_dc_bench(RectifierParameters(kind=kind), square, reference=LEVEL, span=0.5),
                name=f"{kind}_rectifier_dc",
            )
            for kind in RECTIFIER_KINDS
        ),
        rectifier_step_bench(RectifierParameters(kind="inverting"), square, reference=LEVEL, amplitude=0.2),
    ]


def _weights(square: Technology, thick: Technology) -> list[Testbench]:
    steps, resistor = StepParameters(n_bits=3), Mosfet(polarity="nmos", width=1e-6, length=10e-6)
    switch = Mosfet(polarity="nmos", width=0.5e-6, length=0.1e-6, flavour="thick_nmos")
    return [
        weight_steps_bench(steps, square, kind="potentiometer"),
        weight_steps_bench(steps, square, kind="ladder"),
        triode_bench(resistor, square, level=LEVEL, gates=(2.3, 3.3), span=0.1),
        weight_capacitor_bench(CapacitorParameters(), square, level=1.0),
        weight_noise_bench(CapacitorParameters(switch=switch, leak=0.0), thick, level=0.5),
    ]


def _networks(square: Technology) -> list[Testbench]:
    rng = np.random.default_rng(0)

    def layer(n_inputs: int, n_outputs: int, *, rectified: bool) -> LayerVoltages:
        weights = np.round(rng.uniform(-0.1, 0.1, (n_outputs, n_inputs + 1)), 4)
        return LayerVoltages(
            weights=tuple(tuple(float(v) for v in row[:-1]) for row in weights),
            biases=tuple(float(row[-1]) for row in weights),
            gain=5.0,
            rectified=rectified,
        )

    neurons, layers = NeuronParameters(), (layer(4, 4, rectified=True), layer(4, 3, rectified=False))
    samples = np.round(rng.uniform(-0.15, 0.15, (4, 4)), 4)
    return [
        network_bench(neurons, square, layers, samples=samples.tolist(), period=5e-6),
        neuron_bench(neurons, square, layers[0], current=50e-6),
        neuron_noise_bench(neurons, square, layers[0], sample=samples[0].tolist()),
    ]
