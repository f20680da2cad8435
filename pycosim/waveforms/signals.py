"""What every measurement wants of a waveform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError

Array = NDArray[np.float64]


def check_signal(time: Array, signal: Array) -> tuple[Array, Array]:
    """Return a waveform as two float64 arrays.

    Args:
        time: (n,) rising (s), n at least 2.
        signal: (n,).

    Raises:
        InputError: other shapes, fewer than two points, NaN or infinite values, or a time that falls.
    """
    t, values = np.asarray(time, dtype=np.float64), np.asarray(signal, dtype=np.float64)
    if t.ndim != 1 or t.shape != values.shape or t.size < 2:
        raise InputError(
            f"a waveform needs two points or more and one value per time, found shapes {t.shape} and {values.shape}"
        )
    if not (np.isfinite(t).all() and np.isfinite(values).all()):
        raise InputError(f"a waveform must be finite, found NaN or infinity among its {t.size} points")
    if (np.diff(t) < 0).any():
        raise InputError(f"the time of a waveform must rise, found a step back after index {np.argmin(np.diff(t))}")
    return t, values


def check_window(time: Array, start: float, stop: float) -> tuple[float, float]:
    """Return a window (s), of which some lies within the waveform.

    Raises:
        InputError: it ends before it begins, or lies outside the waveform.
    """
    if not (start <= stop and start <= time[-1] and stop >= time[0]):
        raise InputError(
            f"the window from {start:g} to {stop:g} s must rise and lie within the waveform, which goes from "
            f"{time[0]:g} to {time[-1]:g} s"
        )
    return float(start), float(stop)
