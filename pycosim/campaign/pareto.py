"""PARETO: of many candidates those that no other beats in everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def non_dominated(costs: Array) -> NDArray[np.bool_]:
    """Which rows are on the front: no other row is as low in all columns and lower in one.

    Args:
        costs: (n, n_objectives), all to be least; a row with NaN is never on the front. Of equal rows the first is.

    Returns:
        (n,) True on the front.
    """
    known = np.isfinite(costs).all(axis=1)
    on_front = np.zeros(len(costs), dtype=np.bool_)
    _, first = np.unique(costs[known], axis=0, return_index=True)
    places = np.flatnonzero(known)[first]  # sorted by the first column: nobody is beaten by a later one
    kept: list[int] = []
    for place in places:
        if not any(np.all(costs[other] <= costs[place]) for other in kept):
            kept.append(int(place))
    on_front[kept] = True
    return on_front


def knee(costs: Array) -> int:
    """The row of a front that is nearest to its ideal corner, each column scaled to the front's range.

    Args:
        costs: (n, n_objectives) of a front, finite.
    """
    low, span = costs.min(axis=0), np.ptp(costs, axis=0)
    scaled = (costs - low) / np.where(span > 0, span, 1.0)
    return int(np.argmin(np.linalg.norm(scaled, axis=1)))
