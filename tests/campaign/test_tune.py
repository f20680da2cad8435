"""Searches of tunings, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from campaign.tunings import CUBE, FormExecutor, tuned
from pycosim.campaign.pareto import knee, non_dominated
from pycosim.campaign.variables import Variable


def test_differential_evolution_and_its_polish_find_the_bottom_of_a_bowl() -> None:
    found = tuned(minimise=["bowl"], search={"evaluations": 400, "seed": 3})
    for name in CUBE:
        # flat at the bottom: 0.02 off in every direction is 1.6e-3, of 0.16 at the start
        assert found.best.values[name] == pytest.approx(0.3, abs=0.02)
    assert found.best.feasible
    assert found.front == (found.best,)
    assert set(found.history.stage.values) == {"given", "search", "polish", "sensitivity"}
    assert found.history.sizes["candidate"] <= 400 + 2 * len(CUBE)


def test_a_limit_at_the_worst_condition_bounds_the_objective() -> None:
    found = tuned(
        minimise=["bowl"],
        limit={"total": "< 0.6"},
        axes={"heat": [0.0, 5.0, 10.0]},
        search={"evaluations": 400, "seed": 1},
    )
    # at heat 10 the sum counts twice, so the sum is at most 0.3: the nearest point to 0.3 each is 0.075 each
    assert found.best.worst["total"] <= 0.6
    assert found.best.worst["bowl"] == pytest.approx(4 * 0.225**2, rel=0.02)
    assert found.history.total_condition.values.tolist() == ["heat=0", "heat=5", "heat=10"]
    best = found.history.isel(candidate=int(np.nanargmin(np.where(found.history.feasible, found.history.bowl, np.nan))))
    assert float(best.total_at.max()) == float(best.total)
    assert np.allclose(best.total_at / best.total_at[0], [1.0, 1.5, 2.0])


def test_more_is_better_where_a_goal_is_to_be_most_or_above() -> None:
    found = tuned(
        maximise=["total"], limit={"bowl": {"above": 0.2}, "first": "< 0.5"}, search={"evaluations": 300, "seed": 0}
    )
    assert found.best.worst["bowl"] >= 0.2
    assert found.best.worst["first"] <= 0.5
    # 0.5 + 0.99 (x1 has no deck above it) + 1 + 1; what fails blunts the local search, which stops within 0.1
    assert found.best.worst["total"] == pytest.approx(3.49, abs=0.1)


def test_nsga2_approaches_the_front_of_zdt1_and_does_so_again() -> None:
    pytest.importorskip("optuna")
    settings = {"method": "nsga2", "evaluations": 400, "population": 20, "seed": 2}
    found = tuned(minimise=["first", "second"], search=settings)
    front = np.array(sorted((one.worst["first"], one.worst["second"]) for one in found.front))
    assert len(front) >= 8
    assert (np.diff(front[:, 1]) < 0).all()
    # the given circuit lies 3.1 above the front at its place; 20 generations come to a sixth of that
    assert np.median(front[:, 1] - (1 - np.sqrt(front[:, 0]))) < 0.5
    assert found.best in found.front
    assert int(found.history.front.sum()) == len(found.front)
    assert tuned(minimise=["first", "second"], search=settings).history.identical(found.history)


def test_tpe_takes_one_objective_with_limits() -> None:
    pytest.importorskip("optuna")
    settings = {"method": "tpe", "evaluations": 60, "population": 10, "seed": 1}
    found = tuned(minimise=["bowl"], limit={"total": "> 1.5"}, search=settings)
    assert found.best.feasible
    assert found.best.worst["bowl"] < found.given.worst["bowl"]


def test_every_candidate_is_judged_once_and_another_seed_takes_another_way() -> None:
    executor = FormExecutor()
    found = tuned(executor, minimise=["bowl"], search={"evaluations": 120, "seed": 0})
    assert len(executor.ran) == len(set(executor.ran))
    other = tuned(minimise=["bowl"], search={"evaluations": 120, "seed": 1})
    assert not other.history.identical(found.history)


def test_a_candidate_that_fails_is_infeasible_with_its_reason_and_the_search_goes_on() -> None:
    found = tuned(
        maximise=["fragile"], tune={"x0": {"low": 0.0, "high": 1.0}}, parameters={"x0": 0.1}, search={"evaluations": 60}
    )
    assert found.best.worst["fragile"] == pytest.approx(0.5, abs=0.01)
    broken = found.history.isel(candidate=found.history["x0"].values > 0.5)
    assert broken.sizes["candidate"] > 0
    assert set(broken.failure.values) == {"broken above a half"}
    assert not broken.feasible.any()
    assert np.isnan(broken.fragile).all()


def test_where_nothing_is_feasible_the_candidate_that_misses_least_is_named() -> None:
    found = tuned(minimise=["bowl"], limit={"total": "< -1"}, search={"evaluations": 80})
    assert not found.best.feasible
    assert found.front == ()
    assert found.best.worst["total"] == found.history.total.min()


def test_whole_numbers_stay_whole_and_tied_parameters_follow() -> None:
    found = tuned(
        minimise=["bowl"],
        tune={"x0": {"low": 0.1, "high": 0.9, "spacing": "log"}, "count": {"low": 1, "high": 4}},
        tied={"tied": {"follows": "x0", "times": -2.0, "plus": 1.0}},
        search={"evaluations": 40},
    )
    rows = found.history.isel(candidate=slice(1, None))
    assert np.allclose(rows["tied"], 1.0 - 2.0 * rows["x0"])
    assert set(rows["count"].values) == {1.0, 2.0, 3.0, 4.0}
    assert all(isinstance(one.values["count"], int) for one in found.trials)
    assert found.given.values == {"x0": 0.5, "count": 3, "tied": 1.0}


def test_what_the_best_straight_line_leaves_is_judged_without_offset_and_slope() -> None:
    places = [0.0, 1.0, 2.0, 3.0]
    found = tuned(
        minimise={"bent": {"over": {"input": "line_rms"}, "axes": {"input": places}}},
        search={"evaluations": 5, "population": 5},
    )
    # of u^2 over 0, 1, 2, 3 the line leaves 1, -1, -1, 1
    assert found.given.worst["bent"] == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize(
    ("reduction", "wanted"),
    [("mean", 0.0), ("rms", 5.0), ("minimum", -5.0), ("maximum", 5.0), ("largest", 5.0), ("spread", 10.0)],
)
def test_an_axis_becomes_one_number(reduction: str, wanted: float) -> None:
    found = tuned(
        minimise={"bent": {"over": {"input": reduction}}},
        axes={"input": [-1.0, 1.0]},
        tune={"x0": {"low": -3.0, "high": 3.0}},
        parameters={"x0": -3.0},
        search={"evaluations": 1},
    )
    assert found.given.worst["bent"] == pytest.approx(wanted)


def test_the_sensitivity_is_the_derivative_around_the_best_candidate() -> None:
    found = tuned(
        minimise=["bowl"],
        limit={"total": "< 8"},
        parameters={f"x{k}": 0.3 for k in range(4)},
        search={"evaluations": 1, "step": 0.1},
    )
    assert np.allclose(found.sensitivity.derivative.sel(goal="total"), 1.0)
    assert np.allclose(found.sensitivity.change.sel(goal="total"), 1 / 8)
    assert np.allclose(found.sensitivity.derivative.sel(goal="bowl"), 0.0, atol=1e-9)
    assert found.history.sizes["candidate"] == 1 + 2 * len(CUBE)


def test_the_sensitivity_at_a_bound_looks_inside() -> None:
    found = tuned(
        minimise=["total"], parameters={f"x{k}": 0.0 for k in range(4)}, search={"evaluations": 1, "step": 0.1}
    )
    assert np.allclose(found.sensitivity.derivative, 1.0)


def test_the_rank_correlation_of_a_sum_with_its_summands_is_positive() -> None:
    found = tuned(maximise=["bowl"], limit={"total": "> 0"}, search={"evaluations": 100})
    assert (found.sensitivity.rank_correlation.sel(goal="total") > 0).all()


def test_the_front_holds_what_no_other_row_beats() -> None:
    rng = np.random.default_rng(4)
    costs = rng.integers(0, 6, (80, 3)).astype(float)
    costs[7] = np.nan
    found = non_dominated(costs)
    for k, row in enumerate(costs):
        beaten = any(np.all(other <= row) and np.any(other < row) for other in costs)
        twin = any(np.array_equal(other, row) for other in costs[:k])
        assert found[k] == (np.isfinite(row).all() and not beaten and not twin)
    assert not non_dominated(np.empty((0, 2))).any()
    assert knee(np.array([[0.0, 1.0], [0.2, 0.2], [1.0, 0.0]])) == 1


def test_a_place_becomes_a_value_of_four_digits_and_back() -> None:
    width = Variable(name="w", low=1e-7, high=1e-5, logarithmic=True)
    assert width.value(0.5) == pytest.approx(1e-6)
    assert width.place(1e-6) == pytest.approx(0.5)
    shift = Variable(name="v", low=-0.05, high=0.1)
    assert shift.value(1 / 3) == pytest.approx(0.0, abs=1e-12)
    assert shift.value(0.4) == pytest.approx(0.01)
    for one in (width, shift):
        assert one.value(-1.0) == one.low
        assert one.value(2.0) == one.high
        assert one.place(99.0) == 1.0
    assert {Variable(name="n", low=1, high=3, whole=True).value(u) for u in np.linspace(0, 1, 50)} == {1, 2, 3}
