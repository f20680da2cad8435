"""Which terms does a law need? Forward selection, judged on kinds of operands that no fit has seen.

Folds are kinds of operands (uniform, sparse, bursts, ...), not random reads: a term earns its place by what it does for
a kind that was left out, so that a law does not learn the habits of one workload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from pycosim.checks import Array, finite_array
from pycosim.errors import FitError, InputError

_READS_PER_TERM = 4
"""Reads that a law needs for each of its terms. Ours: with fewer, a law follows single reads."""

_LEAST_GAIN = 1e-6
"""Relative gain below which another term adds nothing but rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One set of terms that was tried.

    Attributes:
        terms: their names, in the order in which they were taken.
        error: root mean square of the weighted residuals of a fold that was left out, mean over the folds: each kind
            counts alike, however many of its reads there are and however hard it is.
        standard_error: of `error`, from its spread between folds.
        fitted_error: the same of a fit to all reads.
    """

    terms: tuple[str, ...]
    error: float
    standard_error: float
    fitted_error: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """What the selection tried and what it chose.

    Attributes:
        path: the best set of every size, the smallest first; without `always` that is none at all.
        chosen: the smallest set whose error is within `tolerance` of the best one's.
        coefficients: of the chosen terms, fitted to all reads given.
    """

    path: tuple[Candidate, ...]
    chosen: Candidate
    coefficients: tuple[float, ...]


def select_terms(
    terms: Mapping[str, ArrayLike],
    target: ArrayLike,
    folds: Sequence[str] | NDArray[np.str_],
    *,
    always: Sequence[str] = (),
    non_negative: bool = True,
    weights: ArrayLike | None = None,
    most: int = 6,
    tolerance: float = 0.05,
) -> Selection:
    """Choose the terms of a linear law by forward selection with one fold left out at a time.

    Args:
        terms: name -> (n_reads,) values; all on offer.
        target: (n_reads,) what the law shall give.
        folds: (n_reads,) name of the kind of operands of each read; at least two kinds.
        always: terms that every set has.
        non_negative: no coefficient below zero.
        weights: (n_reads,) of the residuals; 1 / target for relative errors. None: 1.
        most: largest number of terms; fewer where there are less than four reads for each.
        tolerance: by how much a smaller set may be worse than the best, over the best.

    Raises:
        InputError: arrays of different lengths, or fewer than two folds.
        FitError: no set of terms can be fitted.
    """
    y = finite_array("target", target, ndim=1)
    scale = np.ones_like(y) if weights is None else finite_array("weights", weights, ndim=1)
    names = np.asarray(folds)
    columns = {name: finite_array(f"term {name}", values, ndim=1) for name, values in terms.items()}
    lengths = {y.size, scale.size, names.size, *(column.size for column in columns.values())}
    if len(lengths) != 1 or len(set(names.tolist())) < 2 or not set(always) <= set(columns):
        raise InputError(
            f"terms, target, folds and weights must have one length, found {sorted(lengths)}; there must be two kinds "
            f"of operands or more, found {sorted(set(names.tolist()))}; and {list(always)} must be among the terms"
        )

    def matrix(chosen: tuple[str, ...]) -> Array:
        return np.array([columns[name] * scale for name in chosen]).reshape(len(chosen), y.size).T

    def tried(chosen: tuple[str, ...]) -> Candidate | None:
        design = matrix(chosen)
        try:
            left_out = []
            for fold in sorted(set(names.tolist())):
                out = names == fold
                residual = design[out] @ solve(design[~out], (y * scale)[~out], non_negative) - (y * scale)[out]
                left_out.append(float(np.sqrt(np.mean(residual**2))))
            inside = design @ solve(design, y * scale, non_negative) - y * scale
        except FitError:
            return None
        return Candidate(
            terms=chosen,
            error=float(np.mean(left_out)),
            standard_error=float(np.std(left_out, ddof=1) / np.sqrt(len(left_out))),
            fitted_error=float(np.sqrt(np.mean(inside**2))),
        )

    path = [first] if (first := tried(tuple(always))) is not None else []
    current = tuple(always)
    most = min(most, max(1, y.size // _READS_PER_TERM))
    while len(current) < most:
        found = [one for name in columns if name not in current and (one := tried((*current, name))) is not None]
        if not found:
            break
        best = min(found, key=lambda one: one.error)
        if path and best.error >= path[-1].error * (1 - _LEAST_GAIN):
            break
        path.append(best)
        current = best.terms
    if not path:
        raise FitError(f"none of the terms {sorted(columns)} can be fitted to {y.size} reads")
    least = min(one.error for one in path)
    chosen = next(one for one in path if one.error <= (1 + tolerance) * least)
    coefficients = solve(matrix(chosen.terms), y * scale, non_negative)
    return Selection(path=tuple(path), chosen=chosen, coefficients=tuple(float(c) for c in coefficients))


def solve(design: Array, target: Array, non_negative: bool) -> Array:
    """Least squares of design @ x = target, (n_terms,); columns are scaled first, since terms have different units.

    Raises:
        FitError: the reads do not tell the terms apart.
    """
    if not design.shape[1]:
        return np.zeros(0)
    size = np.linalg.norm(design, axis=0)
    if not size.all() or np.linalg.matrix_rank(design / np.where(size, size, 1.0)) < design.shape[1]:
        raise FitError(f"{len(design)} reads do not tell {design.shape[1]} terms apart; measure other operands")
    if non_negative:
        found, _ = nnls(design / size, target)
    else:
        found, *_ = np.linalg.lstsq(design / size, target)
    return np.asarray(found / size)
