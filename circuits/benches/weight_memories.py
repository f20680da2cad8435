"""Benches of the weight memories: all codes of a string or ladder, a triode's conductance, a refreshed capacitor."""

from __future__ import annotations

from typing import Literal

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import Frequencies, Noise
from circuits.devices import Mosfet, add_mosfet
from circuits.die import Die
from circuits.quantities import check_quantity
from circuits.stimuli import pulse
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient
from circuits.weight_memories import CapacitorParameters, StepParameters, ladder, potentiometer, weight_capacitor

StepKind = Literal["potentiometer", "ladder"]


def weight_steps_bench(
    parameters: StepParameters,
    technology: Technology,
    *,
    kind: StepKind,
    load_resistance: float = 1e12,
    die: Die | None = None,
) -> Testbench:
    """Every code of a string or ladder, each in a copy of its own, while the upper level rises to its value.

    Probes `v(t<code>)`, 11 points; the last one is at the levels of the parameters.

    Raises:
        CircuitError: a load that is none.
    """
    check_quantity("load of a weight", load_resistance, "ohm", 1.0, 1e15)
    rise = (parameters.high - parameters.low) / 12
    first = parameters.high - 10 * rise
    circuit = Circuit(f"weight_{kind}_dc")
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.V("low", "low", 0, parameters.low)
    circuit.V("high", "high", 0, parameters.high)
    made = potentiometer if kind == "potentiometer" else ladder
    for code in range(parameters.n_codes):
        circuit.subcircuit(made(parameters, technology, code, name=f"{kind}{code}"))
        circuit.X(f"c{code}", f"{kind}{code}", "low", "high", f"t{code}", "vdd")
        circuit.R(f"load{code}", f"t{code}", "low", load_resistance)
    return Testbench(
        name=f"weight_{kind}_dc",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vhigh", start=first, stop=parameters.high + rise / 100, step=rise)),
        probes=tuple(f"v(t{code})" for code in range(parameters.n_codes)),
        technology=technology,
        parameters={"n_bits": parameters.n_bits, "low": parameters.low, "high": parameters.high},
        options={"reltol": "1e-6"},
        die=die,
    )


def triode_bench(
    mosfet: Mosfet, technology: Technology, *, level: float, gates: tuple[float, float], span: float
) -> Testbench:
    """Current of a transistor as a resistor: drain from -span to span (V) about the source, for 11 gate voltages.

    Probe `i(vd)`, minus the current into the drain; the drain runs fastest, 21 values.

    Raises:
        CircuitError: levels that are none.
    """
    check_quantity("level of the resistor", level, "V", 0.0, technology.supply_voltage)
    check_quantity("span of the resistor", span, "V", 1e-6, 10.0)
    circuit = Circuit("weight_triode")
    circuit.V("s", "s", 0, level)
    circuit.V("d", "d", "s", 0)
    circuit.V("g", "g", 0, gates[0])
    rise = (gates[1] - gates[0]) / 10
    add_mosfet(circuit, technology, "r", mosfet, ("d", "g", "s", "0" if mosfet.polarity == "nmos" else "vdd"))
    return Testbench(
        name="weight_triode",
        circuit=circuit,
        analysis=DcSweep(
            inner=SourceSweep(source="vd", start=-span, stop=1.001 * span, step=span / 10),
            outer=SourceSweep(source="vg", start=gates[0], stop=gates[1] + rise / 100, step=rise),
        ),
        probes=("i(vd)",),
        technology=technology,
        parameters={"level": level, "span": span, "first_gate": gates[0], "last_gate": gates[1]},
        options={"reltol": "1e-6", "abstol": "1e-15"},
    )


def weight_capacitor_bench(
    parameters: CapacitorParameters, technology: Technology, *, level: float, periods: int = 2
) -> Testbench:
    """Write a level (V), hold it until the refresh, write again; probes `v(store)`, `v(write)`.

    Raises:
        CircuitError: a level outside the supply.
    """
    check_quantity("level of the weight", level, "V", 0.0, technology.supply_voltage)
    refresh, edge = parameters.refresh, min(1e-9, parameters.write_time / 10)
    circuit = Circuit("weight_capacitor")
    circuit.subcircuit(weight_capacitor(parameters, technology))
    circuit.V("s", "source", 0, level)
    windows = [(k * refresh, k * refresh + parameters.write_time) for k in range(periods)]
    circuit.V("w", "write", 0, pulse(windows, idle=0.0, active=technology.supply_voltage, edge=edge))
    circuit.X("c", "weight_capacitor", "source", "write", "store")
    return Testbench(
        name="weight_capacitor",
        circuit=circuit,
        analysis=Transient(step=refresh / 200, stop=refresh * periods, max_step=refresh / 100),
        probes=("v(store)", "v(write)"),
        technology=technology,
        parameters={"refresh": refresh, "level": level, "write_time": parameters.write_time},
        options={"reltol": "1e-5", "gmin": "1e-18", "abstol": "1e-16", "chgtol": "1e-18", "method": "gear"},
    )


def weight_noise_bench(parameters: CapacitorParameters, technology: Technology, *, level: float) -> Testbench:
    """Noise of the store while it is written, over all frequencies: its integral is kT / C."""
    check_quantity("level of the weight", level, "V", 0.0, technology.supply_voltage)
    circuit = Circuit("weight_noise")
    circuit.subcircuit(weight_capacitor(parameters, technology))
    circuit.V("s", "source", 0, f"DC {level:.9g} AC 1")
    circuit.V("w", "write", 0, technology.supply_voltage)
    circuit.X("c", "weight_capacitor", "source", "write", "store")
    return Testbench(
        name="weight_noise",
        circuit=circuit,
        analysis=Noise(output="store", source="vs", frequencies=Frequencies(start=1e3, stop=1e12, per_decade=20)),
        probes=("onoise_spectrum",),
        technology=technology,
        parameters={"capacitance": parameters.capacitance},
        options={"reltol": "1e-5"},
    )
