"""What every fit returns, and the points that it keeps for judging itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from pycosim.checks import Array, at_least, finite_array
from pycosim.errors import FitError, InputError
from pycosim.models.domain import Domain
from pycosim.models.io import ModelRecord
from pycosim.units import format_quantity

ModelT = TypeVar("ModelT")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit(Generic[ModelT]):
    """A model with its verdict.

    Args:
        model: the fitted behavioural model.
        parameters: fitted numbers by name, SI units; empty for a table.
        covariance: (n_parameters, n_parameters) in the order of ``parameters``; (0, 0) for a table.
        residual_rms: of the fitted points, in ``unit``.
        held_out_residual_rms: of the points that were not fitted.
        held_out_residual_max: largest magnitude among those.
        unit: SI unit of the residuals.
        n_fitted: number of fitted points.
        n_held_out: number of points that were not fitted.
        domain: ranges on which the model holds: those of the fitted points.
        netlist_digests: sha256 of the netlists whose simulation gave the points.
    """

    model: ModelT
    parameters: Mapping[str, float]
    covariance: Array
    residual_rms: float
    held_out_residual_rms: float
    held_out_residual_max: float
    unit: str
    n_fitted: int
    n_held_out: int
    domain: tuple[Domain, ...]
    netlist_digests: tuple[str, ...]

    def record(self, note: str = "") -> ModelRecord:
        """Return what `pycosim.models.save_model` writes beside the model."""
        return ModelRecord(
            netlist_digests=self.netlist_digests,
            residual_rms=self.residual_rms,
            held_out_residual_rms=self.held_out_residual_rms,
            unit=self.unit,
            note=note,
        )

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {value:.5g}" for name, value in self.parameters.items())
        return (
            f"{type(self.model).__name__}({numbers}): residual "
            f"{format_quantity(self.residual_rms, self.unit)} rms on {self.n_fitted} fitted points, "
            f"{format_quantity(self.held_out_residual_rms, self.unit)} rms and "
            f"{format_quantity(self.held_out_residual_max, self.unit)} max on {self.n_held_out} held out; "
            f"{'; '.join(str(domain) for domain in self.domain)}"
        )


def hold_out(n_points: int, *, fraction: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return a mask that keeps a random share of the points out of a fit.

    Args:
        n_points: number of points.
        fraction: share to hold out, between 0 and 1; at least one point is held out and one fitted.
        rng: source of the choice.
    """
    at_least("n_points", n_points, 2)
    if not 0 < fraction < 1:
        raise InputError(f"fraction must lie between 0 and 1, found {fraction}")
    n_held_out = min(max(1, round(fraction * n_points)), n_points - 1)
    mask = np.zeros(n_points, dtype=bool)
    mask[rng.choice(n_points, n_held_out, replace=False)] = True
    return mask


def hold_out_every(step: int, n_points: int) -> NDArray[np.bool_]:
    """Return a mask that keeps every ``step``-th of ordered points out of a fit, never the first or the last.

    Args:
        step: at least 2.
        n_points: number of points, at least 3.
    """
    at_least("step", step, 2)
    at_least("n_points", n_points, 3)
    mask: NDArray[np.bool_] = np.arange(n_points) % step == 1
    mask[-1] = False
    return mask


def paired_points(held_out: ArrayLike, columns: Mapping[str, ArrayLike]) -> tuple[list[Array], NDArray[np.bool_]]:
    """Return named columns flattened to one length, and the mask that goes with them.

    Args:
        held_out: mask of the points to keep out of the fit.
        columns: values by name, which broadcast with each other and with the mask.

    Raises:
        InputError: where they do not broadcast, are not finite, or nothing is held out or fitted.
    """
    arrays = [finite_array(name, values) for name, values in columns.items()]
    try:
        *points, mask = np.broadcast_arrays(*arrays, np.asarray(held_out, dtype=bool))
    except ValueError as error:
        shapes = {name: array.shape for name, array in zip(columns, arrays, strict=True)}
        raise InputError(f"columns and held_out must broadcast, found {shapes} and {np.shape(held_out)}") from error
    if mask.all() or not mask.any():
        raise InputError(
            f"held_out must leave points on both sides, found {int(mask.sum())} of {mask.size} held out; "
            "fitting.hold_out makes a mask"
        )
    return [array.ravel() for array in points], mask.ravel()


def judge(
    *,
    model: ModelT,
    parameters: Mapping[str, float],
    covariance: Array,
    residuals: Array,
    held_out: NDArray[np.bool_],
    unit: str,
    domain: tuple[Domain, ...],
    netlist_digests: Sequence[str],
    max_residual_rms: float | None,
) -> Fit[ModelT]:
    """Return the Fit of a model with these residuals (model - measured, one per point).

    Raises:
        FitError: where the held-out points miss ``max_residual_rms``, or a residual is not finite.
    """
    name = type(model).__name__
    if not np.isfinite(residuals).all():
        raise FitError(f"{name}: {int(np.count_nonzero(~np.isfinite(residuals)))} residuals are not finite")
    fitted, kept = residuals[~held_out], residuals[held_out]
    fit = Fit(
        model=model,
        parameters=parameters,
        covariance=covariance,
        residual_rms=float(np.sqrt(np.mean(fitted**2))),
        held_out_residual_rms=float(np.sqrt(np.mean(kept**2))),
        held_out_residual_max=float(np.abs(kept).max()),
        unit=unit,
        n_fitted=fitted.size,
        n_held_out=kept.size,
        domain=domain,
        netlist_digests=tuple(netlist_digests),
    )
    if max_residual_rms is not None and not fit.held_out_residual_rms <= max_residual_rms:
        raise FitError(
            f"{name} must reach {format_quantity(max_residual_rms, unit)} rms on held-out points, "
            f"found {format_quantity(fit.held_out_residual_rms, unit)}; fit a higher degree or a table, "
            "a narrower range, or look for outliers in the measurement"
        )
    return fit


def solve_parameters(
    predict: Callable[[Array], Array], measured: Array, start: Array, scale: Array
) -> tuple[Array, Array]:
    """Return the parameters with the least sum of squared residuals, and their covariance.

    Args:
        predict: parameters -> one prediction per measured value.
        measured: (n_points,).
        start: (n_parameters,) first guess.
        scale: (n_parameters,) how much of each parameter is much, greater than 0.

    Raises:
        FitError: where the search does not end, or the points do not determine the parameters.
    """
    if measured.size < start.size:
        raise FitError(f"{measured.size} points do not determine {start.size} parameters; measure more points")
    unit = float(np.abs(measured).max()) or 1.0
    search = least_squares(lambda p: (predict(p * scale) - measured) / unit, start / scale, xtol=1e-14, ftol=1e-14)
    if not search.success:
        raise FitError(f"the search for {start.size} parameters did not end: {search.message}")
    covariance = covariance_of(search.jac, search.fun)
    return search.x * scale, covariance * np.outer(scale, scale)


def covariance_of(jacobian: Array, residuals: Array) -> Array:
    """Return the parameters' covariance of a least-squares fit from its Jacobian and residuals.

    Raises:
        FitError: for fewer points than parameters, or parameters that the points do not tell apart.
    """
    n_points, n_parameters = jacobian.shape
    scale = np.linalg.norm(jacobian, axis=0)
    if n_points < n_parameters or not scale.all():
        raise FitError(f"{n_points} points do not determine {n_parameters} parameters; measure more points")
    _, sizes, right = np.linalg.svd(jacobian / scale, full_matrices=False)
    if sizes[-1] <= sizes[0] * max(n_points, n_parameters) * np.finfo(np.float64).eps:
        raise FitError(f"the points do not tell {n_parameters} parameters apart; measure over a wider range")
    spread = (right.T / sizes) @ (right.T / sizes).T / np.outer(scale, scale)
    variance = float(residuals @ residuals) / max(n_points - n_parameters, 1)
    return np.asarray(spread * variance)
