"""Benches of the amplifier: open-loop response, follower with a step, and its DC limits."""

from __future__ import annotations

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import AcSweep, Frequencies, Noise
from circuits.operational_amplifier import Amplifier
from circuits.quantities import check_quantity
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient

LOOP_INDUCTANCE = 1e6
"""Closes the loop at DC and opens it at every frequency above (H)."""

LOOP_CAPACITANCE = 1.0
"""Grounds the inverting input at every frequency above DC (F)."""


def amplifier_circuit(title: str, amplifier: Amplifier, technology: Technology) -> Circuit:
    """Supply, bias and the subcircuit `amplifier`, for benches that place it."""
    circuit = Circuit(title)
    for one in amplifier.subcircuits(technology):
        circuit.subcircuit(one)
    circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.X("bias", "amplifier_bias", "bias", "vdd")
    return circuit


def open_loop_bench(
    amplifier: Amplifier,
    technology: Technology,
    *,
    level: float,
    load_capacitance: float,
    load_resistance: float = 1e12,
) -> Testbench:
    """Open-loop response at an output level (V): the loop is closed at DC only.

    Probes `v(out)` per volt at the input, `i(vdd)`.

    Raises:
        CircuitError: a level or load that is none.
    """
    check_quantity("output level of the amplifier", level, "V", 0.0, technology.supply_voltage)
    circuit = amplifier_circuit("amplifier_ac", amplifier, technology)
    circuit.V("in", "plus", 0, f"DC {level:.9g} AC 1")
    circuit.X("a", "amplifier", "plus", "minus", "out", "vdd", "bias")
    circuit.L("loop", "out", "minus", LOOP_INDUCTANCE)
    circuit.C("loop", "minus", 0, LOOP_CAPACITANCE)
    _add_load(circuit, level, load_capacitance, load_resistance)
    return Testbench(
        name="amplifier_ac",
        circuit=circuit,
        analysis=AcSweep(frequencies=Frequencies(start=1.0, stop=1e10, per_decade=20)),
        probes=("v(out)", "i(vdd)"),
        technology=technology,
        parameters={"level": level, "load_capacitance": load_capacitance, "load_resistance": load_resistance},
        options={"reltol": "1e-6"},
    )


def follower_bench(
    amplifier: Amplifier,
    technology: Technology,
    *,
    low: float,
    high: float,
    load_capacitance: float,
    duration: float = 2e-6,
) -> Testbench:
    """A voltage follower that steps up at a tenth of `duration` (s) and down at its middle.

    Probes `v(out)`, `v(plus)`, `i(vdd)`.

    Raises:
        CircuitError: levels or a duration that are none.
    """
    for level in (low, high):
        check_quantity("level of the follower", level, "V", 0.0, technology.supply_voltage)
    check_quantity("duration of the bench", duration, "s", 1e-12, 1.0)
    circuit = amplifier_circuit("amplifier_step", amplifier, technology)
    edge, up, down = duration / 2000, duration / 10, duration / 2
    points = [(0.0, low), (up, low), (up + edge, high), (down, high), (down + edge, low), (duration, low)]
    circuit.V("in", "plus", 0, "pwl(" + " ".join(f"{t:.9g} {v:.9g}" for t, v in points) + ")")
    circuit.X("a", "amplifier", "plus", "out", "out", "vdd", "bias")
    _add_load(circuit, low, load_capacitance, 1e12)
    return Testbench(
        name="amplifier_step",
        circuit=circuit,
        analysis=Transient(step=duration / 2000, stop=duration, max_step=duration / 1000),
        probes=("v(out)", "v(plus)", "i(vdd)"),
        technology=technology,
        parameters={"low": low, "high": high, "step_up": up, "step_down": down},
    )


def transfer_bench(
    amplifier: Amplifier, technology: Technology, *, level: float, span: float, load_resistance: float = 1e12
) -> Testbench:
    """Open-loop DC transfer: the inverting input rests at `level` (V), the other sweeps `span` (V) to both sides.

    Probe `v(out)` over the input.

    Raises:
        CircuitError: a level or span that is none.
    """
    check_quantity("level of the inputs", level, "V", 0.0, technology.supply_voltage)
    check_quantity("span of the inputs", span, "V", 1e-9, 1.0)
    circuit = amplifier_circuit("amplifier_dc", amplifier, technology)
    circuit.V("in", "plus", 0, level)
    circuit.V("m", "minus", 0, level)
    circuit.X("a", "amplifier", "plus", "minus", "out", "vdd", "bias")
    _add_load(circuit, level, 1e-15, load_resistance)
    return Testbench(
        name="amplifier_dc",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vin", start=level - span, stop=level + span, step=span / 200)),
        probes=("v(out)",),
        technology=technology,
        parameters={"level": level, "span": span},
        options={"reltol": "1e-6"},
    )


def follower_noise_bench(amplifier: Amplifier, technology: Technology, *, level: float) -> Testbench:
    """Noise of a follower's output at a level (V), 10 Hz to 1 GHz."""
    check_quantity("level of the follower", level, "V", 0.0, technology.supply_voltage)
    circuit = amplifier_circuit("amplifier_noise", amplifier, technology)
    circuit.V("in", "plus", 0, f"DC {level:.9g} AC 1")
    circuit.X("a", "amplifier", "plus", "out", "out", "vdd", "bias")
    _add_load(circuit, level, 1e-12, 1e12)
    return Testbench(
        name="amplifier_noise",
        circuit=circuit,
        analysis=Noise(output="out", source="vin", frequencies=Frequencies(start=10.0, stop=1e9, per_decade=20)),
        probes=("onoise_spectrum",),
        technology=technology,
        parameters={"level": level},
        options={"reltol": "1e-5"},
    )


def _add_load(circuit: Circuit, level: float, capacitance: float, resistance: float) -> None:
    """A capacitor to ground and a resistor to the level at which the output rests."""
    check_quantity("load capacitance", capacitance, "F", 1e-18, 1e-3)
    check_quantity("load resistance", resistance, "ohm", 1.0, 1e15)
    circuit.C("load", "out", 0, capacitance)
    circuit.V("rest", "rest", 0, level)
    circuit.R("load", "out", "rest", resistance)
