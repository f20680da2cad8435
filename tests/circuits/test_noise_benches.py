"""Analyses around an operating point, and benches that are frozen at one moment."""

from __future__ import annotations

import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.analyses import AcSweep, Frequencies, Noise, OperatingPoint
from circuits.benches.converter import charge_to_pulse_bench
from circuits.benches.noise import CLAMPED_CURRENT, Frozen, current_noise, frozen_bench, with_currents
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.errors import CircuitError
from circuits.stimuli import pulse
from circuits.technology import load_technology
from circuits.testbench import Analysis, Testbench, render_netlist
from circuits.timing import ColumnTiming

BAND = Frequencies(start=1.0, stop=1e9)
NOISE = Noise(output="out", source="vin", frequencies=BAND)


def bench(analysis: Analysis, *probes: str) -> Testbench:
    """A source that rises from 0 to 1 V within 1 to 2 ns, and a resistor."""
    circuit = Circuit("small")
    circuit.V("in", "out", 0, pulse([(1e-9, 5e-9)], idle=0.0, active=1.0, edge=1e-9))
    circuit.R("1", "out", 0, 1e3)
    return Testbench(
        name="small", circuit=circuit, analysis=analysis, probes=probes, technology=load_technology("generic28")
    )


def cards(one: Testbench) -> list[str]:
    return [line for line in render_netlist(one).text.splitlines() if line.lower().startswith((".save", "v", "i", "h"))]


@pytest.mark.parametrize(
    ("analysis", "line"),
    [
        (OperatingPoint(), "op"),
        (AcSweep(frequencies=BAND), "ac dec 10 1 1e+09"),
        (NOISE, "noise v(out) vin dec 10 1 1e+09"),
        (Noise(output="out", source="vin", frequencies=BAND, contributions=True), "noise v(out) vin dec 10 1 1e+09 1"),
    ],
)
def test_an_analysis_is_one_line(analysis: Analysis, line: str) -> None:
    assert analysis.line() == line


def test_a_noise_deck_saves_its_spectrum_and_the_integral() -> None:
    assert [line for line in cards(bench(NOISE, "onoise_spectrum")) if line.startswith(".save")] == [
        ".save onoise_spectrum",
        ".save onoise_total",
    ]


@pytest.mark.parametrize(
    ("analysis", "probe", "wanted"),
    [
        (NOISE, "v(out)", "'onoise_spectrum', 'inoise_spectrum' or 'onoise.<device>'"),
        (NOISE, "onoise_total", "'onoise_spectrum'"),
        (OperatingPoint(), "onoise_spectrum", r"'v\(node\)' or 'i\(source\)'"),
    ],
)
def test_a_probe_that_the_analysis_does_not_have_is_refused(analysis: Analysis, probe: str, wanted: str) -> None:
    with pytest.raises(CircuitError, match=f"probe .* must be {wanted}"):
        render_netlist(bench(analysis, probe))


def test_frequencies_that_fall_are_refused() -> None:
    with pytest.raises(CircuitError, match="frequencies must rise, found 10 to 1 Hz"):
        Frequencies(start=10.0, stop=1.0)
    with pytest.raises(CircuitError, match="start must be at least"):
        Frequencies(start=0.0, stop=1.0)


@pytest.mark.parametrize(("time", "value"), [(0.0, "0.0"), (1.5e-9, "0.5"), (3e-9, "1.0"), (9e-9, "0.0")])
def test_a_frozen_source_has_its_value_of_that_moment(time: float, value: str) -> None:
    frozen = frozen_bench(
        bench(NOISE, "v(out)"), Frozen(time=time), analysis=OperatingPoint(), probes=("v(out)",), name="frozen"
    )
    assert f"Vin out 0 {value}" in cards(frozen)
    assert frozen.parameters["moment"] == time


def test_a_clamp_and_a_stimulus_have_ac_values() -> None:
    moment = Frozen(time=0.0, clamp=("a", 0.3), driven={"b": 0.2}, input_node="c", overrides={"vin": 0.7})
    frozen = frozen_bench(
        bench(NOISE, "v(out)"),
        moment,
        analysis=current_noise("vclamp", BAND),
        probes=("onoise_spectrum",),
        name="frozen",
    )
    lines = cards(frozen)
    assert {"Vin out 0 0.7", "Vclamp a 0 0.3 ac 1", "Vdriven_b b 0 0.2", "Iinput c 0 0 ac 1"} <= set(lines)
    assert any(line.startswith(f"Hclampcurrent {CLAMPED_CURRENT} 0 Vclamp") for line in lines)


def test_an_override_of_no_source_is_refused() -> None:
    with pytest.raises(CircuitError, match="'vother' is no source of the bench; there are vin"):
        frozen_bench(
            bench(NOISE, "v(out)"),
            Frozen(time=0.0, overrides={"vother": 1.0}),
            analysis=OperatingPoint(),
            probes=("v(out)",),
            name="frozen",
        )


def test_added_currents_are_in_the_deck_and_the_same_give_the_same_bytes() -> None:
    def text(amplitude: float) -> str:
        plain = charge_to_pulse_bench(
            ChargeToPulseParameters(), load_technology("generic28"), ColumnTiming(), charge=6e-13
        )
        return render_netlist(with_currents(plain, {"x.y": [(0.0, 0.0), (1e-9, amplitude)]})).text

    assert "Idrawn_x_y x.y 0 pwl(0 0 1e-09 1e-06)" in text(1e-6)
    assert text(1e-6) == text(1e-6) != text(2e-6)
