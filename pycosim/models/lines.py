"""Lines with resistance that are fed from one end and loaded by a cell at every node: many at once, exactly.

    source --[resistance of the source]--[section]--(cell 0)--[section]--(cell 1)-- ...

With d_k the drop at cell k, whose current is load_k - conductance_k * d_k, the currents of its node add up to zero:

    (d_k - d_(k-1)) / r  +  (d_k - d_(k+1)) / r  =  load_k - conductance_k d_k.

One symmetric tridiagonal system holds all lines one after the other, every equation times r. LAPACK solves it in a time
that is proportional to the number of cells. Without resistance along it a line has one drop, which the source decides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dptsv

from pycosim.checks import Array
from pycosim.errors import FitError


def solve_lines(
    load: Array, conductance: Array, *, section: float, source_drop: Array, source_resistance: Array | float
) -> tuple[Array, Array]:
    """Solve lines of equal length, one per index of the leading axes.

    Args:
        load: (..., n_cells) current that a cell draws where there is no drop, A.
        conductance: (..., n_cells) how much less it draws per volt of drop, S.
        section: resistance from one cell to the next, and from the source to the first, ohm.
        source_drop: (...) drop of the source without current, V.
        source_resistance: (...) of the source, ohm.

    Returns:
        Drop at every cell (..., n_cells) in V, and the current of the source (...) in A.

    Raises:
        FitError: the loads let no steady state exist.
    """
    if section == 0:
        whole = 1 + source_resistance * conductance.sum(axis=-1)
        if np.any(whole <= 0):
            raise FitError(_NO_STATE)
        drop = (source_drop + source_resistance * load.sum(axis=-1)) / whole
        drops = np.broadcast_to(drop[..., None], load.shape)
        return drops, np.asarray((load - conductance * drops).sum(axis=-1))
    to_source = section / (section + np.asarray(source_resistance))
    diagonal: NDArray[np.float64] = section * conductance
    diagonal += 2.0
    diagonal[..., 0] += to_source - 1
    diagonal[..., -1] -= 1.0
    right: NDArray[np.float64] = section * load
    right[..., 0] += to_source * source_drop
    beside = np.full(load.shape, -1.0)
    beside[..., -1] = 0.0  # to the next line
    diagonal, right = np.ascontiguousarray(diagonal), np.ascontiguousarray(right)
    *_, solution, info = dptsv(diagonal.reshape(-1), beside.reshape(-1)[:-1], right.reshape(-1), 1, 1, 1)
    if info:
        raise FitError(_NO_STATE)
    drops = solution.reshape(load.shape)
    return drops, np.asarray((load - conductance * drops).sum(axis=-1))


_NO_STATE = (
    "the lines have no steady state where the table of the cells holds: they drop so much that a cell would draw the "
    "more the more its line drops; draw wider wires, or fewer cells on a line"
)
