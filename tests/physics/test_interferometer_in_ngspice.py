"""The interferometer in ngspice: what it sums, what phase errors leave, its noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from circuits.benches.interferometer import interferometer_bench
from circuits.errors import CircuitError
from circuits.interferometer import InterferometerParameters, mirror_amplitude, phase_of_weight
from circuits.photonic_platform import PhotonicPlatform, load_platform
from pycosim.errors import InputError
from pycosim.network.interference import InterferenceLayer
from pycosim.spice import NgspicePool
from pycosim.sweeps.interferometer import (
    ELEMENTARY_CHARGE,
    homodyne_scale,
    noise_density,
    output_currents,
    phase_error_statistics,
)

pytestmark = pytest.mark.ngspice

BOTH = InterferometerParameters()
SINGLE = InterferometerParameters(oscillator_share=0.0)


@pytest.fixture(scope="module")
def photonics() -> PhotonicPlatform:
    return load_platform("tfln")


def test_balanced_detectors_read_the_sum_and_a_single_one_its_square(
    photonics: PhotonicPlatform, pool: NgspicePool
) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.uniform(0, 1, (5, 8)), rng.uniform(-1, 1, (5, 8))
    phases = np.vectorize(phase_of_weight)(w)
    linear = output_currents(BOTH, photonics, pool, amplitudes=x, phases=phases)
    assert np.allclose(linear, homodyne_scale(BOTH, photonics, 8) * (x * w).sum(axis=1), rtol=1e-6, atol=1e-12)
    squared = output_currents(SINGLE, photonics, pool, amplitudes=x, phases=phases)
    field = (x * np.exp(1j * phases)).sum(axis=1)
    full = photonics.responsivity * SINGLE.signal_power / 8**2
    assert np.allclose(squared, full * np.abs(field) ** 2, rtol=1e-5, atol=1e-13)


def test_three_readings_of_one_detector_give_the_cross_term(photonics: PhotonicPlatform, pool: NgspicePool) -> None:
    """The anchor identity: |M(x + a)|^2 - |M x|^2 - |M a|^2 = 2 Re[(M a)* (M x)]."""
    rng = np.random.default_rng(1)
    x, a, phases = rng.uniform(0, 0.5, 6), np.full(6, 0.5), rng.uniform(0, 2 * np.pi, 6)
    read = output_currents(SINGLE, photonics, pool, amplitudes=[x + a, x, a], phases=[phases] * 3)
    turn = np.exp(1j * phases)
    cross = 2 * np.real(np.conj((a * turn).sum()) * (x * turn).sum()) * SINGLE.signal_power / 36
    assert read[0] - read[1] - read[2] == pytest.approx(cross, rel=1e-6)


@pytest.mark.parametrize("sigma", [0.1, 0.2])
def test_phase_errors_take_gain_and_leave_a_residual(
    sigma: float, photonics: PhotonicPlatform, pool: NgspicePool
) -> None:
    found = phase_error_statistics(BOTH, photonics, pool, sigma=sigma, n_paths=16, n_samples=80, seed=0)
    assert abs(found.gain - np.exp(-(sigma**2) / 2)) < 3 * found.gain_error
    assert abs(found.residual - (1 - np.exp(-(sigma**2))) / np.sqrt(2)) < 3 * found.residual_error
    assert found.expected_gain == pytest.approx({0.1: 0.995, 0.2: 0.98}[sigma], abs=5e-4)
    assert found.expected_residual == pytest.approx({0.1: 0.007, 0.2: 0.028}[sigma], abs=5e-4)


@pytest.mark.parametrize("parameters", [BOTH, SINGLE], ids=["homodyne", "single"])
def test_shot_noise_is_two_q_i_of_every_detector(
    parameters: InterferometerParameters, photonics: PhotonicPlatform, pool: NgspicePool
) -> None:
    quiet = replace(photonics, relative_intensity_noise=0.0)
    density, shot, thermal = noise_density(parameters, quiet, pool, amplitudes=[0.5] * 4, phases=[0.0, 0.5, 1.0, 1.5])
    assert (density - thermal) / shot == pytest.approx(1.0, abs=0.02)


def test_the_lasers_noise_is_cancelled_as_far_as_the_coupler_is_balanced(
    photonics: PhotonicPlatform, pool: NgspicePool
) -> None:
    loud = replace(photonics, relative_intensity_noise=1e-13)
    paths = {"amplitudes": [0.5] * 4, "phases": [0.0, np.pi, 0.0, np.pi]}  # a sum of 0
    left = []
    for cross in (0.5, 0.45):
        density, shot, thermal = noise_density(replace(BOTH, balance=cross), loud, pool, **paths)  # type: ignore[arg-type]
        left.append(density - shot - thermal)
    oscillator = 0.1 * photonics.responsivity * BOTH.oscillator_power
    assert left[1] == pytest.approx(1e-13 * oscillator**2, rel=0.01)
    assert abs(left[0]) < 1e-3 * left[1]


def test_the_layer_has_the_shot_noise_of_the_circuit(photonics: PhotonicPlatform, pool: NgspicePool) -> None:
    """sqrt(n / p) / 2 of the model is what 2 q I of the circuit gives in the time in which n p photons are launched."""
    n, photons, quantum = 8, 50.0, 1.0  # photons and electrons are one: a responsivity of 1 A/W stands for e per photon
    strong = replace(BOTH, oscillator_share=0.99)
    quiet = replace(photonics, relative_intensity_noise=0.0)
    density, shot, _ = noise_density(strong, quiet, pool, amplitudes=[0.0] * n, phases=[0.0] * n)
    time = n * photons * ELEMENTARY_CHARGE * quantum / (photonics.responsivity * strong.signal_power)
    deviation = np.sqrt(shot / (2 * time)) / homodyne_scale(strong, photonics, n)
    layer = InterferenceLayer(largest_input=1.0, rectifier=None, photons=photons)
    noisy = layer.forward(np.zeros((40_000, n)), np.ones((1, n)), np.zeros(1))
    assert density > shot
    assert noisy.std() == pytest.approx(deviation, rel=0.02)


def test_loss_and_drift_of_the_oscillator_take_gain(photonics: PhotonicPlatform, pool: NgspicePool) -> None:
    one, zero = np.ones((1, 4)), np.zeros((1, 4))
    plain = output_currents(BOTH, photonics, pool, amplitudes=one, phases=zero)
    drifted = output_currents(replace(BOTH, oscillator_phase=0.3), photonics, pool, amplitudes=one, phases=zero)
    lossy = output_currents(replace(BOTH, loss=3.0), photonics, pool, amplitudes=one, phases=zero)
    assert drifted / plain == pytest.approx(np.cos(0.3), rel=1e-6)
    assert lossy / plain == pytest.approx(10**-0.15, rel=1e-6)


def test_a_mask_and_mirrors_have_the_levels_of_their_bits_and_contrast() -> None:
    assert np.cos(phase_of_weight(0.3)) == pytest.approx(0.3)
    assert np.cos(phase_of_weight(0.3, bits=2)) == pytest.approx(0.0, abs=1e-15)
    assert np.cos(phase_of_weight(-0.9, bits=1)) == pytest.approx(-1.0)
    assert mirror_amplitude(0.0, 1000.0) == pytest.approx(0.0316, abs=1e-4)
    assert mirror_amplitude(1.0, 10.0) == 1.0


def test_paths_and_parts_that_cannot_be_are_refused(photonics: PhotonicPlatform, pool: NgspicePool) -> None:
    with pytest.raises(CircuitError, match="weight of a path"):
        phase_of_weight(1.2)
    with pytest.raises(CircuitError, match="contrast"):
        mirror_amplitude(0.5, 0.5)
    with pytest.raises(CircuitError, match="one for every path"):
        interferometer_bench(BOTH, photonics, amplitudes=[1.0], phases=[0.0, 0.0])
    with pytest.raises(InputError, match="one shape"):
        output_currents(BOTH, photonics, pool, amplitudes=[[1.0]], phases=[[0.0, 0.0]])
