"""One code for the arrays of NumPy, torch, CuPy and others  [Python array API standard, 2023.12]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, is_numpy_namespace
from numpy.typing import ArrayLike, NDArray

from pycosim.errors import InputError

AnyArray = Any
"""An array of any library that follows the standard; results are of the library, device and type of the operands."""


def namespace_of(*values: AnyArray) -> Any:
    """Return the functions for some arrays; those of NumPy for numbers and lists."""
    if type(values[0]) is np.ndarray:  # the common case, thousands of times in a text
        return np
    arrays = [value for value in values if is_array_api_obj(value)]
    return array_namespace(*arrays) if arrays else np


def is_numpy(xp: Any) -> bool:
    """Tell whether functions are NumPy's."""
    return xp is np or is_numpy_namespace(xp)


def floating(values: AnyArray) -> AnyArray:
    """Return values as an array of floating point: as it is where it is one, else in double precision."""
    xp = namespace_of(values)
    if is_numpy(xp):
        array = np.asarray(values)
        return array if array.dtype.kind == "f" else array.astype(np.float64)
    return values if xp.isdtype(values.dtype, "real floating") else xp.astype(values, xp.float64)


def finite(name: str, values: ArrayLike | AnyArray) -> AnyArray:
    """Return values as an array of floating point.

    Raises:
        InputError: for NaN and infinite values.
    """
    array = floating(values)
    xp = namespace_of(array)
    n_good = int(xp.count_nonzero(xp.isfinite(array)))
    n_values = math.prod(array.shape)
    if n_good != n_values:
        raise InputError(
            f"{name} must be finite, found {n_values - n_good} of {n_values} NaN or infinite; drop them first"
        )
    return array


def like(table: NDArray[Any] | float, reference: AnyArray) -> AnyArray:
    """Return a table of NumPy as an array of the library, device and floating type of a reference."""
    xp = namespace_of(reference)
    if is_numpy(xp):
        return np.asarray(table, dtype=reference.dtype)
    return xp.asarray(np.ascontiguousarray(table), dtype=reference.dtype, device=device(reference))


def gather(row: AnyArray, index: AnyArray) -> AnyArray:
    """Return entries of a table (n,) at indices of any shape, all of which lie in it."""
    xp = namespace_of(row, index)
    if is_numpy(xp):
        return row.take(index, mode="clip")  # the mode is the fast one
    return xp.reshape(xp.take(row, xp.reshape(index, (-1,)), axis=0), index.shape)


def chosen(array: AnyArray, places: NDArray[np.intp], axis: int) -> AnyArray:
    """Return some places of an axis."""
    xp = namespace_of(array)
    return xp.take(array, places if is_numpy(xp) else xp.asarray(places, device=device(array)), axis=axis)


def stacked(arrays: Sequence[AnyArray], axis: int) -> AnyArray:
    """Return arrays of one shape along a new axis."""
    return namespace_of(*arrays).stack(arrays, axis=axis)


def swapped(array: AnyArray, axis: int, other: int) -> AnyArray:
    """Return an array with two axes exchanged."""
    if type(array) is np.ndarray:
        return array.swapaxes(axis, other)
    order = list(range(array.ndim))
    order[axis], order[other] = order[other], order[axis]
    return namespace_of(array).permute_dims(array, tuple(order))


def transposed(array: AnyArray) -> AnyArray:
    """Return (..., n, m) as (..., m, n)."""
    return swapped(array, -1, -2)
