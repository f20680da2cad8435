"""Many charge-to-pulse circuits at the feet of an array, on clocks that they share."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.BasicElement import SubCircuitElement, VoltageSource
from PySpice.Spice.Netlist import Circuit, Element, SubCircuit

from circuits.benches.converter import add_converter
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.errors import CircuitError
from circuits.technology import Technology
from circuits.timing import ColumnTiming


def add_read_outs(
    circuit: Circuit,
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    n_columns: int,
    prefix: str = "",
) -> None:
    """Add supplies, clocks and one converter per column, as `add_converter` adds them for one.

    What a source holds (supplies, clocks, references) is there once and shared: `<prefix>vdd`, `<prefix>window`.
    Everything else is there for every column: `<prefix>rbl<j>`, `<prefix>integral<j>`, `<prefix>pulse<j>`.

    Args:
        circuit: receives them.
        converter: the charge-to-pulse circuit.
        technology: its process.
        timing: the plan.
        n_columns: number of converters.
        prefix: of every node, element and subcircuit, so that two kinds fit into one circuit.

    Raises:
        CircuitError: no column.
    """
    if n_columns < 1:
        raise CircuitError(f"an array needs one column or more, found {n_columns}")
    one = Circuit("one")
    add_converter(one, converter, technology, timing, bit_line_length=0.0)
    blocks = list(one.subcircuits)
    own = {block.name for block in blocks}
    for block in blocks:
        circuit.subcircuit(_renamed(block, own, prefix))
    sources = [element for element in one.elements if isinstance(element, VoltageSource)]
    shared = {name for element in sources for name in element.node_names}
    for element in one.elements:
        suffixes = [""] if isinstance(element, VoltageSource) else [str(j) for j in range(n_columns)]
        for suffix in suffixes:
            nodes = [_node(name, shared, prefix, suffix) for name in element.node_names]
            _copy(circuit, element, f"{prefix}{element.name[1:]}{suffix}", nodes, prefix)


def column_probes(prefix: str, columns: Sequence[int]) -> tuple[str, ...]:
    """What a bench of many columns records of each: bit line, integral, pulse and sign."""
    return tuple(f"v({prefix}{node}{j})" for node in ("rbl", "integral", "pulse", "sign") for j in columns)


def _renamed(block: SubCircuit, own: set[str], prefix: str) -> SubCircuit:
    """The same subcircuit, it and what it instantiates under names with a prefix."""
    if not prefix:
        return block
    renamed = SubCircuit(f"{prefix}{block.name}", *block.external_nodes, **block.parameters)
    block.copy_to(renamed)
    for element in renamed.elements:
        if isinstance(element, SubCircuitElement) and element.subcircuit_name in own:
            element.subcircuit_name = f"{prefix}{element.subcircuit_name}"
    return renamed


def _node(name: str, shared: set[str], prefix: str, suffix: str) -> str:
    if name == "0":
        return name
    return f"{prefix}{name}" if name in shared else f"{prefix}{name}{suffix}"


def _copy(circuit: Circuit, element: Element, name: str, nodes: Sequence[str], prefix: str) -> None:
    """The element once more, with another name and other nodes."""
    if isinstance(element, SubCircuitElement):
        circuit.X(name, f"{prefix}{element.subcircuit_name}", *nodes, **element.parameters)
    else:
        Element.copy_to(element, element.__class__(circuit, name, *nodes))
