"""The multi-level write driver: a digital code of each row becomes one of n voltages on its data line.

    reference --R--tap--R--tap-- ... --R--[footer]-- ground      one ladder for all rows, on while it writes
                    |      |
              [switch j of every row, selected by its decoder]
                                |
                            data line --[switch]-- mid-supply while idle

A resistor string makes the inner levels; the lowest and the highest are ground and the reference themselves. A switch
of the decoder's choice ties the data line to its tap: no buffer, because the line is a capacitor and draws no current
once it has settled. What the string's impedance costs is time: tap j of a string of n equal resistors R sees
R j (n - j) / n, and all rows may want the same tap. The footer lets the string draw current only during a write.
Between writes the line rests at mid-supply, where it neither disturbs nor drains the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from PySpice.Spice.Netlist import Circuit, SubCircuit

from circuits.devices import add_mosfet
from circuits.errors import CircuitError
from circuits.gates import GateWidths, add_inverter, add_nand, add_switch, code_nodes, tapered
from circuits.logic import logic_mosfet
from circuits.quantities import check_count, check_quantity
from circuits.technology import Technology

MOST_LEVELS = 32
"""Most levels of a driver: beyond, the decoder's stack of transistors is too tall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDriverParameters:
    """Sizes of the write driver (ours); widths are those at a minimum gate length of 30 nm.

    Attributes:
        n_levels: levels, equally spaced from ground to the reference.
        unit_resistance: one step of the string (ohm). 200 ohm: 0.64 mA while it writes, and settled in 8 ns even
            where 64 rows share a tap.
        footer_width: of the NMOS that closes the string (m). 100 um: about 3 ohm, 2 mV at the lowest tap.
        switch: of the multiplexer: 0.5 um / 1 um are 1-3 kohm against a line of 30 fF.
        gate: of the decoder.
        taper: of the footer's buffer.
    """

    n_levels: int = 8
    unit_resistance: float = 200.0
    footer_width: float = 100e-6
    switch: GateWidths = field(default_factory=lambda: GateWidths(nmos=0.5e-6, pmos=1.0e-6))
    gate: GateWidths = field(default_factory=lambda: GateWidths(nmos=0.3e-6, pmos=0.3e-6))
    taper: float = 5.0

    @property
    def n_bits(self) -> int:
        """Bits of a code."""
        return max(1, (self.n_levels - 1).bit_length())

    def levels(self, technology: Technology) -> tuple[float, ...]:
        """The nominal level of every code (V)."""
        return tuple(code * technology.supply_voltage / (self.n_levels - 1) for code in range(self.n_levels))

    def tap_impedance(self, code: int) -> float:
        """Output resistance of the ladder at a code's tap (ohm): R j (n - j) / n for tap j of n resistors."""
        n_steps = self.n_levels - 1
        return self.unit_resistance * code * (n_steps - code) / n_steps

    def taps(self) -> tuple[str, ...]:
        """Nodes of the levels: ground, the taps of the string, the reference."""
        return ("0", *self.inner_taps(), "reference")

    def inner_taps(self) -> tuple[str, ...]:
        """Nodes between ground and the reference."""
        return tuple(f"tap{code}" for code in range(1, self.n_levels - 1))


def write_driver(parameters: WriteDriverParameters, technology: Technology) -> tuple[SubCircuit, ...]:
    """The subcircuits `write_ladder` (one for all rows) and `data_line_driver` (one a row).

    Pins of the ladder: enable, the inner taps, reference, vdd. Pins of the driver: line, enable, the bits of the code
    (lowest first), `taps()`, mid, vdd.

    Raises:
        CircuitError: fewer than two levels or too many, or a size that is none.
    """
    check_count("n_levels", parameters.n_levels, MOST_LEVELS)
    if parameters.n_levels < 2:
        raise CircuitError(f"a write driver needs two levels or more, found {parameters.n_levels}")
    check_quantity("unit resistance of the ladder", parameters.unit_resistance, "ohm", 1e-3, 1e9)
    check_quantity("taper", parameters.taper, "", 1.0, 100.0)
    return _ladder(parameters, technology), _data_line_driver(parameters, technology)


def add_write_ladder(circuit: Circuit, parameters: WriteDriverParameters, *, name: str = "ladder") -> None:
    """Place the ladder: nodes `enable`, `tap<code>`, `reference`, `vdd` of the circuit."""
    circuit.X(name, "write_ladder", "enable", *parameters.inner_taps(), "reference", "vdd")


