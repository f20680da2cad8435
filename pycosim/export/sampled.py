"""Functions of models -> tables that are linear between nodes, with the error that this makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, positive
from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis, grid_axis

STEP_WIDTH = 2e-3
"""Width of what stands for a step, in the operand's unit (ns: 2 ps): steep, yet a simulator can follow it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves:
    """Functions of one variable on common nodes: linear between them.

    Args:
        nodes: (n,) increasing.
        values: (n_functions, n).
        error: largest deviation at the middle and the quarters between nodes, in the values' unit.
    """

    nodes: Array
    values: Array
    error: float


def sample(function: Callable[[Array], Array], low: float, high: float, tolerance: float) -> Curves:
    """Tabulate functions until interpolation between the nodes is good enough.

    Args:
        function: operands (n,) -> values (n, n_functions).
        low: first node.
        high: last node.
        tolerance: largest error over the largest value.

    Raises:
        InputError: for a tolerance that is not positive or needs too many nodes.
    """
    positive("tolerance", tolerance)
    if not np.abs(function(np.linspace(low, high, 61))).max() > 0:
        nodes = np.array([low, high])
        return Curves(nodes=nodes, values=np.zeros((function(nodes).shape[1], 2)), error=0.0)
    nodes = grid_axis(function, OperandAxis(nodes=np.array([low, high]), is_coded=False), tolerance).nodes
    values = function(nodes).T
    between = (nodes[:-1, None] + np.diff(nodes)[:, None] * np.array([0.25, 0.5, 0.75])).ravel()
    wanted = function(between).T
    found = np.stack([np.interp(between, nodes, row) for row in values])
    return Curves(nodes=nodes, values=values, error=float(np.abs(found - wanted).max()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """A table as a sum of products: table[i, j] = sum_r rows[r, i] * columns[r, j].

    Args:
        rows: (rank, n_rows).
        columns: (rank, n_columns).
        error: largest deviation from the table.
    """

    rows: Array
    columns: Array
    error: float


def separate(table: Array, allowed: float) -> Terms:
    """Write a table as few products as an error allows.

    Args:
        table: (n_rows, n_columns).
        allowed: largest deviation.
    """
    left, sizes, right = np.linalg.svd(table, full_matrices=False)
    for rank in range(1, sizes.size + 1):
        rows = (left[:, :rank] * np.sqrt(sizes[:rank])).T
        columns = np.sqrt(sizes[:rank])[:, None] * right[:rank]
        error = float(np.abs(rows.T @ columns - table).max())
        if error <= allowed:
            break
    return Terms(rows=rows, columns=columns, error=error)


def staircase(edges: Array, values: Array) -> tuple[Array, Array]:
    """Nodes of a function that is constant between edges and zero beyond the last.

    Every step is a ramp of `STEP_WIDTH` around its edge, so that the integral over whole intervals is exact.

    Args:
        edges: (n + 1,) increasing, at least 2 `STEP_WIDTH` apart.
        values: (n,) between the edges.

    Raises:
        InputError: for edges that are nearer.
    """
    if np.diff(edges).min() < 2 * STEP_WIDTH:
        raise InputError(
            f"the nodes of a table must be {2 * STEP_WIDTH:g} ns apart to become a circuit, found "
            f"{np.diff(edges).min():.3g} ns; merge the nearer ones"
        )
    inner = edges[1:]
    nodes = np.stack([inner - STEP_WIDTH / 2, inner + STEP_WIDTH / 2], axis=1).ravel()
    steps = np.stack([values, np.append(values[1:], 0.0)], axis=1).ravel()
    return np.concatenate([[edges[0]], nodes]), np.concatenate([[values[0]], steps])
