"""How long a signal takes from one level to another."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.waveforms.crossings import crossing_times

Array = NDArray[np.float64]


def transition_times(
    time: Array, signal: Array, low: float, high: float, edge: Literal["rise", "fall"] = "rise"
) -> Array:
    """Duration of every complete transition between two levels.

    A rise begins at the last crossing of `low` before `high` is crossed, so that ringing at the foot does not count.

    Args:
        time: (n,) rising (s).
        signal: (n,).
        low: the lower level, in the signal's unit.
        high: the upper level.
        edge: which transitions.

    Returns:
        (n_transitions,) (s), in the order of time; empty if there is none.

    Raises:
        InputError: a waveform that is none, or levels that do not rise.
    """
    if not low < high:
        raise InputError(f"a transition goes between a lower and a higher level, found {low:g} and {high:g}")
    if edge == "fall":
        return transition_times(time, -np.asarray(signal, dtype=np.float64), -high, -low)
    begins, ends = crossing_times(time, signal, low, "rise"), crossing_times(time, signal, high, "rise")
    index = np.searchsorted(begins, ends, side="right") - 1  # the last begin before each end
    index, ends = index[index >= 0], ends[index >= 0]
    begin, firsts = np.unique(index, return_index=True)  # of one begin, the first end
    return np.asarray(ends[firsts] - begins[begin], dtype=np.float64)
