"""Both engines against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.spice import Simulator, Waveforms

from .decks import (
    CAPACITANCE,
    DIODE,
    DISCHARGE,
    DIVIDER,
    INVERTER,
    LOW_PASS,
    LOW_PASS_NOISE,
    NOISE,
    NOISE_BY_DEVICE,
    RESISTANCE,
    SWEEP,
)

pytestmark = pytest.mark.ngspice

THERMAL_VOLTAGE = 1.380649e-23 * 300.15 / 1.602176634e-19  # V at 27 C


@pytest.fixture(params=["pool", "batch"])
def simulator(request: pytest.FixtureRequest) -> Simulator:
    engine: Simulator = request.getfixturevalue(request.param)
    return engine


def test_rc_discharge_is_an_exponential(simulator: Simulator) -> None:
    waveforms = simulator.run(DISCHARGE)
    expected = np.exp(-waveforms.time / (RESISTANCE * CAPACITANCE))
    # trapezoidal rule with steps of 5 ns: (dt / RC)^2 / 12 = 2e-6 at the steepest point
    np.testing.assert_allclose(waveforms.signals["v(a)"], expected, atol=1e-5)
    assert waveforms.time[-1] == pytest.approx(5e-6, rel=1e-12)
    assert waveforms.netlist_digest == DISCHARGE.digest


def test_resistor_divider_divides(simulator: Simulator) -> None:
    waveforms = simulator.run(DIVIDER)
    assert waveforms.axis_name == "sweep"
    assert waveforms.signals["v(out)"] == pytest.approx([2.0])
    assert waveforms.signals["i(v1)"] == pytest.approx([-1e-3])  # a source that delivers has a negative current


def test_diode_and_resistor_share_the_voltage_as_the_diode_equation_says(simulator: Simulator) -> None:
    waveforms = simulator.run(DIODE)
    voltage = float(waveforms.signals["v(d)"][0].real)
    current = 1e-14 * np.expm1(voltage / THERMAL_VOLTAGE)
    # ngspice 39 takes older constants for kT/q (2e-6 apart), which exp() makes 5e-5
    assert (1 - voltage) / RESISTANCE == pytest.approx(current, rel=2e-3)


def test_two_sweeps_are_flat_and_the_inner_one_repeats(simulator: Simulator) -> None:
    waveforms = simulator.run(SWEEP)
    np.testing.assert_allclose(waveforms.axis, np.tile([0, 0.5, 1], 5))
    np.testing.assert_allclose(waveforms.signals["v(b)"], np.repeat([0, 0.25, 0.5, 0.75, 1], 3), atol=1e-12)
    current = (waveforms.signals["v(b)"] - waveforms.signals["v(a)"]) / RESISTANCE
    np.testing.assert_allclose(waveforms.signals["i(v1)"], current, atol=1e-12)


def test_low_pass_is_complex_over_frequency(simulator: Simulator) -> None:
    waveforms = simulator.run(LOW_PASS)
    assert waveforms.axis_name == "frequency"
    assert waveforms.axis.dtype == np.float64
    expected = 1 / (1 + 2j * np.pi * waveforms.axis * 1e3 * 1e-9)
    np.testing.assert_allclose(waveforms.signals["v(out)"], expected, rtol=1e-9)


def test_noise_is_the_spectrum_of_the_resistors(simulator: Simulator) -> None:
    waveforms = simulator.run(NOISE)
    expected = np.sqrt(4 * 1.380649e-23 * 300.15 * 500)  # V/sqrt(Hz) of two 1 kohm in parallel
    np.testing.assert_allclose(waveforms.signals["onoise_spectrum"], expected, rtol=1e-4)


def test_noise_of_a_resistor_on_a_capacitor_is_kt_over_c(simulator: Simulator) -> None:
    waveforms = simulator.run(LOW_PASS_NOISE)
    density = waveforms.signals["onoise_spectrum"].real
    referred = waveforms.signals["inoise_spectrum"]
    np.testing.assert_allclose(referred, density[0], rtol=1e-6)  # 4 k T R, before the filter
    # the rest above 1 THz is 2 / pi * 159 MHz / 1 THz = 1e-4; chords of a curve at 20 points a decade are 2e-3 too high
    integral = float(np.trapezoid(density**2, waveforms.axis))
    assert integral == pytest.approx(1.380649e-23 * 300.15 / 1e-12, rel=3e-3)


def test_noise_of_the_devices_adds_up_in_power(simulator: Simulator) -> None:
    signals = simulator.run(NOISE_BY_DEVICE).signals
    total = signals["onoise.r1"].real ** 2 + signals["onoise.r2.thermal"].real ** 2
    np.testing.assert_allclose(total, signals["onoise_spectrum"].real ** 2, rtol=1e-9)


def test_inverter_inverts(simulator: Simulator) -> None:
    waveforms = simulator.run(INVERTER)
    out = waveforms.signals["v(out)"].real
    assert out[0] == pytest.approx(0, abs=1e-3)
    assert np.interp(1.0e-9, waveforms.time, out) == pytest.approx(0.9, abs=1e-3)


def test_an_axis_that_is_not_time_is_not_called_time(simulator: Simulator) -> None:
    waveforms: Waveforms = simulator.run(DIVIDER)
    with pytest.raises(ValueError, match="wanted the time axis, found waveforms over 'sweep'"):
        _ = waveforms.time
