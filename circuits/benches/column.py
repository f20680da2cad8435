"""Bench of a whole column: 64 gain cells written, read by word-line pulses, and their charge-to-pulse circuit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySpice.Spice.Netlist import Circuit

from circuits.benches.cell import DATA_LINE_DRIVER_RESISTANCE
from circuits.benches.converter import add_converter, converter_probes
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.gain_cell_array import along
from circuits.interconnect import ArrayWires, add_wire, wire_load
from circuits.quantities import check_quantities
from circuits.stimuli import piecewise_linear, pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import LONGEST_TIME, ColumnTiming

LARGEST_STEP = 100e-12
"""Largest time step of a column's deck (s): keeps the pulse within some 6 ps of 10 ps steps."""

ROW_PROBES = ("v(sn{})", "v(rwlp{})", "i(vrwlp{})", "i(vrwln{})", "v(dac{})", "i(vwbl{})")
"""Recorded of every row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLinePulse:
    """What both read word lines of a row do at one position of the array.

    Attributes:
        time: rising (s).
        upper, lower: voltages at these times (V).
    """

    time: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check that there is one voltage per time."""
        if not len(self.time) == len(self.upper) == len(self.lower):
            raise CircuitError(
                "a word-line pulse needs one upper and one lower voltage per time, found "
                f"{len(self.time)} times, {len(self.upper)} and {len(self.lower)} voltages"
            )


def column_bench(
    cell: GainCellParameters,
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    stored_voltages: Sequence[float],
    pulse_widths: Sequence[float],
    wires: ArrayWires | None = None,
    word_lines: Sequence[WordLinePulse] | None = None,
    written: bool = True,
    max_step: float = LARGEST_STEP,
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
        wires: widths of the lines; the bit line is then a chain of pi sections from the converter to row 0, row 1, ...,
            and `i(vfoot)` is the current (A) that the array gives the converter. None: one capacitor, no resistance.
        word_lines: what each row's word lines do at this column's position; None for ideal pulses of `pulse_widths`.
        written: False for a column that holds its levels from the start and is only read.
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench with the converter's probes, those of the write word lines, and `ROW_PROBES` of every row.

    Raises:
        CircuitError: operands of different lengths, a level outside the supply, or a pulse that is negative, shorter
            than its edge or longer than the input window.
    """
    stored_voltages, pulse_widths = check_operands(technology, timing, stored_voltages, pulse_widths)
    n_rows = len(stored_voltages)
    circuit = Circuit(name)
    circuit.subcircuit(gain_cell(cell, technology))
    if word_lines is not None and len(word_lines) != n_rows:
        raise CircuitError(f"a column needs word lines for its {n_rows} rows, found {len(word_lines)}")
    bit_line = ["rbl"] * n_rows
    if wires is not None:
        foot, *bit_line = along("rbl", n_rows, edge="foot")
        circuit.V("foot", foot, "rbl", 0)
        add_wire(circuit, "rbl", [foot, *bit_line], wire_load(technology, cell.pitch, wires.bit_line))
    stub = n_rows * cell.pitch if wires is None else 0.0
    add_converter(circuit, converter, technology, timing, bit_line_length=stub)
    mid, supply = technology.mid_voltage, technology.supply_voltage
    write = [(timing.write_start, timing.write_start + timing.write_time)]
    data = [(timing.write_start - 0.2e-9, write[0][1] + 0.3e-9)]
    for line, (off, on) in cell.write_levels(technology).items():
        circuit.V(line, line, 0, pulse(write if written else [], idle=off, active=on))
    wire = wire_load(technology, n_rows * cell.pitch)
    drawn = 1.0 if wires is None else wires.word_line
    crossing = wire_load(technology, cell.pitch, drawn)  # this column's share of a word line
    for k, (level, width) in enumerate(zip(stored_voltages, pulse_widths, strict=True)):
        upper, lower = _word_lines(
            timing.input_start, width, mid, supply, None if word_lines is None else word_lines[k]
        )
        circuit.V(f"rwlp{k}", f"rwlp{k}", 0, upper)
        circuit.V(f"rwln{k}", f"rwln{k}", 0, lower)
        for word_line in (f"rwlp{k}", f"rwln{k}"):
            circuit.C(word_line, word_line, 0, crossing.capacitance)
        circuit.V(f"wbl{k}", f"dac{k}", 0, pulse(data if written else [], idle=mid, active=float(level)))
        circuit.R(f"wbl{k}", f"dac{k}", f"wbl{k}", DATA_LINE_DRIVER_RESISTANCE + wire.resistance)
        circuit.C(f"wbl{k}", f"wbl{k}", 0, wire.capacitance)
        nodes = (bit_line[k], f"rwlp{k}", f"rwln{k}", f"wbl{k}", "wwl", "wwlb", f"sn{k}", "vdd")
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
            *([] if wires is None else ["i(vfoot)"]),
        ),
        technology=technology,
        parameters={"input_start": timing.input_start, "window_start": timing.window_start},
        initial_voltages={
            **dict.fromkeys(["rbl", *bit_line], mid),
            "integral": converter.reset_voltage(technology),
            **{f"sn{k}": _before(level, mid, supply, written) for k, level in enumerate(stored_voltages)},
        },
    )


def check_operands(
    technology: Technology, timing: ColumnTiming, stored_voltages: Sequence[float], pulse_widths: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the levels (V) and the pulses (s) of a column's rows as floats.

    Raises:
        CircuitError: operands of different lengths, a level outside the supply, or a pulse that is negative
            or longer than the input window.
    """
    levels = check_quantities("stored_voltages", stored_voltages, "V", 0.0, technology.supply_voltage)
    widths = check_quantities("pulse_widths", pulse_widths, "s", 0.0, LONGEST_TIME)
    if len(levels) != len(widths):
        raise CircuitError(f"a column needs one level and one pulse per row, found {len(levels)} and {len(widths)}")
    if max(widths) > timing.input_window * 1.0001:
        raise CircuitError(
            f"an input pulse of {max(widths) * 1e9:.4g} ns is longer than the input window of "
            f"{timing.input_window * 1e9:.4g} ns"
        )
    return levels, widths


def _before(level: float, mid: float, supply: float, written: bool) -> float:
    """What a cell holds at first: the token before left the far rail in every cell, which is the slowest write."""
    return (0.0 if level > mid else supply) if written else level


def _word_lines(start: float, width: float, mid: float, supply: float, given: WordLinePulse | None) -> tuple[str, str]:
    """Sources of the upper and the lower read word line of a row."""
    if given is not None:
        upper, lower = (list(zip(given.time, line, strict=True)) for line in (given.upper, given.lower))
        return piecewise_linear(upper), piecewise_linear(lower)
    read = [(start, start + width)] if width > 0 else []
    return pulse(read, idle=mid, active=supply), pulse(read, idle=mid, active=0.0)
