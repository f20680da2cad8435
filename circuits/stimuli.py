"""Piece-wise linear stimuli, as text for a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import isfinite

from circuits.errors import CircuitError

EDGE_TIME = 50e-12
"""Rise and fall time of ideal clocks and word lines (s). Ours: three fan-out-of-four delays at 28 nm."""

TIME_STEP = 1e-15
"""Times that are nearer (s) are one point of a source."""


def pulse(windows: Iterable[tuple[float, float]], *, idle: float, active: float, edge: float = EDGE_TIME) -> str:
    """A source that is `active` during each window (start and end of the edges' beginnings, s) and else `idle`.

    Args:
        windows: (start, end) in rising order; the level begins to change at `start` and begins to return at
            `end`, so with equal edges the area of the pulse is exactly (end - start) * (active - idle).
        idle: resting level (V).
        active: level inside (V).
        edge: time of each edge (s).

    Raises:
        CircuitError: windows that overlap, are shorter than an edge or begin before 0, or a level that is no number.
    """
    if not (isfinite(idle) and isfinite(active)):
        raise CircuitError(f"the levels of a stimulus must be finite, found {idle:g} and {active:g}")
    points: list[tuple[float, float]] = []
    for start, end in windows:
        if points and start <= points[-1][0]:
            raise CircuitError(f"stimulus windows overlap at {start * 1e9:.4g} ns")
        if not end - start > edge - TIME_STEP:
            raise CircuitError(
                f"stimulus window of {(end - start) * 1e12:.4g} ps is shorter than its {edge * 1e12:.4g} ps edge"
            )
        points += [(start, idle), (start + edge, active)]
        if end > start + edge + TIME_STEP:  # else a triangle
            points.append((end, active))
        points.append((end + edge, idle))
    if not points:
        return f"{idle:.9g}"
    if points[0][0] > 0:
        points.insert(0, (0.0, idle))
    return piecewise_linear(points)


def piecewise_linear(points: Sequence[tuple[float, float]]) -> str:
    """A source through the points (s, V or A); times must rise, from 0 or later.

    Raises:
        CircuitError: no points, a point that is not finite, a time before 0 or not after the one before it.
    """
    if not points or not all(isfinite(t) and isfinite(v) for t, v in points):
        raise CircuitError(f"a piece-wise linear source needs one or more finite points, found {list(points)}")
    if points[0][0] < 0 or any(b[0] <= a[0] for a, b in pairwise(points)):
        raise CircuitError("the times of a piece-wise linear source must rise, from 0 s or later")
    return "pwl(" + " ".join(f"{t:.9g} {v:.9g}" for t, v in points) + ")"
