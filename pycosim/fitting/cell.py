"""Measured charge of one cell -> cell models."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from pycosim.checks import Array, at_least
from pycosim.errors import FitError, InputError
from pycosim.fitting.fit import Fit, covariance_of, judge, paired_points
from pycosim.models.cell import LookupCell, PolynomialCell
from pycosim.models.domain import Outside, Range


def fit_polynomial_cell(
    stored_voltage: ArrayLike,
    pulse_width: ArrayLike,
    charge: ArrayLike,
    *,
    held_out: ArrayLike,
    degree: int = 3,
    centre: float = 0.45,
    fit_pulse_offset: bool = False,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[PolynomialCell]:
    """Fit the read current as a polynomial of the stored voltage, by least squares in charge.

    Args:
        stored_voltage: V; the three columns broadcast with each other.
        pulse_width: s.
        charge: C, positive where sunk from the bit line.
        held_out: mask of points kept for judging.
        degree: of the polynomial.
        centre: voltage about which it is written, V.
        fit_pulse_offset: also fit the width that a pulse loses to its edges.
        max_residual_rms: FitError where the held-out points miss it, C; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed or the points do not determine the coefficients.
    """
    at_least("degree", degree, 0)
    (voltage, width, measured), mask = paired_points(
        held_out, {"stored_voltage": stored_voltage, "pulse_width": pulse_width, "charge": charge}
    )
    powers = np.vander(voltage - centre, degree + 1, increasing=True)[~mask]
    fitted_width, fitted_charge = width[~mask], measured[~mask]

    def solve(offset: float) -> tuple[Array, Array, Array]:
        design = powers * np.maximum(fitted_width - offset, 0.0)[:, None]
        scale = np.linalg.norm(design, axis=0)
        if not scale.all():
            raise FitError(f"{fitted_width.size} points do not determine degree {degree}; measure longer pulses")
        found = np.linalg.lstsq(design / scale, fitted_charge, rcond=None)[0] / scale
        return found, design, design @ found - fitted_charge

    offset = _best_offset(fitted_width, lambda trial: solve(trial)[2]) if fit_pulse_offset else 0.0
    coefficients, design, residuals = solve(offset)
    if fit_pulse_offset:
        slope = -(powers @ coefficients) * (fitted_width > offset)
        design = np.column_stack([design, slope])
    model = PolynomialCell(
        coefficients=tuple(coefficients),
        centre=centre,
        pulse_offset=offset,
        width_range=fitted_range("pulse_width", width, mask, low=0.0),
        voltage_range=fitted_range("stored_voltage", voltage, mask),
    )
    parameters = {f"coefficient_{power}": float(value) for power, value in enumerate(coefficients)}
    return judge(
        model=model,
        parameters=parameters | ({"pulse_offset": offset} if fit_pulse_offset else {}),
        covariance=covariance_of(design, residuals),
        residuals=model.charge(width, voltage) - measured,
        held_out=mask,
        unit="C",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def _best_offset(width: Array, residuals: Callable[[float], Array]) -> float:
    """Return the offset, between 0 and the shortest pulse, with the smallest sum of squares."""
    shortest = float(width[width > 0].min(initial=np.inf))
    if not np.isfinite(shortest):
        raise FitError("no fitted pulse is longer than 0 s; measure at several widths")
    norm = float(np.linalg.norm(residuals(0.0))) or 1.0
    search = minimize_scalar(
        lambda share: float(np.sum((residuals(share * shortest) / norm) ** 2)),
        bounds=(0.0, 1.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(search.x) * shortest if search.x > 1e-8 else 0.0


def fitted_range(name: str, values: Array, held_out: NDArray[np.bool_], low: float | None = None) -> Range:
    """Return the range of the fitted points, from ``low`` where given; held-out points must lie inside."""
    fitted, kept = values[~held_out], values[held_out]
    span = (float(fitted.min()) if low is None else low, float(fitted.max()))
    if kept.min() < span[0] or kept.max() > span[1]:
        raise InputError(
            f"held-out {name} must lie within the fitted {span[0]:.4g} .. {span[1]:.4g}, "
            f"found {kept.min():.4g} .. {kept.max():.4g}; fit the end points"
        )
    return span


def fit_lookup_cell(
    stored_voltage: ArrayLike,
    pulse_width: ArrayLike,
    charge: ArrayLike,
    *,
    held_out: ArrayLike,
    outside: Outside = "raise",
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[LookupCell]:
    """Make a table of the charges that are not held out, which must be a full grid.

    A row of zero charge at zero width is added where it was not measured: no pulse, no charge.

    Args:
        stored_voltage: V; the three columns broadcast with each other.
        pulse_width: s.
        charge: C, positive where sunk from the bit line.
        held_out: mask of points kept for judging, for example every second voltage.
        outside: what the model does with operands outside the table.
        max_residual_rms: FitError where the held-out points miss it, C; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        InputError: where the fitted points are no full grid.
        FitError: where the bound is missed.
    """
    (voltage, width, measured), mask = paired_points(
        held_out, {"stored_voltage": stored_voltage, "pulse_width": pulse_width, "charge": charge}
    )
    fitted_range("stored_voltage", voltage, mask)
    fitted_range("pulse_width", width, mask, low=0.0)
    model = _table(width[~mask], voltage[~mask], measured[~mask], outside)
    return judge(
        model=model,
        parameters={},
        covariance=np.zeros((0, 0)),
        residuals=model.charge(width, voltage) - measured,
        held_out=mask,
        unit="C",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def _table(width: Array, voltage: Array, charge: Array, outside: Outside) -> LookupCell:
    widths, row = np.unique(width, return_inverse=True)
    voltages, column = np.unique(voltage, return_inverse=True)
    table = np.full((widths.size, voltages.size), np.nan)
    table[row, column] = charge
    if charge.size != table.size or np.isnan(table).any():
        raise InputError(
            f"fitted points must be one full grid, {widths.size} widths x {voltages.size} voltages, "
            f"found {charge.size} points on {np.count_nonzero(~np.isnan(table))} of its places"
        )
    if widths[0] > 0:
        widths, table = np.insert(widths, 0, 0.0), np.vstack([np.zeros(voltages.size), table])
    return LookupCell(pulse_widths=widths, stored_voltages=voltages, charges=table, outside=outside)
