"""A ring of inverters in the transistors of a technology, as a bench of one's own."""

from __future__ import annotations

from functools import partial

from PySpice.Spice.Netlist import Circuit

from circuits.die import Die
from circuits.gates import GateWidths, add_inverter
from circuits.technology import Technology, load_technology
from circuits.testbench import Netlist, Testbench, Transient, render_netlist
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.conditions import condition_parameters, technology_at
from pycosim.campaign.measure import measured_as
from pycosim.campaign.measures_level import Power
from pycosim.campaign.measures_time import Frequency
from pycosim.campaign.task import Point

HALF = "supply_voltage / 2"


def ring_oscillator() -> SweepBench:
    """Frequency and power of a ring of inverters over supply, temperature, corner, die, sizes and stages."""
    technology = load_technology("generic28")
    measurements = (
        measured_as("frequency", Frequency(signal="v(n0)", threshold=HALF, start="duration / 3", number=3)),
        measured_as("power", Power(current="i(vdd)", voltage="v(vdd)", start="duration / 3")),
    )
    return SweepBench(
        name="ring_oscillator",
        parameters={
            **condition_parameters(technology),
            "stages": Parameter(default=5, meaning="inverters in the ring"),
            "nmos_width": Parameter(default=200e-9, unit="m", meaning="width of the NMOS; the PMOS has twice this"),
            "load": Parameter(default=1e-15, unit="F", meaning="capacitor at every output"),
            "duration": Parameter(default=1e-9, unit="s", meaning="length of the transient"),
        },
        make=partial(_make, technology),
        measurements={one.name: one for one in measurements},
    )


def _make(technology: Technology, point: Point) -> Netlist:
    here = technology_at(technology, point)
    stages, width = int(point["stages"]), float(point["nmos_width"])
    circuit = Circuit("ring")
    circuit.V("dd", "vdd", 0, here.supply_voltage)
    for k in range(stages):
        nodes = (f"n{k}", f"n{(k + 1) % stages}")
        add_inverter(circuit, here, f"i{k}", nodes, GateWidths(nmos=width, pmos=2 * width))
        circuit.C(f"l{k}", nodes[1], 0, float(point["load"]))
    duration = float(point["duration"])
    bench = Testbench(
        name="ring_oscillator",
        circuit=circuit,
        analysis=Transient(step=1e-12, stop=duration, max_step=1e-12),
        probes=("v(n0)", "v(vdd)", "i(vdd)"),
        technology=here,
        initial_voltages={"n0": 0.0},  # without it the ring starts, and stays, at its switching point
        die=Die(seed=int(point["seed"])) if "seed" in point else None,
    )
    return render_netlist(bench)
