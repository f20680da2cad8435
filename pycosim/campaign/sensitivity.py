"""SENSITIVITY: how much each goal of a tuning moves with each parameter, around the best candidate and over all."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import spearmanr

from pycosim.campaign.goals import Goal
from pycosim.campaign.task import Value
from pycosim.campaign.trials import Trial, Trials

Array = NDArray[np.float64]

SENSITIVITY = "sensitivity"
"""Stage of a tuning."""


def sensitivity(trials: Trials, best: Trial, step: float) -> xr.Dataset:
    """Central differences around a candidate, through the same engine; at a bound the difference to the inside.

    Args:
        trials: judges the neighbours; its history gives the rank correlation.
        best: the candidate.
        step: to either side, as a share of each parameter's range.

    Returns:
        Over "parameter" and "goal": `derivative`, goal per parameter (SI units); `change`, what the goal would change
        by over the parameter's whole range if it went on so, as a multiple of its limit or, of an objective, of its
        value; `rank_correlation`, Spearman's, over every candidate of the search. NaN where a neighbour failed.

    Raises:
        StoreError: the cache cannot be read or written.
        SimulationError: no simulator, or no scheduler any more.
    """
    space, goals = trials.problem.space, trials.problem.goals
    searched = list(trials.history)
    middle = space.places(best.values)
    wanted: list[dict[str, Value]] = []
    for k in range(middle.size):
        one = space.variables[k]
        reach = max(step, 1.0 / (one.high - one.low)) if one.whole else step
        for side in (-reach, reach):
            place = middle.copy()
            place[k] = np.clip(place[k] + side, 0.0, 1.0)
            values = space.values(place)
            unchanged = {name: best.values[name] for name in space.names if not _moves(name, k, trials)}
            wanted.append({**values, **unchanged})
    trials.begin("sensitivity", len(wanted))
    judged = trials.judge(wanted, SENSITIVITY)
    derivative, change = np.full((2, middle.size, len(goals)), np.nan)
    for k, variable in enumerate(space.variables):
        low, high = judged[2 * k : 2 * k + 2]
        span = float(high.values[variable.name]) - float(low.values[variable.name])
        share = variable.place(float(high.values[variable.name])) - variable.place(float(low.values[variable.name]))
        for m, goal in enumerate(goals):
            difference = high.worst[goal.name] - low.worst[goal.name]
            if span > 0:
                derivative[k, m] = difference / span
                change[k, m] = difference / share / _size(goal, best)
    dims = ("parameter", "goal")
    return xr.Dataset(
        {
            "derivative": (dims, derivative, {"long_name": "goal per parameter, SI units"}),
            "change": (dims, change, {"long_name": "change over the parameter's range, over limit or value"}),
            "rank_correlation": (
                dims,
                rank_correlation(searched, trials),
                {"long_name": "Spearman's rank correlation"},
            ),
        },
        coords={
            "parameter": np.array([one.name for one in space.variables], dtype=np.str_),
            "goal": np.array([goal.name for goal in goals], dtype=np.str_),
        },
        attrs={"step": step},
    )


def rank_correlation(history: list[Trial], trials: Trials) -> Array:
    """Spearman's correlation (n_variables, n_goals) of parameters and goals; NaN where one of them never moved.

    Candidates crowd where the search went, so that it says what moved with what there, not what caused it.
    """
    variables, goals = trials.problem.space.variables, trials.problem.goals
    found = np.full((len(variables), len(goals)), np.nan)
    for m, goal in enumerate(goals):
        known = [one for one in history if np.isfinite(one.worst[goal.name])]
        worst = [one.worst[goal.name] for one in known]
        for k, variable in enumerate(variables):
            places = [float(one.values[variable.name]) for one in known]
            if len(set(places)) > 1 and len(set(worst)) > 1:
                found[k, m] = spearmanr(places, worst).statistic
    return found


def _moves(name: str, k: int, trials: Trials) -> bool:
    """Whether a parameter changes with the k-th variable."""
    space = trials.problem.space
    moved = space.variables[k].name
    return name == moved or any(tie.name == name and tie.follows == moved for tie in space.ties)


def _size(goal: Goal, best: Trial) -> float:
    """What a change of a goal is compared with."""
    return abs(goal.limit if goal.limit is not None else best.worst[goal.name]) or 1.0
