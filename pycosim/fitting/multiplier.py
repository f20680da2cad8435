"""SPICE points of a multiplier -> its square law, started from the closed form, or a polynomial for any cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, at_least
from pycosim.errors import FitError, InputError
from pycosim.fitting.fit import Fit, judge, paired_points, solve_parameters
from pycosim.models.multiplier import GilbertLaw, ProductPolynomial


def product_points(n_upper: int, n_lower: int) -> NDArray[np.bool_]:
    """Mask of the points that are kept out of a fit, (n_lower, n_upper): the inner ones at odd places of both axes.

    Raises:
        InputError: fewer than five points on an axis, or an even number: the middle is always fitted.
    """
    for name, n in (("upper", n_upper), ("lower", n_lower)):
        if n < 5 or n % 2 == 0:
            raise InputError(f"the {name} axis must have an odd number of 5 points or more, found {n}")
    return np.asarray((np.arange(n_lower) % 2 == 1)[:, None] & (np.arange(n_upper) % 2 == 1)[None, :])


def fit_gilbert_law(
    upper: ArrayLike,
    lower: ArrayLike,
    current: ArrayLike,
    *,
    start: GilbertLaw,
    held_out: ArrayLike,
    netlist_digests: Sequence[str] = (),
    max_residual_rms: float | None = None,
) -> Fit[GilbertLaw]:
    """Fit the square law.

    Args:
        upper: voltages at the upper port (V); the three broadcast.
        lower: at the lower port (V).
        current: simulated (A).
        start: the closed form, from the circuit's sizes; also gives the ranges.
        held_out: mask of the points that judge.
        netlist_digests: where the points came from.
        max_residual_rms: of the held-out points (A); None accepts any.

    Raises:
        FitError: the search does not end, or the residual is missed.
    """
    (x, y, measured), mask = paired_points(held_out, {"upper": upper, "lower": lower, "current": current})
    names = ("gain", "upper_overdrive", "lower_overdrive", "upper_offset", "lower_offset", "output_offset")
    first = np.array([getattr(start, name) for name in names])
    full = start.gain * start.upper_range * start.lower_range
    scale = np.array(
        [*first[:3], 0.01 * start.upper_range, 0.01 * start.lower_range, 0.01 * full],
    )

    def model_of(values: Array) -> GilbertLaw:
        gain, upper_overdrive, lower_overdrive, upper_offset, lower_offset, output_offset = (float(v) for v in values)
        return replace(
            start,
            gain=gain,
            upper_overdrive=upper_overdrive,
            lower_overdrive=lower_overdrive,
            upper_offset=upper_offset,
            lower_offset=lower_offset,
            output_offset=output_offset,
        )

    fitted = ~mask
    found, covariance = solve_parameters(
        lambda p: model_of(np.concatenate([np.abs(p[:3]), p[3:]])).current(x[fitted], y[fitted]),
        measured[fitted],
        first,
        scale,
    )
    model = model_of(np.concatenate([np.abs(found[:3]), found[3:]]))
    return judge(
        model=model,
        parameters=dict(zip(names, (float(v) for v in found), strict=True)),
        covariance=covariance,
        residuals=model.current(x, y) - measured,
        held_out=mask,
        unit="A",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def fit_product_polynomial(
    upper: ArrayLike,
    lower: ArrayLike,
    current: ArrayLike,
    *,
    degree: int,
    held_out: ArrayLike,
    netlist_digests: Sequence[str] = (),
    max_residual_rms: float | None = None,
) -> Fit[ProductPolynomial]:
    """Fit Chebyshev polynomials of both ports by least squares.

    Args:
        upper: voltages at the upper port (V); the three broadcast.
        lower: at the lower port (V).
        current: simulated (A).
        degree: of both polynomials.
        held_out: mask of the points that judge.
        netlist_digests: where the points came from.
        max_residual_rms: of the held-out points (A); None accepts any.

    Raises:
        FitError: fewer points than coefficients, or the residual is missed.
    """
    (x, y, measured), mask = paired_points(held_out, {"upper": upper, "lower": lower, "current": current})
    n = at_least("degree", degree, 1) + 1
    reach = float(np.abs(x).max()), float(np.abs(y).max())
    design = chebyshev.chebvander2d(x / reach[0], y / reach[1], [degree, degree])
    fitted = ~mask
    if np.count_nonzero(fitted) <= n * n or np.linalg.matrix_rank(design[fitted]) < n * n:
        raise FitError(f"{np.count_nonzero(fitted)} points do not determine {n * n} coefficients; measure more points")
    found, *_ = np.linalg.lstsq(design[fitted], measured[fitted])
    model = ProductPolynomial(
        coefficients=np.asarray(found, dtype=np.float64).reshape(n, n), upper_range=reach[0], lower_range=reach[1]
    )
    return judge(
        model=model,
        parameters={},
        covariance=np.zeros((0, 0)),
        residuals=design @ found - measured,
        held_out=mask,
        unit="A",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )
