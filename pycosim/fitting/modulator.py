"""Measured transfer of an electro-optic unit -> the law of its modulators' edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array
from pycosim.errors import FitError, InputError
from pycosim.fitting.fit import Fit, judge, paired_points, solve_parameters
from pycosim.models.modulator import ModulatorEdge

_NAMES = ("phase", "slope", "saturation", "floor_root", "full", "offset")


def fit_modulator_edge(
    level: ArrayLike,
    output: ArrayLike,
    *,
    held_out: ArrayLike,
    start: ModulatorEdge,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[ModulatorEdge]:
    """Fit phase, slope, saturation, floor, full scale and offset of an edge.

    Args:
        level: V; both columns broadcast with each other.
        output: V.
        held_out: mask of points kept for judging.
        start: the drawn edge: a sine has many fits a period apart, and this says which. Its number of modulators stays.
        max_residual_rms: FitError where the held-out points miss it, V; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed, or the points do not determine the parameters.
    """
    (levels, outputs), mask = paired_points(held_out, {"level": level, "output": output})
    fitted = levels[~mask]
    level_range = (float(fitted.min()), float(fitted.max()))
    if not level_range[0] < level_range[1]:
        raise InputError("the fitted levels must span a range, found one level alone")
    free = replace(start, level_range=(float("-inf"), float("inf")), outside="raise")

    def edge(values: Array) -> ModulatorEdge:
        phase, slope, saturation, root, full, offset = (float(value) for value in values)
        return replace(
            free, phase=phase, slope=slope, saturation=saturation, floor=min(root**2, 0.99), full=full, offset=offset
        )

    def predict(values: Array) -> Array:
        try:
            return edge(values).output(fitted)
        except InputError as error:
            raise FitError(f"the search left the law's parameters: {error}; measure over more of the edge") from error

    guess = np.array(
        [start.phase, start.slope, start.saturation, max(start.floor, 1e-6) ** 0.5, start.full, start.offset]
    )
    scale = np.array([0.1, abs(start.slope), start.saturation, 0.03, start.full, 0.01 * start.full])
    values, covariance = solve_parameters(predict, outputs[~mask], guess, scale)
    model = replace(edge(values), level_range=level_range)
    judged = replace(model, outside="clip").output(levels)
    return judge(
        model=model,
        parameters=dict(zip(_NAMES, values.tolist(), strict=True)),
        covariance=covariance,
        residuals=judged - outputs,
        held_out=mask,
        unit="V",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )
