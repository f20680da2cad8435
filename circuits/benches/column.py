"""Bench of a whole column: 64 gain cells written, read by word-line pulses, and their charge-to-pulse circuit."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.benches.cell import DATA_LINE_DRIVER_RESISTANCE
from circuits.benches.converter import add_converter, converter_probes
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.interconnect import wire_load
from circuits.quantities import check_quantities
from circuits.stimuli import pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import LONGEST_TIME, ColumnTiming

ROW_PROBES = ("v(sn{})", "v(rwlp{})", "i(vrwlp{})", "i(vrwln{})", "v(dac{})", "i(vwbl{})")
"""Recorded of every row."""


def column_bench(
    cell: GainCellParameters,
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    stored_voltages: Sequence[float],
    pulse_widths: Sequence[float],
    max_step: float = 100e-12,
    name: str = "column",
) -> Testbench:
    """Write a column, read it once, convert: one transient with real cells, write gates and converter.

    Word lines and data lines are driven ideally, the latter through the driver's resistance and the wire. Each word
    line carries the wire of this column's pitch: its share of the whole line.

    Args:
        cell: the gain cell.
        converter: the charge-to-pulse circuit.
        technology: their process.
        timing: the plan.
        stored_voltages: level written to each row (V).
        pulse_widths: input pulse of each row (s); 0 is no pulse.
        max_step: largest time step (s); 100 ps keeps the pulse width within 2 ps of a 5 ps step.
        name: name of the netlist.

    Returns:
        A bench with the converter's probes, those of the write word lines, and `ROW_PROBES` of every row.

    Raises:
        CircuitError: operands of different lengths, a level outside the supply, or a pulse that is negative, shorter
            than its edge or longer than the input window.
    """
    stored_voltages = check_quantities("stored_voltages", stored_voltages, "V", 0.0, technology.supply_voltage)
    pulse_widths = check_quantities("pulse_widths", pulse_widths, "s", 0.0, LONGEST_TIME)
    if len(stored_voltages) != len(pulse_widths):
        raise CircuitError(
            f"a column needs one level and one pulse per row, found {len(stored_voltages)} and {len(pulse_widths)}"
        )
    if max(pulse_widths) > timing.input_window * 1.0001:
        raise CircuitError(
            f"an input pulse of {max(pulse_widths) * 1e9:.4g} ns is longer than the input window of "
            f"{timing.input_window * 1e9:.4g} ns"
        )
    n_rows = len(stored_voltages)
    circuit = Circuit(name)
    circuit.subcircuit(gain_cell(cell, technology))
    add_converter(circuit, converter, technology, timing, bit_line_length=n_rows * cell.pitch)
    mid, supply = technology.mid_voltage, technology.supply_voltage
    write = [(timing.write_start, timing.write_start + timing.write_time)]
    data = [(timing.write_start - 0.2e-9, write[0][1] + 0.3e-9)]
    for line, (off, on) in cell.write_levels(technology).items():
        circuit.V(line, line, 0, pulse(write, idle=off, active=on))
    wire = wire_load(technology, n_rows * cell.pitch)
    crossing = wire_load(technology, cell.pitch)  # this column's share of a word line
    for k, (level, width) in enumerate(zip(stored_voltages, pulse_widths, strict=True)):
        read = [(timing.input_start, timing.input_start + float(width))] if width > 0 else []
        circuit.V(f"rwlp{k}", f"rwlp{k}", 0, pulse(read, idle=mid, active=supply))
        circuit.V(f"rwln{k}", f"rwln{k}", 0, pulse(read, idle=mid, active=0.0))
        for word_line in (f"rwlp{k}", f"rwln{k}"):
            circuit.C(word_line, word_line, 0, crossing.capacitance)
        circuit.V(f"wbl{k}", f"dac{k}", 0, pulse(data, idle=mid, active=float(level)))
        circuit.R(f"wbl{k}", f"dac{k}", f"wbl{k}", DATA_LINE_DRIVER_RESISTANCE + wire.resistance)
        circuit.C(f"wbl{k}", f"wbl{k}", 0, wire.capacitance)
        nodes = ("rbl", f"rwlp{k}", f"rwln{k}", f"wbl{k}", "wwl", "wwlb", f"sn{k}", "vdd")
        circuit.X(f"c{k}", "gain_cell", *nodes)
    rows = range(n_rows)
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=timing.stop, max_step=max_step),
        probes=(
            *converter_probes(),
            "v(wwl)",
            "v(wwlb)",
            "i(vwwl)",
            "i(vwwlb)",
            *(probe.format(k) for probe in ROW_PROBES for k in rows),
        ),
        technology=technology,
        parameters={"input_start": timing.input_start, "window_start": timing.window_start},
        initial_voltages={
            "rbl": mid,
            "integral": converter.reset_voltage,
            # the token before left the far rail in every cell: the slowest write
            **{f"sn{k}": 0.0 if level > mid else supply for k, level in enumerate(stored_voltages)},
        },
    )
