"""Amplifiers, summers, rectifiers and weight memories in ngspice against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from circuits.benches.weight_memories import (
    triode_bench,
    weight_capacitor_bench,
    weight_noise_bench,
    weight_steps_bench,
)
from circuits.devices import Mosfet
from circuits.die import Die
from circuits.errors import CircuitError
from circuits.operational_amplifier import MacromodelParameters, TwoStageParameters
from circuits.rectifiers import RectifierParameters
from circuits.summing_amplifier import SummerParameters, resistor_weights
from circuits.technology import Technology, load_technology
from circuits.testbench import Testbench, render_netlist
from circuits.weight_memories import CapacitorParameters, StepParameters
from pycosim.flows.gilbert_parts import matched_macromodel
from pycosim.models.summing import summer_law
from pycosim.spice import NgspicePool, Waveforms
from pycosim.sweeps.amplifier import (
    AmplifierFigures,
    amplifier_figures,
    rectifier_dead_time,
    rectifier_transfer,
    summer_figures,
)
from pycosim.waveforms import integrated_noise

pytestmark = pytest.mark.ngspice

LEVEL = 1.5
THERMAL = 8.617333e-5 * 300.15
IDEAL = MacromodelParameters(gain=1e5)


@pytest.fixture(scope="module")
def square() -> Technology:
    return load_technology("square")


@pytest.fixture(scope="module")
def measured(square: Technology, pool: NgspicePool) -> AmplifierFigures:
    return amplifier_figures(TwoStageParameters(), square, pool, level=LEVEL, step=1.0)


def run(bench: Testbench, pool: NgspicePool) -> Waveforms:
    return pool.run(render_netlist(bench))


def test_the_amplifier_has_the_gain_bandwidth_and_slew_of_its_sizes(measured: AmplifierFigures) -> None:
    first = math.sqrt(2 * 200e-6 * 20 * 10e-6)  # g_m of the pair at 10 uA
    second = math.sqrt(2 * 70e-6 * 100 * 100e-6)  # of the output device at 100 uA
    gain = first / (10e-6 * 0.07) * second / (100e-6 * 0.07)
    # channel-length modulation makes every g_m a few per cent larger and every r as much: 78 900 against 68 300
    assert measured.gain == pytest.approx(gain, rel=0.2)
    assert measured.bandwidth == pytest.approx(first / (2 * math.pi * 2e-12), rel=0.05)
    assert measured.slew_up == pytest.approx(20e-6 / 2e-12, rel=0.05)
    assert measured.slew_down == pytest.approx(20e-6 / 2e-12, rel=0.05)
    assert measured.phase_margin > 60
    assert measured.power == pytest.approx(3.3 * 140e-6, rel=0.05)


def test_the_macromodel_agrees_with_the_transistors(
    measured: AmplifierFigures, square: Technology, pool: NgspicePool
) -> None:
    model = matched_macromodel(measured, TwoStageParameters(), square, pool)
    found = amplifier_figures(model, square, pool, level=LEVEL, step=1.0)
    for name in ("gain", "bandwidth", "slew_up", "slew_down", "phase_margin", "power", "output_resistance"):
        assert getattr(found, name) == pytest.approx(getattr(measured, name), rel=0.05), name
    assert found.high == pytest.approx(measured.high, abs=0.02)


def test_a_summer_is_its_closed_form(square: Technology, pool: NgspicePool) -> None:
    stiff = MacromodelParameters(
        gain=1e4, output_resistance=10e3, sink_current=1e-3, second_transconductance=50e-3, nulling=20.0
    )
    summer = SummerParameters(amplifier=stiff)
    found = summer_figures(summer, square, pool, span=0.05)
    law = summer_law(summer.weights, open_loop_gain=1e4, gain_bandwidth=22e6, offset=0.0, low=-1.5, high=1.8)
    # the resistors load the output: a tenth of the open-loop gain
    assert found["gain"] == pytest.approx(law.gain, rel=2e-4)
    assert found["bandwidth"] == pytest.approx(law.bandwidth, rel=0.05)
    assert resistor_weights([0.5, 2.0], 100e3) == [200e3, 50e3]
    with pytest.raises(CircuitError, match="weights"):
        resistor_weights([-1.0], 100e3)


def test_a_diode_alone_loses_its_drop(square: Technology, pool: NgspicePool) -> None:
    parameters = RectifierParameters(kind="passive", resistance=100e3)
    found = rectifier_transfer(parameters, square, pool, reference=LEVEL, span=0.5, points=51)
    output = float(found["output"][-1])
    assert output == pytest.approx(0.044, abs=1e-3)
    # v_in = v_out + V_T ln(1 + v_out / (R I_S))
    assert output + THERMAL * math.log1p(output / (100e3 * 1e-14)) == pytest.approx(0.5, abs=1e-3)


def test_an_amplifier_around_the_diode_divides_its_drop_by_the_gain(square: Technology, pool: NgspicePool) -> None:
    for kind, error in (("super_diode", 11e-6), ("inverting", 22e-6)):
        parameters = RectifierParameters(kind=kind, amplifier=IDEAL, resistance=1e6)  # type: ignore[arg-type]
        found = rectifier_transfer(parameters, square, pool, reference=LEVEL, span=0.5, points=51)
        x, y = found["input"].values, found["output"].values
        wanted = np.maximum(x if kind == "super_diode" else -x, 0.0)
        # at half a volt: (0.5 + 0.4 V of the diode) / A_0, twice that with a noise gain of 2
        assert np.abs(y - wanted).max() == pytest.approx(error, rel=0.5), kind


def test_the_dead_time_is_two_diode_drops_over_the_slew_rate_and_the_amplifiers_own(
    square: Technology, pool: NgspicePool
) -> None:
    found = {
        kind: rectifier_dead_time(
            RectifierParameters(kind=kind),  # type: ignore[arg-type]
            square,
            pool,
            reference=LEVEL,
            amplitude=0.2,
            conducts_above=kind == "super_diode",
        )
        for kind in ("super_diode", "inverting")
    }
    drop, slew = 0.5, 10e6
    assert found["inverting"] == pytest.approx(2 * drop / slew, rel=0.8)  # and half of the output's own step
    # the super-diode's amplifier comes from the lower rail
    assert found["super_diode"] == pytest.approx((LEVEL + drop + 0.1) / slew, rel=0.5)


def test_a_clamp_holds_its_output_at_the_reference_with_a_soft_knee(square: Technology, pool: NgspicePool) -> None:
    found = rectifier_transfer(RectifierParameters(kind="clamp"), square, pool, reference=LEVEL, span=0.5, points=51)
    assert float(found["output"][-1]) == pytest.approx(0.5, abs=1e-6)
    assert -0.1 < float(found["output"][0]) < 0.0


@pytest.mark.parametrize(("kind", "resistance"), [("potentiometer", 2e3), ("ladder", 20e3)])
def test_steps_lie_at_their_levels(kind: str, resistance: float, square: Technology, pool: NgspicePool) -> None:
    steps = StepParameters(n_bits=4, resistance=resistance)
    for die in (None, Die(seed=1)):
        waves = run(weight_steps_bench(steps, square, kind=kind, load_resistance=1e9, die=die), pool)  # type: ignore[arg-type]
        taps = [float(np.real(waves.signals[f"v(t{code})"])[-1]) for code in range(16)]
        assert np.allclose(taps, [steps.level(code) for code in range(16)], atol=0.25 / 16)


def test_a_triode_is_a_resistor_that_its_gate_sets(square: Technology, pool: NgspicePool) -> None:
    mosfet = Mosfet(polarity="nmos", width=1e-6, length=10e-6)
    waves = run(triode_bench(mosfet, square, level=LEVEL, gates=(2.3, 3.3), span=0.1), pool)
    current = -np.real(waves.signals["i(vd)"]).reshape(11, 21)
    conductance = (current[:, 11] - current[:, 9]) / 0.02
    assert np.allclose(conductance, 20e-6 * (np.linspace(2.3, 3.3, 11) - LEVEL - 0.6), rtol=0.01)


@pytest.mark.parametrize("leak", [1e-15, 1e-12])
def test_a_capacitor_loses_what_its_leak_takes_until_it_is_refreshed(
    leak: float, square: Technology, pool: NgspicePool
) -> None:
    store = CapacitorParameters(leak=leak, refresh=0.1)
    waves = run(weight_capacitor_bench(store, square, level=1.0), pool)
    held = np.real(waves.signals["v(store)"])
    start, end, again = np.interp([0.01, 0.09, 0.1001], waves.time, held)
    assert (start - end) / 0.08 == pytest.approx(leak / store.capacitance, rel=0.2)  # the cards leak 0.1 fA themselves
    assert again == pytest.approx(float(np.interp(1e-4, waves.time, held)), abs=1e-4)


def test_the_noise_of_a_closed_switch_is_that_of_its_capacitor(pool: NgspicePool) -> None:
    thick = load_technology("oxide").at(supply_voltage=1.8)
    switch = Mosfet(polarity="nmos", width=0.5e-6, length=0.1e-6, flavour="thick_nmos")
    store = CapacitorParameters(capacitance=1e-12, leak=0.0, switch=switch)
    waves = run(weight_noise_bench(store, thick, level=0.5), pool)
    noise = math.sqrt(integrated_noise(waves.axis, np.real(waves.signals["onoise_spectrum"]) ** 2))
    assert noise == pytest.approx(64e-6, rel=0.03)


def test_codes_and_parts_that_do_not_exist_are_refused() -> None:
    with pytest.raises(CircuitError, match="whole number from 0 to 31"):
        StepParameters().level(32)
    with pytest.raises(CircuitError, match="one of passive"):
        RectifierParameters(kind="valve")  # type: ignore[arg-type]
    with pytest.raises(CircuitError, match="refresh"):
        CapacitorParameters(refresh=1e-12)
    with pytest.raises(CircuitError, match="upper clip"):
        MacromodelParameters(low=3.0, high=1.0).subcircuits(load_technology("square"))
