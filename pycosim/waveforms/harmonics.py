"""Harmonics of a periodic waveform: its Fourier coefficients over whole periods, and the distortion they make."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import at_least, positive
from pycosim.errors import InputError
from pycosim.waveforms.signals import check_signal, check_window

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_SAMPLES_PER_HARMONIC = 64


def harmonics(time: Array, signal: Array, frequency: float, *, count: int = 5, periods: int = 1) -> ComplexArray:
    """Complex amplitudes of the first harmonics over the last whole periods.

    Args:
        time: (n,) rising (s).
        signal: (n,).
        frequency: of the fundamental (Hz).
        count: harmonics beyond the mean.
        periods: whole periods before the end of the waveform that are analysed.

    Returns:
        (count + 1,): the mean first, then each harmonic's complex amplitude (peak), in the signal's unit.

    Raises:
        InputError: a waveform that is none, or one shorter than the periods.
    """
    time, signal = check_signal(time, signal)
    positive("frequency", frequency, "Hz")
    at_least("count", count, 1)
    length = at_least("periods", periods, 1) / frequency
    stop = float(time[-1])
    if stop - float(time[0]) < length * (1 - 1e-9):
        raise InputError(
            f"{periods} periods of {frequency:g} Hz are {length:g} s, "
            f"but the waveform is {stop - float(time[0]):g} s long; simulate longer"
        )
    start = max(stop - length, float(time[0]))
    check_window(time, start, stop)
    n = _SAMPLES_PER_HARMONIC * (count + 1) * periods
    grid = start + length * np.arange(n) / n
    spectrum = np.fft.rfft(np.interp(grid, time, signal)) / n
    found = 2 * spectrum[: count * periods + 1 : periods]
    found[0] /= 2
    return np.asarray(found)


def distortion(amplitudes: ComplexArray) -> float:
    """Total harmonic distortion: rms of the second and further harmonics over the first, of what `harmonics` gives.

    Raises:
        InputError: no fundamental.
    """
    sizes = np.abs(np.asarray(amplitudes))
    if sizes.size < 3 or not sizes[1] > 0:
        raise InputError(f"a distortion needs a fundamental and a second harmonic, found {sizes.size} amplitudes")
    return float(np.linalg.norm(sizes[2:]) / sizes[1])
