"""Averages of a sampled signal: of its piecewise linear course, so that uneven time steps do not weigh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.waveforms.signals import check_signal

Array = NDArray[np.float64]


def mean_value(time: Array, signal: Array) -> float:
    """Integral of a signal over its span, divided by the span.

    Args:
        time: (n,) rising (s), or a swept value.
        signal: (n,).

    Raises:
        InputError: a waveform that is none, or that has no span.
    """
    time, signal = check_signal(time, signal)
    return float(np.trapezoid(signal, time)) / _span(time)


def rms_value(time: Array, signal: Array) -> float:
    """Root of the mean square, exact for a signal that is linear between its samples.

    Args:
        time: (n,) rising (s), or a swept value.
        signal: (n,).

    Raises:
        InputError: a waveform that is none, or that has no span.
    """
    time, signal = check_signal(time, signal)
    before, after = signal[:-1], signal[1:]
    squares = (before**2 + before * after + after**2) / 3.0 * np.diff(time)
    return float(np.sqrt(np.sum(squares) / _span(time)))


def _span(time: Array) -> float:
    span = float(time[-1] - time[0])
    if span <= 0:
        raise InputError(
            f"an average needs a window with a length, found one that is {span:g} long: move start or stop"
        )
    return span
