"""Gradient-free adaptation of the scalers to other hardware  [2025 Leroux, adaptation algorithm].

Weights that were trained on one hardware run on another. Its scalers are moved until mean and deviation of
every scaled signal are what they were where the weights were trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pycosim.attention.hardware import Scaler, Scalers
from pycosim.attention.statistics import SIGNALS, Moments, Statistics
from pycosim.checks import at_least, positive
from pycosim.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurement:
    """One run of the whole model on the adaptation batch.

    Args:
        statistics: of every layer.
        loss: cross-entropy of the run in nats, where known.
    """

    statistics: Sequence[Statistics]
    loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How far each step goes and when to stop; defaults are the paper's.

    Args:
        first_alpha: share of the correction that the first step applies.
        last_alpha: the same from step ``n_steps`` on; linear between.
        n_steps: steps from first to last alpha.
        max_steps: stop after so many.
        tolerance: stop when no mean or deviation is further from its target; in the unit of the statistics.
        patience: stop after so many steps without a lower loss, and return the scalers of the lowest; None to
            go by the statistics alone.
    """

    first_alpha: float = 1.0
    last_alpha: float = 0.1
    n_steps: int = 50
    max_steps: int = 100
    tolerance: float = 1e-4
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("first_alpha", "last_alpha", "tolerance"):
            positive(name, getattr(self, name))
        at_least("n_steps", self.n_steps, 1)
        at_least("max_steps", self.max_steps, 1)
        if self.patience is not None:
            at_least("patience", self.patience, 1)

    def alpha(self, step: int) -> float:
        """Return the share of the correction that a step applies, counted from 0."""
        done = min(step / (self.n_steps - 1), 1.0) if self.n_steps > 1 else 1.0
        return self.first_alpha + done * (self.last_alpha - self.first_alpha)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptationStep:
    """One row of the history: what was measured before the step.

    Args:
        step: counted from 0.
        alpha: share of the correction that followed; 0 where the run ended here.
        mean_error: largest distance of a mean from its target.
        deviation_error: largest distance of a deviation from its target.
        loss: nats, where measured.
    """

    step: int
    alpha: float
    mean_error: float
    deviation_error: float
    loss: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adaptation:
    """What an adaptation came to.

    Args:
        scalers: one set per layer, of the last measurement, or of the lowest loss where patience was given.
        history: one row per measurement.
        chosen: the row that belongs to ``scalers``.
        converged: every statistic is within the tolerance in that row.
    """

    scalers: tuple[Scalers, ...]
    history: tuple[AdaptationStep, ...]
    chosen: int
    converged: bool


def adapt(
    measure: Callable[[list[Scalers]], Measurement],
    initial: Sequence[Scalers],
    targets: Sequence[Statistics],
    *,
    schedule: Schedule | None = None,
    slopes: Mapping[str, float] | None = None,
    n_shared: int = 1,
) -> Adaptation:
    """Move scalers until the measured statistics are the targets.

    a <- (1 - alpha) a + alpha a target_deviation / deviation,
    b <- b + alpha (target_mean - mean) / slope, all layers, heads and signals at once; numbers that are
    within the tolerance stay as they are, and so does the gain of a signal without deviation.

    Args:
        measure: runs the model with one set of scalers per layer, always on the same batch.
        initial: start, one set per layer.
        targets: wanted statistics, one per layer.
        schedule: None for the paper's.
        slopes: by signal name, how fast the statistic moves with the signal: 1 where the statistic is the
            signal's own; the cell's transconductance, in the statistic's unit per volt, where it is the
            cell's current.
        n_shared: heads of queries that read one array of keys and one of values (grouped-query attention): their
            scalers of k and v stay one. 1 where every head has arrays of its own.

    Returns:
        The scalers and the history.

    Raises:
        InputError: layers, targets, slopes or groups that do not fit together.
    """
    plan = schedule or Schedule()
    slope = dict.fromkeys(SIGNALS, 1.0) | dict(slopes or {})
    if len(initial) != len(targets) or set(slope) != set(SIGNALS):
        raise InputError(
            f"adapt wants one target per layer and slopes for {SIGNALS}, "
            f"found {len(initial)} layers, {len(targets)} targets, slopes {sorted(slope)}"
        )
    scalers = [tied(layer, n_shared) for layer in initial]
    tried: list[list[Scalers]] = []
    history: list[AdaptationStep] = []
    while not history or history[-1].alpha:
        found = measure(scalers)
        errors = _errors(found.statistics, targets)
        losses = [*(row.loss for row in history), found.loss]
        ends = max(errors) <= plan.tolerance or len(history) == plan.max_steps or _has_stalled(losses, plan)
        alpha = 0.0 if ends else plan.alpha(len(history))
        tried.append(scalers)
        history.append(
            AdaptationStep(
                step=len(history),
                alpha=alpha,
                mean_error=errors[0],
                deviation_error=errors[1],
                loss=found.loss,
            )
        )
        scalers = [
            tied(_moved(layer, measured, target, alpha, slope, plan.tolerance), n_shared)
            for layer, measured, target in zip(scalers, found.statistics, targets, strict=True)
        ]
    chosen = _chosen([row.loss for row in history], plan)
    worst = max(history[chosen].mean_error, history[chosen].deviation_error)
    return Adaptation(
        scalers=tuple(tried[chosen]),
        history=tuple(history),
        chosen=chosen,
        converged=worst <= plan.tolerance,
    )


