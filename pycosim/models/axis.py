"""The values that an operand of a cell array can take: levels, addressed by code, or anything on a range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pycosim.checks import Array, frozen_array
from pycosim.errors import InputError
from pycosim.namespace import AnyArray, gather, is_numpy, like, namespace_of

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

    def sample(self, basis: Sequence[AnyArray], operands: AnyArray) -> list[AnyArray]:
        """Return tabulated functions at operands, each of the operands' shape and the tables' library and type.

        Args:
            basis: functions, each (n_nodes,).
            operands: codes or values; values of the tables' type.

        Raises:
            InputError: a spline of arrays that are not NumPy's.
        """
        if self.is_coded:
            return [gather(row, operands) for row in basis]
        if self.nodes.size == 2:
            return [_line(self.nodes, row, operands) for row in basis]
        if self.is_smooth and self.nodes.size > 3:
            return self._spline(basis, operands)
        index, place = self._place(operands)
        sampled = []
        for row in basis:
            values = gather(row[1:] - row[:-1], index)
            values *= place
            values += gather(row, index)
            sampled.append(values)
        return sampled

    def evenly(self, basis: Array) -> tuple[OperandAxis, Array]:
        """Return the same lines on even nodes, which are found faster; as they are where that takes too many.

        Args:
            basis: functions on the nodes, (J, n_nodes), that are linear between.
        """
        if self.is_coded or self.is_smooth or self.nodes.size < 3:
            return self, basis
        low, high = float(self.nodes[0]), float(self.nodes[-1])
        steps = np.diff(self.nodes) * ((MAX_NODES - 1) / (high - low))
        n_steps = round((high - low) / float(np.diff(self.nodes).min()))
        even = np.linspace(low, high, min(n_steps, MAX_NODES) + 1)
        nearest = np.abs(even[:, None] - self.nodes).min(axis=0) if steps.min() >= 1 else np.array([np.inf])
        if nearest.max() > NARROWEST * (high - low):
            return self, basis
        return replace(self, nodes=even), np.stack([np.interp(even, self.nodes, row) for row in basis])

    def _place(self, operands: AnyArray) -> tuple[AnyArray, AnyArray]:
        """The interval that an operand lies in, and where in it, 0 .. 1."""
        xp = namespace_of(operands)
        low, n_last = float(self.nodes[0]), self.nodes.size - 1
        step = (float(self.nodes[-1]) - low) / n_last
        if np.allclose(np.diff(self.nodes), step, rtol=1e-9, atol=0):
            place = operands * (1 / step)
            place -= low / step
            index = xp.clip(xp.astype(place, xp.int64), 0, n_last - 1)
            place -= xp.astype(index, place.dtype)
            return index, place
        nodes = like(self.nodes, operands)
        index = xp.searchsorted(nodes, operands, side="right") - 1
        index = xp.clip(index, 0, n_last - 1)
        return index, (operands - gather(nodes, index)) / gather(nodes[1:] - nodes[:-1], index)

    def _spline(self, basis: Sequence[AnyArray], operands: AnyArray) -> list[AnyArray]:
        if not is_numpy(namespace_of(operands)):
            raise InputError(
                f"stored voltages without levels need NumPy arrays, found {type(operands).__name__}; give the hardware "
                "n_stored_levels"
            )
        sampled = CubicSpline(self.nodes, np.stack(basis), axis=1)(operands)
        return list(sampled.astype(basis[0].dtype))


def _line(nodes: Array, row: AnyArray, operands: AnyArray) -> AnyArray:
    slope = (row[1] - row[0]) / float(nodes[1] - nodes[0])
    values = operands * slope
    values += row[0] - slope * float(nodes[0])
    return values


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
    table = np.ascontiguousarray(function(nodes).reshape(nodes.size, -1).T, dtype=np.float64)
    error = np.abs(np.stack(axis.sample(list(table), probes)) - wanted).max(axis=0)
    index = np.clip(np.searchsorted(nodes, probes, "right") - 1, 0, nodes.size - 2)
    bad = np.zeros(nodes.size - 1, dtype=bool)
    np.logical_or.at(bad, index, error > allowed)
    return np.asarray(bad & (np.diff(nodes) > NARROWEST * (nodes[-1] - nodes[0])))
