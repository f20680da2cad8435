"""Measured voltage of storage nodes over time -> decay models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, finite_array, increasing
from pycosim.errors import FitError, InputError
from pycosim.fitting.fit import Fit, judge, solve_parameters
from pycosim.models.decay import DriftTable, StorageDecay
from pycosim.models.domain import Domain


def fit_storage_decay(
    ages: ArrayLike,
    stored_voltages: ArrayLike,
    voltages: ArrayLike,
    *,
    held_out: ArrayLike,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[StorageDecay]:
    """Fit one time constant and one final level to the drift of several levels.

    Args:
        ages: (n_ages,) s, increasing.
        stored_voltages: (n_levels,) V as written, increasing.
        voltages: (n_ages, n_levels) V at that age.
        held_out: mask that broadcasts to ``voltages``, of points kept for judging.
        max_residual_rms: FitError where the held-out points miss it, V; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed, or the levels do not drift together.
    """
    age, level, drifted, mask = checked_drift(ages, stored_voltages, voltages, held_out)
    age_grid, level_grid = np.broadcast_arrays(age[:, None], level)
    x, start_voltage, y = age_grid[~mask], level_grid[~mask], drifted[~mask]

    def predict(values: Array) -> Array:
        # rate and final voltage: the rate may pass through zero on the way, a time constant may not
        return np.asarray(values[1] + (start_voltage - values[1]) * np.exp(-x * values[0]))

    rate = _first_rate(x, start_voltage, y)
    start = np.array([rate, float(y.mean())])
    span = float(np.ptp(level)) or 1.0
    (rate, final), covariance = solve_parameters(predict, y, start, np.array([abs(rate), span]))
    if not rate > 0:
        raise FitError(f"levels must drift towards one voltage, found a rate of {rate:.3g} 1/s; use fit_drift_table")
    model = StorageDecay(time_constant=float(1 / rate), final_voltage=float(final))
    by_time_constant = np.diag([-1 / rate**2, 1.0])
    return judge(
        model=model,
        parameters={"time_constant": model.time_constant, "final_voltage": model.final_voltage},
        covariance=by_time_constant @ covariance @ by_time_constant,
        residuals=(model.voltage(level_grid, age_grid) - drifted).ravel(),
        held_out=mask.ravel(),
        unit="V",
        domain=drift_domain(age, level),
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def _first_rate(age: Array, stored: Array, drifted: Array) -> float:
    """Return the rate at which the spread between levels shrinks."""
    centred = stored - stored.mean()
    late = age > np.median(age)
    if not late.any() or not np.ptp(stored[late]) > 0:
        raise FitError("at least two levels and two ages must be fitted; measure more")
    slope = float(np.polyfit(centred[late], drifted[late], 1)[0])
    return -float(np.log(min(max(slope, 1e-3), 1 - 1e-6))) / float(age[late].mean())


def fit_drift_table(
    ages: ArrayLike,
    stored_voltages: ArrayLike,
    voltages: ArrayLike,
    *,
    held_out: ArrayLike,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[DriftTable]:
    """Make a table of the ages that are not held out.

    Args:
        ages: (n_ages,) s, increasing from 0.
        stored_voltages: (n_levels,) V as written, increasing.
        voltages: (n_ages, n_levels) V at that age.
        held_out: (n_ages,) mask of ages kept for judging; not the first, not the last.
        max_residual_rms: FitError where the held-out points miss it, V; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed.
    """
    skipped = np.asarray(held_out, dtype=bool)
    age, level, drifted, mask = checked_drift(ages, stored_voltages, voltages, skipped[..., None])
    if skipped.shape != age.shape or skipped[0] or skipped[-1]:
        raise InputError(
            f"held_out must be {age.size} flags, one per age, False at both ends, found shape {skipped.shape}"
        )
    model = DriftTable(ages=age[~skipped], stored_voltages=level, voltages=drifted[~skipped])
    return judge(
        model=model,
        parameters={},
        covariance=np.zeros((0, 0)),
        residuals=(model.voltage(level, age[:, None]) - drifted).ravel(),
        held_out=mask.ravel(),
        unit="V",
        domain=model.domain,
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def drift_domain(age: Array, level: Array) -> tuple[Domain, ...]:
    """The ranges of age (s) and stored voltage (V) that were measured."""
    return (
        Domain(quantity="age", unit="s", low=0.0, high=float(age[-1])),
        Domain(quantity="stored_voltage", unit="V", low=float(level[0]), high=float(level[-1])),
    )


def checked_drift(
    ages: ArrayLike, stored_voltages: ArrayLike, voltages: ArrayLike, held_out: ArrayLike
) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """Return ages, levels, voltages and the mask of a drift, of the shapes that its fits take.

    Raises:
        InputError: for shapes that do not agree, or a mask that leaves nothing on one side.
    """
    age, level = increasing("ages", ages), increasing("stored_voltages", stored_voltages)
    drifted = finite_array("voltages", voltages, ndim=2)
    if drifted.shape != (age.size, level.size):
        raise InputError(f"voltages must be (n_ages, n_levels) = {(age.size, level.size)}, found {drifted.shape}")
    try:
        mask = np.broadcast_to(np.asarray(held_out, dtype=bool), drifted.shape)
    except ValueError as error:
        raise InputError(f"held_out must broadcast to {drifted.shape}, found {np.shape(held_out)}") from error
    if mask.all() or not mask.any():
        raise InputError(f"held_out must leave points on both sides, found {int(mask.sum())} of {mask.size} held out")
    return age, level, drifted, mask
