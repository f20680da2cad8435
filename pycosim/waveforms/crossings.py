"""When a waveform crosses a level, and how wide a pulse is."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import finite_array
from pycosim.waveforms.signals import check_signal

Array = NDArray[np.float64]


def crossing_times(
    time: Array, signal: Array, threshold: float, edge: Literal["rise", "fall", "both"] = "both"
) -> Array:
    """Times at which a signal crosses a threshold, by linear interpolation between samples.

    Args:
        time: (n,) rising (s).
        signal: (n,).
        threshold: level, in the signal's unit.
        edge: which crossings.

    Returns:
        (n_crossings,) in rising order (s); empty if it never crosses.

    Raises:
        InputError: a waveform or a threshold that is none.
    """
    time, signal = check_signal(time, signal)
    finite_array("threshold", threshold, ndim=0)
    above = signal > threshold
    steps = np.flatnonzero(above[1:] != above[:-1])
    if edge != "both":
        steps = steps[above[steps + 1] == (edge == "rise")]
    fraction = (threshold - signal[steps]) / (signal[steps + 1] - signal[steps])
    crossed: Array = time[steps] + fraction * (time[steps + 1] - time[steps])
    return crossed


def pulse_width(time: Array, signal: Array, threshold: float) -> float:
    """Total time that a signal spends above a threshold (s): the width of a pulse, 0 if there is none.

    Every excursion counts, so a glitch shows as width rather than being dropped.

    Raises:
        InputError: a waveform or a threshold that is none.
    """
    time, signal = check_signal(time, signal)
    finite_array("threshold", threshold, ndim=0)
    edges = crossing_times(time, signal, threshold)
    if signal[0] > threshold:
        edges = np.concatenate([time[:1], edges])
    if signal[-1] > threshold:
        edges = np.concatenate([edges, time[-1:]])
    return float(np.sum(edges[1::2] - edges[::2]))
