"""Amplifiers that add: the inverting summer with resistors as weights, and the difference amplifier behind loads.

    summer:      v_out - v_ref = - sum_i (R_f / R_i) (v_i - v_ref); noise gain 1 + sum R_f / R_i   [textbook]
    difference:  v_out - v_ref = (R_2 / R_1) (v_p - v_n);           noise gain 1 + R_2 / R_1

Bandwidth is GBW over the noise gain, the gain error the noise gain over A_0, and the output-referred offset the noise
gain times the amplifier's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySpice.Spice.Netlist import SubCircuit

from circuits.operational_amplifier import Amplifier, TwoStageParameters
from circuits.quantities import check_quantities, check_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class SummerParameters:
    """A summing amplifier (ours).

    Attributes:
        amplifier: transistors or macromodel.
        weights: R_f / R_i of every input, above 0.
        feedback: R_f (ohm).
        reference: the level that signals are counted from (V).
    """

    amplifier: Amplifier = field(default_factory=TwoStageParameters)
    weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    feedback: float = 100e3
    reference: float = 1.5

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_quantities("weights of the summer", self.weights, "", 1e-6, 1e6)
        check_quantity("feedback resistor", self.feedback, "ohm", 1.0, 1e12)
        check_quantity("reference of the summer", self.reference, "V", 0.0, 10.0)

    @property
    def noise_gain(self) -> float:
        """1 + sum R_f / R_i."""
        return 1.0 + sum(self.weights)


def summing_amplifier(parameters: SummerParameters) -> SubCircuit:
    """The subcircuit `summer` with the pins (in0 .., ref, out, vdd, bias); it places the subcircuit `amplifier`."""
    inputs = [f"in{k}" for k in range(len(parameters.weights))]
    block = SubCircuit("summer", *inputs, "ref", "out", "vdd", "bias")
    for k, (node, weight) in enumerate(zip(inputs, parameters.weights, strict=True)):
        block.R(f"i{k}", node, "sum", parameters.feedback / weight)
    block.R("f", "sum", "out", parameters.feedback)
    block.X("a", "amplifier", "ref", "sum", "out", "vdd", "bias")
    return block


def difference_amplifier(gain: float, input_resistance: float, *, name: str = "difference") -> SubCircuit:
    """A subcircuit with the pins (inp, inn, ref, out, vdd, bias).

    `gain` is R_2 / R_1, `input_resistance` R_1 (ohm). It places the subcircuit `amplifier`.

    Raises:
        CircuitError: a gain or resistance that is none.
    """
    check_quantity("gain of the difference amplifier", gain, "", 1e-3, 1e6)
    check_quantity("input resistance of the difference amplifier", input_resistance, "ohm", 1.0, 1e12)
    block = SubCircuit(name, "inp", "inn", "ref", "out", "vdd", "bias")
    for side, node in (("inp", "plus"), ("inn", "minus")):
        block.R(f"1{side}", side, node, input_resistance)
    block.R("2ref", "plus", "ref", gain * input_resistance)
    block.R("2out", "minus", "out", gain * input_resistance)
    block.X("a", "amplifier", "plus", "minus", "out", "vdd", "bias")
    return block


def resistor_weights(weights: Sequence[float], feedback: float) -> list[float]:
    """The resistors (ohm) that give an inverting summer these weights: R_i = R_f / w_i.

    Raises:
        CircuitError: a weight that is not above 0: an inverting summer has one sign; place two of them for both.
    """
    return [feedback / weight for weight in check_quantities("weights of the summer", list(weights), "", 1e-9, 1e9)]
