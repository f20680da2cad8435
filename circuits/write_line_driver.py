"""The driver of a column's write word lines: from the logic's levels to those of the write gate.

The write gate is under-driven while it holds (`GainCellParameters.write_levels`: -0.2 V on the NMOS, 1.1 V on the PMOS)
and may be over-driven while it writes, so each line swings between rails of its own. A cross-coupled pair shifts the
level, one direction at a time:

- up to a rail above the supply: NMOS pulled by the logic's levels, PMOS of the pair on the high rail;
- down to a rail below ground: the mirror image.

Wherever a rail is the supply or ground itself, its shifter is left out. Every NMOS has its bulk on its low rail (a
well of its own), every PMOS on its high rail; no junction is ever forward. The transistors of the last stage see
0.9 + 0.2 V, a fifth above the supply, as those of the cell do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import Circuit, SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.gain_cell import GainCellParameters
from circuits.gates import GateWidths, Rails, add_inverter
from circuits.technology import Technology

WRITE_LINES = ("wwl", "wwlb")
"""The write word lines of a column, of the gate's NMOS and PMOS."""

WRITE_RAILS = tuple(f"{line}_{end}" for line in WRITE_LINES for end in ("low", "high"))
"""Between which they swing."""

SAME_RAIL = 1e-3
"""Rails that are nearer (V) are one rail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteLineDriverParameters:
    """Sizes of the write word line driver (ours), at a minimum gate length of 30 nm.

    Attributes:
        pull: of the shifters: the transistors that the logic drives; they must win against the pair.
        pair: of the shifters: the cross-coupled transistors.
        output: last stage: a line of 64 write gates and 64 um of wire is about 25 fF.
    """

    pull: GateWidths = field(default_factory=lambda: GateWidths(nmos=1.2e-6, pmos=2.4e-6))
    pair: GateWidths = field(default_factory=lambda: GateWidths(nmos=0.2e-6, pmos=0.3e-6))
    output: GateWidths = field(default_factory=lambda: GateWidths(nmos=1.5e-6, pmos=3.0e-6))


def write_line_driver(
    parameters: WriteLineDriverParameters, cell: GainCellParameters, technology: Technology
) -> SubCircuit:
    """The subcircuit `write_line_driver`: both lines write while `write` is high.

    Pins: write, wwl, wwlb, vdd and the rails wwl_low, wwl_high, wwlb_low, wwlb_high.

    Raises:
        CircuitError: a width that the technology does not allow.
    """
    block = SubCircuit("write_line_driver", "write", *WRITE_LINES, "vdd", *WRITE_RAILS)
    first = GateWidths(nmos=parameters.pull.nmos / 3, pmos=parameters.pull.pmos / 3)
    add_inverter(block, technology, "hold", ("write", "hold"), first)
    add_inverter(block, technology, "true", ("hold", "open"), first)
    (pull_down, pull_up), (pair_down, pair_up) = (
        widths.mosfets(technology) for widths in (parameters.pull, parameters.pair)
    )
    for line, (holding, writing) in cell.write_levels(technology).items():
        low, high = min(holding, writing), max(holding, writing)
        rails = Rails(low=f"{line}_low", high=f"{line}_high")
        nodes = ("open", "hold")
        if high > technology.supply_voltage + SAME_RAIL:
            nodes = _shift(block, technology, f"{line}u", nodes, (pull_down, pair_up), ("0", rails.high))
        if low < -SAME_RAIL:
            nodes = _shift(block, technology, f"{line}d", nodes, (pull_up, pair_down), (rails.high, rails.low))
        high_while_writing = writing > holding
        source = nodes[1] if high_while_writing else nodes[0]
        add_inverter(block, technology, f"{line}out", (source, line), parameters.output, rails)
    return block


def add_write_line_driver(circuit: Circuit, name: str, *, write: str, wwl: str, wwlb: str) -> None:
    """Place a driver on the lines of one column; the rails are those of `add_write_rails`."""
    circuit.X(name, "write_line_driver", write, wwl, wwlb, "vdd", *WRITE_RAILS)


def add_write_rails(circuit: Circuit, cell: GainCellParameters, technology: Technology) -> tuple[str, ...]:
    """Add the four rails of the write word lines as ideal supplies, and return their sources' names."""
    names = []
    for line, levels in cell.write_levels(technology).items():
        for end, level in (("low", min(levels)), ("high", max(levels))):
            circuit.V(f"{line}_{end}", f"{line}_{end}", 0, level)
            names.append(f"v{line}_{end}")
    return tuple(names)


def _shift(
    block: SubCircuit,
    technology: Technology,
    name: str,
    nodes: tuple[str, str],
    devices: tuple[Mosfet, Mosfet],
    rails: tuple[str, str],
) -> tuple[str, str]:
    """A signal and its complement, now between `rails`: that of the pulling devices and that of the pair."""
    (pull, pair), (pulled, held) = devices, rails
    true, complement = f"{name}t", f"{name}c"
    add_mosfet(block, technology, f"{name}1", pull, (complement, nodes[0], pulled, pulled))
    add_mosfet(block, technology, f"{name}2", pull, (true, nodes[1], pulled, pulled))
    add_mosfet(block, technology, f"{name}3", pair, (complement, true, held, held))
    add_mosfet(block, technology, f"{name}4", pair, (true, complement, held, held))
    return true, complement
