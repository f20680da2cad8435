"""Optical elements as netlists: what is refused, and what a unit is made of."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.benches.electro_optic import electro_optic_static_bench, electro_optic_symbols_bench
from circuits.couplers import add_combiner, add_coupler, add_splitter
from circuits.electro_optic import optmax_unit, optmoid_unit
from circuits.errors import CircuitError
from circuits.laser import add_laser
from circuits.mach_zehnder import ModulatorParameters, arm_ratio
from circuits.optical_field import add_superposition, amplitude_of_loss, number, turned
from circuits.photonic_platform import PhotonicPlatform, load_platform
from circuits.symbols import symbols
from circuits.testbench import render_netlist
from circuits.transimpedance import maximally_flat
from circuits.white_noise import Realisation, add_noisy_resistor

BUILT_IN = Path(__file__).resolve().parents[2] / "circuits" / "platforms" / "tfln.toml"


@pytest.fixture(scope="module")
def platform() -> PhotonicPlatform:
    return load_platform("tfln")


def test_a_platform_is_read_by_name_or_from_a_file_of_the_same_layout(platform: PhotonicPlatform) -> None:
    assert replace(load_platform(BUILT_IN), technology=platform.technology) == platform
    assert ModulatorParameters().v_pi(platform) == pytest.approx(3.79)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("responsivity = 1.0", "responsivity = 1000.0", "responsivity"),
        ("responsivity = 1.0", "", "responsivity is missing"),
        ("responsivity = 1.0", "responsivity = 1.0\nsheen = 2", "unknown key photodiode.sheen"),
        ("[laser]", "[laser", "not valid TOML"),
    ],
)
def test_a_platform_file_that_is_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(BUILT_IN.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(CircuitError, match=said):
        load_platform(path)


def test_an_unknown_platform_lists_those_that_there_are() -> None:
    with pytest.raises(CircuitError, match="built in: tfln"):
        load_platform("silicon")


def test_the_arms_give_the_extinction_that_they_are_made_for() -> None:
    a = arm_ratio(25.0)
    assert 20 * math.log10((1 + a) / (1 - a)) == pytest.approx(25.0)


def test_quarter_turns_are_exact_and_losses_are_of_power() -> None:
    assert [turned(k * math.pi / 2) for k in range(4)] == [1, 1j, -1, -1j]
    assert amplitude_of_loss(3.0) ** 2 == pytest.approx(10**-0.3)
    assert number(-0.5) == "(-0.5)"


def test_elements_refuse_what_they_cannot_be(platform: PhotonicPlatform) -> None:
    circuit = Circuit("wrong")
    with pytest.raises(CircuitError, match="sum of 1"):
        add_splitter(circuit, "s", "light", ["a", "b"], shares=[0.5, 0.6])
    with pytest.raises(CircuitError, match="at least one port"):
        add_combiner(circuit, "c", [], "out")
    with pytest.raises(CircuitError, match="cross"):
        add_coupler(circuit, "c", ("a", "b"), ("c", "d"), cross=1.2)
    with pytest.raises(CircuitError, match="plain name"):
        add_laser(circuit, "l", "a b", 1e-3, platform)
    with pytest.raises(CircuitError, match="power"):
        add_laser(circuit, "l", "a", 1e3, platform)
    with pytest.raises(CircuitError, match="finite"):
        add_superposition(circuit, "s", "a", [("b", complex(math.nan, 0))])
    with pytest.raises(CircuitError, match="ohm"):
        add_noisy_resistor(circuit, "r", ("a", "b"), 0.0, 27.0, None)
    with pytest.raises(CircuitError, match="bandwidth"):
        maximally_flat(-1.0, 40e-15, 500.0)


def test_a_unit_refuses_levels_rates_and_biases_that_are_none(platform: PhotonicPlatform) -> None:
    with pytest.raises(CircuitError, match="symbol rate"):
        electro_optic_symbols_bench(optmax_unit(), platform, levels=[0.0], baud=10.0)
    with pytest.raises(CircuitError, match="symbols"):
        electro_optic_symbols_bench(optmax_unit(), platform, levels=[], baud=1e9)
    with pytest.raises(CircuitError, match="bias"):
        electro_optic_static_bench(replace(optmax_unit(), bias=40.0), platform)
    with pytest.raises(CircuitError, match="in series"):
        electro_optic_static_bench(optmax_unit(0), platform)


def test_more_modulators_need_a_stronger_laser_for_the_same_light(platform: PhotonicPlatform) -> None:
    powers = [optmax_unit(n).laser_power(platform) for n in (1, 2, 3)]
    assert powers[1] / powers[0] == pytest.approx(powers[2] / powers[1]) and powers[1] > 2 * powers[0]
    assert optmoid_unit().laser_power(platform) < powers[0] / 2


def test_symbols_step_when_they_begin_and_keep_still_where_they_repeat() -> None:
    assert symbols([0.1, 0.2, 0.2, 0.0], 1e-9, start=1e-9, edge=0.1e-9) == (
        "pwl(0 0.1 2e-09 0.1 2.1e-09 0.2 4e-09 0.2 4.1e-09 0)"
    )
    assert symbols([0.3, 0.3], 1e-9) == "pwl(0 0.3)"
    with pytest.raises(CircuitError, match="edges below"):
        symbols([0.1], 1e-9, edge=1e-9)


def test_noise_is_drawn_from_the_seed_and_the_name() -> None:
    one = Realisation(seed=1, step=1e-12, stop=2e-9)
    assert one.source("a", 1e-18) == one.source("a", 1e-18) != one.source("b", 1e-18)
    assert one.source("a", 1e-18) != replace(one, seed=2).source("a", 1e-18)
    values = np.array([float(word) for word in one.source("a", 4e-18)[4:-1].split()][1::2])
    assert values.var() == pytest.approx(4e-18 / (2 * 1e-12), rel=0.1)  # 2001 samples: 3 %, three times
    with pytest.raises(CircuitError, match="seed"):
        Realisation(seed=-1, step=1e-12, stop=1e-9)
    with pytest.raises(CircuitError, match="end of the noise"):
        Realisation(seed=0, step=1e-15, stop=1.0)


def test_the_same_unit_gives_the_same_deck(platform: PhotonicPlatform) -> None:
    decks = {render_netlist(electro_optic_static_bench(optmax_unit(2), platform)).digest for _ in range(2)}
    assert len(decks) == 1
