"""Charge and energy: integrals of sampled currents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.waveforms.signals import check_signal, check_window
from pycosim.waveforms.windows import windowed

Array = NDArray[np.float64]


def charge(time: Array, current: Array, start: float | None = None, stop: float | None = None) -> float:
    """Integral of a current over a window (C), by the trapezoidal rule on the simulator's own time steps.

    Args:
        time: (n,) rising (s).
        current: (n,) (A).
        start: begin of the window (s), default all; the ends of the window are interpolated.
        stop: end of the window (s).

    Raises:
        InputError: a waveform that is none, or a window outside it.
    """
    time, current = check_signal(time, current)
    first, last = float(time[0]), float(time[-1])
    t0, t1 = check_window(time, first if start is None else start, last if stop is None else stop)
    t, i = windowed(time, current, max(t0, first), min(t1, last))
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

    Raises:
        InputError: a waveform that is none, or a window outside it.
    """
    _, current = check_signal(time, current)
    _, level = check_signal(time, np.full(current.shape, voltage) if np.ndim(voltage) == 0 else np.asarray(voltage))
    return charge(time, -current * level, start, stop)
