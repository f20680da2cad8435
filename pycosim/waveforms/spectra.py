"""Power spectral densities: integrals of noise over frequency, and noise as it looks over time.

Densities are one-sided, in the signal's unit squared per hertz, on a grid of rising frequencies; between its points
they are power laws (straight lines on a double logarithmic plot), which flicker, white and filtered noise are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import at_least, finite_array, increasing, positive
from pycosim.errors import InputError
from pycosim.waveforms.signals import check_signal

Array = NDArray[np.float64]

_STEPS_PER_LOBE = 40  # of sinc^2; the trapezoidal rule is then good to 1e-3
_LONGEST_RECORD = 1 << 16  # samples; slower noise is a constant over so many
_LOBES = 60  # beyond them sinc^2 is its mean: what is left there is 1 / (pi^2 60) = 0.2 % of white noise


def integrated_noise(frequency: Array, density: Array, start: float = 0.0, stop: float = np.inf) -> float:
    """Variance of a noise within a band, in the signal's unit squared.

    Args:
        frequency: (n,) rising, above 0 (Hz).
        density: (n,) (unit^2/Hz).
        start: lower end of the band (Hz); nothing is added below the grid.
        stop: upper end (Hz); nothing is added above it.

    Raises:
        InputError: a density or band that is none.
    """
    frequency, density = _check_density(frequency, density)
    low, high = max(start, float(frequency[0])), min(stop, float(frequency[-1]))
    if not low < high:
        raise InputError(
            f"the band from {start:g} to {stop:g} Hz must rise and overlap the spectrum, which is from "
            f"{frequency[0]:g} to {frequency[-1]:g} Hz"
        )
    inside = frequency[(frequency > low) & (frequency < high)]
    grid = np.concatenate([[low], inside, [high]])
    return _power_law_integral(grid, _at(grid, frequency, density))


def window_noise(
    frequency: Array, density: Array, window: float, *, lowest: float, period: float | None = None
) -> float:
    """Variance of a noise current integrated over a window: integral of S(f) T^2 sinc^2(f T) df (C^2 for A^2/Hz).

    Args:
        frequency: (n,) rising, above 0 (Hz).
        density: (n,) of the current (A^2/Hz).
        window: T (s).
        lowest: lower cut-off (Hz): slower noise counts as drift, which a calibration takes out.
        period: time between the window and one before it that is subtracted (s), as an auto-zero does: the integrand is
            then multiplied by 4 sin^2(pi f period). None without.

    Raises:
        InputError: a density that is none, or a window, cut-off or period that is not above 0 or outside the spectrum.
    """
    frequency, density = _check_density(frequency, density)
    positive("window", window, "s")
    positive("lowest", lowest, "Hz")
    top = min(_LOBES / window, float(frequency[-1]))
    low = max(lowest, float(frequency[0]))
    knee = 1.0 / (_STEPS_PER_LOBE * max(window, 0.0 if period is None else positive("period", period, "s")))
    if not low < knee < top:
        raise InputError(
            f"a window of {window:g} s needs noise from below {knee:g} Hz to above it, found {low:g} to {top:g} Hz"
        )
    slow = np.geomspace(low, knee, 2 + int(100 * np.log10(knee / low)))
    fast = np.arange(1, 1 + int(np.ceil(top / knee))) * knee
    grid = np.concatenate([slow, fast[1:]])
    weight = window**2 * np.sinc(grid * window) ** 2
    if period is not None:
        weight = weight * 4 * np.sin(np.pi * grid * period) ** 2
    charge = float(np.trapezoid(_at(grid, frequency, density) * weight, grid))
    if frequency[-1] <= grid[-1]:
        return charge
    beyond = np.concatenate([[grid[-1]], frequency[frequency > grid[-1]]])
    tail = _power_law_integral(beyond, _at(beyond, frequency, density) / (2 * np.pi**2 * beyond**2))
    return charge + tail * (1.0 if period is None else 2.0)


def weighted_noise(frequency: Array, density: Array, time: Array, weight: Array, *, lowest: float) -> float:
    """Variance of the integral of weight(t) i(t) dt for a stationary noise i: the integral of S(f) |W(f)|^2 df.

    W is the Fourier transform of the weight, which is linear between its points and 0 outside them.

    Args:
        frequency: (n,) rising, above 0 (Hz).
        density: (n,) of i (unit^2/Hz).
        time: (m,) rising (s).
        weight: (m,).
        lowest: lower cut-off (Hz).

    Raises:
        InputError: a density, weight or cut-off that is none or outside the spectrum.
    """
    frequency, density = _check_density(frequency, density)
    time, weight = check_signal(time, weight)
    window = float(time[-1] - time[0])
    knee, top = 1.0 / (_STEPS_PER_LOBE * window), min(_LOBES / window, float(frequency[-1]))
    low = max(lowest, float(frequency[0]))
    if not low < knee < top:
        raise InputError(f"a weight over {window:g} s needs noise from below {knee:g} Hz, found {low:g} to {top:g} Hz")
    slow = np.geomspace(low, knee, 2 + int(100 * np.log10(knee / low)))
    grid = np.concatenate([slow, np.arange(2, 1 + int(np.ceil(top / knee))) * knee])
    fine = np.linspace(time[0], time[-1], 8 * _LOBES + 1)
    turns = np.exp(-2j * np.pi * np.outer(grid, fine - fine[0]))
    response = np.trapezoid(turns * np.interp(fine, time, weight), fine, axis=1)
    return float(np.trapezoid(_at(grid, frequency, density) * np.abs(response) ** 2, grid))


def noise_samples(
    frequency: Array, density: Array, *, step: float, count: int, lowest: float, generator: np.random.Generator
) -> Array:
    """One realisation of a noise as samples at equal steps, Gaussian, with this density up to half the sampling rate.

    Args:
        frequency: (n,) rising, above 0 (Hz).
        density: (n,) (unit^2/Hz).
        step: time between samples (s).
        count: how many.
        lowest: nothing slower than this is in the realisation (Hz).
        generator: where the random numbers come from.

    Returns:
        (count,) in the signal's unit.

    Raises:
        InputError: a density, step or count that is none.
    """
    frequency, density = _check_density(frequency, density)
    positive("step", step, "s")
    count = at_least("count", count, 2)
    size = 1 << int(np.ceil(np.log2(np.clip(1.0 / (step * lowest), 2 * count, _LONGEST_RECORD))))
    line = np.asarray(np.fft.rfftfreq(size, step), dtype=np.float64)
    spacing = float(line[1])
    deviation = np.zeros(line.size)
    deviation[1:-1] = np.sqrt(_at(line[1:-1], frequency, density) * spacing)
    if lowest < spacing / 2:  # slower than the first line: constant over the record
        deviation[0] = np.sqrt(integrated_noise(frequency, density, lowest, spacing / 2))
    cosines, sines = generator.standard_normal((2, line.size)) * deviation
    spectrum = size / 2 * (cosines - 1j * sines)
    spectrum[0] = size * cosines[0]
    return np.asarray(np.fft.irfft(spectrum, size)[:count], dtype=np.float64)


def _check_density(frequency: Array, density: Array) -> tuple[Array, Array]:
    axis = increasing("frequency", frequency)
    values = finite_array("density", density, ndim=1)
    if values.shape != axis.shape or (values < 0).any() or axis[0] <= 0:
        raise InputError(
            f"a density needs one value of 0 or more for each frequency above 0, found {values.size} values from "
            f"{values.min():g} for {axis.size} frequencies from {axis[0]:g} Hz"
        )
    return axis, values


def _at(grid: Array, frequency: Array, density: Array) -> Array:
    """The density between its points, as power laws."""
    floor = np.finfo(np.float64).tiny
    return np.asarray(np.exp(np.interp(np.log(grid), np.log(frequency), np.log(np.maximum(density, floor)))))


def _power_law_integral(grid: Array, density: Array) -> float:
    """Integral of a density that is a power law between its points."""
    floor = np.finfo(np.float64).tiny
    x, y = np.log(grid), np.log(np.maximum(density * grid, floor))  # the integral over ln f of f S(f)
    slope, dx = np.diff(y) / np.diff(x), np.diff(x)
    growth = slope * dx
    factor = np.where(np.abs(growth) < 1e-6, 1.0 + growth / 2, np.expm1(growth) / np.where(growth == 0, 1.0, growth))
    return float(np.sum(np.exp(y[:-1]) * dx * factor))
