"""TRIALS: candidates of a tuning, judged in batches through the engine and the cache of sweeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pycosim.campaign.cache import ResultCache
from pycosim.campaign.campaign import Wanted, run_points
from pycosim.campaign.dataset import Table
from pycosim.campaign.goals import FAILED, Goal
from pycosim.campaign.task import Executor, Value
from pycosim.campaign.tune_spec import Problem
from pycosim.units import format_quantity

Array = NDArray[np.float64]
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """One candidate and what came of it.

    Attributes:
        stage: of the tuning that asked for it first.
        values: name -> value of everything that changes.
        left: goal -> values (n_labels,) before the worst is taken.
        worst: goal -> value at its worst condition, NaN where a point failed.
        margins: (n_goals,) see `Goal.margin`.
        failure: why points failed, "" where none did.
    """

    stage: str
    values: Values
    left: Mapping[str, Array]
    worst: Mapping[str, float]
    margins: Array
    failure: str

    @property
    def feasible(self) -> bool:
        """Whether every goal has a value, and every limit is kept."""
        return bool((self.margins >= 0).all())

    @property
    def violation(self) -> float:
        """By how much limits are missed, all together (see `Goal.margin`); 0 of a feasible one."""
        return float(np.maximum(-self.margins, 0.0).sum())


class TuneProgress(Protocol):
    """What a tuning calls."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins, with so many candidates at most."""

    def point(self, *, simulated: bool, failure: str) -> None:
        """One more point of a candidate is known."""

    def candidates(self, count: int, best: str) -> None:
        """So many candidates more are judged; the best so far in words."""


class SilentTune:
    """Listens and shows nothing."""

    def stage(self, name: str, total: int) -> None:
        """Show nothing."""

    def point(self, *, simulated: bool, failure: str) -> None:
        """Show nothing."""

    def candidates(self, count: int, best: str) -> None:
        """Show nothing."""


class Trials:
    """Judges candidates, each once, and remembers them in order.

    Args:
        problem: what is tuned.
        executor: where decks run.
        cache: what is known; takes what is found.
        progress: told of every point and candidate.
        retry_failed: run points again that failed before.
    """

    def __init__(
        self,
        problem: Problem,
        executor: Executor,
        cache: ResultCache,
        progress: TuneProgress,
        *,
        retry_failed: bool = False,
    ) -> None:
        self.problem = problem
        self.simulator = executor.simulator_version()
        self.history: list[Trial] = []
        self._executor = executor
        self._cache = cache
        self._progress = progress
        self._retry_failed = retry_failed
        self._known: dict[tuple[tuple[str, Value], ...], Trial] = {}

    def begin(self, stage: str, total: int) -> None:
        """A stage begins, with so many candidates at most."""
        self._progress.stage(stage, total)

    def count_new(self, candidates: Sequence[Values]) -> int:
        """How many of them are not judged yet."""
        return len({_key(one) for one in candidates} - set(self._known))

    def judge(self, candidates: Sequence[Values], stage: str) -> list[Trial]:
        """The trial of each candidate; those that are new run as one batch.

        Raises:
            StoreError: the cache cannot be read or written.
            SimulationError: no simulator, or no scheduler any more.
        """
        new = {_key(one): one for one in candidates if _key(one) not in self._known}
        if new:
            for key, trial in zip(new, self._judged(list(new.values()), stage), strict=True):
                self._known[key] = trial
                self.history.append(trial)
            best = best_of(self.history, self.problem.objectives)
            self._progress.candidates(len(new), "" if best is None else self._in_words(best))
        return [self._known[_key(one)] for one in candidates]

    def _judged(self, candidates: Sequence[Values], stage: str) -> list[Trial]:
        problem = self.problem
        index_of: dict[tuple[tuple[str, Value], ...], int] = {}
        points: list[tuple[dict[str, Value], dict[str, None]]] = []
        places: list[list[list[int]]] = []
        for values in candidates:
            here: list[list[int]] = []
            for goal in problem.goals:
                indices = []
                for changes in goal.points():
                    point = problem.bench.point({**problem.fixed, **values, **changes})
                    index = index_of.setdefault(_key(point), len(points))
                    if index == len(points):
                        points.append((point, {}))
                    points[index][1][goal.measure] = None
                    indices.append(index)
                here.append(indices)
            places.append(here)
        wanted = [Wanted(point=point, measure=tuple(measure)) for point, measure in points]
        table = run_points(
            problem.bench,
            wanted,
            self._executor,
            self._cache,
            _Points(self._progress),
            ladder=problem.ladder,
            retry_failed=self._retry_failed,
        )
        return [
            _trial(stage, values, problem.goals, here, table) for values, here in zip(candidates, places, strict=True)
        ]

    def _in_words(self, best: Trial) -> str:
        if not best.feasible:
            return "none feasible yet"
        return ", ".join(
            f"{goal.name} {format_quantity(best.worst[goal.name], goal.unit)}" for goal in self.problem.objectives
        )


class _Points:
    """Passes points of a batch on."""

    def __init__(self, progress: TuneProgress) -> None:
        self._progress = progress

    def begin(self, total: int) -> None:
        """A batch is no stage."""

    def point(self, *, simulated: bool, failure: str) -> None:
        """One more."""
        self._progress.point(simulated=simulated, failure=failure)

    def end(self) -> None:
        """A batch is no stage."""


def best_of(trials: Sequence[Trial], objectives: Sequence[Goal]) -> Trial | None:
    """The feasible trial with the least first objective; without a feasible one that which misses least.

    None where there are no trials.
    """

    def rank(trial: Trial) -> tuple[float, float]:
        goal = objectives[0]
        cost = goal.cost(trial.worst[goal.name])
        return trial.violation, cost if math.isfinite(cost) else -FAILED

    return min(trials, key=rank, default=None)


def _key(values: Values) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(values.items()))


def _trial(stage: str, values: Values, goals: Sequence[Goal], places: Sequence[Sequence[int]], table: Table) -> Trial:
    left = {
        goal.name: goal.reduce(table.values[goal.measure][list(indices)])
        for goal, indices in zip(goals, places, strict=True)
    }
    worst = {goal.name: goal.worst(left[goal.name]) for goal in goals}
    reasons = {
        table.failures[goal.measure][index]: None
        for goal, indices in zip(goals, places, strict=True)
        for index in indices
    }
    return Trial(
        stage=stage,
        values=values,
        left=left,
        worst=worst,
        margins=np.array([goal.margin(worst[goal.name]) for goal in goals]),
        failure="; ".join(filter(None, reasons)),
    )
