"""Measured charge-to-pulse transfer -> converter models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array
from pycosim.errors import FitError, InputError
from pycosim.fitting.cell import fitted_range
from pycosim.fitting.fit import Fit, judge, paired_points, solve_parameters
from pycosim.models.converter import HardSigmoid, PulseTable, SignedPulse
from pycosim.models.domain import Outside

LawT = TypeVar("LawT", HardSigmoid, SignedPulse)
_FLAT = 0.02  # share of the longest pulse within which the first guess takes a point for clipped


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
    """Fit slope, offset and longest pulse of a charge-to-pulse converter, clipped points included.

    Args:
        charge: C; both columns broadcast with each other.
        pulse_width: s.
        held_out: mask of points kept for judging.
        max_pulse_width: longest pulse, s, where known; None to fit it, which needs saturated points.
        saturation_charge: nominal, C: the slope is then fitted as the gain; None fits the charge and leaves
            gain 1.
        max_residual_rms: FitError where the held-out points miss it, s; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed, or the points do not determine the parameters.
    """
    (charges, widths), mask = paired_points(held_out, {"charge": charge, "pulse_width": pulse_width})
    charge_range = fitted_range("charge", charges, mask)
    x, y = charges[~mask], widths[~mask]
    longest = float(y.max()) if max_pulse_width is None else max_pulse_width
    slope, offset = _first_guess(x, y, longest, low=0.0)

    def model_of(values: Array) -> HardSigmoid:
        return HardSigmoid(
            saturation_charge=saturation_charge or values[0],
            gain=values[0] if saturation_charge else 1.0,
            offset=values[1],
            max_pulse_width=values[2] if max_pulse_width is None else max_pulse_width,
            charge_range=charge_range,
        )

    guess = {"gain": slope * saturation_charge / longest} if saturation_charge else {}
    guess = guess or {"saturation_charge": longest / slope}
    guess |= {"offset": offset} | ({"max_pulse_width": longest} if max_pulse_width is None else {})
    return _fit_law(model_of, guess, longest / slope, charges, widths, mask, max_residual_rms, netlist_digests)


def fit_signed_pulse(
    charge: ArrayLike,
    pulse_width: ArrayLike,
    *,
    held_out: ArrayLike,
    max_pulse_width: float | None = None,
    saturation_charge: float | None = None,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[SignedPulse]:
    """Fit a signed converter: offset, longest pulse and a slope for each sign.

    Args:
        charge: C; both columns broadcast with each other.
        pulse_width: signed s.
        held_out: mask of points kept for judging.
        max_pulse_width: longest pulse, s, where known; None to fit it, which needs saturated points.
        saturation_charge: nominal, C: both slopes are then gains; None fits the charge and leaves the
            positive gain 1.
        max_residual_rms: FitError where the held-out points miss it, s; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed, or the points do not determine the parameters.
    """
    (charges, widths), mask = paired_points(held_out, {"charge": charge, "pulse_width": pulse_width})
    charge_range = fitted_range("charge", charges, mask)
    x, y = charges[~mask], widths[~mask]
    longest = float(np.abs(y).max()) if max_pulse_width is None else max_pulse_width
    slope, offset = _first_guess(x, y, longest, low=-longest)

    def model_of(values: Array) -> SignedPulse:
        return SignedPulse(
            saturation_charge=saturation_charge or values[0],
            positive_gain=values[0] if saturation_charge else 1.0,
            negative_gain=values[1],
            offset=values[2],
            max_pulse_width=values[3] if max_pulse_width is None else max_pulse_width,
            charge_range=charge_range,
        )

    gain = slope * saturation_charge / longest if saturation_charge else 1.0
    guess = {"positive_gain": gain} if saturation_charge else {"saturation_charge": longest / slope}
    guess |= {"negative_gain": gain, "offset": offset}
    guess |= {"max_pulse_width": longest} if max_pulse_width is None else {}
    return _fit_law(model_of, guess, longest / slope, charges, widths, mask, max_residual_rms, netlist_digests)


def _fit_law(
    model_of: Callable[[Array], LawT],
    guess: dict[str, float],
    full_charge: float,
    charges: Array,
    widths: Array,
    mask: NDArray[np.bool_],
    max_residual_rms: float | None,
    netlist_digests: Sequence[str],
) -> Fit[LawT]:
    """Solve for the guessed parameters, in the order in which ``model_of`` takes them."""
    x, y = charges[~mask], widths[~mask]
    start = np.array(list(guess.values()))
    scale = np.array([full_charge if name == "offset" else abs(value) for name, value in guess.items()])

    def predict(values: Array) -> Array:
        try:
            return np.asarray(model_of(values).pulse_width(x))
        except InputError as error:
            raise FitError(f"the search left the law's parameters: {error}; give max_pulse_width") from error

    values, covariance = solve_parameters(predict, y, start, scale)
    model = model_of(values)
    n_saturated = int(np.count_nonzero(np.abs(model.pulse_width(x)) >= model.max_pulse_width))
    if "max_pulse_width" in guess and n_saturated < 2:
        raise FitError(
            f"the longest pulse is not measured: {n_saturated} of {x.size} fitted points are saturated, at least 2 "
            "must be; measure larger charges or give max_pulse_width"
        )
    return judge(
        model=model,
        parameters=dict(zip(guess, map(float, values), strict=True)),
        covariance=covariance,
        residuals=model.pulse_width(charges) - widths,
        held_out=mask,
        unit="s",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def _first_guess(charge: Array, width: Array, longest: float, low: float) -> tuple[float, float]:
    """Return slope (s/C) and offset (C) of the line through the points that are not clipped."""
    margin = _FLAT * longest
    line = (width > low + margin) & (width < longest - margin)
    if np.unique(charge[line]).size < 2:
        raise FitError(
            f"at least two fitted points must lie between the clipped parts, found {np.count_nonzero(line)} "
            f"of {width.size}; measure more charges there"
        )
    slope, constant = np.polyfit(charge[line] / np.ptp(charge), width[line], 1)
    slope /= np.ptp(charge)
    if not slope > 0:
        raise FitError(f"pulses must get wider with charge, found a slope of {slope:.3g} s/C; check the sign")
    return float(slope), float(-constant / slope)


def fit_pulse_table(
    charge: ArrayLike,
    pulse_width: ArrayLike,
    *,
    held_out: ArrayLike,
    outside: Outside = "raise",
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[PulseTable]:
    """Make a table of the points that are not held out.

    Args:
        charge: C, each fitted charge once, in any order; both columns broadcast with each other.
        pulse_width: s, signed for a signed converter.
        held_out: mask of points kept for judging.
        outside: what the model does with charges outside the table.
        max_residual_rms: FitError where the held-out points miss it, s; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        InputError: where a fitted charge occurs twice.
        FitError: where the bound is missed.
    """
    (charges, widths), mask = paired_points(held_out, {"charge": charge, "pulse_width": pulse_width})
    fitted_range("charge", charges, mask)
    order = np.argsort(charges[~mask])
    model = PulseTable(charges=charges[~mask][order], pulse_widths=widths[~mask][order], outside=outside)
    return judge(
        model=model,
        parameters={},
        covariance=np.zeros((0, 0)),
        residuals=model.pulse_width(charges) - widths,
        held_out=mask,
        unit="s",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )
