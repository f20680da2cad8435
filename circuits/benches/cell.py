"""Benches of the gain cell: read current at DC, and write-then-read with a pulse."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.interconnect import wire_load
from circuits.quantities import check_quantities, check_quantity
from circuits.stimuli import EDGE_TIME, pulse
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient
from circuits.timing import LONGEST_TIME, WRITE_TIME

DATA_LINE_DRIVER_RESISTANCE = 2e3
"""Output resistance of the write driver (ohm). Ours; a transistor-level driver takes its place later."""

CELLS_PER_LINE = 64
"""Cells on a word line and on a bit line of one tile [2025 Leroux]."""


WRITE_START = 0.5e-9
"""When the write gates of `gain_cell_read_bench` open (s)."""


def read_start(write_time: float) -> float:
    """When the read pulse of `gain_cell_read_bench` begins, after a write of so long (s)."""
    return WRITE_START + write_time + 1.0e-9


def gain_cell_dc_bench(
    parameters: GainCellParameters,
    technology: Technology,
    *,
    stored_voltages: Sequence[float],
    word_line_step: float | None = None,
) -> Testbench:
    """Read current at DC: the storage nodes are forced, the upper word line sweeps from its idle level to the supply.

    Args:
        parameters: the cell.
        technology: its process.
        stored_voltages: one cell each (V).
        word_line_step: step of the upper word line (V), default a tenth of half the supply, 45 mV at 0.9 V; the lower
            one mirrors it about mid-supply, or is grounded where a select transistor opens the cell.

    Returns:
        A bench whose probe `i(vbl<k>)` is minus the current (A) that cell k sinks from its bit line.

    Raises:
        CircuitError: no level, one outside the supply, or a step that is none.
    """
    mid, supply = technology.mid_voltage, technology.supply_voltage
    stored_voltages = check_quantities("stored_voltages", stored_voltages, "V", 0.0, supply)
    step = mid / 10 if word_line_step is None else word_line_step
    check_quantity("word_line_step", step, "V", 1e-4, mid)
    circuit = _cell_circuit("gain_cell_dc", parameters, technology)
    idle, _ = parameters.read_levels(technology)["rwlp"]
    circuit.V("rwlp", "rwlp", 0, idle)
    if parameters.select is None:
        circuit.VCVS("rwln", "rwln", 0, "vdd", "rwlp", 1.0)
    else:
        circuit.V("rwln", "rwln", 0, 0)
    for k, voltage in enumerate(stored_voltages):
        circuit.V(f"bl{k}", f"bl{k}", 0, mid)
        circuit.V(f"sn{k}", f"sn{k}", 0, f"{voltage:.9g}")
        circuit.X(f"c{k}", "gain_cell", f"bl{k}", "rwlp", "rwln", "mid", "wwl", "wwlb", f"sn{k}", "vdd")
    return Testbench(
        name="gain_cell_dc",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vrwlp", start=idle, stop=supply, step=step)),
        probes=("v(rwlp)", *(f"i(vbl{k})" for k in range(len(stored_voltages)))),
        technology=technology,
        parameters={f"stored_voltage_{k}": float(v) for k, v in enumerate(stored_voltages)},
        options={"reltol": "1e-5"},
    )


def gain_cell_read_bench(
    parameters: GainCellParameters,
    technology: Technology,
    *,
    stored_voltages: Sequence[float],
    pulse_width: float,
    word_line_voltage: float | None = None,
    write_time: float = WRITE_TIME,
    max_step: float = 50e-12,
) -> Testbench:
    """Write a level through the write gate, then read it with one pulse, bit line held ideally at mid-supply.

    Args:
        parameters: the cell.
        technology: its process.
        stored_voltages: level written to each cell (V).
        pulse_width: read pulse (s), area of the word-line pulse over its amplitude.
        word_line_voltage: upper word line during the pulse (V), default the supply.
        write_time: how long the write gate is on (s).
        max_step: largest time step (s).

    Returns:
        A bench with probes `i(vbl<k>)`, `v(sn<k>)`, `v(rwlp)`, `v(wwl)`; the read begins at `read_start` of
        `parameters`.

    Raises:
        CircuitError: no level, one outside the supply, or a pulse shorter than its edges.
    """
    mid, supply = technology.mid_voltage, technology.supply_voltage
    stored_voltages = check_quantities("stored_voltages", stored_voltages, "V", 0.0, supply)
    check_quantity("pulse_width (its edge is the shortest)", pulse_width, "s", EDGE_TIME, LONGEST_TIME)
    check_quantity("write_time", write_time, "s", EDGE_TIME, LONGEST_TIME)
    upper = supply if word_line_voltage is None else word_line_voltage
    check_quantity("word_line_voltage", upper, "V", mid, supply)
    begin = read_start(write_time)
    circuit = _cell_circuit("gain_cell_read", parameters, technology, write=(WRITE_START, write_time))
    window = [(begin, begin + pulse_width)]
    for name, (idle, active) in parameters.read_levels(technology, upper).items():
        circuit.V(name, name, 0, pulse(window, idle=idle, active=active))
    line = wire_load(technology, CELLS_PER_LINE * parameters.pitch)
    data_window = [(0.2e-9, WRITE_START + write_time + 0.3e-9)]
    for k, level in enumerate(stored_voltages):
        circuit.V(f"bl{k}", f"bl{k}", 0, mid)
        circuit.V(f"wbl{k}", f"dac{k}", 0, pulse(data_window, idle=mid, active=float(level)))
        circuit.R(f"wbl{k}", f"dac{k}", f"wbl{k}", DATA_LINE_DRIVER_RESISTANCE + line.resistance)
        circuit.C(f"wbl{k}", f"wbl{k}", 0, line.capacitance)
        nodes = (f"bl{k}", "rwlp", "rwln", f"wbl{k}", "wwl", "wwlb", f"sn{k}", "vdd")
        circuit.X(f"c{k}", "gain_cell", *nodes)
    cells = range(len(stored_voltages))
    return Testbench(
        name="gain_cell_read",
        circuit=circuit,
        analysis=Transient(step=max_step, stop=begin + pulse_width + 1.5e-9, max_step=max_step),
        probes=(
            "v(rwlp)",
            "v(wwl)",
            *(f"i(vbl{k})" for k in cells),
            *(f"v(sn{k})" for k in cells),
            *(f"v(wbl{k})" for k in cells),
        ),
        technology=technology,
        parameters={
            "pulse_width": pulse_width,
            "write_start": WRITE_START,
            "write_time": write_time,
            "read_start": begin,
            **{f"stored_voltage_{k}": float(v) for k, v in enumerate(stored_voltages)},
        },
        # the token before left the far rail in every cell: the slowest write
        initial_voltages={f"sn{k}": 0.0 if level > mid else supply for k, level in enumerate(stored_voltages)},
    )


def retention_bench(
    parameters: GainCellParameters,
    technology: Technology,
    *,
    stored_voltages: Sequence[float],
    hold_time: float,
) -> Testbench:
    """Hold written levels with all lines idle and watch the storage nodes drift.

    The operating point is taken with the write gates on, so that every level starts exactly where the
    driver puts it; the gates close at 1 ns. gmin is lowered far below the cell's leak, which it would
    otherwise hide.

    Returns:
        A bench with probes `v(sn<k>)` over `hold_time` (s).

    Raises:
        CircuitError: no level, one outside the supply, or a time below 1 us or above 1000 s.
    """
    stored_voltages = check_quantities("stored_voltages", stored_voltages, "V", 0.0, technology.supply_voltage)
    check_quantity("hold_time", hold_time, "s", 1e-6, 1e3)
    circuit = Circuit("retention")
    circuit.subcircuit(gain_cell(parameters, technology))
    mid = technology.mid_voltage
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.V("mid", "mid", 0, mid)
    for name, (off, on) in parameters.write_levels(technology).items():
        circuit.V(name, name, 0, f"pwl(0 {on:g} 1e-09 {on:g} {1e-9 + EDGE_TIME:.9g} {off:g})")
    for k, level in enumerate(stored_voltages):
        circuit.V(f"wbl{k}", f"wbl{k}", 0, f"pwl(0 {level:.9g} 2e-09 {level:.9g} 2.1e-09 {mid:.9g})")
        circuit.X(f"c{k}", "gain_cell", "mid", "mid", "mid", f"wbl{k}", "wwl", "wwlb", f"sn{k}", "vdd")
    return Testbench(
        name="retention",
        circuit=circuit,
        analysis=Transient(step=hold_time / 500, stop=hold_time, max_step=hold_time / 200),
        probes=tuple(f"v(sn{k})" for k in range(len(stored_voltages))),
        technology=technology,
        parameters={f"stored_voltage_{k}": float(v) for k, v in enumerate(stored_voltages)},
        options={"reltol": "1e-4", "method": "gear", "gmin": "1e-18", "abstol": "1e-15", "chgtol": "1e-18"},
    )


def _cell_circuit(
    title: str,
    parameters: GainCellParameters,
    technology: Technology,
    *,
    write: tuple[float, float] | None = None,
) -> Circuit:
    """Cell, supply and write lines: idle, or on for `write` = (start, duration)."""
    circuit = Circuit(title)
    circuit.subcircuit(gain_cell(parameters, technology))
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.V("mid", "mid", 0, technology.mid_voltage)
    windows = [] if write is None else [(write[0], write[0] + write[1])]
    for name, (off, on) in parameters.write_levels(technology).items():
        circuit.V(name, name, 0, pulse(windows, idle=off, active=on))
    return circuit
