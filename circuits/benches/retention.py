"""Benches of a cell that holds: its drift, and what the drift follows from, leak current and storage capacitance.

Two arrangements of one question. `hold_bench` lets the storage nodes go and watches them. `leak_bench` and
`storage_capacitance_bench` force the storage node and measure leak I(V) and C(V); dV/dt = -I(V) / C(V) must give the
same drift. No time step, charge tolerance or minimal conductance of the first takes part in the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.quantities import check_quantities, check_quantity
from circuits.stimuli import piecewise_linear
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient

LONGEST_HOLD = 1e9
"""Longest time to hold (s): thirty years."""

BEYOND_THE_RAILS = 0.1
"""How far beyond the supply rails the leak is measured (V): charge injection takes a level a little beyond them."""

LEAK_OPTIONS: Mapping[str, str] = {
    "reltol": "1e-4",
    "method": "gear",
    # ngspice adds gmin across junctions: 1e-21 S is a millionth of a silicon cell's leak, and an oxide write device has
    # no junction at the storage node
    "gmin": "1e-21",
    # currents are compared with this: an oxide cell's leak begins at 1e-22 A
    "abstol": "1e-24",
    "chgtol": "1e-18",
    # a storage node's capacitance over a time step of hours is 1e-18 S, below the usual smallest pivot
    "pivtol": "1e-30",
}

RAMP_TIME = 1e-6
"""Time in which the storage node is swept for its capacitance (s): ours; displacement of 15 fF is then 1e4 times the
leak of a silicon cell, and the cell's own time constants are a thousand times shorter."""


def hold_bench(
    parameters: GainCellParameters,
    technology: Technology,
    *,
    stored_voltages: Sequence[float],
    hold_time: float,
    idle_write_line: float | None = None,
) -> Testbench:
    """Cells that hold these voltages from time 0, all lines idle; the write gates are closed throughout.

    Without the write there is no event of nanoseconds, so that any time may be held. Read lines and bit line rest at
    their idle levels.

    Args:
        parameters: the cell.
        technology: its process.
        stored_voltages: voltage of each cell at time 0 (V).
        hold_time: how long (s).
        idle_write_line: level of the write bit line (V), default mid-supply; while other tokens are written it is at
            other levels.

    Returns:
        A bench with probes `v(sn<k>)` over `hold_time`.

    Raises:
        CircuitError: no voltage, one beyond the rails, or a time below 1 us or above thirty years.
    """
    supply = technology.supply_voltage
    stored_voltages = check_quantities(
        "stored_voltages", stored_voltages, "V", -BEYOND_THE_RAILS, supply + BEYOND_THE_RAILS
    )
    check_quantity("hold_time", hold_time, "s", 1e-6, LONGEST_HOLD)
    circuit = _idle_circuit("hold", parameters, technology, idle_write_line)
    for k in range(len(stored_voltages)):
        circuit.X(f"c{k}", "gain_cell", *_idle_nodes(f"sn{k}"))
    return Testbench(
        name="hold",
        circuit=circuit,
        analysis=Transient(step=hold_time / 1000, stop=hold_time, max_step=hold_time / 500),
        probes=tuple(f"v(sn{k})" for k in range(len(stored_voltages))),
        technology=technology,
        parameters={f"stored_voltage_{k}": float(v) for k, v in enumerate(stored_voltages)},
        initial_voltages={f"sn{k}": float(v) for k, v in enumerate(stored_voltages)},
        # ngspice never takes a step above sqrt(trtol) s, however slow the circuit: its estimate of the error of a step
        # ends at abstol. Beyond that the largest step, a 500th of the time, bounds the error.
        options={**LEAK_OPTIONS, "trtol": f"{max(7.0, (hold_time / 500) ** 2):.9g}"},
    )


def leak_bench(
    parameters: GainCellParameters,
    technology: Technology,
    *,
    idle_write_line: float | None = None,
    step: float = 0.01,
) -> Testbench:
    """Leak current of a holding cell at DC: the storage node is forced from below ground to above the supply.

    Returns:
        A bench whose probe `i(vsn)` is minus the current (A) that leaks out of the storage node.

    Raises:
        CircuitError: a step that is none, or a write line beyond the rails.
    """
    check_quantity("step", step, "V", 1e-4, technology.supply_voltage)
    circuit = _idle_circuit("leak", parameters, technology, idle_write_line)
    circuit.V("sn", "sn", 0, -BEYOND_THE_RAILS)
    circuit.X("c", "gain_cell", *_idle_nodes("sn"))
    stop = technology.supply_voltage + BEYOND_THE_RAILS
    return Testbench(
        name="leak",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vsn", start=-BEYOND_THE_RAILS, stop=stop, step=step)),
        probes=("v(sn)", "i(vsn)"),
        technology=technology,
        # ngspice takes a current for found once its linear forecast from the step before is within this bound
        options={**LEAK_OPTIONS, "reltol": "1e-7"},
    )


def storage_capacitance_bench(parameters: GainCellParameters, technology: Technology) -> Testbench:
    """Capacitance of the storage node of a holding cell: the node is ramped, and its current is C dV/dt.

    Returns:
        A bench with probes `v(sn)` and `i(vsn)`; the slope of the ramp (V/s) is `ramp_slope` of its parameters.
    """
    circuit = _idle_circuit("storage_capacitance", parameters, technology, None)
    low, high = -BEYOND_THE_RAILS, technology.supply_voltage + BEYOND_THE_RAILS
    rest = RAMP_TIME / 20
    ramp = [(0.0, low), (rest, low), (rest + RAMP_TIME, high), (2 * rest + RAMP_TIME, high)]
    circuit.V("sn", "sn", 0, piecewise_linear(ramp))
    circuit.X("c", "gain_cell", *_idle_nodes("sn"))
    return Testbench(
        name="storage_capacitance",
        circuit=circuit,
        analysis=Transient(step=RAMP_TIME / 200, stop=2 * rest + RAMP_TIME, max_step=RAMP_TIME / 200),
        probes=("v(sn)", "i(vsn)"),
        technology=technology,
        parameters={"ramp_slope": (high - low) / RAMP_TIME},
        options=LEAK_OPTIONS,
    )


def _idle_circuit(
    title: str, parameters: GainCellParameters, technology: Technology, idle_write_line: float | None
) -> Circuit:
    """The cell's definition, its supplies and its lines at rest."""
    supply, mid = technology.supply_voltage, technology.mid_voltage
    line = mid if idle_write_line is None else idle_write_line
    check_quantity("idle_write_line", line, "V", 0.0, supply)
    circuit = Circuit(title)
    circuit.subcircuit(gain_cell(parameters, technology))
    circuit.V("dd", "vdd", 0, supply)
    circuit.V("mid", "mid", 0, mid)
    circuit.V("wbl", "wbl", 0, f"{line:.9g}")
    for name, (idle, _) in (parameters.read_levels(technology) | parameters.write_levels(technology)).items():
        circuit.V(name, name, 0, f"{idle:.9g}")
    return circuit


def _idle_nodes(storage: str) -> tuple[str, ...]:
    """Nodes of a cell whose bit line is held at mid-supply."""
    return ("mid", "rwlp", "rwln", "wbl", "wwl", "wwlb", storage, "vdd")
