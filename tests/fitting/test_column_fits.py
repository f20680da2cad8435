"""Laws of columns from reads: terms that are recovered, terms that are not taken, and errors that are told."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import FitError, InputError
from pycosim.fitting.column import ALL, charge_of_pulse, fit_column_law, read_errors
from pycosim.fitting.terms import select_terms, solve
from pycosim.models.activity import ColumnActivity, column_activity
from pycosim.models.cell import PolynomialCell
from pycosim.models.converter import HardSigmoid, SignedPulse

CELL = PolynomialCell.linear(20e-6)


def reads(n_reads: int = 60, seed: int = 0) -> tuple[ColumnActivity, np.ndarray]:
    rng = np.random.default_rng(seed)
    kinds = np.array(["dense", "sparse", "long"])[np.arange(n_reads) % 3]
    share = np.where(kinds == "sparse", 0.2, 0.9)[:, None]
    widths = np.where(rng.uniform(size=(n_reads, 16)) < share, rng.uniform(0, 15e-9, (n_reads, 16)), 0.0)
    widths[kinds == "long"] *= 0.5
    return column_activity(CELL, widths, rng.uniform(0, 0.9, (n_reads, 16)), mid_voltage=0.45), kinds


def test_the_terms_of_a_law_are_found_among_others() -> None:
    activity, kinds = reads()
    energy = 1.5e-12 + 0.8 * activity.term("line_sinks") + 2000 * activity.term("square")
    fit = fit_column_law(
        activity,
        energy,
        kinds,
        np.arange(60) >= 45,
        quantity="energy",
        unit="J",
        candidates=("one", "line_sinks", "line_sources", "square", "pulses", "longest", "root_current"),
        weights=1 / energy,
        margin=10.0,  # so that no term of a held-out read is clipped
    )
    assert dict(zip(fit.law.terms, fit.law.coefficients, strict=True)) == pytest.approx(
        {"one": 1.5e-12, "line_sinks": 0.8, "square": 2000}, rel=1e-9
    )
    assert fit.errors[ALL].relative < 1e-12
    assert fit.errors[ALL].n_reads == 15
    assert fit.n_fitted == 45
    assert fit.record().unit == "J"


def test_noise_does_not_bring_in_terms() -> None:
    activity, kinds = reads(90)
    rng = np.random.default_rng(3)
    energy = (1.5e-12 + 0.8 * activity.term("line_sinks")) * (1 + 0.01 * rng.standard_normal(90))
    fit = fit_column_law(
        activity,
        energy,
        kinds,
        np.arange(90) >= 60,
        quantity="energy",
        unit="J",
        candidates=("one", "line_sinks", "line_sources", "square", "pulses", "longest"),
        weights=1 / energy,
    )
    assert set(fit.law.terms) == {"one", "line_sinks"}
    # mean magnitude of a normal number of 1 %, from 30 reads: 0.8 % +- 0.1 %
    assert fit.errors[ALL].relative == pytest.approx(0.008, abs=0.003)


def test_a_coefficient_that_physics_forbids_stays_at_zero() -> None:
    rng = np.random.default_rng(0)
    terms = rng.uniform(0, 1, (40, 2))
    found = solve(terms, terms @ np.array([1.0, -0.2]), non_negative=True)
    assert found[1] == 0
    assert solve(terms, terms @ np.array([1.0, -0.2]), non_negative=False)[1] == pytest.approx(-0.2)


def test_terms_are_judged_by_kinds_that_were_left_out() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 1, 60)
    kinds = np.array(["a", "b"])[np.arange(60) % 2]
    habit = np.where(kinds == "a", x**2, rng.uniform(0, 1, 60))  # explains one kind only
    found = select_terms({"x": x, "habit": habit}, 2 * x, kinds, non_negative=False)
    assert found.chosen.terms == ("x",)


def test_a_law_has_reads_enough_for_its_terms() -> None:
    rng = np.random.default_rng(2)
    terms = {name: rng.uniform(0, 1, 9) for name in "abcdef"}
    found = select_terms(terms, rng.uniform(0, 1, 9), ["u", "v", "w"] * 3, non_negative=False)
    assert len(found.path[-1].terms) <= 2


def test_one_kind_of_operands_cannot_choose() -> None:
    with pytest.raises(InputError, match="two kinds"):
        select_terms({"x": np.ones(4)}, np.ones(4), ["a"] * 4)


def test_terms_that_no_read_tells_apart_cannot_be_fitted() -> None:
    with pytest.raises(FitError, match="tell 2 terms apart"):
        solve(np.ones((5, 2)), np.ones(5), non_negative=False)


def test_reads_that_do_not_tell_are_left_out_and_a_mask_must_leave_both_sides() -> None:
    activity, kinds = reads()
    target = activity.term("line_sinks").copy()
    target[::5] = np.nan
    fit = fit_column_law(
        activity, target, kinds, np.arange(60) >= 45, quantity="charge", unit="C", candidates=("line_sinks", "pulses")
    )
    assert fit.n_fitted == 36
    assert fit.law.coefficients == pytest.approx((1.0,))
    with pytest.raises(InputError, match="both sides"):
        fit_column_law(
            activity, target, kinds, np.zeros(60, bool), quantity="charge", unit="C", candidates=("line_sinks",)
        )


def test_errors_are_told_by_kind_and_together() -> None:
    found = read_errors([1.1, 2.0, 3.0], [1.0, 2.0, 4.0], ["a", "a", "b"])
    assert found["a"].relative == pytest.approx(0.05)
    assert found["b"].rms == pytest.approx(1.0)
    assert found[ALL].largest == pytest.approx(1.0)
    assert found[ALL].rms_over_mean == pytest.approx(np.sqrt((0.01 + 1) / 3) / (7 / 3))
    assert np.isnan(read_errors([1.0], [0.0], ["a"])["a"].relative)


def test_the_charge_of_a_pulse_is_where_the_converter_makes_it() -> None:
    hard = HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=15e-9)
    charge = np.array([0.1e-12, 0.7e-12])
    np.testing.assert_allclose(charge_of_pulse(hard, hard.pulse_width(charge), -1e-12, 2e-12), charge, rtol=1e-9)
    assert np.isnan(charge_of_pulse(hard, [0.0, 15e-9], -1e-12, 2e-12)).all()  # these could be of any charge beyond
    signed = SignedPulse(saturation_charge=0.6e-12, max_pulse_width=15e-9)
    np.testing.assert_allclose(
        charge_of_pulse(signed, signed.pulse_width([-0.3e-12, 0.2e-12]), -1e-12, 1e-12), [-0.3e-12, 0.2e-12], rtol=1e-9
    )
    with pytest.raises(FitError, match="must rise"):
        charge_of_pulse(hard, [1e-9], 2e-12, -1e-12)


def test_a_target_that_no_term_explains_gets_no_term() -> None:
    activity, kinds = reads(60)
    fit = fit_column_law(
        activity,
        (-1.0) ** (np.arange(60) // 3),  # up and down within every kind, whatever the operands
        kinds,
        np.arange(60) >= 45,
        quantity="noise",
        unit="C",
        candidates=("line_sinks", "pulses"),
        non_negative=False,
    )
    assert fit.law.terms == ()
    assert fit.selection.path[0].terms == ()
    np.testing.assert_array_equal(fit.law.value(activity), np.zeros(60))
