"""Symbols: what a digital-to-analog converter puts out, a level for each symbol with straight edges between."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.errors import CircuitError
from circuits.quantities import check_quantities, check_quantity
from circuits.stimuli import TIME_STEP, piecewise_linear

EDGE_SHARE = 0.15
"""Edge of a converter's step over the period of a symbol. Ours: 15 ps at 10 GBaud."""


def symbols(
    levels: Sequence[float],
    period: float,
    *,
    start: float = 0.0,
    edge: float | None = None,
    idle: float | None = None,
) -> str:
    """A source that goes from level to level; each step begins when its symbol does.

    Args:
        levels: one for each symbol (V).
        period: of a symbol (s).
        start: of the first symbol (s).
        edge: time of each step (s); None for `EDGE_SHARE` of the period.
        idle: level before the first symbol (V); None for the first level.

    Raises:
        CircuitError: no levels, or a time that is none.
    """
    values = check_quantities("symbols", levels, "V", -1e3, 1e3)
    check_quantity("period of a symbol", period, "s", 1e-15, 1.0)
    rise = EDGE_SHARE * period if edge is None else check_quantity("edge of a symbol", edge, "s", TIME_STEP, period)
    if start < 0 or not rise < period:
        raise CircuitError(
            f"symbols must start at 0 s or later with edges below {period:g} s, found {start:g}, {rise:g}"
        )
    before = values[0] if idle is None else check_quantity("idle level", idle, "V", -1e3, 1e3)
    points = [(0.0, before)]
    for k, (last, value) in enumerate(zip([before, *values[:-1]], values, strict=True)):
        begin = start + k * period
        if value == last:
            continue
        if begin > points[-1][0]:
            points.append((begin, last))
        points.append((begin + rise, value))
    return piecewise_linear(points)