def tied(scalers: Scalers, n_shared: int) -> Scalers:
    """Return scalers of which those of k and v are one for every group of heads: the mean of the group's.

    Args:
        scalers: of one layer.
        n_shared: heads of a group, one after the other; 1 changes nothing.

    Raises:
        InputError: heads that do not make whole groups.
    """
    if n_shared == 1:
        return scalers
    if n_shared < 1 or scalers.n_heads % n_shared:
        raise InputError(f"{scalers.n_heads} heads make no groups of {n_shared}; give a divisor of them")

    def mean(scaler: Scaler) -> Scaler:
        a, b = (np.repeat(x.reshape(-1, n_shared).mean(axis=1), n_shared) for x in (scaler.a, scaler.b))
        return Scaler(a=a, b=b)

    return replace(scalers, k=mean(scalers.k), v=mean(scalers.v))


def _errors(statistics: Sequence[Statistics], targets: Sequence[Statistics]) -> tuple[float, float]:
    """Return the largest distance of any mean and of any deviation from its target."""
    pairs = [
        (getattr(found, name), getattr(target, name))
        for found, target in zip(statistics, targets, strict=True)
        for name in SIGNALS
    ]
    mean = max(float(np.abs(found.mean - target.mean).max()) for found, target in pairs)
    deviation = max(float(np.abs(found.deviation - target.deviation).max()) for found, target in pairs)
    return mean, deviation


def _best(losses: Sequence[float | None]) -> int:
    known = [math.inf if loss is None else loss for loss in losses]
    return known.index(min(known))


def _has_stalled(losses: Sequence[float | None], plan: Schedule) -> bool:
    if plan.patience is None:
        return False
    if losses[-1] is None:
        raise InputError("patience needs a loss in every Measurement, found None")
    return len(losses) - 1 - _best(losses) >= plan.patience


def _chosen(losses: Sequence[float | None], plan: Schedule) -> int:
    return len(losses) - 1 if plan.patience is None else _best(losses)


def _moved(
    layer: Scalers,
    found: Statistics,
    target: Statistics,
    alpha: float,
    slope: Mapping[str, float],
    tolerance: float,
) -> Scalers:
    """Return the scalers of one layer after a step."""
    moved = {
        name: _moved_scaler(
            getattr(layer, name), getattr(found, name), getattr(target, name), alpha, slope[name], tolerance
        )
        for name in SIGNALS
    }
    return Scalers(**moved)


def _moved_scaler(
    scaler: Scaler, found: Moments, target: Moments, alpha: float, slope: float, tolerance: float
) -> Scaler:
    varies = found.deviation > 0
    ratio = np.divide(target.deviation, found.deviation, out=np.ones_like(found.deviation), where=varies)
    ratio[np.abs(found.deviation - target.deviation) <= tolerance] = 1.0
    shift = target.mean - found.mean
    shift = np.where(np.abs(shift) <= tolerance, 0.0, shift / slope)
    return Scaler(a=scaler.a * (1 - alpha + alpha * ratio), b=scaler.b + alpha * shift)
