"""Measured charge-to-pulse transfer -> converter models."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from pycosim.checks import Array, positive
from pycosim.errors import FitError
from pycosim.fitting.cell import fitted_range
from pycosim.fitting.fit import Fit, covariance_of, judge, paired_points
from pycosim.models.converter import HardSigmoid, PulseTable, SignedPulse
from pycosim.models.domain import Outside

_FLAT = 0.02  # widths within 2 % of an end of the range count as clipped when the fit chooses its start


def fit_hard_sigmoid(
    charge: ArrayLike,
    pulse_width: ArrayLike,
    *,
    held_out: ArrayLike,
    max_pulse_width: float | None = None,
    saturation_charge: float | None = None,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[HardSigmoid]:
    """Fit slope, offset and longest pulse of a charge-to-pulse converter; clipped points take part as they are.

    Args:
        charge: C; both columns broadcast with each other.
        pulse_width: s.
        held_out: mask of points kept for judging.
        max_pulse_width: longest pulse, s, where known; None to fit it, which needs saturated points.
        saturation_charge: nominal, C: the slope is then given as a gain; None gives it as a saturation charge, gain 1.
        max_residual_rms: FitError where the held-out points miss it, s; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed, or fewer than two points lie between the clipped parts.
    """
    (charges, widths), mask = paired_points(held_out, charge=charge, pulse_width=pulse_width)
    x, y = charges[~mask], widths[~mask]
    longest = float(y.max()) if max_pulse_width is None else positive("max_pulse_width", max_pulse_width, "s")
    slope, offset = _start(x, y, longest, low=0.0)
    free_longest = max_pulse_width is None
    start = np.array([1.0, offset * slope / longest, *([1.0] if free_longest else [])])

    def model_of(p: Array) -> HardSigmoid:
        top = longest * (p[2] if free_longest else 1.0)
        found = top / (p[0] * slope)
        nominal = found if saturation_charge is None else saturation_charge
        return HardSigmoid(
            saturation_charge=nominal,
            max_pulse_width=top,
            offset=p[1] * longest / slope,
            gain=nominal / found,
            charge_range=charge_range,
        )

    charge_range = fitted_range("charge", charges, mask)
    p, jacobian = _solve(lambda p: (model_of(p).pulse_width(x) - y) / longest, start)
    model = model_of(p)
    if free_longest and not (jacobian[:, 2] > 0.5).any():
        raise FitError(
            f"no fitted point is saturated (longest {y.max():.4g} s): give max_pulse_width, or measure larger charges"
        )
    names = ["saturation_charge" if saturation_charge is None else "gain", "offset"]
    values = [model.saturation_charge if saturation_charge is None else model.gain, model.offset]
    steps = [-values[0] / p[0] if saturation_charge is None else values[0] / p[0], longest / slope]
    transform = np.diag([*steps, *([longest] if free_longest else [])])
    if free_longest:
        names, values = [*names, "max_pulse_width"], [*values, model.max_pulse_width]
        transform[0, 2] = values[0] / p[2] * (1 if saturation_charge is None else -1)
    residuals = model.pulse_width(charges) - widths
    covariance = covariance_of(jacobian, residuals[~mask] / longest)
    return judge(
        model=model,
        parameters=dict(zip(names, values, strict=True)),
        covariance=transform @ covariance @ transform.T,
        residuals=residuals,
        held_out=mask,
        unit="s",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )
