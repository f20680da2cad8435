"""Monte Carlo in ngspice -> sampled model, and whether it gives the distribution of parts that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pycosim.checks import Array, at_least, finite_array, increasing
from pycosim.errors import FitError, InputError
from pycosim.models.sampled import SampledCurve

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""At which distributions are compared."""

_DRAWS = 4000
_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampledFit:
    """A sampled model with how it was chosen.

    Attributes:
        model: what parts are drawn from.
        n_fitted: parts that it was fitted to.
        explained: share of the variance between parts that its modes carry.
        scores: "normal" and "bent" -> mean CRPS of parts that were left out (`crps`), over the deviation at each point.
    """

    model: SampledCurve
    n_fitted: int
    explained: float
    scores: dict[str, float]


def fit_sampled_curve(
    curves: ArrayLike,
    points: ArrayLike,
    *,
    quantity: str,
    unit: str,
    argument: str,
    argument_unit: str,
    low: float = -np.inf,
    high: float = np.inf,
    explained: float = 0.999,
    seed: int = 0,
) -> SampledFit:
    """Fit how the curves of parts differ.

    Modes are the principal components of the parts' deviations. Each component's scores are turned into normal numbers
    by their ranks, and every point of the curve is regressed on these numbers and, where parts that were left out are
    then drawn better (CRPS), on their squares.

    Args:
        curves: (n_parts, n_points) in `unit`, not clipped; see `complete_lines`.
        points: (n_points,) arguments, increasing.
        quantity: what the curve gives; see `SampledCurve`.
        unit: of it.
        argument: over what.
        argument_unit: of it.
        low: what a value is clipped at, below, after the draw.
        high: above.
        explained: share of the variance that the modes must carry.
        seed: of the draws by which both kinds of model are compared.

    Raises:
        FitError: fewer than 10 parts, or parts that do not differ.
    """
    table, axis = finite_array("curves", curves, ndim=2), increasing("points", points)
    if table.shape[1] != axis.size:
        raise InputError(f"curves must be (n_parts, {axis.size}), found {table.shape}")
    if len(table) < 2 * _FOLDS:
        raise FitError(f"{len(table)} parts do not give a distribution; simulate {2 * _FOLDS} or more")

    def model_of(parts: Array, bent: bool) -> tuple[SampledCurve, float]:
        mean, modes, bends, share = _components(parts, explained, bent)
        model = SampledCurve(
            quantity=quantity,
            unit=unit,
            argument=argument,
            argument_unit=argument_unit,
            points=axis,
            mean=mean,
            modes=modes,
            bends=bends,
            low=low,
            high=high,
        )
        return model, share

    deviation = table.std(axis=0, ddof=1)
    fold = np.arange(len(table)) % _FOLDS
    scores = {}
    for name, bent in (("normal", False), ("bent", True)):
        lost = []
        for k in range(_FOLDS):
            model, _ = model_of(table[fold != k], bent)
            drawn = model.value(model.draw(_DRAWS, seed), axis[None])
            left_out = np.clip(table[fold == k], low, high)
            lost.append(float(np.mean(crps(drawn, left_out) / deviation)))
        scores[name] = float(np.mean(lost))
    model, share = model_of(table, scores["bent"] < scores["normal"])
    return SampledFit(model=model, n_fitted=len(table), explained=share, scores=scores)


