"""What the interferometer's circuit does: products, the quadratic reading, phase errors, drift, loss and noise."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from circuits.interferometer import InterferometerParameters, mirror_amplitude, phase_of_weight
from circuits.photonic_platform import PhotonicPlatform
from pycosim.evaluate.document import Json
from pycosim.flows.interferometer_config import InterferometerConfig
from pycosim.flows.progress import Progress
from pycosim.spice import Simulator
from pycosim.sweeps.interferometer import (
    homodyne_scale,
    noise_density,
    output_currents,
    phase_error_statistics,
)

Array = NDArray[np.float64]

PHASE_SIGMAS = (0.1, 0.2, 0.5)
"""Phase errors of the circuits (rad)."""

MASK_BITS = (1, 2, 3, 4)
DRIFTS = (0.1, 0.3, 1.0)
"""Errors of the local oscillator's phase (rad)."""


def measure_circuit(
    platform: PhotonicPlatform, simulator: Simulator, progress: Progress, config: InterferometerConfig
) -> dict[str, Json]:
    """Every figure of the circuit, SI units.

    Args:
        platform: the photonic process.
        simulator: any.
        progress: told what happens.
        config: numbers of paths, circuits and operands.
    """
    progress.stage("interferometer in ngspice", total=len(PHASE_SIGMAS) + 3)
    parameters = InterferometerParameters()
    found: dict[str, Json] = {"n_paths": config.n_paths, "products": _products(parameters, platform, simulator, config)}
    progress.advance()
    rows: list[Json] = []
    for sigma in PHASE_SIGMAS:
        one = phase_error_statistics(
            parameters,
            platform,
            simulator,
            sigma=sigma,
            n_paths=config.n_paths,
            n_samples=config.n_samples,
            seed=config.seed,
        )
        rows.append({**asdict(one), "expected_gain": one.expected_gain, "expected_residual": one.expected_residual})
        progress.advance()
    found["phase_errors"] = rows
    found["imperfections"] = _imperfections(parameters, platform, simulator, config)
    progress.advance()
    found["noise"] = _noise(parameters, platform, simulator, config)
    progress.advance()
    return found


def _products(
    parameters: InterferometerParameters, platform: PhotonicPlatform, simulator: Simulator, config: InterferometerConfig
) -> Json:
    """Homodyne, single detector, and the anchor identity, on random operands."""
    rng = np.random.default_rng(config.seed)
    shape = (config.n_vectors, config.n_paths)
    x, w = rng.uniform(0.0, 1.0, shape), rng.uniform(-1.0, 1.0, shape)
    phases = np.vectorize(phase_of_weight)(w)
    wanted = (x * w).sum(axis=1)
    scale = homodyne_scale(parameters, platform, config.n_paths)
    linear = output_currents(parameters, platform, simulator, amplitudes=x, phases=phases) / scale
    single = replace(parameters, oscillator_share=0.0)
    full = platform.responsivity * single.signal_power / config.n_paths**2

    def intensity(amplitudes: Array) -> Array:
        return output_currents(single, platform, simulator, amplitudes=amplitudes, phases=phases) / full

    quadratic = intensity(x)
    field = (x * np.exp(1j * phases)).sum(axis=1)
    # the anchor identity: |M(x + a)|^2 - |Mx|^2 - |Ma|^2 = 2 Re[(Ma)* (Mx)], with both halved to fit the mirrors
    anchor = np.full(shape, 0.5)
    three = intensity(x / 2 + anchor) - intensity(x / 2) - intensity(anchor)
    cross = 2 * np.real(np.conj((anchor * np.exp(1j * phases)).sum(axis=1)) * field / 2)
    best = np.polyfit(quadratic, wanted, 1)
    left = wanted - np.polyval(best, quadratic)
    return {
        "homodyne_error": float(np.abs(linear - wanted).max() / np.abs(wanted).max()),
        "quadratic_error": float(np.abs(quadratic - np.abs(field) ** 2).max() / (np.abs(field) ** 2).max()),
        "anchor_error": float(np.abs(three - cross).max() / np.abs(cross).max()),
        "quadratic_for_linear": float(left.std() / wanted.std()),
        "correlation": float(np.corrcoef(quadratic, wanted)[0, 1]),
    }


def _imperfections(
    parameters: InterferometerParameters, platform: PhotonicPlatform, simulator: Simulator, config: InterferometerConfig
) -> Json:
    """Efficiency of a mask by its bits, drift of the local oscillator, contrast, loss: beside closed forms."""
    n = config.n_paths
    scale = n * homodyne_scale(parameters, platform, n)
    ones, zeros = np.ones((1, n)), np.zeros((1, n))

    def output(amplitudes: Array, phases: Array, changed: InterferometerParameters = parameters) -> float:
        return float(output_currents(changed, platform, simulator, amplitudes=amplitudes, phases=phases)[0]) / scale

    masks: list[Json] = []
    for bits in MASK_BITS:
        # a phase ramp shown by equal steps: the light that still adds up, as an efficiency, is sinc^2(2^-bits)
        offsets = (2 * np.arange(n) + 1 - n) / n * np.pi / 2**bits
        masks.append(
            {
                "bits": bits,
                "efficiency": output(ones, offsets[None, :]) ** 2,
                "closed_form": float(np.sinc(2.0**-bits) ** 2),
            }
        )
    drifts: list[Json] = [
        {
            "drift": drift,
            "gain": output(ones, zeros, replace(parameters, oscillator_phase=drift)),
            "closed_form": float(np.cos(drift)),
        }
        for drift in DRIFTS
    ]
    dark = mirror_amplitude(0.0, 1000.0)
    return {
        "masks": masks,
        "drifts": drifts,
        "contrast": {"contrast": 1000.0, "off_field": output(dark * ones, zeros), "closed_form": 1000.0**-0.5},
        "loss": {"loss_db": 3.0, "gain": output(ones, zeros, replace(parameters, loss=3.0)), "closed_form": 10**-0.15},
    }


def _noise(
    parameters: InterferometerParameters, platform: PhotonicPlatform, simulator: Simulator, config: InterferometerConfig
) -> Json:
    """Shot noise, the laser's noise in a single detector, and what balance leaves of it."""
    n = config.n_paths
    ones = np.full(n, 0.5)
    alternating = np.where(np.arange(n) % 2 == 0, 0.0, np.pi)  # a sum of 0: the balanced detectors see no signal
    quiet = replace(platform, relative_intensity_noise=0.0)
    rows: dict[str, Json] = {}
    for name, share in (("homodyne", parameters.oscillator_share), ("single", 0.0)):
        here = replace(parameters, oscillator_share=share)
        density, shot, thermal = noise_density(here, quiet, simulator, amplitudes=ones, phases=np.zeros(n))
        rows[f"shot_{name}"] = {
            "density_a2_per_hz": density,
            "shot_closed_form": shot,
            "thermal_closed_form": thermal,
            "ratio": (density - thermal) / shot,
        }
    loud = replace(platform, relative_intensity_noise=1e-13)
    balances: list[Json] = []
    for balance in (0.5, 0.49, 0.45):
        here = replace(parameters, balance=balance)
        density, shot, thermal = noise_density(here, loud, simulator, amplitudes=ones, phases=alternating)
        oscillator = (1 - 2 * balance) * platform.responsivity * parameters.oscillator_power
        balances.append(
            {
                "cross": balance,
                "laser_noise_a2_per_hz": density - shot - thermal,
                "closed_form": 1e-13 * oscillator**2,
                "shot": shot,
            }
        )
    rows["balance"] = balances
    return rows