def add_data_line_driver(
    circuit: Circuit, parameters: WriteDriverParameters, name: str, *, line: str, code: int, rows: int = 1
) -> None:
    """Place the driver of one row, or of several equal rows in parallel on one node.

    It uses the nodes `enable`, `reference`, the ladder's taps, `mid` and `vdd` of the circuit.

    Args:
        circuit: receives it; its subcircuits are `write_driver`'s.
        parameters: sizes.
        name: of the instance.
        line: the data line.
        code: the level that is written, 0 to n_levels - 1; constant during the deck.
        rows: how many rows it stands for.

    Raises:
        CircuitError: no such code, or no such number of rows.
    """
    check_quantity("code of a level", code, "", 0, parameters.n_levels - 1)
    check_count("rows", rows, 100_000)
    bits = code_nodes(int(code), parameters.n_bits)
    nodes = (line, "enable", *bits, *parameters.taps(), "mid", "vdd")
    circuit.X(name, "data_line_driver", *nodes, **({"m": rows} if rows > 1 else {}))


def add_write_driver(
    circuit: Circuit,
    parameters: WriteDriverParameters,
    technology: Technology,
    *,
    codes: Sequence[int],
    lines: Sequence[str],
) -> None:
    """A whole write driver: subcircuits, ladder, and a driver for every data line.

    The caller provides the nodes `enable` (high while it writes), `reference` (the supply of the ladder), `mid`, `vdd`.

    Raises:
        CircuitError: not one code a line, or no such code.
    """
    if len(codes) != len(lines):
        raise CircuitError(f"a write driver needs one code for each line, found {len(codes)} and {len(lines)}")
    for block in write_driver(parameters, technology):
        circuit.subcircuit(block)
    add_write_ladder(circuit, parameters)
    for code, line in zip(codes, lines, strict=True):
        add_data_line_driver(circuit, parameters, f"driver_{line}", line=line, code=code)


def _ladder(parameters: WriteDriverParameters, technology: Technology) -> SubCircuit:
    block = SubCircuit("write_ladder", "enable", *parameters.inner_taps(), "reference", "vdd")
    nodes = ("foot", *parameters.inner_taps(), "reference")
    for k, (low, high) in enumerate(pairwise(nodes)):
        block.R(f"step{k}", high, low, parameters.unit_resistance)
    footer = parameters.footer_width
    second = tapered(footer, parameters.taper)
    first = tapered(second.nmos + second.pmos, parameters.taper)
    add_inverter(block, technology, "buffer1", ("enable", "onb"), first)
    add_inverter(block, technology, "buffer2", ("onb", "on"), second)
    add_mosfet(block, technology, "footer", logic_mosfet(technology, "nmos", footer), ("foot", "on", "0", "0"))
    return block


def _data_line_driver(parameters: WriteDriverParameters, technology: Technology) -> SubCircuit:
    bits = [f"b{k}" for k in range(parameters.n_bits)]
    pins = [f"level{code}" for code in range(parameters.n_levels)]
    block = SubCircuit("data_line_driver", "line", "enable", *bits, *pins, "mid", "vdd")
    gate, switch = parameters.gate, parameters.switch
    add_inverter(block, technology, "enb", ("enable", "enb"), GateWidths(nmos=gate.nmos, pmos=2 * gate.pmos))
    add_inverter(block, technology, "en", ("enb", "en"), GateWidths(nmos=2 * gate.nmos, pmos=4 * gate.pmos))
    for bit in bits:
        add_inverter(block, technology, f"not{bit}", (bit, f"{bit}b"), GateWidths(nmos=gate.nmos, pmos=2 * gate.pmos))
    for code, pin in enumerate(pins):
        inputs = ["en", *(bit if code >> k & 1 else f"{bit}b" for k, bit in enumerate(bits))]
        add_nand(block, technology, f"decode{code}", inputs, f"off{code}", gate)
        add_inverter(
            block, technology, f"select{code}", (f"off{code}", f"on{code}"), GateWidths(nmos=gate.nmos, pmos=gate.pmos)
        )
        add_switch(block, technology, f"switch{code}", (pin, "line"), (f"on{code}", f"off{code}"), switch)
    add_switch(block, technology, "idle", ("mid", "line"), ("enb", "en"), switch)
    return block
