"""An array of gain cells, any number of rows and columns, with its wires: what lies between drivers and converters.

    driver -- rwlp0, rwln0 --[c0_0]--[c0_1]-- ...      row 0 lies at the converters,
                               |       |               column 0 at the drivers of the word lines
                             rbl0    rbl1
                               |       |
                           converter converter

Every read line is a chain of pi sections, one per cell: `rwlp0` is the node at the driver, `rwlp0_3` at the cell of
column 3; `foot1` is the node at the converter of column 1, `rbl1_2` at the cell of row 2. The read word lines lie side
by side in the order rwlp0, rwln0, rwlp1, ...; each couples to the next one; so do the bit lines. A layout that puts a
quiet write line between two of them couples less.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from PySpice.Spice.Netlist import Circuit

from circuits.gain_cell import GainCellParameters
from circuits.interconnect import ArrayWires, WireLoad, add_coupling, add_wire, wire_load
from circuits.quantities import check_count
from circuits.technology import Technology

WriteBy = Literal["column", "row"]
"""What one write word line selects: a column of cells, whose data lines are the rows', or a row."""

LARGEST = 4096
"""Most rows or columns."""


def add_array(
    circuit: Circuit,
    cell: GainCellParameters,
    technology: Technology,
    wires: ArrayWires,
    *,
    n_rows: int,
    n_columns: int,
    prefix: str = "",
    write_by: WriteBy | None = None,
) -> None:
    """Add cells and wires; the subcircuit `gain_cell` and the node `<prefix>vdd` are the caller's.

    Args:
        circuit: receives them.
        cell: the gain cell; its pitch is the length of a section.
        technology: its process.
        wires: widths of the lines.
        n_rows: rows of cells.
        n_columns: columns of cells.
        prefix: of every node and element.
        write_by: wires for the write lines `wwl<k>`, `wwlb<k>`, and data lines `wbl<k>`, of which one node is at the
            edge; None for an array that is not written: one node `wwl`, `wwlb` and `wbl` for all cells.

    Raises:
        CircuitError: no row or column, or thousands of them.
    """
    check_count("rows of an array", n_rows, LARGEST)
    check_count("columns of an array", n_columns, LARGEST)
    rows, columns = range(n_rows), range(n_columns)
    word_line = wire_load(technology, cell.pitch, wires.word_line)
    bit_line = wire_load(technology, cell.pitch, wires.bit_line)
    along_rows = [along(f"{prefix}{line}{i}", n_columns) for i in rows for line in ("rwlp", "rwln")]
    _add_neighbours(circuit, along_rows, word_line)
    bit_lines = [along(f"{prefix}rbl{j}", n_rows, edge=f"{prefix}foot{j}") for j in columns]
    _add_neighbours(circuit, bit_lines, bit_line)
    if write_by is not None:
        _add_write_lines(
            circuit, wire_load(technology, cell.pitch, wires.write_line), n_rows, n_columns, prefix, write_by
        )
    for i in rows:
        for j in columns:
            wbl, wwl, wwlb = _write_nodes(prefix, i, j, write_by)
            read = (f"{prefix}rbl{j}_{i}", f"{prefix}rwlp{i}_{j}", f"{prefix}rwln{i}_{j}")
            nodes = (*read, wbl, wwl, wwlb, f"{prefix}sn{i}_{j}", f"{prefix}vdd")
            circuit.X(f"{prefix}c{i}_{j}", "gain_cell", *nodes)


def along(line: str, n_cells: int, edge: str = "") -> list[str]:
    """The nodes of a line, from its edge (the line's own name without another) to its last cell."""
    return [edge or line, *(f"{line}_{k}" for k in range(n_cells))]


def _add_neighbours(circuit: Circuit, lines: Sequence[Sequence[str]], section: WireLoad) -> None:
    """Wires side by side, each coupled to the next one; the outer ones have ground for a neighbour."""
    for k, nodes in enumerate(lines):
        neighbours = (k > 0) + (k < len(lines) - 1)
        add_wire(circuit, nodes[0], nodes, section, coupled=neighbours * section.coupling)
    for one, other in pairwise(lines):
        add_coupling(circuit, f"{one[0]}.x", one, other, section.coupling)


def _add_write_lines(
    circuit: Circuit, section: WireLoad, n_rows: int, n_columns: int, prefix: str, write_by: WriteBy
) -> None:
    n_selects, n_data = (n_columns, n_rows) if write_by == "column" else (n_rows, n_columns)
    for k in range(n_selects):
        for line in ("wwl", "wwlb"):
            add_wire(circuit, f"{prefix}{line}{k}", along(f"{prefix}{line}{k}", n_data), section)
    for k in range(n_data):
        add_wire(circuit, f"{prefix}wbl{k}", along(f"{prefix}wbl{k}", n_selects), section)


def _write_nodes(prefix: str, i: int, j: int, write_by: WriteBy | None) -> tuple[str, str, str]:
    """Data line and both write word lines of a cell."""
    if write_by is None:
        return f"{prefix}wbl", f"{prefix}wwl", f"{prefix}wwlb"
    select, data = (j, i) if write_by == "column" else (i, j)
    return f"{prefix}wbl{data}_{select}", f"{prefix}wwl{select}_{data}", f"{prefix}wwlb{select}_{data}"
