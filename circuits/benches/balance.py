"""Bench of the energy balance: a capacitor charged through a resistor, of which everything is known in closed form."""

from __future__ import annotations

from PySpice.Spice.Netlist import Circuit

from circuits.quantities import check_quantity
from circuits.stimuli import EDGE_TIME, piecewise_linear
from circuits.technology import Technology
from circuits.testbench import Testbench, Transient


def charging_bench(
    technology: Technology, *, resistance: float, capacitance: float, max_step: float, name: str = "charging"
) -> Testbench:
    """Charge a capacitor through a resistor to the supply, for 20 time constants.

    The source delivers about C V^2, of which half stays in the capacitor; what becomes heat in the resistor is a little
    less than half, because the source rises within `edge`.

    Args:
        technology: gives the supply voltage V.
        resistance: R (ohm).
        capacitance: C (F).
        max_step: largest time step (s).
        name: name of the netlist.

    Returns:
        A bench that records ``v(source)``, ``v(out)`` and ``i(vin)``.

    Raises:
        CircuitError: a value that is none.
    """
    check_quantity("resistance", resistance, "ohm", 1e-3, 1e12)
    check_quantity("capacitance", capacitance, "F", 1e-18, 1.0)
    circuit = Circuit(name)
    start = 10 * EDGE_TIME
    circuit.V(
        "in", "source", 0, piecewise_linear([(0.0, 0.0), (start, 0.0), (start + EDGE_TIME, technology.supply_voltage)])
    )
    circuit.R("1", "source", "out", resistance)
    circuit.C("1", "out", 0, capacitance)
    return Testbench(
        name=name,
        circuit=circuit,
        analysis=Transient(step=max_step, stop=start + 20 * resistance * capacitance, max_step=max_step),
        probes=("v(source)", "v(out)", "i(vin)"),
        technology=technology,
        parameters={"resistance": resistance, "capacitance": capacitance, "start": start, "edge": EDGE_TIME},
        initial_voltages={"out": 0.0},
    )
