"""A read as a few intervals, each with the steady state of the rows that are active in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array


def pulse_intervals(pulse_widths: Array, n_intervals: int, window: float = 0.0) -> tuple[NDArray[np.bool_], Array]:
    """Cut pulses (..., n_rows) of some widths (s) that begin at once into at most so many intervals.

    Where there are no more different widths than intervals, each interval ends with a pulse, which is exact. Otherwise
    the ends are quantiles of the widths, and an interval has the state of its middle. A row that ends before the middle
    keeps the current of the state before; one that ends after it has an idle row's current of the state that follows.

    Args:
        pulse_widths: (..., n_rows), s.
        n_intervals: most intervals, without the one below.
        window: how long bit lines are held from the beginning of the pulses on, s: one more interval, in which all
            rows are idle, lasts until then. 0 ends with the longest pulse of each array.

    Returns:
        (n_states, ..., n_rows) rows that are active in each state; and of the same shape for how long a row has the
        current of that state (s).
    """
    n_rows, leading = pulse_widths.shape[-1], pulse_widths.shape[:-1]
    ends = np.unique(pulse_widths[pulse_widths > 0])
    if ends.size > n_intervals:
        places = np.rint(np.linspace(0, n_rows, min(n_intervals, n_rows) + 1)[1:]).astype(np.intp) - 1
        ends = np.moveaxis(np.sort(pulse_widths, axis=-1)[..., places], -1, 0)
    else:
        longest = pulse_widths.max(axis=-1, initial=0.0)
        ends = np.minimum(ends.reshape(-1, *[1] * len(leading)), longest)
    if window > 0:
        last = np.maximum(pulse_widths.max(axis=-1, initial=0.0), window)
        ends = np.concatenate([ends, last[None]])
    ends = ends[..., None]
    begins = np.concatenate([np.zeros((1, *ends.shape[1:])), ends[:-1]])[: len(ends)]
    moments = (begins + ends) / 2
    moments[:1] = 0.0  # there is no state before
    active = pulse_widths > moments
    used, length = np.clip(pulse_widths - begins, 0.0, ends - begins), ends - begins
    weights = np.where(active, used, length - used)
    weights[:-1] += np.where(active, 0.0, used)[1:]
    weights[1:] += np.where(active, length - used, 0.0)[:-1]
    return active, weights
