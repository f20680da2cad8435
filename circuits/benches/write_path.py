"""Bench of the write path: one column of cells written by its drivers, other columns' cells on the data lines.

Rows that write the same code behave alike, so one of them is simulated and its driver, data line and cells stand for
all of them (ngspice's `m=`). The cells of the other columns are real cells with closed gates, as many per row as there
are other columns, in the middle of the data line; the written cell is at its far end.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.benches.cell import CELLS_PER_LINE
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.interconnect import wire_load
from circuits.quantities import check_count, check_quantities, check_quantity
from circuits.stimuli import EDGE_TIME, pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import LONGEST_TIME, WRITE_TIME
from circuits.write_driver import WriteDriverParameters, add_data_line_driver, add_write_ladder, write_driver
from circuits.write_line_driver import (
    WriteLineDriverParameters,
    add_write_line_driver,
    add_write_rails,
    write_line_driver,
)

DATA_LEAD, DATA_LAG = 0.2e-9, 0.3e-9
"""How long before the write gates' command the data lines move, and how long after it they rest (s). Ours: the lag lets
the gates close, whose lines fall within 0.15 ns at the slowest corner."""

AFTERWARDS = 1.2e-9
"""What is recorded after the data lines have gone back to mid-supply (s)."""

SUPPLIES = ("vdd", "vreference", "vmid", "vwwl_low", "vwwl_high", "vwwlb_low", "vwwlb_high", "venable", "vwrite")
"""Every source of the bench that delivers energy."""

GROUP_PROBES = ("v(sn{})", "v(held{})", "v(wbl{})", "v(far{})")
"""Recorded of every group of rows: the written cell, a cell of another column, the data line at both ends."""


def write_path_bench(
    cell: GainCellParameters,
    driver: WriteDriverParameters,
    line_driver: WriteLineDriverParameters,
    technology: Technology,
    *,
    codes: Sequence[int],
    rows: Sequence[int] | None = None,
    previous_voltages: Sequence[float] | None = None,
    held_voltages: Sequence[float] | None = None,
    n_columns: int = CELLS_PER_LINE,
    write_time: float = WRITE_TIME,
    max_step: float = 50e-12,
    name: str = "write_path",
) -> Testbench:
    """Write one column: ladder, decoders, switches, data lines, write word lines and gates, cells.

    Args:
        cell: the gain cell.
        driver: the multi-level driver of the data lines.
        line_driver: the driver of the write word lines.
        technology: their process.
        codes: one for each group of rows, 0 to n_levels - 1.
        rows: rows in each group, default one each.
        previous_voltages: what the written cells held before (V), default the rail farther from the new level.
        held_voltages: what the other columns' cells hold (V), default the rail farther from the new level.
        n_columns: cells on a data line, two or more.
        write_time: how long the write gates' command is high (s).
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench with `GROUP_PROBES` of every group, the write word lines and the currents of `SUPPLIES`; its
        `parameters` have `write_start`, `write_end`, `enable_start`, `enable_end` (s) and the `code<k>` of every group.

    Raises:
        CircuitError: no code or one that the driver does not have, operands of different lengths, or a size or voltage
            that is none.
    """
    supply, mid = technology.supply_voltage, technology.mid_voltage
    levels = driver.levels(technology)
    chosen = [int(c) for c in check_quantities("codes", codes, "", 0, driver.n_levels - 1)]
    counts = [1] * len(chosen) if rows is None else [check_count("rows of a group", n, 100_000) for n in rows]
    far = [0.0 if levels[code] > mid else supply for code in chosen]
    before = check_quantities(
        "previous_voltages", far if previous_voltages is None else previous_voltages, "V", 0, supply
    )
    held = check_quantities("held_voltages", far if held_voltages is None else held_voltages, "V", 0, supply)
    if not len(chosen) == len(counts) == len(before) == len(held):
        raise CircuitError(
            f"each group of rows needs a code, a number of rows and two voltages, found {len(chosen)}, {len(counts)}, "
            f"{len(before)} and {len(held)}"
        )
    check_quantity("n_columns (the written one and others)", n_columns, "", 2, 100_000)
    check_quantity("write_time", write_time, "s", 4 * EDGE_TIME, LONGEST_TIME)
    write_start = DATA_LEAD + 0.3e-9
    write_end = write_start + write_time
    enabled = (write_start - DATA_LEAD, write_end + DATA_LAG)
    circuit = Circuit(name)
    for block in (*write_driver(driver, technology), write_line_driver(line_driver, cell, technology)):
        circuit.subcircuit(block)
    circuit.subcircuit(gain_cell(cell, technology))
    circuit.V("dd", "vdd", 0, supply)
    circuit.V("reference", "reference", 0, supply)
    circuit.V("mid", "mid", 0, mid)
    circuit.V("enable", "enable", 0, pulse([enabled], idle=0.0, active=supply))
    circuit.V("write", "write", 0, pulse([(write_start, write_end)], idle=0.0, active=supply))
    rails = add_write_rails(circuit, cell, technology)
    _add_write_lines(circuit, cell, technology, n_rows=sum(counts), rails=rails)
    add_write_ladder(circuit, driver)
    for k, (code, count) in enumerate(zip(chosen, counts, strict=True)):
        add_data_line_driver(circuit, driver, f"driver{k}", line=f"wbl{k}", code=code, rows=count)
        _add_data_line(circuit, cell, technology, k, rows=count, n_columns=n_columns)
    groups = range(len(chosen))
    probes = ("v(enable)", "v(write)", "v(wwl)", "v(wwlb)", "v(wwl_end)", "v(wwlb_end)", *(f"i({s})" for s in SUPPLIES))
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=enabled[1] + AFTERWARDS, max_step=max_step),
        probes=(*probes, *(probe.format(k) for probe in GROUP_PROBES for k in groups)),
        technology=technology,
        parameters={
            "write_start": write_start,
            "write_end": write_end,
            "enable_start": enabled[0],
            "enable_end": enabled[1],
            **{f"code{k}": float(code) for k, code in enumerate(chosen)},
        },
        initial_voltages={
            **{f"sn{k}": before[k] for k in groups},
            **{f"held{k}": held[k] for k in groups},
        },
        # gmin: 1e-12 S would itself disturb the closed cells by a microvolt
        options={"reltol": "1e-4", "method": "gear", "gmin": "1e-15"},
    )


def _add_write_lines(
    circuit: Circuit, cell: GainCellParameters, technology: Technology, *, n_rows: int, rails: tuple[str, ...]
) -> None:
    """The column's write word lines with their driver; all gates hang on the far end, the slowest place."""
    add_write_line_driver(circuit, "write_lines", write="write", wwl="wwl", wwlb="wwlb")
    wire = wire_load(technology, n_rows * cell.pitch)
    for line in ("wwl", "wwlb"):
        circuit.R(line, line, f"{line}_end", wire.resistance)
        circuit.C(line, line, 0, wire.capacitance / 2)
        circuit.C(f"{line}_end", f"{line}_end", 0, wire.capacitance / 2)


def _add_data_line(
    circuit: Circuit, cell: GainCellParameters, technology: Technology, k: int, *, rows: int, n_columns: int
) -> None:
    """The data line of a group of equal rows, its written cells, and the closed cells of the other columns."""
    wire = wire_load(technology, n_columns * cell.pitch)
    near, middle, far = f"wbl{k}", f"middle{k}", f"far{k}"
    circuit.R(f"near{k}", near, middle, wire.resistance / 2 / rows)
    circuit.R(f"far{k}", middle, far, wire.resistance / 2 / rows)
    circuit.C(f"line{k}", middle, 0, wire.capacitance * rows)
    nodes = ("mid", "mid", "mid", far, "wwl_end", "wwlb_end", f"sn{k}", "vdd")
    circuit.X(f"written{k}", "gain_cell", *nodes, m=rows)
    idle = ("mid", "mid", "mid", middle, "wwl_low", "wwlb_high", f"held{k}", "vdd")
    circuit.X(f"held{k}", "gain_cell", *idle, m=rows * (n_columns - 1))