def _components(parts: Array, explained: float, bent: bool) -> tuple[Array, Array, Array, float]:
    """Mean, modes, bends and the share of the variance that they carry; points count by their own deviation."""
    mean, size = parts.mean(axis=0), parts.std(axis=0, ddof=1)
    if not size.all():
        raise FitError("some points of the curves are the same in all parts; leave these points out")
    _, sizes, right = np.linalg.svd((parts - mean) / size, full_matrices=False)
    shares = np.cumsum(sizes**2) / np.sum(sizes**2)
    most = max(1, (len(parts) - 1) // 5)  # five parts for each number, or the regression follows single parts
    rank = min(int(np.searchsorted(shares, explained) + 1), most, sizes.size)
    scores = (parts - mean) / size @ right[:rank].T
    order = np.argsort(np.argsort(scores, axis=0), axis=0)
    normal = scores / scores.std(axis=0, ddof=1)
    if not bent:
        modes = normal.T @ (parts - mean) / (len(parts) - 1)
        return mean, modes, np.zeros_like(modes), float(shares[rank - 1])
    normal = stats.norm.ppf((order + 0.5) / len(parts))
    design = np.concatenate([np.ones((len(parts), 1)), normal, normal**2 - 1], axis=1)
    found, *_ = np.linalg.lstsq(design, parts)
    return found[0], found[1 : rank + 1], found[rank + 1 :], float(shares[rank - 1])


def complete_lines(points: ArrayLike, curves: ArrayLike, *, low: float, high: float, margin: float) -> Array:
    """Return curves whose clipped points are replaced by a line through the part's own points that are not.

    A part whose pulse vanishes or saturates at some charges still has its offset and its gain: so its curve is what it
    would be without the clip. The line goes through the points of the same sign of the argument where there are two, as
    a signed converter has one gain for each sign.

    Args:
        points: (n_points,) arguments, increasing.
        curves: (n_parts, n_points) as measured; NaN where nothing was, which is completed as well.
        low: end at which values are clipped, below.
        high: above.
        margin: distance from an end, and from zero where values have signs, within which a value counts as clipped.

    Raises:
        FitError: a part has fewer than two points that are not clipped.
    """
    x, table = increasing("points", points), np.asarray(curves, dtype=np.float64)
    known = np.isfinite(table)
    measured = np.where(known, table, low)
    inside = known & (measured > low + margin) & (measured < high - margin)
    sides = [np.ones(x.size, dtype=bool)]
    if low < 0:
        inside &= np.abs(measured) > margin
        sides = [x < 0, x >= 0]
    done = measured.copy()
    for k, row in enumerate(measured):
        for side in sides:
            used = inside[k] & side
            used = used if used.sum() > 1 else inside[k]
            if used.sum() < 2:
                raise FitError(f"part {k} has {int(used.sum())} points that are not clipped; measure more points")
            missing = side & ~inside[k]
            done[k, missing] = np.polyval(np.polyfit(x[used], row[used], 1), x[missing])
    return done


def crps(drawn: ArrayLike, found: ArrayLike) -> Array:
    """Continuous ranked probability score of every value found against draws of a model: smaller is better.

    It is the integral of the squared difference between the model's distribution function and the step at the value,
    in the unit of the values; for a model without spread, the absolute error.

    Args:
        drawn: (n_draws, ...) of the model.
        found: (n_found, ...).

    Returns:
        (n_found, ...).
    """
    ordered, values = np.sort(finite_array("drawn", drawn), axis=0), finite_array("found", found)
    n = at_least("n_draws", len(ordered), 2)
    rank = np.arange(1, n + 1).reshape(n, *[1] * (ordered.ndim - 1))
    spread = ((2 * rank - n - 1) * ordered).sum(axis=0) / n**2
    distance = np.stack([np.abs(ordered - value).mean(axis=0) for value in values])
    return np.asarray(distance - spread)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionCheck:
    """A sampled model beside parts that it was not fitted to.

    Attributes:
        what: which quantity, where.
        n_fitted, n_found: parts of the fit and of the check.
        mean, mean_error: found - drawn, and its standard error, in the unit of the values.
        deviation: found over drawn standard deviation.
        deviation_error: standard error of that ratio.
        quantiles: found - drawn at `QUANTILES`, over the drawn standard deviation.
        quantile_errors: their standard errors.
        distance: Kolmogorov-Smirnov distance between found and drawn.
        p_value: chance of such a distance where both are alike (both samples are finite).
    """

    what: str
    n_fitted: int
    n_found: int
    mean: float
    mean_error: float
    deviation: float
    deviation_error: float
    quantiles: tuple[float, ...]
    quantile_errors: tuple[float, ...]
    distance: float
    p_value: float

    @property
    def worst(self) -> float:
        """Largest of mean, deviation and quantiles, over its standard error."""
        pairs = [(self.mean, self.mean_error), (self.deviation - 1, self.deviation_error)]
        pairs += list(zip(self.quantiles, self.quantile_errors, strict=True))
        return max(abs(value) / error for value, error in pairs if error > 0)


def check_distribution(
    what: str,
    found: ArrayLike,
    drawn: ArrayLike,
    *,
    n_fitted: int,
    seed: int,
    quantiles: Sequence[float] = QUANTILES,
    n_resamples: int = 400,
) -> DistributionCheck:
    """Compare parts with draws of a model; standard errors by resampling parts of the check and of the fit.

    Both samples are small: the errors are those of a difference between `n_found` parts and a model that knows
    `n_fitted`, so they hold what the fit cannot know.

    Args:
        what: for the table.
        found: (n_found,) of parts that were not fitted.
        drawn: (n_draws,) of the model, many.
        n_fitted: parts of the fit.
        seed: of the resampling.
        quantiles: at which both are compared.
        n_resamples: how often.
    """
    held, model = finite_array("found", found, ndim=1), finite_array("drawn", drawn, ndim=1)
    scale = float(model.std())
    if not scale > 0:
        raise InputError(f"draws of {what} must differ, found a deviation of 0")

    def statistics(sample: Array) -> Array:
        return np.array([sample.mean(), sample.std(ddof=1), *np.quantile(sample, quantiles)])

    generator = np.random.default_rng(seed)
    resampled = np.array(
        [
            statistics(generator.choice(model, held.size)) - statistics(generator.choice(model, n_fitted))
            for _ in range(n_resamples)
        ]
    )
    difference, error = statistics(held) - statistics(model), resampled.std(axis=0, ddof=1)
    distance = float(stats.ks_2samp(held, model, method="asymp").statistic)
    pooled = held.size * n_fitted / (held.size + n_fitted)
    return DistributionCheck(
        what=what,
        n_fitted=n_fitted,
        n_found=held.size,
        mean=float(difference[0]),
        mean_error=float(error[0]),
        deviation=1 + float(difference[1]) / scale,
        deviation_error=float(error[1]) / scale,
        quantiles=tuple(float(one) / scale for one in difference[2:]),
        quantile_errors=tuple(float(one) / scale for one in error[2:]),
        distance=distance,
        p_value=float(stats.kstwobign.sf(distance * np.sqrt(pooled))),
    )
