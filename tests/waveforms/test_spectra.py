"""Noise: bands, windows and realisations against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.waveforms import integrated_noise, noise_samples, weighted_noise, window_noise

FREQUENCY = np.geomspace(1.0, 1e12, 241)
WHITE = np.full(FREQUENCY.size, 3e-24)  # A^2/Hz
FLICKER = 1e-16 / FREQUENCY
WINDOW = 15e-9


def test_white_noise_in_a_band_is_density_times_bandwidth() -> None:
    assert integrated_noise(FREQUENCY, WHITE, 1e3, 2.5e6) == pytest.approx(3e-24 * (2.5e6 - 1e3), rel=1e-9)


def test_flicker_noise_in_a_band_is_a_logarithm() -> None:
    assert integrated_noise(FREQUENCY, FLICKER, 10.0, 1e6) == pytest.approx(1e-16 * np.log(1e5), rel=1e-9)


def test_filtered_resistor_noise_is_kt_over_c() -> None:
    resistance, capacitance, kt = 1e3, 1e-12, 1.380649e-23 * 300.15
    density = 4 * kt * resistance / (1 + (2 * np.pi * FREQUENCY * resistance * capacitance) ** 2)
    # 20 points a decade and power laws between them: 1e-3 in the knee; above 1 THz another 1e-4
    assert integrated_noise(FREQUENCY, density) == pytest.approx(kt / capacitance, rel=2e-3)


def test_white_current_over_a_window_is_half_its_density_times_the_window() -> None:
    # 1e-3 of trapezoids, and 1e-3 where sinc^2 becomes its mean
    assert window_noise(FREQUENCY, WHITE, WINDOW, lowest=1.0) == pytest.approx(3e-24 * WINDOW / 2, rel=3e-3)


def test_an_auto_zero_doubles_white_noise_and_all_but_removes_drift() -> None:
    plain = window_noise(FREQUENCY, WHITE, WINDOW, lowest=1.0)
    zeroed = window_noise(FREQUENCY, WHITE, WINDOW, lowest=1.0, period=4 * WINDOW)
    assert zeroed == pytest.approx(2 * plain, rel=1e-2)
    drift = 1e-10 / FREQUENCY**2
    left = window_noise(FREQUENCY, drift, WINDOW, lowest=1.0, period=4 * WINDOW)
    assert left < 1e-5 * window_noise(FREQUENCY, drift, WINDOW, lowest=1.0)


def test_flicker_over_a_window_grows_with_the_logarithm_of_the_cut_off() -> None:
    one, thousand = (window_noise(FREQUENCY, FLICKER, WINDOW, lowest=low) for low in (1.0, 1e3))
    assert one - thousand == pytest.approx(1e-16 * WINDOW**2 * np.log(1e3), rel=1e-3)


def test_a_constant_weight_is_a_window() -> None:
    for density in (WHITE, FLICKER):
        weighted = weighted_noise(FREQUENCY, density, np.array([0.0, WINDOW]), np.ones(2), lowest=1.0)
        # what lies beyond 60 lobes is in the window's closed form only: 0.2 % of white noise
        assert weighted == pytest.approx(window_noise(FREQUENCY, density, WINDOW, lowest=1.0), rel=5e-3)


def test_white_noise_sees_the_square_of_the_weight() -> None:
    time = np.linspace(0, 2e-9, 201)
    weight = np.exp(-time / 0.3e-9)
    expected = 3e-24 / 2 * np.trapezoid(weight**2, time)
    # the step at 0 has a spectrum that falls as 1 / f^2: half a percent lies beyond the 60th lobe
    assert weighted_noise(FREQUENCY, WHITE, time, weight, lowest=1.0) == pytest.approx(expected, rel=1e-2)


def test_a_realisation_has_the_density_it_was_made_from() -> None:
    step, n_windows = 1e-9, 20_000
    generator = np.random.default_rng(1)
    samples = noise_samples(FREQUENCY, WHITE, step=step, count=n_windows * 3, lowest=1e3, generator=generator)
    charges = samples.reshape(n_windows, 3).sum(axis=1) * step
    # 20 000 independent windows: the variance is known to sqrt(2 / 20 000) = 1 %
    assert charges.var() == pytest.approx(3e-24 * 3 * step / 2, rel=0.03)


def test_slow_flicker_is_in_the_mean_of_a_short_realisation() -> None:
    generator = np.random.default_rng(2)
    rows = [
        noise_samples(FREQUENCY, FLICKER, step=1e-10, count=100, lowest=1.0, generator=generator).mean()
        for _ in range(200)
    ]
    expected = window_noise(FREQUENCY, FLICKER, 1e-8, lowest=1.0) / 1e-8**2
    assert np.var(rows) == pytest.approx(expected, rel=0.3)  # 200 records: 10 %


def test_the_same_seed_gives_the_same_noise() -> None:
    one, two = (
        noise_samples(FREQUENCY, WHITE, step=1e-10, count=50, lowest=1.0, generator=np.random.default_rng(7))
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)


def test_what_is_no_density_is_refused() -> None:
    with pytest.raises(InputError, match="one value of 0 or more for each frequency"):
        integrated_noise(FREQUENCY, -WHITE)
    with pytest.raises(InputError, match="must rise and overlap"):
        integrated_noise(FREQUENCY, WHITE, 1e13, 1e14)
    with pytest.raises(InputError, match="needs noise from below"):
        window_noise(FREQUENCY, WHITE, WINDOW, lowest=1e9)
