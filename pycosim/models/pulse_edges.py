"""What the edges of a word-line pulse carry beyond the pulse's area.

A pulse that is delayed by the line keeps its area, and a cell whose current is proportional to the word line's swing
would give the same charge. Real cells saturate, so edges carry a little more than half of the settled current:

    extra = integral of  I(s(t)) + I(1 - s(t)) - I(1)  over the edge,

s the swing from 0 to 1: a ramp behind a time constant that grows along the line (Elmore's, the delay of the ladder's
mean). It holds for pulses that are long enough for the line to settle.
"""

from __future__ import annotations

import numpy as np

from pycosim.checks import Array
from pycosim.models.pair_currents import PairCurrents

N_TIMES = 96
N_TIME_CONSTANTS = 6
SETTLED = 8.0
"""Time constants after which a line has settled."""


def line_time_constants(n_cells: int, *, section: float, source: float, capacitance: float) -> Array:
    """Elmore's time constant at every cell of a line, (n_cells,) s; resistances in ohm, capacitance of a cell in F."""
    behind = np.arange(n_cells, 0, -1)
    return np.asarray(capacitance * (source * n_cells + section * np.cumsum(behind)))


def edge_charges(cells: PairCurrents, edge_time: float, time_constants: Array) -> Array:
    """Charge that both edges of a pulse add to that of its area, (..., n_rows, n_columns) C.

    Args:
        cells: the cells.
        edge_time: of the driver, s.
        time_constants: (n_columns,) of the line at each column, s.
    """
    slowest = float(time_constants.max())
    if edge_time == 0 and slowest == 0:
        return np.zeros(cells.level.shape)
    nodes = np.linspace(0.0, slowest, N_TIME_CONSTANTS) if slowest > 0 else np.zeros(1)
    swing, times = edge_swing(edge_time, nodes)
    at_rest = (cells.middle - cells.first) / cells.step
    k = min(int(at_rest), cells.tables.shape[-1] - 2)
    below, above = cells.tables[..., k], cells.tables[..., k + 1]
    upper, lower = below + (at_rest - k) * (above - below)
    net = lower - upper  # (n_levels, n_drops), from the rail to rest
    extra = _at(net, swing) + _at(net, 1 - swing) - net[:, :1, None]
    totals = np.trapezoid(extra, times, axis=-1)  # (n_levels, n_nodes)
    if slowest == 0:
        return np.asarray(totals[:, 0][cells.level])
    place = np.minimum(time_constants / nodes[1], N_TIME_CONSTANTS - 1 - 1e-9)
    node = place.astype(np.intp)
    by_column = totals[:, node] + (place - node) * (totals[:, node + 1] - totals[:, node])
    return np.asarray(by_column[cells.level, np.arange(time_constants.size)])


def edge_swing(edge_time: float, time_constants: Array) -> tuple[Array, Array]:
    """A ramp of `edge_time` behind time constants (n,): swing from 0 to 1 and times, both (n, N_TIMES), in s."""
    tau = np.maximum(time_constants, 1e-6 * max(edge_time, float(time_constants.max())))[:, None]
    ramp = max(edge_time, 1e-9 * float(tau.max()))
    # half of the points on the ramp, half behind it
    share = np.linspace(0.0, 1.0, N_TIMES // 2)
    times = np.concatenate([np.broadcast_to(share * ramp, (tau.size, share.size)), ramp + SETTLED * tau * share**2], 1)
    before, after = np.minimum(times, ramp), np.maximum(times - ramp, 0.0)
    rising = (before + tau * np.expm1(-before / tau)) / ramp
    return 1 - (1 - rising) * np.exp(-after / tau), times


def _at(net: Array, swing: Array) -> Array:
    """Currents (n_levels, n_drops) at swings (n, n_times), linear between: (n_levels, n, n_times)."""
    place = np.clip(1 - swing, 0.0, 1.0) * (net.shape[1] - 1)
    node = np.minimum(place.astype(np.intp), net.shape[1] - 2)
    return np.asarray(net[:, node] + (place - node) * (net[:, node + 1] - net[:, node]))
