"""Piece-wise linear stimuli, as text for a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from circuits.errors import CircuitError

EDGE_TIME = 50e-12
"""Rise and fall time of ideal clocks and word lines (s). Ours: three fan-out-of-four delays at 28 nm."""


def pulse(windows: Iterable[tuple[float, float]], *, idle: float, active: float, edge: float = EDGE_TIME) -> str:
    """A source that is `active` during each window (start and end of the edges' beginnings, s) and else `idle`.

    Args:
        windows: (start, end) in rising order; the level begins to change at `start` and begins to return at
            `end`, so with equal edges the area of the pulse is exactly (end - start) * (active - idle).
        idle: resting level (V).
        active: level inside (V).
        edge: time of each edge (s).

    Raises:
        CircuitError: windows that overlap or are shorter than an edge.
    """
    points: list[tuple[float, float]] = []
    for start, end in windows:
        if points and start <= points[-1][0]:
            raise CircuitError(f"stimulus windows overlap at {start * 1e9:.4g} ns")
        if end - start < edge:
            raise CircuitError(
                f"stimulus window of {(end - start) * 1e12:.4g} ps is shorter than its {edge * 1e12:.4g} ps edge"
            )
        points += [(start, idle), (start + edge, active), (end, active), (end + edge, idle)]
    if not points:
        return f"{idle:.9g}"
    if points[0][0] > 0:
        points.insert(0, (0.0, idle))
    return piecewise_linear(points)


def piecewise_linear(points: Sequence[tuple[float, float]]) -> str:
    """A source through the points (s, V or A); times must rise."""
    times = [t for t, _ in points]
    if any(b <= a for a, b in pairwise(times)):
        raise CircuitError("the times of a piece-wise linear source must rise")
    return "pwl(" + " ".join(f"{t:.9g} {v:.9g}" for t, v in points) + ")"
