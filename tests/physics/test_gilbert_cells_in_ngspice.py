"""Gilbert cells in ngspice against the closed forms of the square law and of the junction transistor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from circuits.benches.gilbert_cell import MultiplierBench
from circuits.bipolar_gilbert_cell import BipolarGilbertParameters
from circuits.die import Die
from circuits.errors import CircuitError
from circuits.gilbert_cell import (
    GilbertCellParameters,
    ideal_gilbert_parameters,
    square_law_gain,
    thick_oxide_gilbert_parameters,
)
from circuits.technology import Technology, load_technology
from pycosim.models.multiplier import GilbertLaw
from pycosim.spice import NgspicePool
from pycosim.sweeps.multiplier import (
    multiplier_distortion,
    multiplier_offsets,
    multiplier_response,
    multiplier_surface,
    product_error,
    small_gain,
)

pytestmark = pytest.mark.ngspice

BETA = 1e-3
UPPER, LOWER = (100e-6 / (2 * BETA)) ** 0.5, (100e-6 / BETA) ** 0.5
"""Overdrives of both ports (V)."""


@pytest.fixture(scope="module")
def square() -> Technology:
    return load_technology("square")


@pytest.fixture(scope="module")
def ideal(square: Technology) -> MultiplierBench:
    return MultiplierBench(cell=ideal_gilbert_parameters(), technology=square)


def surface(bench: MultiplierBench, pool: NgspicePool, share: float, points: int = 41) -> xr.Dataset:
    return multiplier_surface(bench, pool, upper=share * UPPER, lower=share * LOWER, points=points)


def test_the_gain_is_that_of_the_square_law(ideal: MultiplierBench, pool: NgspicePool) -> None:
    found = small_gain(surface(ideal, pool, 0.3, points=5)["output"].isel(die=0))
    assert square_law_gain(BETA, BETA) * 10e3 == pytest.approx(7.07, abs=2e-3)
    assert found == pytest.approx(7.07, rel=0.01)


@pytest.mark.parametrize(("share", "error"), [(0.3, 0.0046), (0.5, 0.015), (0.7, 0.043)])
def test_the_error_over_both_ports_is_that_of_the_square_law(
    share: float, error: float, ideal: MultiplierBench, pool: NgspicePool
) -> None:
    found = surface(ideal, pool, share)
    # the tail mirrors 99.3 uA in place of 100, which makes the overdrives 0.4 % smaller
    assert product_error(found["output"].isel(die=0)) == pytest.approx(error, rel=0.05)


def test_the_surface_is_the_closed_form_to_microvolts_away_from_cut_off(
    ideal: MultiplierBench, pool: NgspicePool
) -> None:
    found = surface(ideal, pool, 0.5, points=11)
    tail = 0.9931  # of 100 uA: what the mirror gives at its drain voltage, by the supply current below
    assert float(found["power"]) / 3.3 == pytest.approx(tail * 100e-6, rel=1e-3)
    law = GilbertLaw(
        gain=square_law_gain(BETA, BETA),
        upper_overdrive=UPPER * tail**0.5,
        lower_overdrive=LOWER * tail**0.5,
        upper_range=UPPER,
        lower_range=LOWER,
    )
    expected = 10e3 * law.current(found["upper_voltage"].values[None, :], found["lower_voltage"].values[:, None])
    # 130 mV of full scale; what is left is the tail's output conductance when its drain moves
    assert np.abs(found["output"].values[0] - expected).max() < 5e-6


def test_the_third_harmonic_lies_on_its_curve(ideal: MultiplierBench, pool: NgspicePool) -> None:
    shares = np.array([0.1, 0.3, 0.5, 0.7])
    found = multiplier_distortion(ideal, pool, port="upper", amplitudes=(shares * UPPER).tolist(), other=0.05 * LOWER)
    assert np.allclose(found["third"], shares**2 / 32, rtol=0.1)


def test_the_lower_port_is_linear_while_the_upper_voltage_is_small(ideal: MultiplierBench, pool: NgspicePool) -> None:
    found = multiplier_distortion(ideal, pool, port="lower", amplitudes=[0.7 * LOWER], other=0.02 * UPPER)
    assert float(found["third"][0]) < 1e-4


def test_channel_length_modulation_raises_the_gain_as_both_devices_and_the_load_say(
    square: Technology, pool: NgspicePool
) -> None:
    bench = MultiplierBench(cell=GilbertCellParameters(), technology=square)
    found = small_gain(surface(bench, pool, 0.2, points=5)["output"].isel(die=0))
    drops = 2.803 - (2.4 - 0.6 - UPPER), (2.4 - 0.6 - UPPER) - (1.5 - 0.6 - LOWER)  # of upper and lower devices (V)
    raised = np.sqrt((1 + 0.03 * drops[0]) * (1 + 0.03 * drops[1]))
    loaded = 1 / (1 + 0.03 * 50e-6 * 10e3)
    assert found == pytest.approx(7.07 * raised * loaded, rel=0.01)


def test_degeneration_trades_gain_for_range_at_the_lower_port(square: Technology, pool: NgspicePool) -> None:
    resistance = 2e3
    plain, held = (
        MultiplierBench(cell=GilbertCellParameters(degeneration=one), technology=square) for one in (0.0, resistance)
    )
    gains = [small_gain(surface(bench, pool, 0.2, points=5)["output"].isel(die=0)) for bench in (plain, held)]
    transconductance = (BETA * 100e-6) ** 0.5  # of one lower device: sqrt(2 beta I), I = I_SS / 2
    assert gains[1] / gains[0] == pytest.approx(1 / (1 + transconductance * resistance), rel=0.02)


def test_the_bipolar_cell_is_a_product_of_two_hyperbolic_tangents(square: Technology, pool: NgspicePool) -> None:
    cell = BipolarGilbertParameters()
    bench = MultiplierBench(cell=cell, technology=square)
    found = multiplier_surface(bench, pool, upper=20.7e-3, lower=20.7e-3, points=47)["output"].isel(die=0)
    thermal = 2 * 8.617333e-5 * 300.15
    origin = small_gain(found)
    x = found["upper_voltage"].values
    along = found.values[found.sizes["lower_voltage"] // 2 + 1] / float(found["lower_voltage"][24]) / origin
    compression = 1 - np.interp([9e-3, 20.7e-3], x, along) / np.array([9e-3, 20.7e-3])
    assert np.allclose(
        compression, 1 - np.tanh([9e-3 / thermal, 20.7e-3 / thermal]) / ([9e-3 / thermal, 20.7e-3 / thermal]), atol=2e-3
    )
    assert compression == pytest.approx([0.01, 0.05], abs=3e-3)
    # base currents take two hundredths: alpha of the pair and of the quad, and the loads' conductance
    assert origin == pytest.approx(cell.tail_current * cell.load / thermal**2, rel=0.06)


def test_offsets_of_dies_follow_from_pelgroms_law(square: Technology, pool: NgspicePool) -> None:
    bench = MultiplierBench(cell=GilbertCellParameters(), technology=square)
    dies = [Die(seed=k, parts=("cell",)) for k in range(40)]
    drawn = multiplier_surface(bench, pool, upper=0.02, lower=0.03, points=5)
    spread = multiplier_offsets(
        multiplier_surface(bench, pool, upper=0.02, lower=0.03, points=5, dies=dies),
        small_gain(drawn["current"].isel(die=0)),
    )
    sigma = 5e-9 / (5e-12) ** 0.5
    # 40 dies know a standard deviation to 11 %: three times that
    assert float(spread["lower_offset"].std(ddof=1)) == pytest.approx(2**0.5 * sigma, rel=0.35)
    assert float(spread["upper_offset"].std(ddof=1)) == pytest.approx(sigma, rel=0.35)
    assert float(spread["output_offset"].std(ddof=1)) == pytest.approx(2 * sigma * (BETA * 50e-6) ** 0.5, rel=0.35)
    assert float(spread["gain"].mean()) == pytest.approx(1.0, abs=2e-3)


def test_the_bandwidth_is_that_of_load_and_capacitor_while_these_are_slow(
    square: Technology, pool: NgspicePool
) -> None:
    bench = MultiplierBench(cell=GilbertCellParameters(), technology=square, load_capacitance=2e-12)
    found = multiplier_response(bench, pool, upper=0.05, lower=0.05, duration=400e-9)
    assert found["bandwidth_upper"] == pytest.approx(1 / (2 * np.pi * 10e3 * 2e-12), rel=0.05)
    assert found["settling_lower"] == pytest.approx(np.log(100) * 10e3 * 2e-12, rel=0.1)
    assert 0 < found["noise_share"] < 0.05


def test_a_cell_of_bsim4_transistors_multiplies_at_half_the_supply(pool: NgspicePool) -> None:
    thick = load_technology("oxide").at(supply_voltage=1.8)
    bench = MultiplierBench(cell=thick_oxide_gilbert_parameters(), technology=thick)
    found = multiplier_surface(bench, pool, upper=0.05, lower=0.075, points=11)
    assert product_error(found["output"].isel(die=0)) < 0.01
    assert float(found["power"]) == pytest.approx(1.8 * 50e-6, rel=0.05)


def test_cells_that_cannot_be_made_are_refused(square: Technology) -> None:
    with pytest.raises(CircuitError, match="tail current"):
        GilbertCellParameters(tail_current=0.0)
    with pytest.raises(CircuitError, match="supply of the multiplier"):
        MultiplierBench(cell=BipolarGilbertParameters(), technology=square.at(supply_voltage=1.8)).circuit("low")
    bench = MultiplierBench(cell=GilbertCellParameters(), technology=square)
    with pytest.raises(CircuitError, match="ports upper and lower"):
        bench.response(port="x", other=0.0)
    with pytest.raises(CircuitError, match="flavour 'ideal'"):
        replace(bench, cell=ideal_gilbert_parameters(), technology=load_technology("generic28")).circuit("wrong")
