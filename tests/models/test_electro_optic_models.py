"""Edges of modulators, how operands are laid onto them, and what happens to symbols on their way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import DomainError, InputError
from pycosim.models.edge_scales import (
    exponential_scale,
    ideal_edge,
    reciprocal_scale,
    sigmoid_scale,
    softmax_scale,
)
from pycosim.models.io import load_model, save_model
from pycosim.models.modulator import ModulatorEdge
from pycosim.models.symbol_channel import OutputNoise, SymbolMemory

EDGE = ModulatorEdge(phase=0.4, slope=1.7, saturation=1.4, floor=1e-3, full=0.5, offset=1e-3, n_modulators=2)


def test_the_derivative_of_an_edge_is_that_of_its_output() -> None:
    levels, step = np.linspace(-1.0, 1.0, 41), 1e-6
    slope = (EDGE.output(levels + step) - EDGE.output(levels - step)) / (2 * step)
    assert np.abs(EDGE.derivative(levels) - slope).max() < 1e-9  # rounding of a difference of 1e-6


def test_an_edge_is_dark_half_and_bright_where_its_phase_says() -> None:
    single = ModulatorEdge(phase=0.4, slope=1.7, saturation=1.4)
    for phase, output in ((0.0, 0.0), (np.pi / 4, 0.5), (np.pi / 2, 1.0)):
        assert single.output(single.level_of_phase(phase)) == pytest.approx(output, abs=1e-15)
    with pytest.raises(InputError, match="saturates"):
        single.level_of_phase(10.0)


def test_an_edge_holds_on_its_domain_alone() -> None:
    edge = ModulatorEdge(phase=0.4, slope=1.7, saturation=1.4, level_range=(-0.5, 0.5))
    with pytest.raises(DomainError, match="level"):
        edge.output([0.0, 0.6])


@pytest.mark.parametrize(
    "bad", [{"slope": 0.0}, {"floor": 1.0}, {"full": 0.0}, {"saturation": -1.0}, {"n_modulators": 0}]
)
def test_an_edge_without_sense_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(InputError):
        ModulatorEdge(**{"phase": 0.4, "slope": 1.7, "saturation": 1.4, **bad})  # type: ignore[arg-type]


@pytest.mark.parametrize(("n_modulators", "limit"), [(1, 0.072), (2, 0.040), (3, 0.029)])
def test_an_ideal_rising_edge_misses_exp_by_the_known_limit(n_modulators: int, limit: float) -> None:
    scale = exponential_scale(ideal_edge(n_modulators), dark=0.0, zero=0.5)
    assert scale.error == pytest.approx(limit, rel=0.02)  # the reference has two digits
    if n_modulators == 1:
        assert scale.rate == pytest.approx(0.181, rel=1e-3)


def test_a_full_swing_misses_the_sigmoid_by_the_known_limits() -> None:
    matched = sigmoid_scale(ideal_edge(), dark=0.0, bright=1.0, slope_matched=True)
    assert 1.0 / matched.rate == pytest.approx(2 * np.pi, rel=1e-4)
    assert matched.error == pytest.approx(0.051, rel=0.01)
    assert sigmoid_scale(ideal_edge(), dark=0.0, bright=1.0).error == pytest.approx(0.027, rel=0.02)


@pytest.mark.parametrize(("largest", "limit"), [(2.0, 0.045), (3.0, 0.11), (8.0, 0.35)])
def test_a_falling_edge_without_light_misses_the_reciprocal_by_the_known_limit(largest: float, limit: float) -> None:
    dark = reciprocal_scale(ideal_edge(), bright=1.0, dark=2.0, largest=largest, brightness=1e-3)
    assert dark.error == pytest.approx(limit, rel=0.02)
    assert reciprocal_scale(ideal_edge(), bright=1.0, dark=2.0, largest=largest, brightness=0.5).error > dark.error


def test_more_modulators_in_series_come_nearer_to_softmax() -> None:
    found = [
        softmax_scale(ideal_edge(n), dark=0.0, zero=0.5, generator=np.random.default_rng(0)).error for n in (1, 2, 3, 8)
    ]
    assert found == sorted(found, reverse=True)
    assert 0.1 < found[0] < 0.19  # 0.14 to 0.19 in the reference, at a rate that was not looked for
    assert found[-1] < 0.05


def test_a_power_of_the_sine_becomes_exp_with_ever_more_modulators() -> None:
    """sin(pi/4 (1 + x / n))^(2n) / sin(pi/4)^(2n) -> exp(pi x / 2)."""
    x = np.linspace(-2.0, 0.0, 101)
    errors = [
        np.abs((np.sin(np.pi / 4 * (1 + x / n)) / np.sin(np.pi / 4)) ** (2 * n) - np.exp(np.pi / 2 * x)).max()
        for n in (10, 100, 1000)
    ]
    assert errors[0] < 0.1 and errors[1] < errors[0] / 5 and errors[2] < errors[1] / 5


def test_a_scale_needs_an_edge() -> None:
    with pytest.raises(InputError, match="no edge"):
        exponential_scale(ideal_edge(), dark=0.5, zero=0.0)
    with pytest.raises(InputError, match="brightness"):
        reciprocal_scale(ideal_edge(), bright=1.0, dark=2.0, brightness=1.0)


def test_a_memory_mixes_symbols_with_those_before() -> None:
    memory = SymbolMemory(taps=np.array([0.9, 0.15, -0.05]), idle=2.0)
    found = memory.apply(np.array([1.0, 0.0, 0.0, 1.0]))
    assert found == pytest.approx([0.9 + 0.2, 0.15 - 0.1, -0.05, 0.9])
    assert memory.apply(np.array([3.0])) == pytest.approx([2.7 + 0.2])
    assert memory.interference == pytest.approx(0.2)
    assert memory.apply(np.full((2, 3), 2.0)) == pytest.approx(np.full((2, 3), 2.0))
    with pytest.raises(InputError, match="sum to 1"):
        SymbolMemory(taps=np.array([0.9, 0.2]))


def test_noise_has_the_deviation_that_its_parts_say() -> None:
    noise, outputs = OutputNoise(additive=0.01, shot=1e-4, multiplicative=0.02), np.full(200_000, 0.5)
    wanted = (1e-4 + 0.5e-4 + 1e-4) ** 0.5
    assert noise.deviation(0.5) == pytest.approx(wanted)
    found = noise.sample(outputs, np.random.default_rng(0)) - outputs
    assert found.std() == pytest.approx(wanted, rel=0.01)  # 200 000 draws: 0.2 %
    scaled = noise.scaled(0.5)
    assert scaled.deviation(1.0) == pytest.approx(wanted / 0.5)
    silent = OutputNoise()
    assert silent.sample(outputs, np.random.default_rng(0)) is outputs


@pytest.mark.parametrize(
    "model", [EDGE, SymbolMemory(taps=np.array([1.1, -0.1])), OutputNoise(additive=1e-3, shot=1e-6)], ids=str
)
def test_a_saved_model_comes_back(model: ModulatorEdge | SymbolMemory | OutputNoise, tmp_path: Path) -> None:
    save_model(tmp_path / "model", model)
    found, _ = load_model(tmp_path / "model")
    if isinstance(model, SymbolMemory):
        assert found.taps == pytest.approx(model.taps) and found.idle == model.idle
    else:
        assert found == model
