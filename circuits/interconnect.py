"""Wires of the array: resistance, capacitance and coupling from a length, a width and the technology's wire data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.errors import CircuitError
from circuits.quantities import check_quantity
from circuits.technology import Technology

COUPLING_SHARE = 0.6
"""Share of the capacitance of a wire of the technology's width that its two neighbours on the same layer make up, half
each. Ours: usual at minimum pitch, where the side walls are twice as high as the wire is wide."""

WIDEST = 100.0
"""Widest wire, over the technology's width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLoad:
    """Resistance (ohm) and capacitance (F) of one wire.

    Attributes:
        resistance: end to end.
        capacitance: all of it, neighbours included.
        coupling: the part of it that one of the two neighbours makes up.
    """

    resistance: float
    capacitance: float
    coupling: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayWires:
    """Widths of the lines of an array, over the width that the technology's wire data are for.

    Attributes:
        word_line: both read word lines of a row. Ours: eight times, 400 nm of a row of 1 um, each on a layer of its
            own; at the technology's width a 64 x 64 array would lose a tenth of its charge, see the study of the array.
        bit_line: the read bit line of a column.
        write_line: write word lines and data lines.
    """

    word_line: float = 8.0
    bit_line: float = 1.0
    write_line: float = 1.0

    def __post_init__(self) -> None:
        """Check that every width is one."""
        for field in fields(self):
            check_quantity(f"width of the {field.name}", getattr(self, field.name), "", 1e-3, WIDEST)


def wire_load(technology: Technology, length: float, width: float = 1.0) -> WireLoad:
    """The wire of a line that spans `length` (m) of the array.

    The law (ours) of a wire that is drawn `width` times as wide as the technology's, at the same distance from its
    neighbours: resistance / width, since the size effect only gets smaller; the capacitance of its side walls stays,
    that of its faces grows: capacitance * (COUPLING_SHARE + (1 - COUPLING_SHARE) * width).

    Raises:
        CircuitError: a length that is none, or above 1 m, or a width that is none.
    """
    check_quantity("length of a wire", length, "m", 0.0, 1.0)
    check_quantity("width of a wire", width, "", 1e-3, WIDEST)
    capacitance = technology.wire.capacitance_per_length * length
    return WireLoad(
        resistance=technology.wire.resistance_per_length * length / width,
        capacitance=capacitance * (COUPLING_SHARE + (1 - COUPLING_SHARE) * width),
        coupling=capacitance * COUPLING_SHARE / 2,
    )


def add_wire(scope: SpiceScope, name: str, nodes: Sequence[str], section: WireLoad, *, coupled: float = 0.0) -> None:
    """Add a wire of pi sections through `nodes`.

    Args:
        scope: circuit or subcircuit that receives it.
        name: prefix of its elements.
        nodes: from one end to the other, two or more.
        section: the wire between one node and the next.
        coupled: capacitance of each section (F) that is not to ground, because `add_coupling` adds it to a neighbour.

    Raises:
        CircuitError: fewer than two nodes, or more coupling than capacitance.
    """
    if len(nodes) < 2:
        raise CircuitError(f"a wire needs two nodes or more, found {len(nodes)}")
    grounded = check_quantity(f"capacitance of {name} to ground", section.capacitance - coupled, "F", 0.0)
    for k, (here, there) in enumerate(pairwise(nodes)):
        scope.R(f"{name}.{k}", here, there, section.resistance)
    for k, (node, share) in enumerate(zip(nodes, _shares(len(nodes)), strict=True)):
        scope.C(f"{name}.{k}", node, 0, share * grounded)


def add_coupling(scope: SpiceScope, name: str, one: Sequence[str], other: Sequence[str], section: float) -> None:
    """Add the capacitance of each section (F) between two wires, node by node.

    Raises:
        CircuitError: wires with different numbers of nodes.
    """
    if len(one) != len(other):
        raise CircuitError(f"coupled wires need equal numbers of nodes, found {len(one)} and {len(other)}")
    for k, (a, b, share) in enumerate(zip(one, other, _shares(len(one)), strict=True)):
        scope.C(f"{name}.{k}", a, b, share * section)


def _shares(n_nodes: int) -> list[float]:
    """What each node of a chain of pi sections gets of one section's capacitance."""
    return [0.5, *[1.0] * (n_nodes - 2), 0.5]
