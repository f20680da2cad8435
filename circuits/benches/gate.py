"""Bench of one gate that switches: what a digital estimate is counted in."""

from __future__ import annotations

from PySpice.Spice.Netlist import Circuit

from circuits.interconnect import wire_load
from circuits.logic import nand2
from circuits.stimuli import pulse
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient

FAN_OUT = 2
"""Gates that a gate drives. Ours: usual mean of synthesised logic."""

WIRE_LENGTH = 10e-6
"""Wire that a gate drives (m). Ours: a few gate pitches of routed logic."""

GATE_PERIOD = 1e-9
"""Time between two equal edges (s): a clock of 1 GHz, as the read-out counts with."""


def gate_bench(technology: Technology, *, n_cycles: int = 4) -> Testbench:
    """A NAND that drives two NANDs and a wire, switched `n_cycles` times; the supply of the first alone is `vdd`.

    Returns:
        A bench with the probes `i(vdd)`, `v(y)`, `v(a)`; the energy of a cycle is that of two output edges.
    """
    circuit = Circuit("gate")
    circuit.subcircuit(nand2(technology))
    supply = technology.supply_voltage
    circuit.V("dd", "vdd", 0, supply)
    circuit.V("load", "vddl", 0, supply)
    high = [(0.5e-9 + k * GATE_PERIOD, 0.5e-9 + (k + 0.5) * GATE_PERIOD) for k in range(n_cycles)]
    circuit.V("a", "a", 0, pulse(high, idle=0.0, active=supply))
    circuit.X("gate", "nand2", "a", "vdd", "y", "vdd")
    for k in range(FAN_OUT):
        circuit.X(f"load{k}", "nand2", "y", "vddl", f"y{k}", "vddl")
        circuit.C(f"load{k}", f"y{k}", 0, 1e-15)
    circuit.C("wire", "y", 0, wire_load(technology, WIRE_LENGTH).capacitance)
    return Testbench(
        name="gate",
        circuit=circuit,
        analysis=Transient(step=5e-12, stop=0.5e-9 + n_cycles * GATE_PERIOD, max_step=5e-12),
        probes=("i(vdd)", "v(y)", "v(a)"),
        technology=technology,
        parameters={"n_cycles": float(n_cycles)},
    )
