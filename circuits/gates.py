"""Gates and switches written into a circuit or subcircuit, between any two rails.

They are elements, not subcircuits, so that a block made of them is flat: ngspice multiplies an instance (`m=`) only
when its subcircuit holds no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.devices import Mosfet, add_mosfet
from circuits.logic import logic_mosfet
from circuits.technology import Technology


@dataclass(frozen=True, slots=True, kw_only=True)
class GateWidths:
    """Widths of a gate's transistors at a minimum gate length of 30 nm (m); see `circuits.logic.logic_mosfet`."""

    nmos: float
    pmos: float

    def mosfets(self, technology: Technology) -> tuple[Mosfet, Mosfet]:
        """NMOS and PMOS of these widths, scaled to the technology."""
        return logic_mosfet(technology, "nmos", self.nmos), logic_mosfet(technology, "pmos", self.pmos)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rails:
    """Nodes that a gate swings between; the bulks of its NMOS and PMOS are tied to them."""

    low: str = "0"
    high: str = "vdd"


LOGIC_RAILS = Rails()
"""Ground and the supply."""


def tapered(load_width: float, taper: float) -> GateWidths:
    """An inverter that drives a gate width `taper` times its own; PMOS twice the NMOS."""
    return GateWidths(nmos=load_width / taper / 3, pmos=2 * load_width / taper / 3)


def add_inverter(
    scope: SpiceScope,
    technology: Technology,
    name: str,
    nodes: tuple[str, str],
    widths: GateWidths,
    rails: Rails = LOGIC_RAILS,
) -> None:
    """Add an inverter; `nodes` are input and output.

    Raises:
        CircuitError: a width that the technology does not allow.
    """
    a, y = nodes
    nmos, pmos = widths.mosfets(technology)
    add_mosfet(scope, technology, f"{name}n", nmos, (y, a, rails.low, rails.low))
    add_mosfet(scope, technology, f"{name}p", pmos, (y, a, rails.high, rails.high))


def add_nand(
    scope: SpiceScope, technology: Technology, name: str, inputs: Sequence[str], output: str, widths: GateWidths
) -> None:
    """Add a NAND of any number of inputs; the NMOS are in series, the first input next to the output.

    Raises:
        CircuitError: a width that the technology does not allow.
    """
    nmos, pmos = widths.mosfets(technology)
    stack = [output, *(f"{name}s{k}" for k in range(1, len(inputs))), "0"]
    for k, node in enumerate(inputs):
        add_mosfet(scope, technology, f"{name}n{k}", nmos, (stack[k], node, stack[k + 1], "0"))
        add_mosfet(scope, technology, f"{name}p{k}", pmos, (output, node, "vdd", "vdd"))


def add_switch(
    scope: SpiceScope,
    technology: Technology,
    name: str,
    ends: tuple[str, str],
    controls: tuple[str, str],
    widths: GateWidths,
    lower_threshold: float = 0.0,
) -> None:
    """Add a transmission gate between `ends`, closed while the first of `controls` is high and the second low.

    `lower_threshold` is what both |Vth| lie below nominal (V): for signals near mid-supply, where each device has
    little gate voltage left.

    Raises:
        CircuitError: a width that the technology does not allow.
    """
    (a, b), (on, onb) = ends, controls
    nmos = logic_mosfet(technology, "nmos", widths.nmos, shift=-lower_threshold)
    pmos = logic_mosfet(technology, "pmos", widths.pmos, shift=lower_threshold)
    add_mosfet(scope, technology, f"{name}n", nmos, (a, on, b, "0"))
    add_mosfet(scope, technology, f"{name}p", pmos, (a, onb, b, "vdd"))


def add_tristate_inverter(
    scope: SpiceScope,
    technology: Technology,
    name: str,
    nodes: tuple[str, str],
    controls: tuple[str, str],
    widths: GateWidths,
) -> None:
    """Add an inverter from the first node to the second that drives while the first control is high, the second low.

    The enabling transistors stand next to the output: a disabled branch whose input moves puts no charge on it.

    Raises:
        CircuitError: a width that the technology does not allow.
    """
    (a, y), (on, onb) = nodes, controls
    nmos, pmos = widths.mosfets(technology)
    add_mosfet(scope, technology, f"{name}n1", nmos, (y, on, f"{name}l", "0"))
    add_mosfet(scope, technology, f"{name}n2", nmos, (f"{name}l", a, "0", "0"))
    add_mosfet(scope, technology, f"{name}p1", pmos, (y, onb, f"{name}h", "vdd"))
    add_mosfet(scope, technology, f"{name}p2", pmos, (f"{name}h", a, "vdd", "vdd"))


def code_nodes(code: int, n_bits: int) -> tuple[str, ...]:
    """A constant digital code as nodes, lowest bit first: "vdd" for a one, "0" for a zero."""
    return tuple("vdd" if code >> k & 1 else "0" for k in range(n_bits))
