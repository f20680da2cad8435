"""Benches of the input driver: one row with its driver, its word line pair as a wire, and its cells.

The bit lines are held ideally at mid-supply, one source for the cells of each section of the wire, so that the charge
of near and far cells can be told apart. Cells of a section that store the same voltage are one cell with `m=`.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.interconnect import add_wire, wire_load
from circuits.pulse_driver import (
    PulseDriverParameters,
    add_phases,
    add_pulse_driver,
    add_word_line_driver,
    pulse_driver,
    word_line_driver,
)
from circuits.quantities import check_count, check_quantities, check_quantity
from circuits.stimuli import pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient
from circuits.timing import LONGEST_TIME

PULSE_START = 0.5e-9
"""When the shared `start` line begins to rise (s)."""

AFTER_PULSE = 1.5e-9
"""What is recorded after the end of the pulse (s): the lines are back at mid-supply in a third of it."""

SOURCE_EDGE = 20e-12
"""Edge of the ideal pulse at the input of the word line driver alone (s). Ours: a gate of fan-out four at 28 nm."""

SUPPLIES = ("vdd", "vline", "vmid")
"""Supplies of the row: buffers and tree; what the upper line is pulled to; the idle level."""


def pulse_driver_bench(
    cell: GainCellParameters,
    driver: PulseDriverParameters,
    technology: Technology,
    *,
    code: int,
    stored_voltages: Sequence[float],
    wire_width: float = 1.0,
    n_sections: int = 8,
    max_step: float = 100e-12,
    name: str = "pulse_driver",
) -> Testbench:
    """One pulse of one row.

    Args:
        cell: the gain cell.
        driver: sizes of the input driver.
        technology: their process.
        code: width of the pulse in time units.
        stored_voltages: of the row's cells, the nearest first (V).
        wire_width: of the word lines, over the width of the technology's wire data.
        n_sections: sections of the wire, which must divide the number of cells; each has its cells in its middle.
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench that records both lines at both ends (`v(rwlp)`, `v(rwlp_end)`), the currents into the lines
        (`i(vsense_p)`, positive towards the cells), of `SUPPLIES`, of the shared lines and of each section's bit line
        (`i(vrbl<k>)`); its `parameters` have `pulse_start` and `width` (s).

    Raises:
        CircuitError: no such code, no cells, sections that do not divide them, or a width of the wire that is none.
    """
    circuit = Circuit(name)
    for block in pulse_driver(driver, technology):
        circuit.subcircuit(block)
    add_phases(circuit, driver, technology, start=PULSE_START)
    crossing = wire_load(technology, cell.pitch)  # of a shared line over this row
    for phase in driver.phases():
        circuit.C(phase, phase, 0, crossing.capacitance)
    add_pulse_driver(circuit, driver, "row", code=code, rwlp="drive_p", rwln="drive_n")
    return _row_bench(
        circuit,
        cell,
        technology,
        stored_voltages,
        wire_width=wire_width,
        n_sections=n_sections,
        width=code * driver.unit_time,
        max_step=max_step,
        probes=("v(start)", *(f"i(v{phase})" for phase in driver.phases())),
    )


def word_line_driver_bench(
    cell: GainCellParameters,
    driver: PulseDriverParameters,
    technology: Technology,
    *,
    pulse_width: float,
    stored_voltages: Sequence[float],
    wire_width: float = 1.0,
    n_sections: int = 8,
    max_step: float = 100e-12,
    name: str = "word_line_driver",
) -> Testbench:
    """One pulse of any width through the word line driver alone, as a charge-to-pulse circuit sends it to a row.

    Args:
        cell: the gain cell.
        driver: sizes of the driver.
        technology: their process.
        pulse_width: of the ideal source at the driver's input, from one of its edges on (s).
        stored_voltages: of the row's cells, the nearest first (V).
        wire_width: of the word lines, over the width of the technology's wire data.
        n_sections: sections of the wire, which must divide the number of cells.
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench that records what `pulse_driver_bench` does, but for the shared lines, which it has not.

    Raises:
        CircuitError: no cells, sections that do not divide them, or a pulse shorter than its edge.
    """
    check_quantity("pulse_width (its edge is the shortest)", pulse_width, "s", SOURCE_EDGE, LONGEST_TIME)
    circuit = Circuit(name)
    circuit.subcircuit(word_line_driver(driver, technology))
    window = [(PULSE_START, PULSE_START + pulse_width)]
    circuit.V("pulse", "row_pulse", 0, pulse(window, idle=0.0, active=technology.supply_voltage, edge=SOURCE_EDGE))
    add_word_line_driver(circuit, "row_driver", pulse="row_pulse", rwlp="drive_p", rwln="drive_n")
    return _row_bench(
        circuit,
        cell,
        technology,
        stored_voltages,
        wire_width=wire_width,
        n_sections=n_sections,
        width=pulse_width,
        max_step=max_step,
    )


def _row_bench(
    circuit: Circuit,
    cell: GainCellParameters,
    technology: Technology,
    stored_voltages: Sequence[float],
    *,
    wire_width: float,
    n_sections: int,
    width: float,
    max_step: float,
    probes: tuple[str, ...] = (),
) -> Testbench:
    """Supplies, lines and cells behind a driver on the nodes `drive_p` and `drive_n`, and what is recorded of them."""
    voltages = check_quantities("stored_voltages", stored_voltages, "V", 0.0, technology.supply_voltage)
    check_count("n_sections", n_sections, 10_000)
    if len(voltages) % n_sections:
        raise CircuitError(f"{n_sections} sections must divide the number of cells, found {len(voltages)} cells")
    supply = technology.supply_voltage
    circuit.subcircuit(gain_cell(cell, technology))
    circuit.V("dd", "vdd", 0, supply)
    circuit.V("line", "vline", 0, supply)
    circuit.V("mid", "mid", 0, technology.mid_voltage)
    half = wire_load(technology, len(voltages) * cell.pitch / n_sections / 2, wire_width)
    for line in ("p", "n"):
        circuit.V(f"sense_{line}", f"drive_{line}", f"rwl{line}", 0)
        add_wire(circuit, f"rwl{line}", _nodes(f"rwl{line}", n_sections), half)
    initial = _add_cells(circuit, cell, technology, voltages, n_sections)
    return Testbench(
        name=str(circuit.title),
        circuit=circuit,
        analysis=Transient(step=max_step, stop=PULSE_START + width + AFTER_PULSE, max_step=max_step),
        probes=(
            *(f"v({line}{end})" for line in ("rwlp", "rwln") for end in ("", "_end")),
            "v(row_pulse)",
            "i(vsense_p)",
            "i(vsense_n)",
            *(f"i({source})" for source in SUPPLIES),
            *(f"i(vrbl{k})" for k in range(n_sections)),
            *probes,
        ),
        technology=technology,
        parameters={"pulse_start": PULSE_START, "width": width},
        initial_voltages=initial,
    )


def _nodes(line: str, n_sections: int) -> list[str]:
    """The nodes of a line: two halves for each section, with its middle between them."""
    inner = [f"{line}_{k}" for k in range(2 * n_sections - 1)]
    return [line, *inner, f"{line}_end"]


def _add_cells(
    circuit: Circuit, cell: GainCellParameters, technology: Technology, voltages: Sequence[float], n_sections: int
) -> dict[str, float]:
    """The cells in the middles of their sections, and what they store: node -> V."""
    off = {line: holding for line, (holding, _) in cell.write_levels(technology).items()}
    for line, level in off.items():
        circuit.V(line, line, 0, level)
    per_section = len(voltages) // n_sections
    initial = {}
    for k in range(n_sections):
        circuit.V(f"rbl{k}", f"rbl{k}", 0, technology.mid_voltage)
        here = voltages[k * per_section : (k + 1) * per_section]
        for j, voltage in enumerate(dict.fromkeys(here)):
            node, count = f"sn{k}_{j}", here.count(voltage)
            middle = 2 * k  # after the section's first half
            nodes = (f"rbl{k}", f"rwlp_{middle}", f"rwln_{middle}", "mid", "wwl", "wwlb", node, "vdd")
            circuit.X(f"c{k}_{j}", "gain_cell", *nodes, **({"m": count} if count > 1 else {}))
            initial[node] = voltage
    return initial
