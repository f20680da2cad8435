"""Benches of a network of Gilbert cells: samples one after the other as a waveform, and one neuron alone at DC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import Frequencies, Noise
from circuits.die import Die
from circuits.errors import CircuitError
from circuits.gilbert_layer import LayerVoltages, NeuronParameters, add_network, neuron
from circuits.quantities import check_quantities, check_quantity
from circuits.rectifiers import rectifier
from circuits.stimuli import piecewise_linear
from circuits.summing_amplifier import difference_amplifier
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient

INPUT_EDGE = 10e-9
"""How long an input takes from one sample to the next (s)."""


def network_bench(
    parameters: NeuronParameters,
    technology: Technology,
    layers: Sequence[LayerVoltages],
    *,
    samples: Sequence[Sequence[float]],
    period: float,
    die: Die | None = None,
) -> Testbench:
    """A whole network that gets one sample after the other.

    Args:
        parameters: what the neurons are made of.
        technology: their process.
        layers: first to last.
        samples: (n_samples, n_inputs) input voltages about the reference (V).
        period: from sample to sample (s).
        die: a sample of mismatch of the transistors.

    Returns:
        A bench with the probes `v(a<depth>_<j>)` of every output of every layer, `v(x0)` and `i(vdd)`. Sample k begins
        at k * period and is there an input edge later.

    Raises:
        CircuitError: samples that do not fit the network, or a period shorter than ten input edges.
    """
    check_quantity("period of the samples", period, "s", 10 * INPUT_EDGE, 1.0)
    rows = [check_quantities(f"sample {k}", list(row), "V", -1.0, 1.0) for k, row in enumerate(samples)]
    if not rows or {len(row) for row in rows} != {layers[0].n_inputs}:
        raise CircuitError(
            f"wanted samples of {layers[0].n_inputs} voltages, found {sorted({len(row) for row in rows})}"
        )
    circuit = Circuit("gilbert_network")
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.V("ref", "ref", 0, parameters.reference)
    for i in range(layers[0].n_inputs):
        circuit.V(f"x{i}", f"x{i}", "ref", _steps([row[i] for row in rows], period))
    outputs = add_network(circuit, parameters, technology, layers, [f"x{i}" for i in range(layers[0].n_inputs)])
    return Testbench(
        name="gilbert_network",
        circuit=circuit,
        analysis=Transient(step=period / 50, stop=period * len(rows), max_step=period / 20),
        probes=(*(f"v({node})" for layer in outputs for node in layer), "v(x0)", "i(vdd)"),
        technology=technology,
        parameters={"period": period, "n_samples": len(rows)},
        die=die,
    )


def neuron_bench(
    parameters: NeuronParameters, technology: Technology, layer: LayerVoltages, *, current: float, points: int = 81
) -> Testbench:
    """One neuron without its cells, which two current sources stand for: DC transfer of loads, difference and ReLU.

    The sources share the current of the cells; their difference sweeps from -current to current (A), at node `d`, where
    one volt is one ampere.

    Probes `v(out)`, `v(d)`, `i(vdd)`, and with a ReLU `v(xn.z)`, what goes into it.

    Raises:
        CircuitError: a current beyond what the cells give.
    """
    total = parameters.cell.tail_current * (layer.n_inputs + 1)
    check_quantity("difference of the currents", current, "A", 1e-12, total)
    circuit = Circuit("gilbert_neuron")
    if layer.rectified:
        circuit.subcircuit(rectifier(parameters.rectifier, technology))
    for one in parameters.amplifier.subcircuits(technology):
        circuit.subcircuit(one)
    circuit.subcircuit(difference_amplifier(layer.gain, parameters.input_resistance, name="neuron_difference"))
    circuit.subcircuit(neuron(parameters, layer, name="neuron"))
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.V("ref", "ref", 0, parameters.reference)
    circuit.X("ampbias", "amplifier_bias", "ampbias", "vdd")
    circuit.V("d", "d", 0, 0)
    circuit.I("p", "sump", 0, total / 2)
    circuit.I("n", "sumn", 0, total / 2)
    circuit.VCCS("p", 0, "sump", "d", 0, 0.5)
    circuit.VCCS("n", 0, "sumn", "d", 0, -0.5)
    circuit.X("n", "neuron", "sump", "sumn", "ref", "out", "vdd", "ampbias")
    step = 2 * current / (points - 1)
    return Testbench(
        name="gilbert_neuron",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vd", start=-current, stop=current + step / 100, step=step)),
        probes=("v(out)", "v(d)", "i(vdd)", *(("v(xn.z)",) if layer.rectified else ())),
        technology=technology,
        parameters={"gain": layer.gain, "n_inputs": layer.n_inputs},
        options={"reltol": "1e-6", "vntol": "1e-8"},
    )


def neuron_noise_bench(
    parameters: NeuronParameters, technology: Technology, layer: LayerVoltages, *, sample: Sequence[float]
) -> Testbench:
    """Noise of the first output of a layer without its ReLU, with all its cells, at one sample (V); 1 Hz to 1 GHz.

    Raises:
        CircuitError: a sample that does not fit the layer.
    """
    values = check_quantities("sample", list(sample), "V", -1.0, 1.0)
    if len(values) != layer.n_inputs:
        raise CircuitError(f"wanted a sample of {layer.n_inputs} voltages, found {len(values)}")
    alone = replace(layer, weights=layer.weights[:1], biases=layer.biases[:1], rectified=False)
    circuit = Circuit("gilbert_neuron_noise")
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.V("ref", "ref", 0, parameters.reference)
    for i, value in enumerate(values):
        circuit.V(f"x{i}", f"x{i}", "ref", f"DC {value:.9g} AC {0 if i else 1}")
    ((output,),) = add_network(circuit, parameters, technology, [alone], [f"x{i}" for i in range(layer.n_inputs)])
    return Testbench(
        name="gilbert_neuron_noise",
        circuit=circuit,
        analysis=Noise(output=output, source="vx0", frequencies=Frequencies(start=1.0, stop=1e9, per_decade=20)),
        probes=("onoise_spectrum",),
        technology=technology,
        parameters={"gain": layer.gain, "n_inputs": layer.n_inputs},
        options={"reltol": "1e-5"},
    )


def _steps(values: Sequence[float], period: float) -> str:
    """A source that takes one value in each period, with an edge at its beginning."""
    points = [(0.0, values[0])]
    for k, (old, new) in enumerate(pairwise(values), start=1):
        points += [(k * period, old), (k * period + INPUT_EDGE, new)]
    return piecewise_linear(points)
