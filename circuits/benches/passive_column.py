"""Bench of a column that integrates its charge on a bare capacitor at the bit line: no amplifier, no static current."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.benches.active_integrator import add_read_rows
from circuits.benches.column import check_operands
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.interconnect import wire_load
from circuits.quantities import check_quantity
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import ColumnTiming


def passive_column_bench(
    cell: GainCellParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    capacitance: float,
    stored_voltages: Sequence[float],
    pulse_widths: Sequence[float],
    max_step: float = 100e-12,
    name: str = "passive_column",
) -> Testbench:
    """Read a column of cells, which hold their levels from the start, into a capacitor that starts at V_DD/2.

    The bit line moves by charge / capacitance and takes the cells' drain voltage with it: what they lose by that is the
    error of this circuit, whatever reads the capacitor.

    Args:
        cell: the gain cell.
        technology: its process.
        timing: gives the input window.
        capacitance: at the bit line (F), beside its wire.
        stored_voltages: level that each row holds (V).
        pulse_widths: input pulse of each row (s).
        max_step: largest time step (s).
        name: name of the netlist.

    Raises:
        CircuitError: no capacitor, operands of different lengths, a level outside the supply, or a pulse longer than
            the input window.
    """
    check_quantity("capacitance at the bit line", capacitance, "F", 1e-18, 1e-9)
    levels, widths = check_operands(technology, timing, stored_voltages, pulse_widths)
    circuit = Circuit(name)
    circuit.subcircuit(gain_cell(cell, technology))
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.C("integral", "rbl", 0, capacitance)
    circuit.C("rbl", "rbl", 0, wire_load(technology, len(levels) * cell.pitch).capacitance)
    probes = add_read_rows(circuit, cell, technology, timing, widths)
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=timing.release, max_step=max_step),
        probes=("v(rbl)", *probes),
        technology=technology,
        parameters={"capacitance": capacitance, "input_start": timing.input_start},
        initial_voltages={"rbl": technology.mid_voltage, **{f"sn{k}": level for k, level in enumerate(levels)}},
    )
