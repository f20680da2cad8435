"""Benches of the active integrator: alone with a known charge, and at the foot of a column of gain cells."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.active_integrator import (
    INTEGRATOR_PINS,
    ActiveIntegratorParameters,
    active_integrator,
)
from circuits.benches.column import check_operands
from circuits.benches.converter import OUTPUT_LOAD, add_clock, add_known_charge, add_window
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.interconnect import wire_load
from circuits.quantities import check_count, check_quantity
from circuits.ramp import RAMP_PINS
from circuits.stimuli import EDGE_TIME, pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import ColumnTiming

BOTTOM_PLATE_DELAY = 0.1e-9
"""The comparator's auto-zero ends this long (s) before the sampling switch opens, so that what the latter injects finds
no path. Ours: two edges of a clock."""

FEEDBACK_DELAY = 0.3e-9
"""The amplifier's auto-zero ends this long (s) before the bit line is let go. Ours: six edges of a clock."""

SAMPLE_DELAY = 0.3e-9
"""From the sample to the start of the ramp (s): time for C_s to go over to it. Ours: six edges of a clock."""

TRIP_TIME = 1.2e-9
"""Duration of the comparator's auto-zero (s). Ours: four time constants of its inverter with its capacitor."""

RAMP_SETTLING = 4.0e-9
"""The ramp's current flows this long (s) before the ramp runs. Ours: the mirror's gate, kicked as the cascode opens,
comes back with 1.6 ns."""


def integrator_probes() -> tuple[str, ...]:
    """What every bench of an active integrator records."""
    return (
        *("v(rbl)", "v(integral)", "v(pulse)", "v(ramp)", "v(window)"),
        *("i(vdd)", "i(vddb)", "i(vddr)", "i(vref)", "i(vvrst)"),
    )


def add_integrator(
    circuit: Circuit,
    integrator: ActiveIntegratorParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    bit_line_length: float,
) -> None:
    """Add supplies, clocks, the active integrator on the node `rbl`, which gets its wire capacitance, and the ramp.

    The ramp is that of a whole tile, with the load of its other columns, on the supply `vddr`: one column's share is
    what this supply delivers over `ramp.n_columns`.
    """
    for block in active_integrator(integrator, technology):
        circuit.subcircuit(block)
    supply = technology.supply_voltage
    for source, node, level in (
        ("dd", "vdd", supply),
        ("ddb", "vddb", supply),
        ("ddr", "vddr", supply),
        ("ref", "ref", technology.mid_voltage),
        ("vrst", "vrst", integrator.reset_voltage(technology)),
        ("rstr", "rstr", integrator.reset_voltage(technology) - integrator.ramp_foot),
    ):
        circuit.V(source, node, 0, level)
    _add_clocks(circuit, integrator, supply, timing)
    circuit.C("rbl", "rbl", 0, wire_load(technology, bit_line_length).capacitance)
    circuit.C("load", "pulse", 0, OUTPUT_LOAD)
    circuit.C("columns", "ramp", 0, max((integrator.ramp.n_columns - 1) * integrator.ramp.column_load, 1e-18))
    circuit.X("integrator", "active_integrator", *INTEGRATOR_PINS)
    nodes = {"vdd": "vddr", "vrst": "rstr", "cascode": "vcr", "rst": "hold", "rstb": "holdb"}
    circuit.X("ramp", "ramp_generator", *(nodes.get(pin, pin) for pin in RAMP_PINS))


def _add_clocks(circuit: Circuit, integrator: ActiveIntegratorParameters, supply: float, timing: ColumnTiming) -> None:
    end = timing.window_end + 1.0e-9
    awake, reset = (timing.wake, timing.release), (timing.wake - 1.0e-9, timing.reset_end)
    sampled = timing.discharge_start - SAMPLE_DELAY
    for name, once in (
        ("on", awake),
        ("az", (timing.wake, timing.reset_end - FEEDBACK_DELAY)),
        ("rst", reset),
        ("fb", (timing.reset_end, timing.release)),
        ("smp", (timing.reset_end, sampled)),
        ("cz", (sampled - TRIP_TIME - BOTTOM_PLATE_DELAY, sampled - BOTTOM_PLATE_DELAY)),
        ("conv", (sampled + 2 * EDGE_TIME, end)),
    ):
        add_clock(circuit, name, [once], supply)
    add_clock(circuit, "mid", [reset, (timing.release + EDGE_TIME, end)], supply)
    # the ramp is held at its reset level except while it runs
    add_clock(circuit, "hold", [(0.0, timing.discharge_start), (end, end + 2 * EDGE_TIME)], supply)
    above_ground, below_supply = integrator.amplifier.cascode_bias
    circuit.V("vcn", "vcn", 0, pulse([awake], idle=0.0, active=above_ground))
    circuit.V("vcp", "vcp", 0, pulse([awake], idle=supply, active=supply - below_supply))
    runs = [(timing.discharge_start - RAMP_SETTLING, end)]
    circuit.V("vcr", "vcr", 0, pulse(runs, idle=supply, active=supply - integrator.ramp.cascode_bias))
    add_window(circuit, timing, supply)


