"""Bench of the charge-to-pulse circuit alone: a current source in place of the column, so the charge is known."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.charge_to_pulse import CONVERTER_PINS, ChargeToPulseParameters, charge_to_pulse
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import wire_load
from circuits.quantities import check_count, check_quantity
from circuits.stimuli import EDGE_TIME, pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import ColumnTiming


def charge_to_pulse_bench(
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    charge: float,
    cell: GainCellParameters | None = None,
    n_rows: int = 64,
    max_step: float = 100e-12,
    name: str = "charge_to_pulse",
) -> Testbench:
    """Draw a known charge from the bit line during the input window and convert it.

    The charge is drawn as a constant current over the window of `timing`; the bit line carries the wire of `n_rows`
    cells and the junctions of their read pairs.

    Args:
        converter: sizes of the circuit.
        technology: its process.
        timing: the plan.
        charge: charge sunk from the bit line (C); negative is sourced into it.
        cell: gives the pitch and the junction load of the bit line, default the standard cell.
        n_rows: cells on the bit line.
        max_step: largest time step (s).
        name: name of the netlist.

    Raises:
        CircuitError: a charge that is no number or a thousand times the full scale, or a bit line without cells.
    """
    cell = GainCellParameters() if cell is None else cell
    limit = 1000 * converter.saturation_current * timing.max_pulse_width
    check_quantity("charge", charge, "C", -limit, limit)
    check_count("n_rows", n_rows, 100_000)
    circuit = Circuit(name)
    add_converter(circuit, converter, technology, timing, bit_line_length=n_rows * cell.pitch)
    add_known_charge(circuit, cell, timing, charge=charge, n_rows=n_rows)
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=timing.stop, max_step=max_step),
        probes=converter_probes(),
        technology=technology,
        parameters={
            "charge": charge,
            "input_start": timing.input_start,
            "window_start": timing.window_start,
        },
        initial_voltages={"rbl": technology.mid_voltage, "integral": converter.reset_voltage(technology)},
    )


OUTPUT_LOAD = 5e-15
"""Load of the pulse and sign outputs (F). Ours: the input of a word-line driver and its wire."""

JUNCTION_CAPACITANCE_PER_WIDTH = 0.6e-9
"""Drain junction and overlap of an off device (F/m): 0.6 fF/um, from the cards' cjswg, cjsw and overlap terms."""


def converter_probes() -> tuple[str, ...]:
    """What every converter bench records."""
    return (
        "v(rbl)",
        "v(integral)",
        "v(pulse)",
        "v(sign)",
        "v(window)",
        "v(dis)",
        "v(vcn)",
        "i(vdd)",
        "i(vddb)",
        "i(vref)",
        "i(vvrst)",
    )


def add_known_charge(
    circuit: Circuit, cell: GainCellParameters, timing: ColumnTiming, *, charge: float, n_rows: int
) -> None:
    """Add to `rbl` what stands for a column: the junctions of its cells, and the charge drawn over the input window."""
    circuit.C("cells", "rbl", 0, n_rows * JUNCTION_CAPACITANCE_PER_WIDTH * cell.bit_line_width)
    window = [(timing.input_start, timing.input_start + timing.input_window)]
    circuit.I("column", "rbl", 0, pulse(window, idle=0.0, active=charge / timing.input_window))


def add_converter(
    circuit: Circuit,
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    bit_line_length: float,
) -> None:
    """Add supplies, clocks and the charge-to-pulse circuit on the node `rbl`, which gets its wire capacitance."""
    for block in charge_to_pulse(converter, technology):
        circuit.subcircuit(block)
    supply, mid = technology.supply_voltage, technology.mid_voltage
    circuit.V("dd", "vdd", 0, supply)
    circuit.V("ddb", "vddb", 0, supply)
    circuit.V("ref", "ref", 0, mid)
    circuit.V("vrst", "vrst", 0, converter.reset_voltage(technology))
    above_ground, below_supply = converter.conveyor.cascode_bias
    on = [(timing.wake, timing.release)]
    circuit.V("vcn", "vcn", 0, pulse(on, idle=0.0, active=above_ground))
    circuit.V("vcp", "vcp", 0, pulse(on, idle=supply, active=supply - below_supply))
    conversion_end = timing.window_end + 1.0e-9
    add_clock(circuit, "on", on, supply)
    add_clock(circuit, "rst", [(max(timing.wake - 1.3e-9, 0.05e-9), timing.reset_end)], supply)
    add_clock(circuit, "cmp", [(timing.discharge_start - timing.comparator_wake, conversion_end)], supply)
    add_clock(circuit, "dis", [(timing.discharge_start, conversion_end)], supply)
    latch_end = timing.discharge_start - 0.3e-9
    add_clock(circuit, "latch", [(timing.discharge_start - timing.comparator_wake, latch_end)], supply)
    add_window(circuit, timing, supply)
    circuit.C("rbl", "rbl", 0, wire_load(technology, bit_line_length).capacitance)
    circuit.C("load", "pulse", 0, OUTPUT_LOAD)
    circuit.C("sign", "sign", 0, OUTPUT_LOAD)
    circuit.X("converter", "charge_to_pulse", *CONVERTER_PINS)


def add_window(circuit: Circuit, timing: ColumnTiming, supply: float) -> None:
    """Add the clock that lets pulses pass, `window`."""
    window = [(timing.window_start, timing.window_end)]
    circuit.V("window", "window", 0, pulse(window, idle=0.0, active=supply, edge=EDGE_TIME * 0.6))


def add_clock(circuit: Circuit, name: str, windows: Sequence[tuple[float, float]], supply: float) -> None:
    """Add a clock and its complement, `name` and `name`b."""
    circuit.V(name, name, 0, pulse(windows, idle=0.0, active=supply))
    circuit.V(f"{name}b", f"{name}b", 0, pulse(windows, idle=supply, active=0.0))
