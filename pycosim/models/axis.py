"""The values that an operand of a cell array can take: levels, addressed by code, or anything on a range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pycosim.checks import Array, frozen_array
from pycosim.errors import InputError

NARROWEST = 1e-9  # of the range: a jump is followed to an interval of this width, and no further
MAX_NODES = 5_000  # a table of 5000 nodes x 16 widths x 256 ages takes 160 MB; beyond, the model is not smooth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OperandAxis:
    """Where functions of one operand are tabulated.

    Args:
        nodes: (n_nodes,) increasing, SI unit: the levels, or the nodes between which values are interpolated.
        is_coded: operands are indices of levels rather than values.
        is_smooth: interpolate with a cubic spline; False interpolates linearly, which is faster.
    """

    nodes: Array
    is_coded: bool
    is_smooth: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", frozen_array("nodes", self.nodes, ndim=1))

    def values(self, operands: NDArray[Any]) -> Array:
        """Return operands in SI units."""
        return self.nodes[operands] if self.is_coded else np.asarray(operands, dtype=np.float64)

    def sample(self, basis: Array, operands: NDArray[Any]) -> Array:
        """Return tabulated functions at operands: (J, n_nodes) and (...) -> (J, ...)."""
        if self.is_smooth and not self.is_coded and self.nodes.size > 3:
            return np.asarray(CubicSpline(self.nodes, basis, axis=1)(operands))
        sampled = np.empty((basis.shape[0], *operands.shape))
        for values, row in zip(sampled, basis, strict=True):
            if self.is_coded:
                row.take(operands, out=values, mode="clip")  # codes are in range; the mode is the fast one
            elif self.nodes.size == 2:
                slope = (row[1] - row[0]) / (self.nodes[1] - self.nodes[0])
                np.multiply(operands, slope, out=values)
                values += row[0] - slope * self.nodes[0]
        if not self.is_coded and self.nodes.size > 2:
            self._interpolate(basis, operands, sampled)
        return sampled

    def _interpolate(self, basis: Array, operands: NDArray[Any], sampled: Array) -> None:
        step = (self.nodes[-1] - self.nodes[0]) / (self.nodes.size - 1)
        if not np.allclose(np.diff(self.nodes), step, rtol=1e-9, atol=0):
            for values, row in zip(sampled, basis, strict=True):
                values[...] = np.interp(operands, self.nodes, row)
            return
        place = (operands - self.nodes[0]) * (1 / step)
        index = np.clip(place.astype(np.intp), 0, self.nodes.size - 2)
        place -= index
        for values, row in zip(sampled, basis, strict=True):
            np.diff(row).take(index, out=values, mode="clip")
            values *= place
            values += row.take(index, mode="clip")


def grid_axis(function: Callable[[Array], Array], axis: OperandAxis, tolerance: float) -> OperandAxis:
    """Return the axis with the nodes between which interpolation of a function is good enough.

    Starts with the two ends, then 15 equal steps (the nanosecond steps of a 15 ns pulse, on which tables of
    measured charge are linear), and then halves the intervals that are not good enough yet. A jump is left as a
    steep line.

    Args:
        function: nodes (n,) -> values (n, ...).
        axis: whose first and last node to keep.
        tolerance: largest interpolation error at the middle and the quarters of any interval, over the
            largest value.

    Raises:
        InputError: when that needs more than ``MAX_NODES`` nodes.
    """
    low, high = float(axis.nodes[0]), float(axis.nodes[-1])
    trial = np.linspace(low, high, 61)
    allowed = tolerance * float(np.abs(function(trial)).max())
    ends = replace(axis, nodes=trial[[0, -1]])
    if not _bad_intervals(function, ends, trial, allowed).any():
        return ends
    nodes = trial[::4]
    while nodes.size <= MAX_NODES:
        fine = (nodes[:-1, None] + np.diff(nodes)[:, None] * np.array([0.0, 0.25, 0.5, 0.75])).ravel()
        refined = replace(axis, nodes=nodes)
        bad = _bad_intervals(function, refined, np.append(fine, high), allowed)
        if not bad.any():
            return refined
        middles = (nodes[:-1] + np.diff(nodes) / 2)[bad]
        nodes = np.sort(np.concatenate([nodes, middles]))
    raise InputError(
        f"interpolation to {tolerance:.1e} of full scale needs more than {MAX_NODES} nodes; "
        "raise the tolerance, give the operand levels, or use DenseRead"
    )


def _bad_intervals(
    function: Callable[[Array], Array], axis: OperandAxis, probes: Array, allowed: float
) -> NDArray[np.bool_]:
    """Tell which intervals between nodes interpolate the function at the probes worse than allowed."""
    nodes = axis.nodes
    wanted = function(probes).reshape(probes.size, -1).T
    error = np.abs(axis.sample(function(nodes).reshape(nodes.size, -1).T, probes) - wanted).max(axis=0)
    index = np.clip(np.searchsorted(nodes, probes, "right") - 1, 0, nodes.size - 2)
    bad = np.zeros(nodes.size - 1, dtype=bool)
    np.logical_or.at(bad, index, error > allowed)
    return np.asarray(bad & (np.diff(nodes) > NARROWEST * (nodes[-1] - nodes[0])))
