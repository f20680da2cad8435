"""Retention judged on the read and on the score, and the law of refreshing."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.evaluate.retention import BOLTZMANN, RefreshLaw, read_drift, retention_times, score_errors
from pycosim.models import NoDecay, PolynomialCell, StorageDecay

CELL = PolynomialCell.linear(19.3e-6)
LAW = StorageDecay(time_constant=5e-3, final_voltage=0.45)
LEVELS = np.linspace(0, 0.9, 8)
AGES = np.linspace(0, 5e-3, 2001)


def test_a_linear_cell_loses_half_a_level_when_its_voltage_does() -> None:
    moved, limit = read_drift(CELL, LAW, levels=LEVELS, ages=AGES, pulse_width=15e-9)
    assert limit == pytest.approx(19.3e-6 * 15e-9 * 0.9 / 7 / 2)
    lives = retention_times(AGES, moved, limit)
    # 0.45 (1 - exp(-t / 5 ms)) = 0.9 / 14
    assert lives[[0, -1]] == pytest.approx(-5e-3 * np.log(1 - 1 / 7), rel=1e-4)
    assert np.isinf(lives[3:5]).all()  # one half step from mid-supply they never go half a step


def test_a_level_that_is_off_from_the_start_has_no_life() -> None:
    assert retention_times([0.0, 1.0], [[2.0], [3.0]], 1.0) == pytest.approx([0.0])
    with pytest.raises(InputError, match="one row per age"):
        retention_times([0.0, 1.0], [[2.0]], 1.0)


def score(decay: NoDecay | StorageDecay, ages: list[float], seed: int = 0) -> np.ndarray:
    return score_errors(
        CELL,
        decay,
        levels=LEVELS,
        ages=ages,
        n_codes=16,
        code_width=1e-9,
        saturation_current=80e-6,
        n_rows=64,
        n_columns=4000,
        rng=np.random.default_rng(seed),
    )


def test_the_error_of_a_score_is_that_of_a_sum_of_independent_cells() -> None:
    age = 1e-3
    found = score(LAW, [0.0, age])
    assert np.abs(found[0]).max() < 1e-12
    # each cell: code x (V - 0.45) x g (1 - exp(-age / tau)) / (80 uA x 1 ns); the mean of the levels is 0.45
    per_cell = 19.3 / 80 * (1 - np.exp(-age / 5e-3)) * np.sqrt(np.mean(np.arange(16.0) ** 2) * np.var(LEVELS))
    assert np.sqrt(np.mean(found[1] ** 2)) == pytest.approx(8 * per_cell, rel=0.03)  # 4000 samples: 1.1 %
    assert not score(NoDecay(), [1.0]).any()


def test_the_same_seed_gives_the_same_columns() -> None:
    assert (score(LAW, [1e-3], seed=3) == score(LAW, [1e-3], seed=3)).all()


def test_a_refresh_law_finds_a_barrier_beside_a_tunnel() -> None:
    celsius = np.array([0.0, 27.0, 55.0, 85.0])
    inverse = (1 / (celsius + 273.15) - 1 / 300.15) / BOLTZMANN
    law = RefreshLaw.fit(celsius, 1 / (2.0 + 0.1 * np.exp(-0.6 * inverse)))
    assert law.tunnel_rate == pytest.approx(2.0, rel=1e-3)
    assert (law.activated_rate, law.activation_energy) == pytest.approx((0.1, 0.6), rel=1e-2)
    assert law.power(27.0, n_tokens=1024, write_energy=1e-12) == pytest.approx(1024e-12 * 2.1, rel=1e-3)
    assert law.busy(27.0, n_tokens=64, write_time=1e-8) == pytest.approx(64e-8 * 2.1, rel=1e-3)


def test_two_temperatures_give_the_barrier_alone() -> None:
    law = RefreshLaw.fit([27.0, 85.0], [1.0, 0.01])
    assert law.tunnel_rate == 0
    assert law.period([27.0, 85.0]) == pytest.approx([1.0, 0.01])


def test_a_refresh_law_needs_two_temperatures() -> None:
    with pytest.raises(InputError, match="two or more temperatures"):
        RefreshLaw.fit([27.0], [1.0])
    with pytest.raises(InputError, match="greater than 0"):
        RefreshLaw(tunnel_rate=0.0, activated_rate=0.0, activation_energy=0.5)
