"""SPICE points of summing stages and rectifiers -> their models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array
from pycosim.errors import FitError
from pycosim.fitting.fit import Fit, judge, paired_points, solve_parameters
from pycosim.models.rectifier import Rectifier
from pycosim.models.summing import SummingStage

_LINEAR = 0.8
"""Share of the output's swing that counts as linear in the start of a fit. Ours."""


def fit_summing_stage(
    value: ArrayLike,
    voltage: ArrayLike,
    *,
    unit: str,
    held_out: ArrayLike,
    bandwidth: float = np.inf,
    netlist_digests: Sequence[str] = (),
    max_residual_rms: float | None = None,
) -> Fit[SummingStage]:
    """Fit gain, offset and clips of a stage that adds.

    Args:
        value: inputs (A or V).
        voltage: outputs about the reference (V).
        unit: of the inputs.
        held_out: mask of the points that judge.
        bandwidth: measured (Hz); inf where it was not.
        netlist_digests: where the points came from.
        max_residual_rms: of the held-out points (V); None accepts any.

    Raises:
        FitError: no linear part between the clips, or the residual is missed.
    """
    (x, v), mask = paired_points(held_out, {"value": value, "voltage": voltage})
    low, high = float(v.min()), float(v.max())
    middle, swing = (low + high) / 2, (high - low) / 2
    linear = ~mask & (np.abs(v - middle) < _LINEAR * swing)
    if np.count_nonzero(linear) < 3:
        raise FitError(f"{np.count_nonzero(linear)} of {x.size} points lie between the clips; sweep a smaller input")
    slope, offset = np.polyfit(x[linear], v[linear], 1)
    reach = (float(x.min()), float(x.max()))

    def model_of(values: Array) -> SummingStage:
        gain, zero, bottom, top = (float(one) for one in values)
        return SummingStage(
            gain=gain, offset=zero, low=bottom, high=top, bandwidth=bandwidth, unit=unit, input_range=reach
        )

    start = np.array([slope, offset, low - 1e-3 * swing, high + 1e-3 * swing])
    clipping = np.abs(slope * np.array(reach) + offset - middle) > 1.02 * swing
    # an end at which nothing clips says nothing about its clip, which then stays where the sweep ended
    free = np.array([True, True, clipping[0 if slope > 0 else 1], clipping[1 if slope > 0 else 0]])
    fitted, values = ~mask, start.copy()

    def placed(part: Array) -> Array:
        values[free] = part
        return values

    scale = np.array([abs(slope), 1e-2 * swing, swing, swing])
    found, covariance = solve_parameters(
        lambda p: model_of(placed(p)).voltage(x[fitted]), v[fitted], start[free], scale[free]
    )
    model = model_of(placed(found).copy())
    names = np.array(["gain", "offset", "low", "high"])[free]
    return judge(
        model=model,
        parameters={str(name): float(one) for name, one in zip(names, found, strict=True)},
        covariance=covariance,
        residuals=model.voltage(x) - v,
        held_out=mask,
        unit="V",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def fit_rectifier(
    value: ArrayLike,
    voltage: ArrayLike,
    *,
    held_out: ArrayLike,
    dead_time: float = 0.0,
    netlist_digests: Sequence[str] = (),
    max_residual_rms: float | None = None,
) -> Fit[Rectifier]:
    """Fit slope, threshold, knee and floor of a rectifier.

    Args:
        value: inputs about the reference (V).
        voltage: outputs about it (V).
        held_out: mask of the points that judge.
        dead_time: measured (s).
        netlist_digests: where the points came from.
        max_residual_rms: of the held-out points (V); None accepts any.

    Raises:
        FitError: the search does not end, or the residual is missed.
    """
    (x, v), mask = paired_points(held_out, {"value": value, "voltage": voltage})
    reach = (float(x.min()), float(x.max()))
    rising = bool(v[np.argmax(x)] > v[np.argmin(x)])
    names = ("gain", "threshold", "knee", "floor")
    base = Rectifier(gain=1.0 if rising else -1.0, dead_time=dead_time, input_range=reach)

    def model_of(values: Array) -> Rectifier:
        gain, threshold, knee, floor = (float(one) for one in values)
        return replace(base, gain=gain, threshold=threshold, knee=abs(knee) + 1e-12, floor=floor)

    fitted = ~mask
    best: tuple[float, Array, Array] | None = None
    for knee in (
        1e-3,
        1e-2 * (reach[1] - reach[0]),
    ):  # a sharp and a round one: a sharp start does not see a round knee
        try:
            found, covariance = solve_parameters(
                lambda p: model_of(p).voltage(x[fitted]),
                v[fitted],
                np.array([base.gain, 0.0, knee, 0.0]),
                np.array([1.0, 1e-2, knee, 1e-3]),
            )
        except FitError:
            continue
        error = float(np.sum((model_of(found).voltage(x[fitted]) - v[fitted]) ** 2))
        if best is None or error < best[0]:
            best = error, found, covariance
    if best is None:
        raise FitError(
            f"{np.count_nonzero(fitted)} points determine no rectifier; sweep the input through its threshold"
        )
    model = model_of(best[1])
    return judge(
        model=model,
        parameters=dict(zip(names, (float(one) for one in best[1]), strict=True)),
        covariance=best[2],
        residuals=model.voltage(x) - v,
        held_out=mask,
        unit="V",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )
