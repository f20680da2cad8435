"""Measured voltage of storage nodes over time -> a leak that depends on the voltage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from pycosim.checks import Array, at_least
from pycosim.errors import FitError
from pycosim.fitting.decay import checked_drift, drift_domain
from pycosim.fitting.fit import Fit, judge
from pycosim.models.leak import LeakDecay

SMOOTHNESS = 1e-3
"""Weight of a change of slope by a factor e from one segment to the next, over the largest drift. Ours: small against
the drift of a segment that a level crosses, and enough to hold those that none does."""


def fit_leak_decay(
    ages: ArrayLike,
    stored_voltages: ArrayLike,
    voltages: ArrayLike,
    *,
    held_out: ArrayLike,
    n_segments: int = 12,
    max_residual_rms: float | None = None,
    netlist_digests: Sequence[str] = (),
) -> Fit[LeakDecay]:
    """Fit dV/dt as a falling function of the voltage to the drift of several levels.

    The unknowns are the voltage at which the leak is zero and the logarithm of the slope of each segment, so that every
    candidate falls strictly. Knots are denser at both ends, where the leak of a cell is steepest.

    Args:
        ages: (n_ages,) s, increasing.
        stored_voltages: (n_levels,) V as written, increasing.
        voltages: (n_ages, n_levels) V at that age.
        held_out: mask that broadcasts to ``voltages``, of points kept for judging.
        n_segments: pieces of the leak curve.
        max_residual_rms: FitError where the held-out points miss it, V; None for no bound.
        netlist_digests: where the points came from.

    Raises:
        FitError: where the bound is missed, or the levels do not drift towards a voltage between them.
    """
    at_least("n_segments", n_segments, 2)
    age, level, drifted, mask = checked_drift(ages, stored_voltages, voltages, held_out)
    low, high = min(float(level[0]), float(drifted.min())), max(float(level[-1]), float(drifted.max()))
    knots = (low + high) / 2 - (high - low) / 2 * np.cos(np.pi * np.arange(n_segments + 1) / n_segments)
    age_grid, level_grid = np.broadcast_arrays(age[:, None], level)
    used_age, used_level, target = age_grid[~mask], level_grid[~mask], drifted[~mask]
    scale = float(np.abs(target - used_level).max())
    if not scale > 0:
        raise FitError("no level drifts in the fitted points; hold longer")

    def misfit(unknowns: Array) -> Array:
        model = _model(knots, unknowns)
        roughness = SMOOTHNESS * np.diff(unknowns[1:])
        return np.concatenate([(model.voltage(used_level, used_age) - target) / scale, roughness])

    start = _first_guess(age, level, drifted, mask, knots)
    margin = 1e-3 * (high - low)
    bounds = (np.r_[low + margin, start[1:] - 12], np.r_[high - margin, start[1:] + 12])
    start[0] = np.clip(start[0], *(bound[0] for bound in bounds))
    search = least_squares(misfit, start, bounds=bounds, x_scale=np.r_[0.1, np.ones(n_segments)], max_nfev=100)
    if search.status < 0:
        raise FitError(f"the search for a leak of {n_segments} segments did not end: {search.message}")
    model = _model(knots, search.x)
    return judge(
        model=model,
        parameters={"zero_voltage": model.zero_voltage},
        covariance=np.zeros((0, 0)),
        residuals=(model.voltage(level_grid, age_grid) - drifted).ravel(),
        held_out=mask.ravel(),
        unit="V",
        domain=drift_domain(age, level),
        netlist_digests=netlist_digests,
        max_residual_rms=max_residual_rms,
    )


def _model(knots: Array, unknowns: Array) -> LeakDecay:
    """The leak that is zero at unknowns[0] and has the slopes -exp(unknowns[1:])."""
    fallen = np.concatenate([[0.0], np.cumsum(np.exp(unknowns[1:]) * np.diff(knots))])
    return LeakDecay(voltages=knots, rates=np.interp(unknowns[0], knots, fallen) - fallen)


def _first_guess(age: Array, level: Array, drifted: Array, mask: NDArray[np.bool_], knots: Array) -> Array:
    """Zero and log slopes from how far each level went by the last fitted age."""
    last = int(np.flatnonzero((~mask).any(axis=1))[-1])
    went = (drifted[last] - level) / age[last]
    falls = np.polyfit(level, went, 1)
    if not falls[0] < 0:
        raise FitError(
            f"levels must drift towards one voltage, found a slope of {falls[0]:.3g} 1/s; use fit_drift_table"
        )
    crossing = np.flatnonzero(np.diff(np.sign(went)) < 0)
    k = int(crossing[0]) if crossing.size else int(np.argmin(np.abs(went[:-1])))
    zero = float(level[k] + went[k] / (went[k] - went[k + 1]) * (level[k + 1] - level[k]))
    steepness = np.maximum(-np.diff(went) / np.diff(level), 1e-3 * abs(float(falls[0])))
    middle = (knots[1:] + knots[:-1]) / 2
    return np.concatenate([[zero], np.log(np.interp(middle, (level[1:] + level[:-1]) / 2, steepness))])
