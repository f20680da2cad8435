"""Checks at the public door: each returns the checked value, or raises an InputError with what was found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.errors import InputError
from pycosim.units import format_quantity

Array = NDArray[np.float64]


def finite_array(name: str, values: ArrayLike, *, ndim: int | None = None) -> Array:
    """Return values as a float64 array.

    Args:
        name: what the values are, for the message.
        values: numbers of any shape.
        ndim: required number of axes; None accepts any.

    Raises:
        InputError: for values that are no numbers, NaN, infinite, or of another number of axes.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers, found {type(values).__name__}: {error}") from error
    if ndim is not None and array.ndim != ndim:
        raise InputError(f"{name} must have {ndim} axes, found shape {array.shape}")
    if not np.isfinite(array).all():
        n_bad = int(np.count_nonzero(~np.isfinite(array)))
        raise InputError(f"{name} must be finite, found {n_bad} of {array.size} NaN or infinite; drop them first")
    return array


def frozen_array(name: str, values: ArrayLike, *, ndim: int | None = None) -> Array:
    """Return a read-only float64 copy of finite values; see `finite_array`."""
    array = finite_array(name, values, ndim=ndim).copy()
    array.flags.writeable = False
    return array


def increasing(name: str, values: ArrayLike, *, minimum: int = 2) -> Array:
    """Return a read-only copy of a strictly increasing axis (n,) of at least ``minimum`` points."""
    array = frozen_array(name, values, ndim=1)
    if array.size < minimum:
        raise InputError(f"{name} must have at least {minimum} points, found {array.size}")
    if (np.diff(array) <= 0).any():
        where = int(np.argmax(np.diff(array) <= 0))
        raise InputError(
            f"{name} must increase strictly, found {array[where]:.6g} before {array[where + 1]:.6g} "
            f"at index {where}; sort it and merge equal points"
        )
    return array


def positive(name: str, value: float, unit: str = "") -> float:
    """Return a number that is finite and greater than zero."""
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} must be finite and greater than 0, found {format_quantity(value, unit)}")
    return float(value)


def not_negative(name: str, value: float, unit: str = "") -> float:
    """Return a number that is finite and not below zero."""
    if not (np.isfinite(value) and value >= 0):
        raise InputError(f"{name} must be finite and at least 0, found {format_quantity(value, unit)}")
    return float(value)


def at_least(name: str, value: int, minimum: int) -> int:
    """Return a whole number that is not below ``minimum``."""
    if int(value) != value or value < minimum:
        raise InputError(f"{name} must be a whole number of at least {minimum}, found {value}")
    return int(value)


def ordered(name: str, low: float, high: float, unit: str = "") -> tuple[float, float]:
    """Return a range (low, high) with low below high; either end may be infinite."""
    if not low < high:
        found = f"{format_quantity(low, unit)} .. {format_quantity(high, unit)}"
        raise InputError(f"{name} must be a range with low below high, found {found}")
    return float(low), float(high)
