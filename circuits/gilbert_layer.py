"""A layer of n inputs and m outputs of Gilbert cells, and layers chained into a multilayer perceptron.

    input i:  a voltage about the reference, at the lower ports of cell (i, j) of every output j, driven on one side
    weight:   a differential voltage at the cell's upper port; the bias is one more cell whose input is a constant
    sum:      the cells of output j share one pair of loads (Kirchhoff); a difference amplifier gives their difference,
              times R_2 / R_1, about the reference
    ReLU:     a rectifier; the inverting one, before which the difference is taken the other way round. A layer without
              one gives its sums: the last layer of a network

    v_j - v_ref = G R_L sum_i k w_ij (v_i - v_ref)

The loads shrink with the number of cells, R_L = R_load / (n + 1), so that the outputs stand at the level of one cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySpice.Spice.Netlist import Circuit, SubCircuit

from circuits.errors import CircuitError
from circuits.gilbert_cell import GilbertCellParameters
from circuits.operational_amplifier import Amplifier, TwoStageParameters
from circuits.quantities import check_quantities, check_quantity
from circuits.rectifiers import RectifierParameters, rectifier
from circuits.summing_amplifier import difference_amplifier
from circuits.technology import Technology

LARGEST_WEIGHT = 1.0
"""Largest differential weight voltage (V)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronParameters:
    """What the neurons of a network are made of (ours).

    Attributes:
        cell: the multiplier.
        amplifier: of the difference amplifiers and of active rectifiers.
        rectifier: the ReLU; its amplifier is `amplifier`'s kind too.
        input_resistance: R_1 of the difference amplifiers (ohm).
        bias_input: constant input of the bias cells, about the reference (V).
    """

    cell: GilbertCellParameters = field(default_factory=GilbertCellParameters)
    amplifier: Amplifier = field(default_factory=TwoStageParameters)
    rectifier: RectifierParameters = field(default_factory=lambda: RectifierParameters(kind="inverting"))
    input_resistance: float = 20e3
    bias_input: float = 0.1

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_quantity("input resistance of the difference amplifiers", self.input_resistance, "ohm", 1.0, 1e12)
        check_quantity("input of the bias cells", self.bias_input, "V", 0.0, LARGEST_WEIGHT)
        if self.rectifier.active and self.rectifier.amplifier != self.amplifier:
            raise CircuitError("a rectifier of a network must have the network's amplifier; give both the same")

    @property
    def reference(self) -> float:
        """The level that inputs and outputs are counted from (V)."""
        return self.cell.lower_level

    def load(self, n_inputs: int) -> float:
        """R_L of a neuron with so many inputs and a bias (ohm)."""
        return self.cell.load / (n_inputs + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVoltages:
    """The weights of one layer as voltages.

    Attributes:
        weights: (n_outputs, n_inputs) differential voltages at the upper ports (V).
        biases: (n_outputs,) the same of the bias cells (V).
        gain: R_2 / R_1 of the difference amplifiers.
        rectified: whether a ReLU follows.
    """

    weights: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]
    gain: float
    rectified: bool

    def __post_init__(self) -> None:
        """Check that it is a matrix of voltages with a bias for each row."""
        rows = [check_quantities("weights", list(row), "V", -LARGEST_WEIGHT, LARGEST_WEIGHT) for row in self.weights]
        check_quantities("biases", list(self.biases), "V", -LARGEST_WEIGHT, LARGEST_WEIGHT)
        check_quantity("gain of the layer", self.gain, "", 1e-3, 1e6)
        if len({len(row) for row in rows}) != 1 or len(self.biases) != len(rows):
            raise CircuitError(
                f"a layer needs rows of one length and a bias for each, found rows of {[len(row) for row in rows]} "
                f"and {len(self.biases)} biases"
            )

    @property
    def n_inputs(self) -> int:
        """Inputs of the layer."""
        return len(self.weights[0])

    @property
    def n_outputs(self) -> int:
        """Outputs of the layer."""
        return len(self.weights)


