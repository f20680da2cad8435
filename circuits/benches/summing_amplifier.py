"""Benches of amplifiers that add, and of rectifiers: DC transfer, response, step."""

from __future__ import annotations

from collections.abc import Sequence

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import AcSweep, Frequencies
from circuits.benches.operational_amplifier import amplifier_circuit
from circuits.errors import CircuitError
from circuits.quantities import check_quantity
from circuits.rectifiers import RectifierParameters, rectifier
from circuits.stimuli import piecewise_linear
from circuits.summing_amplifier import SummerParameters, summing_amplifier
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient

LOAD_CAPACITANCE = 1e-12
"""At the output of every bench (F): wires and what comes next."""


def summer_dc_bench(
    parameters: SummerParameters, technology: Technology, *, held: Sequence[float], span: float, points: int = 41
) -> Testbench:
    """All inputs follow one sweep from -span to span (V), each with its share `held` of it, about the reference.

    Probe `v(out)`.

    Raises:
        CircuitError: not one share for every input, or a span that is none.
    """
    _check_inputs(parameters, held)
    check_quantity("span of the inputs", span, "V", 1e-9, 10.0)
    circuit = amplifier_circuit("summer_dc", parameters.amplifier, technology)
    circuit.subcircuit(summing_amplifier(parameters))
    circuit.V("x", "x", 0, 0)
    _add_summer(circuit, parameters, held)
    step = 2 * span / (points - 1)
    return Testbench(
        name="summer_dc",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vx", start=-span, stop=span + step / 100, step=step)),
        probes=("v(out)", "i(vdd)"),
        technology=technology,
        parameters={"span": span},
        options={"reltol": "1e-6"},
    )


def summer_ac_bench(parameters: SummerParameters, technology: Technology, *, held: Sequence[float]) -> Testbench:
    """Response of the output to all inputs, each with its share `held`; probe `v(out)`."""
    _check_inputs(parameters, held)
    circuit = amplifier_circuit("summer_ac", parameters.amplifier, technology)
    circuit.subcircuit(summing_amplifier(parameters))
    circuit.V("x", "x", 0, "DC 0 AC 1")
    _add_summer(circuit, parameters, held)
    return Testbench(
        name="summer_ac",
        circuit=circuit,
        analysis=AcSweep(frequencies=Frequencies(start=1e2, stop=1e10, per_decade=20)),
        probes=("v(out)",),
        technology=technology,
        options={"reltol": "1e-5"},
    )


def rectifier_dc_bench(
    parameters: RectifierParameters, technology: Technology, *, reference: float, span: float, points: int = 101
) -> Testbench:
    """DC transfer of a rectifier about the reference (V); probe `v(out)` over the input, from -span to span.

    Raises:
        CircuitError: a reference or span that is none.
    """
    check_quantity("reference of the rectifier", reference, "V", 0.0, technology.supply_voltage)
    check_quantity("span of the input", span, "V", 1e-9, 10.0)
    circuit = _rectifier_circuit("rectifier_dc", parameters, technology, reference)
    circuit.V("in", "input", 0, reference)
    step = 2 * span / (points - 1)
    return Testbench(
        name="rectifier_dc",
        circuit=circuit,
        analysis=DcSweep(
            inner=SourceSweep(source="vin", start=reference - span, stop=reference + span + step / 100, step=step)
        ),
        probes=("v(out)", "v(input)", "i(vdd)"),
        technology=technology,
        parameters={"reference": reference, "span": span},
        options={"reltol": "1e-6", "vntol": "1e-8"},
    )


def rectifier_step_bench(
    parameters: RectifierParameters,
    technology: Technology,
    *,
    reference: float,
    amplitude: float,
    duration: float = 2e-6,
) -> Testbench:
    """From -amplitude to amplitude (V) about the reference at a tenth of `duration` (s), and back at its middle.

    Probes `v(out)`, `v(input)`, and `v(xr.drive)`, the amplifier's output, where there is one.

    Raises:
        CircuitError: a reference, amplitude or duration that is none.
    """
    check_quantity("reference of the rectifier", reference, "V", 0.0, technology.supply_voltage)
    check_quantity("amplitude of the step", amplitude, "V", 1e-9, 10.0)
    check_quantity("duration of the bench", duration, "s", 1e-12, 1.0)
    circuit = _rectifier_circuit("rectifier_step", parameters, technology, reference)
    low, high, edge = reference - amplitude, reference + amplitude, duration / 2000
    points = [(0.0, low), (duration / 10, low), (duration / 10 + edge, high)]
    points += [(duration / 2, high), (duration / 2 + edge, low), (duration, low)]
    circuit.V("in", "input", 0, piecewise_linear(points))
    return Testbench(
        name="rectifier_step",
        circuit=circuit,
        analysis=Transient(step=duration / 2000, stop=duration, max_step=duration / 1000),
        probes=("v(out)", "v(input)", *(("v(xr.drive)",) if parameters.active else ())),
        technology=technology,
        parameters={"step_up": duration / 10, "step_down": duration / 2, "amplitude": amplitude},
    )


def _rectifier_circuit(
    title: str, parameters: RectifierParameters, technology: Technology, reference: float
) -> Circuit:
    """Rectifier with supply, reference and load; passive kinds have no amplifier and no bias."""
    if parameters.active:
        circuit = amplifier_circuit(title, parameters.amplifier, technology)
    else:
        circuit = Circuit(title)
        circuit.V("dd", "vdd", 0, technology.supply_voltage)
    circuit.subcircuit(rectifier(parameters, technology))
    circuit.V("ref", "ref", 0, reference)
    circuit.X("r", "rectifier", "input", "ref", "out", "vdd", "bias" if parameters.active else "0")
    circuit.C("load", "out", 0, LOAD_CAPACITANCE)
    return circuit


def _add_summer(circuit: Circuit, parameters: SummerParameters, held: Sequence[float]) -> None:
    circuit.V("ref", "ref", 0, parameters.reference)
    for k, share in enumerate(held):
        circuit.VCVS(f"in{k}", f"in{k}", "ref", "x", 0, float(share))
    circuit.X("s", "summer", *(f"in{k}" for k in range(len(held))), "ref", "out", "vdd", "bias")
    circuit.C("load", "out", 0, LOAD_CAPACITANCE)


def _check_inputs(parameters: SummerParameters, held: Sequence[float]) -> None:
    if len(held) != len(parameters.weights):
        raise CircuitError(f"the summer has {len(parameters.weights)} inputs, found {len(held)} shares for them")
