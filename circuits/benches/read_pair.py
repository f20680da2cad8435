"""Bench of the read pair as a read finds it: the storage node floats while the word lines leave their rest.

At DC, with the storage node forced, the pair carries some percent more current: the step of the word lines couples
through the open channel into the storage node and takes part of it back.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.benches.array import BIT_LINE_REACH
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters, gain_cell
from circuits.quantities import check_quantities
from circuits.stimuli import piecewise_linear
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient

BIT_LINE_TIME, SWEEP_TIME = 20e-9, 300e-9
"""How long the bit lines and then the word lines take to their voltages (s): so slow that what charges their own
capacitances, half a volt on less than a femtofarad, stays below 2 nA, and a thousand times faster than cells leak."""


def floating_read_pair_bench(
    cell: GainCellParameters,
    technology: Technology,
    *,
    stored_voltages: Sequence[float],
    bit_line_errors: Sequence[float],
    name: str = "floating_read_pair",
) -> Testbench:
    """Both currents of the read pair of cells that hold their level, while the word lines go from rest to their rails.

    Every level meets every bit line. All lines begin at mid-supply with the cells holding their levels; the bit lines
    go to their voltages, then the lower word line falls to ground while the upper one mirrors it.

    Args:
        cell: the gain cell.
        technology: its process.
        stored_voltages: levels (V).
        bit_line_errors: voltages of the bit lines over mid-supply (V).
        name: name of the netlist.

    Returns:
        A bench whose probes `i(vrwlp<k>_<b>)` and `i(vrwln<k>_<b>)` are the currents (A) from the word lines into the
        cell of level k on bit line b, and whose `v(rwln)` says where from `sweep_start` on.

    Raises:
        CircuitError: no level, one outside the supply, a bit line beyond `BIT_LINE_REACH`, or a cell with a select
            transistor, whose word lines do something else.
    """
    if cell.select is not None:
        raise CircuitError("the currents of a read pair are those of a cell without a select transistor, found one")
    supply, mid = technology.supply_voltage, technology.mid_voltage
    stored = check_quantities("stored_voltages", stored_voltages, "V", 0.0, supply)
    errors = check_quantities("bit_line_errors", bit_line_errors, "V", -BIT_LINE_REACH, BIT_LINE_REACH)
    circuit = Circuit(name)
    circuit.subcircuit(gain_cell(cell, technology))
    for line, (holding, _) in cell.write_levels(technology).items():
        circuit.V(line, line, 0, holding)
    circuit.V("wbl", "wbl", 0, mid)
    circuit.V("dd", "vdd", 0, supply)
    stop = BIT_LINE_TIME + SWEEP_TIME
    circuit.V("rwln", "rwln", 0, piecewise_linear([(0.0, mid), (BIT_LINE_TIME, mid), (stop, 0.0)]))
    circuit.VCVS("rwlp", "rwlp", 0, "vdd", "rwln", 1.0)
    held = {}
    for b, error in enumerate(errors):
        circuit.V(f"rbl{b}", f"rbl{b}", 0, piecewise_linear([(0.0, mid), (BIT_LINE_TIME, mid + error)]))
        for k, level in enumerate(stored):
            pins = [f"rbl{b}", f"rwlp{k}_{b}", f"rwln{k}_{b}", "wbl", "wwl", "wwlb", f"sn{k}_{b}", "vdd"]
            for line, node in zip(("rwlp", "rwln"), pins[1:3], strict=True):
                circuit.V(node, line, node, 0)
            circuit.X(f"c{k}_{b}", "gain_cell", *pins)
            held[f"sn{k}_{b}"] = level
    probes = [f"i(v{line}{k}_{b})" for line in ("rwlp", "rwln") for k in range(len(stored)) for b in range(len(errors))]
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=SWEEP_TIME / 60, stop=stop, max_step=SWEEP_TIME / 60),
        probes=("v(rwln)", *probes),
        technology=technology,
        parameters={"sweep_start": BIT_LINE_TIME},
        initial_voltages=held,
    )