def neuron(parameters: NeuronParameters, layer: LayerVoltages, *, name: str) -> SubCircuit:
    """One output of a layer as a subcircuit: (sump, sumn, ref, out, vdd, bias): loads, difference, ReLU."""
    block = SubCircuit(name, "sump", "sumn", "ref", "out", "vdd", "bias")
    for side in ("sump", "sumn"):
        block.R(side, "vdd", side, parameters.load(layer.n_inputs))
    inverted = layer.rectified and parameters.rectifier.kind == "inverting"
    inputs = ("sumn", "sump") if inverted else ("sump", "sumn")
    z = "z" if layer.rectified else "out"
    block.X("d", f"{name}_difference", *inputs, "ref", z, "vdd", "bias")
    if layer.rectified:
        block.X("r", "rectifier", z, "ref", "out", "vdd", "bias")
    return block


def add_network(
    circuit: Circuit,
    parameters: NeuronParameters,
    technology: Technology,
    layers: Sequence[LayerVoltages],
    inputs: Sequence[str],
) -> list[list[str]]:
    """Place a network in a circuit that has the nodes vdd, ref and the inputs.

    Args:
        circuit: receives it, with the weights as ideal voltage sources.
        parameters: what the neurons are made of.
        technology: their process.
        layers: first to last; every layer but the last one is usually rectified.
        inputs: nodes of the first layer's inputs.

    Returns:
        The output nodes of every layer.

    Raises:
        CircuitError: no layers, or layers whose sizes do not follow each other.
    """
    sizes = [len(inputs), *(layer.n_outputs for layer in layers)]
    if not layers or [layer.n_inputs for layer in layers] != sizes[:-1]:
        raise CircuitError(
            f"layers of {[layer.n_inputs for layer in layers]} inputs do not follow {sizes[:-1]} signals: "
            "each needs as many inputs as the one before it has outputs"
        )
    if any(layer.rectified for layer in layers):
        circuit.subcircuit(rectifier(parameters.rectifier, technology))
    for one in (*parameters.cell.subcircuits(technology), *parameters.amplifier.subcircuits(technology)):
        circuit.subcircuit(one)
    circuit.X("cellbias", "gilbert_bias", "cellbias", "vdd")
    circuit.X("ampbias", "amplifier_bias", "ampbias", "vdd")
    circuit.V("one", "one", "ref", parameters.bias_input)
    circuit.V("upper", "upper", 0, parameters.cell.upper_level)
    nodes, outputs = list(inputs), []
    for depth, layer in enumerate(layers):
        name = f"neuron{depth}"
        circuit.subcircuit(difference_amplifier(layer.gain, parameters.input_resistance, name=f"{name}_difference"))
        circuit.subcircuit(neuron(parameters, layer, name=name))
        nodes = [_add_neuron(circuit, layer, depth, j, nodes) for j in range(layer.n_outputs)]
        outputs.append(nodes)
    return outputs


def _add_neuron(circuit: Circuit, layer: LayerVoltages, depth: int, j: int, inputs: Sequence[str]) -> str:
    """The cells of one output with their weights, and its neuron; returns the output's node."""
    at = f"{depth}_{j}"
    weights = [*layer.weights[j], layer.biases[j]]
    for i, (node, weight) in enumerate(zip([*inputs, "one"], weights, strict=True)):
        place = f"{at}_{i}"
        circuit.V(f"wp{place}", f"wp{place}", "upper", weight / 2)
        circuit.V(f"wn{place}", f"wn{place}", "upper", -weight / 2)
        cell = (f"sump{at}", f"sumn{at}", f"wp{place}", f"wn{place}", node, "ref", "cellbias")
        circuit.X(f"c{place}", "gilbert_cell", *cell)
    circuit.X(f"n{at}", f"neuron{depth}", f"sump{at}", f"sumn{at}", "ref", f"a{at}", "vdd", "ampbias")
    circuit.C(f"a{at}", f"a{at}", 0, 100e-15)
    return f"a{at}"
