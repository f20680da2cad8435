"""Interpolation in a measured table."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from pycosim.checks import Array


def interpolate_table(rows: Array, columns: Array, table: Array, row: Array, column: Array) -> Array:
    """Return table values: linear between rows, monotone cubic (PCHIP) between columns.

    Args:
        rows: (n_rows,) increasing.
        columns: (n_columns,) increasing.
        table: (n_rows, n_columns).
        row: operands within ``rows``.
        column: operands within ``columns``; broadcasts with ``row``.

    Returns:
        Values of the broadcast shape.
    """
    pieces = PchipInterpolator(columns, table, axis=1).c  # (4, n_columns - 1, n_rows)
    at_column = _interval(columns, column)
    at_row = _interval(rows, row)
    step = column - columns[at_column]
    below, above = (_cubic(pieces[:, at_column, index], step) for index in (at_row, at_row + 1))
    share = (row - rows[at_row]) / np.diff(rows)[at_row]
    return np.asarray(below + share * (above - below), dtype=np.float64)


def _interval(axis: Array, values: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    return np.clip(np.searchsorted(axis, values, "right") - 1, 0, axis.size - 2)


def _cubic(coefficients: Array, step: Array) -> Array:
    cubic, square, line, constant = coefficients
    return np.asarray(((cubic * step + square) * step + line) * step + constant, dtype=np.float64)
