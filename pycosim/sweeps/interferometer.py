"""Characterise the interferometer: what it sums, what phase errors leave of it, and its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from circuits.benches.interferometer import interferometer_bench, interferometer_noise_bench
from circuits.interferometer import InterferometerParameters
from circuits.photonic_platform import PhotonicPlatform
from circuits.testbench import render_netlist
from pycosim.checks import finite_array
from pycosim.errors import InputError
from pycosim.spice import Simulator
from pycosim.sweeps.characterize import Advance

Array = NDArray[np.float64]

ELEMENTARY_CHARGE = 1.602176634e-19
BOLTZMANN = 1.380649e-23
NOISE_FREQUENCY = 1e5
"""At which the density of the noise is read (Hz): far below the amplifier's bandwidth."""


def output_currents(
    parameters: InterferometerParameters,
    platform: PhotonicPlatform,
    simulator: Simulator,
    *,
    amplitudes: ArrayLike,
    phases: ArrayLike,
    progress: Advance | None = None,
) -> Array:
    """Current behind the detectors (A), without the dark current of a single one, for every row of paths.

    Args:
        parameters: the circuit.
        platform: its photonic process.
        simulator: any.
        amplitudes: (n_samples, n_paths), 0 to 1.
        phases: (n_samples, n_paths), rad.
        progress: called with (done, total).

    Raises:
        InputError: amplitudes and phases of different shapes.
        SimulationError: a deck that failed.
    """
    levels = finite_array("amplitudes", amplitudes, ndim=2)
    angles = finite_array("phases", phases, ndim=2)
    if levels.shape != angles.shape:
        raise InputError(f"amplitudes and phases must have one shape, found {levels.shape} and {angles.shape}")
    netlists = [
        render_netlist(interferometer_bench(parameters, platform, amplitudes=x.tolist(), phases=phi.tolist()))
        for x, phi in zip(levels, angles, strict=True)
    ]
    found = []
    for waves in simulator.run_many(netlists, progress):
        if isinstance(waves, Exception):
            raise waves
        found.append(float(np.real(waves.signals["v(out)"])[0]))
    dark = platform.dark_current if parameters.oscillator_share == 0 else 0.0
    amplifier = parameters.amplifier
    return np.asarray(found) * (1 + 1 / amplifier.gain) / amplifier.feedback_resistance - dark


def homodyne_scale(parameters: InterferometerParameters, platform: PhotonicPlatform, n_paths: int) -> float:
    """Current of one product x cos(phi) = 1 (A): 2 R sqrt(P_LO P_S) / n  [textbook]."""
    power = parameters.oscillator_power * parameters.signal_power
    return 2 * platform.responsivity * float(np.sqrt(power)) / n_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseErrorStatistics:
    """What random phases leave of a sum of equal paths.

    Attributes:
        sigma: of every path (rad).
        gain: mean of the output over that without errors.
        gain_error: its standard error.
        residual: standard deviation of one path's part; that of the sum over sqrt(n).
        residual_error: its standard error.
        n_samples: circuits that were drawn.
    """

    sigma: float
    gain: float
    gain_error: float
    residual: float
    residual_error: float
    n_samples: int

    @property
    def expected_gain(self) -> float:
        """exp(-sigma^2 / 2)  [textbook]."""
        return float(np.exp(-(self.sigma**2) / 2))

    @property
    def expected_residual(self) -> float:
        """(1 - exp(-sigma^2)) / sqrt(2)  [textbook]."""
        return float((1 - np.exp(-(self.sigma**2))) / np.sqrt(2))


def phase_error_statistics(
    parameters: InterferometerParameters,
    platform: PhotonicPlatform,
    simulator: Simulator,
    *,
    sigma: float,
    n_paths: int,
    n_samples: int,
    seed: int,
    progress: Advance | None = None,
) -> PhaseErrorStatistics:
    """Draw circuits with random phases on all their paths and look at their outputs.

    Args:
        parameters: the circuit, with a local oscillator.
        platform: its photonic process.
        simulator: any.
        sigma: of the phases (rad).
        n_paths: of every circuit.
        n_samples: circuits, 10 or more.
        seed: of the phases.
        progress: called with (done, total).

    Raises:
        InputError: fewer than 10 samples.
    """
    if n_samples < 10:
        raise InputError(f"a statistic needs 10 samples or more, found {n_samples}")
    phases = sigma * np.random.default_rng(seed).standard_normal((n_samples, n_paths))
    found = output_currents(
        parameters, platform, simulator, amplitudes=np.ones_like(phases), phases=phases, progress=progress
    ) / (n_paths * homodyne_scale(parameters, platform, n_paths))
    spread = float(found.std(ddof=1))
    # the error of a standard deviation from the fourth moment: cosines of small angles are far from normal
    fourth = float(np.mean((found - found.mean()) ** 4))
    variance_error = np.sqrt(max(fourth - spread**4, 0.0) / n_samples)
    return PhaseErrorStatistics(
        sigma=sigma,
        gain=float(found.mean()),
        gain_error=spread / float(np.sqrt(n_samples)),
        residual=spread * float(np.sqrt(n_paths)),
        residual_error=float(variance_error / (2 * spread) * np.sqrt(n_paths)),
        n_samples=n_samples,
    )


def noise_density(
    parameters: InterferometerParameters,
    platform: PhotonicPlatform,
    simulator: Simulator,
    *,
    amplitudes: ArrayLike,
    phases: ArrayLike,
) -> tuple[float, float, float]:
    """Noise of the output as a current at the detectors (A^2/Hz).

    Returns:
        In all; the shot noise 2 q (I+ + I-) of the simulated currents  [textbook]; the amplifier's 4 k T / R_f, without
        that of its input.
    """
    paths = (finite_array("amplitudes", amplitudes, ndim=1).tolist(), finite_array("phases", phases, ndim=1).tolist())
    rest = simulator.run(
        render_netlist(interferometer_bench(parameters, platform, amplitudes=paths[0], phases=paths[1]))
    )
    total = sum(float(np.real(rest.signals[name])[0]) for name in rest.signals if name.startswith("v(pd_"))
    waves = simulator.run(
        render_netlist(interferometer_noise_bench(parameters, platform, amplitudes=paths[0], phases=paths[1]))
    )
    density = np.interp(NOISE_FREQUENCY, waves.axis, np.real(waves.signals["onoise_spectrum"]) ** 2)
    resistance = parameters.amplifier.feedback_resistance
    thermal = 4 * BOLTZMANN * (platform.technology.temperature + 273.15) / resistance
    return float(density) / resistance**2, 2 * ELEMENTARY_CHARGE * total, thermal
