"""Benches of the array: a whole one with its converters, one row of it, and the read pair of its cells at DC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySpice.Spice.Netlist import Circuit

from circuits.benches.read_outs import add_read_outs, column_probes
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.gain_cell_array import add_array, along
from circuits.interconnect import ArrayWires, add_coupling, add_wire, wire_load
from circuits.quantities import check_quantities, check_quantity
from circuits.stimuli import pulse
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient
from circuits.timing import ColumnTiming

WORD_LINE_DRIVER_RESISTANCE = 16.0
"""Output resistance of a word-line driver (ohm). Ours: a PMOS of 32 um and an NMOS of 16 um, which give way by 10 mV
when all 64 cells of a row draw 10 uA from one of them."""

BIT_LINE_REACH = 0.2
"""How far the bit line is swept to both sides of mid-supply (V)."""


RESET_LEAD = 1.5e-9
"""Time before the conveyor wakes at which a plan without a write begins (s): the reset is 1.3 ns long by then."""


def array_bench(
    cell: GainCellParameters,
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    wires: ArrayWires,
    *,
    stored_voltages: Sequence[Sequence[float]],
    pulse_widths: Sequence[float],
    driver_resistance: float = WORD_LINE_DRIVER_RESISTANCE,
    max_step: float = 100e-12,
    name: str = "array",
) -> Testbench:
    """A whole array, flat: every cell, every wire with its neighbours, a converter under each column; read once.

    The cells hold their levels from the start. `read_only` gives a plan without the write.

    Args:
        cell: the gain cell.
        converter: the charge-to-pulse circuit.
        technology: their process.
        timing: the plan.
        wires: widths of the lines.
        stored_voltages: one row of levels per row of cells (V).
        pulse_widths: input pulse of each row (s); 0 is no pulse.
        driver_resistance: of each word line's source (ohm).
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench with `column_probes` of every column, `i(vfoot<j>)`, the current that the array gives converter j, and
        the word lines of every row at their far end.

    Raises:
        CircuitError: rows of different lengths, a number of pulses that is not that of the rows, or a bad number.
    """
    stored = [check_quantities("stored_voltages", row, "V", 0.0, technology.supply_voltage) for row in stored_voltages]
    widths = check_quantities("pulse_widths", pulse_widths, "s", 0.0, timing.input_window)
    n_rows, n_columns = len(stored), len(stored[0]) if stored else 0
    if len(widths) != n_rows or any(len(row) != n_columns for row in stored):
        raise CircuitError(
            "an array needs rows of equal length and a pulse for each, found rows of "
            f"{sorted({len(row) for row in stored})} cells and {len(widths)} pulses for {n_rows} rows"
        )
    circuit = _with_cells(name, cell, technology)
    add_array(circuit, cell, technology, wires, n_rows=n_rows, n_columns=n_columns)
    add_read_outs(circuit, converter, technology, timing, n_columns=n_columns)
    mid = technology.mid_voltage
    for j in range(n_columns):
        circuit.V(f"foot{j}", f"foot{j}", f"rbl{j}", 0)
    for i, width in enumerate(widths):
        add_word_line_sources(circuit, technology, str(i), timing.input_start, width, driver_resistance)
    far = [f"v({line}{i}_{n_columns - 1})" for line in ("rwlp", "rwln") for i in range(n_rows)]
    held = {f"sn{i}_{j}": level for i, row in enumerate(stored) for j, level in enumerate(row)}
    lines = {f"rbl{j}_{i}": mid for i in range(n_rows) for j in range(n_columns)}
    reset = {f"integral{j}": converter.reset_voltage(technology) for j in range(n_columns)}
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=timing.stop, max_step=max_step),
        probes=(*column_probes("", range(n_columns)), *(f"i(vfoot{j})" for j in range(n_columns)), *far),
        technology=technology,
        parameters={"input_start": timing.input_start, "window_start": timing.window_start},
        initial_voltages={**{f"rbl{j}": mid for j in range(n_columns)}, **lines, **held, **reset},
    )


def word_line_bench(
    cell: GainCellParameters,
    technology: Technology,
    wires: ArrayWires,
    *,
    stored_voltages: Sequence[float],
    pulse_width: float,
    window: float,
    driver_resistance: float = WORD_LINE_DRIVER_RESISTANCE,
    max_step: float = 100e-12,
    name: str = "word_line",
) -> Testbench:
    """One row of an array: its word-line pair with the drivers, and its cells, whose bit lines are held at mid-supply.

    Args:
        cell: the gain cell.
        technology: its process.
        wires: widths of the lines.
        stored_voltages: level of the cell of each column (V).
        pulse_width: input pulse (s).
        window: time after the pulse's beginning that is simulated (s); longer than the pulse.
        driver_resistance: of each word line's source (ohm).
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench with `v(rwlp_<j>)` and `v(rwln_<j>)`, the word lines at column j; the pulse begins at `input_start`.

    Raises:
        CircuitError: a level outside the supply, or a pulse shorter than its edge or longer than the window.
    """
    stored = check_quantities("stored_voltages", stored_voltages, "V", 0.0, technology.supply_voltage)
    check_quantity("pulse_width", pulse_width, "s", 0.0, window)
    mid = technology.mid_voltage
    circuit = _with_cells(name, cell, technology)
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.V("mid", "mid", 0, mid)
    start = 0.2e-9
    add_word_line_sources(circuit, technology, "", start, pulse_width, driver_resistance)
    section = wire_load(technology, cell.pitch, wires.word_line)
    upper, lower = along("rwlp", len(stored)), along("rwln", len(stored))
    for line in (upper, lower):
        add_wire(circuit, line[0], line, section, coupled=section.coupling)
    add_coupling(circuit, "rwlp.x", upper, lower, section.coupling)
    for j in range(len(stored)):
        nodes = ("mid", f"rwlp_{j}", f"rwln_{j}", "wbl", "wwl", "wwlb", f"sn{j}", "vdd")
        circuit.X(f"c{j}", "gain_cell", *nodes)
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=start + window, max_step=max_step),
        probes=tuple(f"v({line}_{j})" for line in ("rwlp", "rwln") for j in range(len(stored))),
        technology=technology,
        parameters={"input_start": start, "pulse_width": pulse_width},
        initial_voltages={f"sn{j}": level for j, level in enumerate(stored)},
    )


def read_pair_bench(
    cell: GainCellParameters,
    technology: Technology,
    *,
    stored_voltages: Sequence[float],
    word_line_step: float = 0.015,
    bit_line_step: float = 0.02,
    name: str = "read_pair",
) -> Testbench:
    """Both currents of the read pair at DC, over the drop of the word lines and the voltage of the bit line.

    The lower word line sweeps from ground to mid-supply, the upper one mirrors it; the bit line sweeps by
    `BIT_LINE_REACH` to both sides of mid-supply.

    Args:
        cell: the gain cell.
        technology: its process.
        stored_voltages: one cell each (V).
        word_line_step: step of the lower word line (V).
        bit_line_step: step of the bit line (V).
        name: name of the netlist.

    Returns:
        A bench whose probes `i(vrwlp<k>)` and `i(vrwln<k>)` are the currents (A) from the word lines into cell k, and
        whose `v(rwln)` and `v(rbl)` say where.

    Raises:
        CircuitError: no level, one outside the supply, or a step that is none.
    """
    supply, mid = technology.supply_voltage, technology.mid_voltage
    stored = check_quantities("stored_voltages", stored_voltages, "V", 0.0, supply)
    check_quantity("word_line_step", word_line_step, "V", 1e-4, mid)
    check_quantity("bit_line_step", bit_line_step, "V", 1e-4, BIT_LINE_REACH)
    circuit = _with_cells(name, cell, technology)
    circuit.V("dd", "vdd", 0, supply)
    circuit.V("rbl", "rbl", 0, mid)
    circuit.V("rwln", "rwln", 0, 0)
    circuit.VCVS("rwlp", "rwlp", 0, "vdd", "rwln", 1.0)
    for k, level in enumerate(stored):
        for line in ("rwlp", "rwln"):
            circuit.V(f"{line}{k}", line, f"{line}{k}", 0)
        circuit.V(f"sn{k}", f"sn{k}", 0, f"{level:.9g}")
        circuit.X(f"c{k}", "gain_cell", "rbl", f"rwlp{k}", f"rwln{k}", "wbl", "wwl", "wwlb", f"sn{k}", "vdd")
    inner = SourceSweep(source="vrwln", start=0.0, stop=mid, step=word_line_step)
    low, high = mid - BIT_LINE_REACH, mid + BIT_LINE_REACH
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=DcSweep(inner=inner, outer=SourceSweep(source="vrbl", start=low, stop=high, step=bit_line_step)),
        probes=("v(rwln)", "v(rbl)", *(f"i(v{line}{k})" for line in ("rwlp", "rwln") for k in range(len(stored)))),
        technology=technology,
        options={"reltol": "1e-4"},
    )


def _with_cells(name: str, cell: GainCellParameters, technology: Technology) -> Circuit:
    """A circuit that knows the cell, with the write lines that hold all of them."""
    circuit = Circuit(name)
    circuit.subcircuit(gain_cell(cell, technology))
    for line, (holding, _) in cell.write_levels(technology).items():
        circuit.V(line, line, 0, holding)
    circuit.V("wbl", "wbl", 0, technology.mid_voltage)
    return circuit


def add_word_line_sources(
    circuit: Circuit,
    technology: Technology,
    row: str,
    start: float,
    width: float,
    resistance: float,
    *,
    prefix: str = "",
) -> None:
    """Add ideal sources of both read word lines of a row, behind the resistance of their drivers.

    Args:
        circuit: receives them.
        technology: gives the levels.
        row: suffix of the lines `<prefix>rwlp<row>` and `<prefix>rwln<row>`.
        start: beginning of the pulse (s).
        width: of the pulse (s); 0 is none.
        resistance: of each source (ohm).
        prefix: of every node and element.
    """
    mid = technology.mid_voltage
    read = [(start, start + width)] if width > 0 else []
    for line, active in (("rwlp", technology.supply_voltage), ("rwln", 0.0)):
        node = f"{prefix}{line}{row}"
        circuit.V(node, f"{node}_drive", 0, pulse(read, idle=mid, active=active))
        circuit.R(f"{node}_drive", f"{node}_drive", node, resistance)


def read_only(timing: ColumnTiming) -> ColumnTiming:
    """The plan of a read without the write before it: it begins just before the reset."""
    return replace(timing, write_start=0.0, write_time=0.0, input_start=timing.wake_time + RESET_LEAD)
