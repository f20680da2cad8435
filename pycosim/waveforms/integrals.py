"""Charge and energy: integrals of sampled currents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def charge(time: Array, current: Array, start: float | None = None, stop: float | None = None) -> float:
    """Integral of a current over a window (C), by the trapezoidal rule on the simulator's own time steps.

    Args:
        time: (n,) rising (s).
        current: (n,) (A).
        start: begin of the window (s), default all; the ends of the window are interpolated.
        stop: end of the window (s).
    """
    t0 = float(time[0]) if start is None else max(start, float(time[0]))
    t1 = float(time[-1]) if stop is None else min(stop, float(time[-1]))
    if t1 <= t0:
        return 0.0
    inside = (time > t0) & (time < t1)
    t = np.concatenate([[t0], time[inside], [t1]])
    i = np.concatenate([np.interp([t0], time, current), current[inside], np.interp([t1], time, current)])
    return float(np.trapezoid(i, t))


def supply_energy(
    time: Array,
    current: Array,
    voltage: Array | float,
    start: float | None = None,
    stop: float | None = None,
) -> float:
    """Energy that a voltage source delivers over a window (J).

    Args:
        time: (n,) (s).
        current: (n,) ngspice's current of the source (A): negative while it delivers.
        voltage: the source's voltage (V), constant or (n,).
        start: begin of the window (s), default all.
        stop: end of the window (s).
    """
    return charge(time, -current * voltage, start, stop)
