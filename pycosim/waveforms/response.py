"""Small-signal responses: complex values over frequency.

Between two points log-magnitude and phase are linear in log-frequency, as on a Bode plot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import increasing
from pycosim.errors import InputError

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


def magnitude_at(frequency: Array, response: ComplexArray, at: float) -> float:
    """|H| at a frequency, in the response's unit.

    Args:
        frequency: (n,) rising, above 0 (Hz).
        response: (n,) complex.
        at: within the grid (Hz).

    Raises:
        InputError: a response that is none, or a frequency outside its grid.
    """
    frequency, response = _check_response(frequency, response)
    return float(np.exp(np.interp(_place(frequency, at), np.log(frequency), _log_magnitude(response))))


def phase_at(frequency: Array, response: ComplexArray, at: float) -> float:
    """Phase of H at a frequency (deg), unwrapped from the lowest frequency on, where it lies within +-180.

    Args:
        frequency: (n,) rising, above 0 (Hz).
        response: (n,) complex.
        at: within the grid (Hz).

    Raises:
        InputError: a response that is none, or a frequency outside its grid.
    """
    frequency, response = _check_response(frequency, response)
    phase = np.unwrap(np.angle(response))
    return float(np.degrees(np.interp(_place(frequency, at), np.log(frequency), phase)))


def fall_frequency(frequency: Array, response: ComplexArray, level: float) -> float | None:
    """Lowest frequency at which |H| falls below a level (Hz); None where it never does.

    Args:
        frequency: (n,) rising, above 0 (Hz).
        response: (n,) complex.
        level: in the response's unit, above 0.

    Raises:
        InputError: a response or a level that is none.
    """
    frequency, response = _check_response(frequency, response)
    if not level > 0:
        raise InputError(f"a magnitude falls below a level above 0, found {level:g}")
    size, wanted = _log_magnitude(response), np.log(level)
    falls = np.flatnonzero((size[:-1] >= wanted) & (size[1:] < wanted))
    if falls.size == 0:
        return None
    k = int(falls[0])
    fraction = (size[k] - wanted) / (size[k] - size[k + 1])
    return float(frequency[k] * (frequency[k + 1] / frequency[k]) ** fraction)


def _check_response(frequency: Array, response: ComplexArray) -> tuple[Array, ComplexArray]:
    grid, values = increasing("frequency", frequency), np.asarray(response, dtype=np.complex128)
    if values.shape != grid.shape or grid[0] <= 0 or not np.isfinite(values).all():
        raise InputError(
            f"a response needs one finite value for each frequency above 0, found {values.size} values for {grid.size} "
            f"frequencies from {grid[0]:g} Hz"
        )
    return grid, values


def _log_magnitude(response: ComplexArray) -> Array:
    return np.asarray(np.log(np.maximum(np.abs(response), np.finfo(np.float64).tiny)))


def _place(frequency: Array, at: float) -> float:
    """Logarithm of a frequency of the grid, whose ends are products of many factors."""
    low, high = float(frequency[0]), float(frequency[-1])
    if not low * (1 - 1e-9) <= at <= high * (1 + 1e-9):
        raise InputError(f"the frequency {at:g} Hz lies outside the analysis, which goes from {low:g} to {high:g} Hz")
    return float(np.log(min(max(at, low), high)))
