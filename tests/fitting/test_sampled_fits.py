"""Sampled models of parts: what made them is recovered, and their verdict is right for right and for wrong models."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import FitError, InputError
from pycosim.fitting.sampled import SampledFit, check_distribution, complete_lines, crps, fit_sampled_curve

POINTS = np.linspace(0.0, 1.0, 5)


def fitted(curves: np.ndarray, **limits: float) -> SampledFit:
    return fit_sampled_curve(
        curves, POINTS, quantity="current", unit="A", argument="voltage", argument_unit="V", **limits
    )


def normal_parts(n_parts: int, seed: int) -> np.ndarray:
    """Curves with an offset (deviation 1) and a gain (deviation 0.5)."""
    z = np.random.default_rng(seed).standard_normal((n_parts, 2))
    return 3.0 + z[:, :1] + (1 + 0.5 * z[:, 1:]) * POINTS


def test_offset_and_gain_of_normal_parts_are_found() -> None:
    fit = fitted(normal_parts(400, 0))
    assert fit.model.rank == 2
    assert not fit.model.bends.any()
    # sqrt(1 + (0.5 x)^2); 400 parts know a deviation to 3.5 %, twice that is allowed
    np.testing.assert_allclose(fit.model.deviation(POINTS), np.sqrt(1 + 0.25 * POINTS**2), rtol=0.07)
    drawn = fit.model.value(fit.model.draw(4000, 1), POINTS[None])
    # what correlates the ends of the curve: cov(offset, offset + gain) = 1
    assert np.corrcoef(drawn[:, 0], drawn[:, -1])[0, 1] == pytest.approx(1 / np.sqrt(1.25), abs=0.05)


def test_parts_that_were_not_fitted_are_like_the_draws() -> None:
    fit = fitted(normal_parts(100, 0))
    drawn = fit.model.value(fit.model.draw(20_000, 1), POINTS[None])
    found = normal_parts(100, 99)
    for k in range(POINTS.size):
        check = check_distribution("x", found[:, k], drawn[:, k], n_fitted=100, seed=0)
        assert check.worst < 4  # of 7 numbers that are seldom beyond 3
        assert check.p_value > 0.01


def test_a_wrong_model_is_told_from_the_right_one() -> None:
    fit = fitted(normal_parts(100, 0))
    drawn = fit.model.value(fit.model.draw(20_000, 1), POINTS[None])
    wide = check_distribution("x", 4 * normal_parts(100, 5)[:, 0], drawn[:, 0], n_fitted=100, seed=0)
    assert wide.deviation == pytest.approx(4, rel=0.2)
    assert wide.p_value < 1e-4
    assert wide.worst > 10


def test_skewed_parts_are_drawn_skewed() -> None:
    rng = np.random.default_rng(0)
    parts = np.exp(0.5 * rng.standard_normal((400, 1))) * (1 + POINTS)
    fit = fitted(parts)
    assert fit.scores["bent"] < fit.scores["normal"]
    drawn = fit.model.value(fit.model.draw(20_000, 1), POINTS[None])
    # the median of a log-normal part is 1, its mean exp(0.125) = 1.133; 400 parts know each to some 3 %
    assert np.median(drawn[:, 0]) == pytest.approx(1.0, abs=0.06)
    assert drawn[:, 0].mean() == pytest.approx(1.133, abs=0.06)


def test_the_same_seed_gives_the_same_parts() -> None:
    model = fitted(normal_parts(50, 0)).model
    np.testing.assert_array_equal(model.draw(7, 3), model.draw(7, 3))
    assert (model.draw(7, 3) != model.draw(7, 4)).any()


def test_values_stay_within_the_limits_of_the_circuit() -> None:
    model = fitted(normal_parts(50, 0), low=2.5, high=3.5).model
    drawn = model.value(model.draw(1000, 0), POINTS[None])
    assert drawn.min() == 2.5
    assert drawn.max() == 3.5


def test_few_parts_and_equal_parts_are_refused() -> None:
    with pytest.raises(FitError, match="simulate 10 or more"):
        fitted(normal_parts(9, 0))
    with pytest.raises(FitError, match="the same in all parts"):
        fitted(np.ones((20, 5)))
    with pytest.raises(InputError, match="must differ"):
        check_distribution("x", [1.0, 2.0], np.ones(10), n_fitted=10, seed=0)


def test_a_clipped_pulse_is_completed_by_the_line_of_its_own_die() -> None:
    charge = np.array([-1.0, 1.0, 2.0, 3.0, 9.0])
    lines = np.array([[0.5], [-2.5]]) + np.array([[1.0], [1.2]]) * charge
    clipped = np.clip(lines, 0.0, 8.0)
    clipped[:, 0] = np.nan  # nobody measured there
    np.testing.assert_allclose(
        complete_lines(charge[:4], clipped[:1, :4], low=0.0, high=8.0, margin=0.1), lines[:1, :4]
    )
    with pytest.raises(FitError, match="part 1 has 1 points"):
        complete_lines(charge, clipped, low=0.0, high=8.0, margin=0.1)


def test_each_sign_of_a_signed_converter_has_a_line_of_its_own() -> None:
    charge = np.array([-9.0, -4.0, -2.0, 2.0, 4.0, 9.0])
    line = np.where(charge < 0, 1.1 * charge, 0.9 * charge)
    done = complete_lines(charge, np.clip(line, -8, 8)[None], low=-8.0, high=8.0, margin=0.1)
    np.testing.assert_allclose(done[0], line)


def test_the_score_of_a_model_without_spread_is_the_absolute_error() -> None:
    np.testing.assert_allclose(crps(np.full(50, 2.0), np.array([2.0, 5.0])), [0.0, 3.0])


def test_the_score_of_normal_draws_is_that_of_the_closed_form() -> None:
    drawn = np.random.default_rng(0).standard_normal(200_000)
    # [2007 Gneiting and Raftery] CRPS of N(0, 1) at 0: (sqrt(2) - 1) / sqrt(pi); the draws know it to 0.1 %
    assert crps(drawn, np.array([0.0]))[0] == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), rel=0.01)
