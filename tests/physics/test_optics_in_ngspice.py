"""Optical elements in ngspice against closed forms: interference, modulators, electrodes, noise, receivers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.analyses import AcSweep, Frequencies, Noise, OperatingPoint
from circuits.couplers import add_combiner, add_coupler, add_splitter
from circuits.electrode import NEPER, add_electrode, walk_off
from circuits.laser import add_laser
from circuits.mach_zehnder import ModulatorParameters, add_mach_zehnder, largest_transmission
from circuits.modulator_driver import DriverParameters, add_modulator_driver
from circuits.optical_field import FIELD_OPTIONS, TIGHT_OPTIONS, field_nodes
from circuits.photodiode import add_photodiode
from circuits.photonic_platform import PhotonicPlatform, load_platform
from circuits.stimuli import piecewise_linear
from circuits.testbench import Testbench, Transient, render_netlist
from circuits.transimpedance import (
    TransimpedanceParameters,
    add_transimpedance,
    feedback_capacitance,
    maximally_flat,
)
from circuits.waveguide import add_phase_shifter, add_waveguide, group_delay
from circuits.white_noise import BOLTZMANN, ELEMENTARY_CHARGE, ZERO_CELSIUS, add_noisy_resistor
from pycosim.spice import NgspicePool, Waveforms
from pycosim.waveforms import fall_frequency, integrated_noise

pytestmark = pytest.mark.ngspice

KELVIN = 27.0 + ZERO_CELSIUS


@pytest.fixture(scope="module")
def platform() -> PhotonicPlatform:
    return load_platform("tfln")


Build = Callable[[Circuit], None]


def run(
    pool: NgspicePool,
    platform: PhotonicPlatform,
    build: Build,
    probes: tuple[str, ...],
    analysis: object = None,
    options: Mapping[str, str] = TIGHT_OPTIONS,
) -> Waveforms:
    circuit = Circuit("element")
    build(circuit)
    bench = Testbench(
        name="element",
        circuit=circuit,
        analysis=OperatingPoint() if analysis is None else analysis,  # type: ignore[arg-type]
        probes=probes,
        technology=platform.technology,
        options=dict(options),
    )
    return pool.run(render_netlist(bench))


def fields(pool: NgspicePool, platform: PhotonicPlatform, build: Build, *ports: str) -> list[complex]:
    probes = tuple(f"v({node})" for port in ports for node in field_nodes(port))
    found = run(pool, platform, build, probes)
    return [complex(*(float(np.real(found.signals[f"v({node})"])[0]) for node in field_nodes(port))) for port in ports]


def quiet(platform: PhotonicPlatform) -> PhotonicPlatform:
    return replace(platform, relative_intensity_noise=0.0)


def test_many_paths_interfere_as_the_sum_of_their_phasors(pool: NgspicePool, platform: PhotonicPlatform) -> None:
    phases, power = (0.3, 2.0, -1.1, 4.5, 0.0), 2e-3

    def build(circuit: Circuit) -> None:
        add_laser(circuit, "laser", "light", power, platform)
        ports = [f"p{k}" for k in range(len(phases))]
        add_splitter(circuit, "split", "light", ports)
        for k, phase in enumerate(phases):
            add_waveguide(circuit, f"w{k}", f"p{k}", f"q{k}", 0.0, platform, phase=phase)
        add_combiner(circuit, "join", [f"q{k}" for k in range(len(phases))], "out")

    (found,) = fields(pool, platform, build, "out")
    wanted = math.sqrt(power) * np.mean(np.exp(1j * np.array(phases)))
    assert abs(found - wanted) < 1e-9 * math.sqrt(power)


def test_a_coupler_keeps_the_power_and_turns_what_changes_sides(pool: NgspicePool, platform: PhotonicPlatform) -> None:
    def build(circuit: Circuit) -> None:
        add_laser(circuit, "a", "one", 1e-3, platform)
        circuit.V("re", "two_re", 0, 0.01)
        circuit.V("im", "two_im", 0, -0.02)
        add_coupler(circuit, "c", ("one", "two"), ("three", "four"), cross=0.3)

    three, four = fields(pool, platform, build, "three", "four")
    assert abs(three) ** 2 + abs(four) ** 2 == pytest.approx(1e-3 + 5e-4, rel=1e-9)
    assert four == pytest.approx(1j * math.sqrt(0.3e-3) + math.sqrt(0.7) * (0.01 - 0.02j), rel=1e-9)


@pytest.mark.parametrize("voltage", [-1.0, 0.0, 0.7, 1.9, 3.79, 5.0])
def test_a_modulator_follows_its_sine_squared_to_its_extinction(
    pool: NgspicePool, platform: PhotonicPlatform, voltage: float
) -> None:
    modulator = ModulatorParameters()

    def build(circuit: Circuit) -> None:
        add_laser(circuit, "laser", "light", 1e-3, platform)
        circuit.V("bias", "bias", 0, voltage)
        add_mach_zehnder(
            circuit, "m", "light", "out", light_voltage="0", bias_node="bias", modulator=modulator, platform=platform
        )

    (found,) = fields(pool, platform, build, "out")
    floor = 10 ** (-platform.extinction / 10)
    share = floor + (1 - floor) * math.sin(math.pi / 2 * voltage / modulator.v_pi(platform)) ** 2
    assert modulator.v_pi(platform) == pytest.approx(3.79)
    assert abs(found) ** 2 == pytest.approx(
        1e-3 * largest_transmission(modulator, platform) * share, rel=1e-6, abs=1e-12
    )


def test_a_bias_drifts_by_its_share_with_its_time_constant(pool: NgspicePool, platform: PhotonicPlatform) -> None:
    modulator, tau = ModulatorParameters(drifts=True), platform.drift_time

    def build(circuit: Circuit) -> None:
        circuit.V("bias", "bias", 0, piecewise_linear([(0.0, 0.0), (1e-3, 1.0)]))
        add_laser(circuit, "laser", "light", 1e-3, platform)
        add_mach_zehnder(
            circuit, "m", "light", "out", light_voltage="0", bias_node="bias", modulator=modulator, platform=platform
        )

    plan = Transient(step=1.0, stop=3 * tau, max_step=1.0)
    found = run(pool, platform, build, ("v(m_bias)",), plan)
    wanted = 1 - platform.drift_share * (1 - np.exp(-found.time[1:] / tau))
    late = found.time[1:] > 1.0
    assert np.abs(np.real(found.signals["v(m_bias)"])[1:] - wanted)[late].max() < 1e-4


def test_a_waveguide_delays_a_field_by_its_group_index(pool: NgspicePool, platform: PhotonicPlatform) -> None:
    length = 9e-3

    def build(circuit: Circuit) -> None:
        circuit.V("re", "in_re", 0, piecewise_linear([(0.0, 0.0), (50e-12, 0.0), (60e-12, 0.03)]))
        circuit.V("im", "in_im", 0, 0)
        add_waveguide(circuit, "w", "in", "out", length, platform)

    waves = run(
        pool, platform, build, ("v(out_re)",), Transient(step=1e-12, stop=300e-12, max_step=1e-12), FIELD_OPTIONS
    )
    out = np.real(waves.signals["v(out_re)"])
    loss = 10 ** (-length * platform.loss / 20)
    half = np.interp(0.015 * loss, out, waves.time)
    assert out[-1] == pytest.approx(0.03 * loss, rel=1e-6)
    assert half - 55e-12 == pytest.approx(group_delay(length, platform), abs=0.3e-12)  # a third of a time step


@pytest.mark.parametrize("slow_down", [0.0, 2.0])
def test_an_electrode_loses_what_loss_and_walk_off_take(
    pool: NgspicePool, platform: PhotonicPlatform, slow_down: float
) -> None:
    length, made = 6e-3, replace(platform, electrode_index=platform.group_index + 0.05 + slow_down)
    seen = ""

    def build(circuit: Circuit) -> None:
        nonlocal seen
        circuit.V("drive", "drive", 0, "0 ac 2")
        circuit.R("drive", "drive", "near", made.electrode_impedance)
        seen = add_electrode(circuit, "e", "near", length, made, n_sections=32)
        circuit.B("seen", "seen", 0, v=seen)

    waves = run(pool, made, build, ("v(seen)",), AcSweep(frequencies=Frequencies(start=1e8, stop=1e11)), FIELD_OPTIONS)
    found = np.abs(waves.signals["v(seen)"])
    frequency = waves.axis
    loss = made.electrode_loss * np.sqrt(frequency) / NEPER * length
    g = (1 + 1j) * loss + 2j * np.pi * frequency * walk_off(length, made)  # skin effect is inductive as well
    wanted = np.abs((1 - np.exp(-g)) / g)
    # the branches of the skin effect ripple by a tenth of the loss, and sections of 1 ps disperse at 100 GHz
    assert np.abs(found - wanted).max() < 0.02


def test_a_photodiode_has_the_shot_noise_of_its_current(pool: NgspicePool, platform: PhotonicPlatform) -> None:
    power, load = 0.4e-3, 50.0

    def build(circuit: Circuit) -> None:
        circuit.V("ref", "ref", 0, "0 ac 1")
        circuit.R("ref", "ref", 0, 1.0)
        add_laser(circuit, "laser", "light", power, quiet(platform))
        add_photodiode(circuit, "pd", "light", ("0", "out"), platform)
        add_noisy_resistor(circuit, "load", ("out", "0"), load, 27.0, None)

    grid = Frequencies(start=1e5, stop=1e7)
    waves = run(pool, platform, build, ("onoise_spectrum",), Noise(output="out", source="Vref", frequencies=grid))
    current = platform.responsivity * power + platform.dark_current
    wanted = 2 * ELEMENTARY_CHARGE * current * load**2 + 4 * BOLTZMANN * KELVIN * load
    assert np.real(waves.signals["onoise_spectrum"])[0] ** 2 == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize(("power", "published"), [(1e-3, 0.0034), (0.1e-3, 0.016)])
def test_the_noise_of_a_plain_receiver_is_that_of_the_budget(
    pool: NgspicePool, platform: PhotonicPlatform, power: float, published: float
) -> None:
    """1 A/W, 7 GHz, 50 ohm, -150 dB/Hz: shot, thermal and laser noise, as shares of full scale."""
    band, load = 7e9, 50.0

    def build(circuit: Circuit) -> None:
        circuit.V("ref", "ref", 0, "0 ac 1")
        circuit.R("ref", "ref", 0, 1.0)
        add_laser(circuit, "laser", "light", power, platform)
        add_photodiode(circuit, "pd", "light", ("0", "out"), replace(platform, capacitance=1e-18))
        add_noisy_resistor(circuit, "load", ("out", "0"), load, 27.0, None)

    grid = Frequencies(start=7e5, stop=band, per_decade=5)
    waves = run(pool, platform, build, ("onoise_spectrum",), Noise(output="out", source="Vref", frequencies=grid))
    variance = integrated_noise(waves.axis, np.real(waves.signals["onoise_spectrum"]) ** 2)
    found = math.sqrt(variance) / (power * load)
    current = power * platform.responsivity
    parts = (2 * ELEMENTARY_CHARGE * current, 4 * BOLTZMANN * KELVIN / load, 1e-15 * current**2)
    assert found == pytest.approx(math.sqrt(band * sum(parts)) / current, rel=1e-3)
    assert found == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize("bandwidth", [0.7e9, 7e9])
def test_a_transimpedance_amplifier_is_maximally_flat_to_its_bandwidth(
    pool: NgspicePool, platform: PhotonicPlatform, bandwidth: float
) -> None:
    diode = 40e-15
    amplifier = replace(maximally_flat(bandwidth, diode, 500.0), gain=1e6)

    def build(circuit: Circuit) -> None:
        circuit.I("photo", "x", 0, "0 ac 1")
        circuit.C("photo", "x", 0, diode)
        add_transimpedance(circuit, "t", "x", "out", amplifier, source_capacitance=diode, temperature=27.0)

    grid = Frequencies(start=1e7, stop=3e10, per_decade=50)
    waves = run(pool, platform, build, ("v(out)",), AcSweep(frequencies=grid), FIELD_OPTIONS)
    found, ratio = np.asarray(waves.signals["v(out)"], dtype=np.complex128), waves.axis / bandwidth
    wanted = 500.0 / np.sqrt(1 + ratio**4)
    # the resistor of the input noise adds a third pole, far above
    assert np.abs(np.abs(found) - wanted).max() < 0.02 * 500.0
    assert fall_frequency(waves.axis, found, 500.0 / math.sqrt(2)) == pytest.approx(bandwidth, rel=0.02)


def test_the_feedback_capacitor_is_the_textbooks_where_it_is_small() -> None:
    amplifier = TransimpedanceParameters(feedback_resistance=1e5, gain_bandwidth=1e9, input_capacitance=1e-12)
    wanted = math.sqrt(2e-12 / (math.pi * 1e5 * 1e9))
    assert feedback_capacitance(amplifier, 1e-12) == pytest.approx(wanted, rel=2e-3)


@pytest.mark.parametrize("level", [0.01, 0.5, 3.0])
def test_a_driver_gains_and_saturates(pool: NgspicePool, platform: PhotonicPlatform, level: float) -> None:
    driver = DriverParameters()

    def build(circuit: Circuit) -> None:
        circuit.V("in", "drive", 0, level)
        add_modulator_driver(circuit, "d", "drive", "out", driver, temperature=27.0)
        circuit.R("load", "out", 0, driver.output_resistance)

    found = run(pool, platform, build, ("v(out)",))
    wanted = driver.saturation * math.tanh(driver.gain * level / driver.saturation)
    assert float(np.real(found.signals["v(out)"])[0]) == pytest.approx(wanted, rel=1e-6)


def test_a_phase_shifter_turns_a_field_and_keeps_its_power(pool: NgspicePool, platform: PhotonicPlatform) -> None:
    def build(circuit: Circuit) -> None:
        add_laser(circuit, "laser", "light", 1e-3, platform)
        circuit.V("phase", "phase", 0, 0.8)
        add_phase_shifter(circuit, "s", "light", "out", "phase", share=-0.5, loss=3.0)

    (found,) = fields(pool, platform, build, "out")
    assert found == pytest.approx(math.sqrt(1e-3 * 10**-0.3) * np.exp(-0.4j), rel=1e-9)
