"""A part of a waveform: what lies between two points of its axis, the ends interpolated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError

Array = NDArray[np.float64]

_ROUNDING = 1e-9
"""Of the axis' span: a window may end that far outside, because a simulator ends on its last step to rounding."""


def windowed(axis: Array, signal: Array, start: float | None = None, stop: float | None = None) -> tuple[Array, Array]:
    """The part of a waveform within a window, its ends included and interpolated linearly.

    Args:
        axis: (n,) rising: time (s), a swept value or frequency (Hz).
        signal: (n,), real.
        start: begin of the window, in the axis' unit; None for the first point.
        stop: end of the window; None for the last point.

    Returns:
        Axis and signal, (m,) each, m at least 2 (1 where the waveform has one point).

    Raises:
        InputError: the window falls, or does not lie within the waveform.
    """
    first, last = float(axis[0]), float(axis[-1])
    begin, end = first if start is None else start, last if stop is None else stop
    slack = _ROUNDING * max(abs(first), abs(last))
    if not (first - slack <= begin <= end <= last + slack):
        raise InputError(
            f"the window from {begin:g} to {end:g} must rise and lie within the waveform, which goes from {first:g} to "
            f"{last:g}; correct start and stop, or lengthen the analysis"
        )
    begin, end = max(begin, first), min(end, last)
    if start is None and stop is None:
        return axis, signal
    inside = (axis > begin) & (axis < end)
    left, right = np.interp([begin, end], axis, signal)
    step = int(np.searchsorted(axis, end))
    if step < axis.size and axis[step] == end:
        right = signal[step]  # a window that ends on a step has not seen it; one that begins there has
    return (
        np.concatenate([[begin], axis[inside], [end]]),
        np.concatenate([[left], signal[inside], [right]]),
    )
