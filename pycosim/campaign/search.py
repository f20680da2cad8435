"""SEARCH: scipy's and optuna's optimisers, which propose candidates in batches and are told what came of them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, NonlinearConstraint, differential_evolution, minimize
from scipy.stats import qmc

from pycosim.campaign.search_settings import SearchSettings
from pycosim.campaign.trials import Trial, Trials, best_of
from pycosim.errors import ConfigurationError

Array = NDArray[np.float64]

GIVEN, SEARCH, POLISH = "given", "search", "polish"
"""Stages of a tuning."""

_CONVERGED: Final = 1e-3
"""Spread of a population's objective over its mean at which it no longer improves."""

_FIRST_STEP, _LAST_STEP = 0.08, 0.004
"""Of the local search, as shares of each range: a population's spacing, and what rounding still shows."""

_WORST: Final = 1e3
"""Cost of a candidate without a value, in multiples of that of the given one."""


class _Spent(Exception):
    """The evaluations are used up."""


def search(trials: Trials, settings: SearchSettings) -> None:
    """Judge the circuit as it is given, then candidates until the evaluations are spent or nothing improves.

    Every choice follows from the seed and from what was found, so that a search that is repeated with a cache takes
    the same way.

    Args:
        trials: judges them, and has the history afterwards.
        settings: how.

    Raises:
        ConfigurationError: a method of optuna, which is not installed.
        StoreError: the cache cannot be read or written.
        SimulationError: no simulator, or no scheduler any more.
    """
    trials.begin("search", settings.evaluations)
    trials.judge([trials.problem.space.given], GIVEN)
    run = _Search(trials, settings)
    try:
        if settings.method == "differential_evolution":
            run.evolve()
            run.polish()
        else:
            run.ask_and_tell()
    except _Spent:
        pass


class _Search:
    """Turns places of the unit cube into costs and margins, within a number of evaluations."""

    def __init__(self, trials: Trials, settings: SearchSettings) -> None:
        self._trials = trials
        self._settings = settings
        self._space = trials.problem.space
        self._objectives = trials.problem.objectives
        self._most = settings.evaluations
        self._scales = [abs(trials.history[0].worst[goal.name]) for goal in self._objectives]
        self._scales = [scale if np.isfinite(scale) and scale > 0 else 1.0 for scale in self._scales]
        self._start = self._space.places(self._space.given)

    def evolve(self) -> None:
        """Differential evolution: a generation is a batch; limits are constraints (Lampinen)."""
        share = int(self._settings.polish * self._settings.evaluations)
        self._most = self._settings.evaluations - share
        size = self._settings.population
        draws = qmc.LatinHypercube(d=self._start.size, rng=self._settings.seed).random(size)
        draws[0] = self._start
        with contextlib.suppress(_Spent):
            differential_evolution(
                lambda places: self._costs(self._judged(places, SEARCH))[:, 0],
                [(0.0, 1.0)] * self._start.size,
                constraints=NonlinearConstraint(lambda places: self._margins(places).T, 0.0, np.inf),
                init=draws,
                maxiter=self._most,  # the evaluations end it
                tol=_CONVERGED,
                polish=False,
                vectorized=True,
                updating="deferred",
                rng=self._settings.seed,
            )

    def polish(self) -> None:
        """COBYLA from the best candidate, and again from where that led as long as it led anywhere.

        It fits linear models to objective and limits in a region that shrinks.
        """
        self._most = self._settings.evaluations
        best, ended = best_of(self._trials.history, self._objectives), None
        while best is not ended and self._most - len(self._trials.history) > self._start.size + 1:
            ended = best
            assert best is not None
            minimize(
                lambda place: float(self._costs(self._judged(place[:, None], POLISH))[0, 0]),
                self._space.places(best.values),
                method="COBYLA",
                bounds=Bounds(0.0, 1.0),
                constraints={"type": "ineq", "fun": lambda place: self._margins(place[:, None], POLISH)[0]},
                tol=_LAST_STEP,
                options={"rhobeg": _FIRST_STEP, "maxiter": self._most},
            )
            best = best_of(self._trials.history, self._objectives)

    def ask_and_tell(self) -> None:
        """Optuna: a population is asked for, judged as one batch, and told."""
        with _quiet_optuna():
            import optuna

            sampler: optuna.samplers.BaseSampler
            if self._settings.method == "nsga2":
                sampler = optuna.samplers.NSGAIISampler(
                    population_size=self._settings.population, seed=self._settings.seed
                )
            else:
                sampler = optuna.samplers.TPESampler(seed=self._settings.seed, n_startup_trials=2 * self._start.size)
            study = optuna.create_study(directions=["minimize"] * len(self._objectives), sampler=sampler)
            names = [one.name for one in self._space.variables]
            cube: dict[str, optuna.distributions.BaseDistribution] = {
                name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in names
            }
            study.enqueue_trial(dict(zip(names, self._start.tolist(), strict=True)))
            for _ in range(self._settings.evaluations):  # batches, for a space with few candidates
                asked = [study.ask(cube) for _ in range(self._settings.population)]
                places = np.array([[one.params[name] for name in names] for one in asked])
                judged = self._judged(places.T, SEARCH)
                for one, trial, costs in zip(asked, judged, self._costs(judged), strict=True):
                    for name, margin in zip(
                        (goal.name for goal in self._trials.problem.goals), trial.margins, strict=True
                    ):
                        one.set_constraint(name, -float(margin))
                    study.tell(one, costs.tolist())

    def _judged(self, places: Array, stage: str) -> list[Trial]:
        """Trials of places (n_variables, n), as many of the new ones as may still be judged.

        Raises:
            _Spent: not all of them.
        """
        wanted = [self._space.values(place) for place in places.T]
        left = self._most - len(self._trials.history)
        if self._trials.count_new(wanted) <= left:
            return self._trials.judge(wanted, stage)
        while self._trials.count_new(wanted) > left:
            wanted.pop()
        self._trials.judge(wanted, stage)
        raise _Spent

    def _costs(self, trials: list[Trial]) -> Array:
        """Objectives (n, n_objectives), all to be least, in multiples of what was given."""
        costs = [
            [
                goal.cost(trial.worst[goal.name]) / scale
                for goal, scale in zip(self._objectives, self._scales, strict=True)
            ]
            for trial in trials
        ]
        known = np.array(costs, dtype=np.float64).reshape(len(trials), len(self._objectives))  # of no trials too
        return np.asarray(np.nan_to_num(known, nan=_WORST, posinf=_WORST, neginf=_WORST), dtype=np.float64)

    def _margins(self, places: Array, stage: str = SEARCH) -> Array:
        """(n, n_goals), 0 or more where a limit is kept."""
        if places.ndim == 1:
            places = places[:, None]
        return np.array([trial.margins for trial in self._judged(places, stage)])


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Without optuna's lines of log and its warnings of interfaces that may change.

    Raises:
        ConfigurationError: optuna is not installed.
    """
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "several objectives, and the methods nsga2 and tpe, need optuna, which is not installed; run: "
            "pip install 'pycosim-spice[tune]'"
        ) from error
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