def active_integrator_bench(
    integrator: ActiveIntegratorParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    charge: float,
    cell: GainCellParameters | None = None,
    n_rows: int = 64,
    max_step: float = 100e-12,
    name: str = "active_integrator",
) -> Testbench:
    """Draw a known charge from the bit line during the input window and convert it; see `charge_to_pulse_bench`.

    Args:
        integrator: sizes of the circuit.
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
    limit = 1000 * integrator.saturation_current * timing.max_pulse_width
    check_quantity("charge", charge, "C", -limit, limit)
    check_count("n_rows", n_rows, 100_000)
    circuit = Circuit(name)
    add_integrator(circuit, integrator, technology, timing, bit_line_length=n_rows * cell.pitch)
    add_known_charge(circuit, cell, timing, charge=charge, n_rows=n_rows)
    return _testbench(circuit, integrator, technology, timing, {}, {"charge": charge}, max_step)


def active_integrator_column_bench(
    cell: GainCellParameters,
    integrator: ActiveIntegratorParameters,
    technology: Technology,
    timing: ColumnTiming,
    *,
    stored_voltages: Sequence[float],
    pulse_widths: Sequence[float],
    max_step: float = 100e-12,
    name: str = "active_integrator_column",
) -> Testbench:
    """Read a column of real gain cells, which hold their levels from the start, and convert its charge.

    Args:
        cell: the gain cell.
        integrator: the charge-to-pulse circuit.
        technology: their process.
        timing: the plan.
        stored_voltages: level that each row holds (V).
        pulse_widths: input pulse of each row (s); 0 is no pulse.
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench with the integrator's probes and, of every row k, v(rwlp<k>), i(vrwlp<k>) and i(vrwln<k>).

    Raises:
        CircuitError: operands of different lengths, a level outside the supply, or a pulse that is negative, shorter
            than its edge or longer than the input window.
    """
    levels, widths = check_operands(technology, timing, stored_voltages, pulse_widths)
    circuit = Circuit(name)
    circuit.subcircuit(gain_cell(cell, technology))
    add_integrator(circuit, integrator, technology, timing, bit_line_length=len(levels) * cell.pitch)
    probes = add_read_rows(circuit, cell, technology, timing, widths)
    stored = {f"sn{k}": level for k, level in enumerate(levels)}
    return _testbench(circuit, integrator, technology, timing, stored, {}, max_step, probes)


def add_read_rows(
    circuit: Circuit,
    cell: GainCellParameters,
    technology: Technology,
    timing: ColumnTiming,
    pulse_widths: Sequence[float],
) -> tuple[str, ...]:
    """Add the rows of a column on the node `rbl`, with ideal word lines and closed write gates.

    Returns:
        Probes of every row k: v(rwlp<k>), i(vrwlp<k>), i(vrwln<k>).
    """
    mid, supply = technology.mid_voltage, technology.supply_voltage
    for line, (holding, _) in cell.write_levels(technology).items():
        circuit.V(line, line, 0, holding)
    circuit.V("wbl", "wbl", 0, mid)
    crossing = wire_load(technology, cell.pitch)  # this column's share of a word line
    for k, width in enumerate(pulse_widths):
        read = [(timing.input_start, timing.input_start + width)] if width > 0 else []
        for line, active in (("rwlp", supply), ("rwln", 0.0)):
            circuit.V(f"{line}{k}", f"{line}{k}", 0, pulse(read, idle=mid, active=active))
            circuit.C(f"{line}{k}", f"{line}{k}", 0, crossing.capacitance)
        circuit.X(f"c{k}", "gain_cell", "rbl", f"rwlp{k}", f"rwln{k}", "wbl", "wwl", "wwlb", f"sn{k}", "vdd")
    rows = range(len(pulse_widths))
    return tuple(probe for k in rows for probe in (f"v(rwlp{k})", f"i(vrwlp{k})", f"i(vrwln{k})"))


def _testbench(
    circuit: Circuit,
    integrator: ActiveIntegratorParameters,
    technology: Technology,
    timing: ColumnTiming,
    stored: dict[str, float],
    parameters: dict[str, float],
    max_step: float,
    probes: tuple[str, ...] = (),
) -> Testbench:
    reset = integrator.reset_voltage(technology)
    return Testbench(
        name=str(circuit.title),
        circuit=circuit,
        analysis=Transient(step=max_step, stop=timing.stop, max_step=max_step),
        probes=(*integrator_probes(), *probes),
        technology=technology,
        parameters={**parameters, "input_start": timing.input_start, "window_start": timing.window_start},
        initial_voltages={
            "rbl": technology.mid_voltage,
            "integral": reset,
            "ramp": reset - integrator.ramp_foot,
            **stored,
        },
    )
