"""Gates of the converter: inverter, NAND, transmission gate, clocked comparator."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.technology import DRAWN_GATE_LENGTH, Polarity, Technology


def logic_mosfet(
    technology: Technology, polarity: Polarity, width: float, *, length: float = DRAWN_GATE_LENGTH, shift: float = 0.0
) -> Mosfet:
    """A transistor of gates and switches: sizes written for a 30 nm process, scaled to the technology's.

    Args:
        technology: its minimum gate length sets the scale.
        polarity: "nmos" or "pmos".
        width: at a minimum gate length of 30 nm (m).
        length: the same (m).
        shift: threshold shift (V).
    """
    scale = technology.logic_scale
    return Mosfet(polarity=polarity, width=scale * width, length=scale * length, threshold_shift=shift)


def inverter(technology: Technology, name: str, nmos_width: float, pmos_width: float) -> SubCircuit:
    """An inverter with pins a y vdd."""
    gate = SubCircuit(name, "a", "y", "vdd")
    add_mosfet(gate, technology, "n", logic_mosfet(technology, "nmos", nmos_width), ("y", "a", "0", "0"))
    add_mosfet(gate, technology, "p", logic_mosfet(technology, "pmos", pmos_width), ("y", "a", "vdd", "vdd"))
    return gate


def nand2(technology: Technology) -> SubCircuit:
    """A two-input NAND, subcircuit `nand2`, pins a b y vdd."""
    gate = SubCircuit("nand2", "a", "b", "y", "vdd")
    add_mosfet(gate, technology, "n1", logic_mosfet(technology, "nmos", 0.4e-6), ("y", "a", "x", "0"))
    add_mosfet(gate, technology, "n2", logic_mosfet(technology, "nmos", 0.4e-6), ("x", "b", "0", "0"))
    add_mosfet(gate, technology, "p1", logic_mosfet(technology, "pmos", 0.4e-6), ("y", "a", "vdd", "vdd"))
    add_mosfet(gate, technology, "p2", logic_mosfet(technology, "pmos", 0.4e-6), ("y", "b", "vdd", "vdd"))
    return gate


def transmission_gate(technology: Technology, name: str, nmos_width: float, pmos_width: float) -> SubCircuit:
    """A switch between a and b, closed while `on` is high and `onb` low; pins a b on onb vdd."""
    gate = SubCircuit(name, "a", "b", "on", "onb", "vdd")
    add_mosfet(gate, technology, "n", logic_mosfet(technology, "nmos", nmos_width), ("a", "on", "b", "0"))
    add_mosfet(gate, technology, "p", logic_mosfet(technology, "pmos", pmos_width), ("a", "onb", "b", "vdd"))
    return gate


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparatorParameters:
    """Sizes of the continuous comparator (ours).

    Attributes:
        tail: mirror device of the tail current; the bias diode beside it has the same size and carries `tail_current`.
        pair: input pair; low threshold, because it compares at 0.35-0.45 V under a supply of 0.9 V.
        load: mirror load; so wide that its gate voltage is the threshold of the inverter that follows, which makes
            rising and falling decisions equally late. It scales with the tail current.
        tail_current: bias (A).
        bias_decoupling: from the gate of the bias diode to ground (F).
    """

    tail: Mosfet = field(default_factory=lambda: Mosfet(polarity="pmos", width=4e-6, length=100e-9))
    pair: Mosfet = field(
        default_factory=lambda: Mosfet(polarity="pmos", width=3e-6, length=60e-9, threshold_shift=0.12)
    )
    load: Mosfet = field(default_factory=lambda: Mosfet(polarity="nmos", width=0.42e-6, length=60e-9))
    tail_current: float = 12e-6
    bias_decoupling: float = 500e-15


def comparator(technology: Technology, parameters: ComparatorParameters) -> SubCircuit:
    """A continuous comparator, subcircuit `comparator`, pins a b q vdd bias: q is high while a > b.

    PMOS inputs, because it compares near 0.35-0.45 V; two inverters restore the level. The tail's
    gate `bias` is gated outside, so that it draws no current between conversions.
    """
    block = SubCircuit("comparator", "a", "b", "q", "vdd", "bias")
    add_mosfet(block, technology, "t", parameters.tail, ("s", "bias", "vdd", "vdd"))
    add_mosfet(block, technology, "1", parameters.pair, ("d", "a", "s", "vdd"))
    add_mosfet(block, technology, "2", parameters.pair, ("o", "b", "s", "vdd"))
    add_mosfet(block, technology, "3", parameters.load, ("d", "d", "0", "0"))
    add_mosfet(block, technology, "4", parameters.load, ("o", "d", "0", "0"))
    block.X("1", "inverter_skewed", "o", "y", "vdd")
    block.X("2", "inverter_output", "y", "q", "vdd")
    return block


def logic_cells(technology: Technology, parameters: ComparatorParameters) -> tuple[SubCircuit, ...]:
    """Every gate that the converters instantiate, and their comparator, in order of definition."""
    return (
        inverter(technology, "inverter", 0.2e-6, 0.4e-6),
        inverter(technology, "inverter_skewed", 0.2e-6, 0.3e-6),
        inverter(technology, "inverter_output", 0.3e-6, 0.6e-6),
        inverter(technology, "inverter_driver", 0.6e-6, 1.2e-6),
        nand2(technology),
        transmission_gate(technology, "bias_gate", 1e-6, 2e-6),
        transmission_gate(technology, "latch_gate", 0.3e-6, 0.6e-6),
        comparator(technology, parameters),
    )
