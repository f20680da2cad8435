"""When a waveform has settled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import finite_array, positive
from pycosim.waveforms.signals import check_signal, check_window

Array = NDArray[np.float64]


def settling_time(
    time: Array, signal: Array, start: float, stop: float, tolerance: float, final: float | None = None
) -> float:
    """Time from `start` until a signal stays within a tolerance of its final value (s).

    Args:
        time: (n,) rising (s).
        signal: (n,).
        start: from when time is counted (s).
        stop: end of the observation (s).
        tolerance: half-width of the band, in the signal's unit.
        final: the value settled to, default the signal at `stop`.

    Returns:
        0 if it never leaves the band after `start`; the crossing into the band is interpolated.

    Raises:
        InputError: a waveform, tolerance or final value that is none, or a window outside the waveform.
    """
    time, signal = check_signal(time, signal)
    start, stop = check_window(time, start, stop)
    positive("tolerance", tolerance)
    target = float(np.interp(stop, time, signal) if final is None else finite_array("final", final, ndim=0))
    inside = (time > start) & (time < stop)
    t = np.concatenate([[start], time[inside], [stop]])
    error = np.abs(np.interp(t, time, signal) - target) - tolerance
    outside = np.flatnonzero(error > 0)
    if outside.size == 0:
        return 0.0
    last = int(outside[-1])
    if last == t.size - 1:
        return float(stop - start)
    fraction = error[last] / (error[last] - error[last + 1])
    return float(t[last] + fraction * (t[last + 1] - t[last]) - start)
