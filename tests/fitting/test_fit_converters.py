import numpy as np
import pytest

from pycosim.checks import Array
from pycosim.errors import FitError, InputError
from pycosim.fitting import fit_hard_sigmoid, fit_pulse_table, fit_signed_pulse
from pycosim.models import HardSigmoid, SignedPulse

T_MAX = 15.004e-9
HARD = HardSigmoid(saturation_charge=1.18e-12, max_pulse_width=T_MAX, offset=-1.1e-15)
SIGNED = SignedPulse(
    saturation_charge=0.6e-12, max_pulse_width=T_MAX, offset=2e-15, positive_gain=1.01, negative_gain=0.98
)
CHARGES = np.linspace(-2e-12, 2e-12, 81)
EVERY_THIRD = np.arange(81) % 3 == 1
JITTER = 5e-12


def noisy(widths: Array, seed: int = 0) -> Array:
    return widths + np.random.default_rng(seed).normal(0, JITTER, widths.shape)


def assert_recovered(fit: object, truth: dict[str, float]) -> None:
    for index, (name, value) in enumerate(fit.parameters.items()):
        sigma = np.sqrt(fit.covariance[index, index])
        assert abs(value - truth[name]) < 4 * sigma, name
    assert set(fit.parameters) == set(truth)


@pytest.mark.parametrize("seed", range(3))
def test_hard_sigmoid_is_recovered_though_most_points_are_clipped(seed: int) -> None:
    fit = fit_hard_sigmoid(CHARGES, noisy(HARD.pulse_width(CHARGES), seed), held_out=EVERY_THIRD)
    truth = {"saturation_charge": 1.18e-12, "offset": -1.1e-15, "max_pulse_width": T_MAX}
    assert_recovered(fit, truth)
    assert fit.held_out_residual_rms == pytest.approx(JITTER, rel=0.5)
    assert fit.model.gain == 1
    assert fit.model.charge_range == (-2e-12, 2e-12)


def test_with_a_nominal_charge_the_slope_is_a_gain() -> None:
    widths = noisy(HARD.pulse_width(CHARGES))
    fit = fit_hard_sigmoid(CHARGES, widths, held_out=EVERY_THIRD, saturation_charge=1.2e-12)
    assert_recovered(fit, {"gain": 1.2 / 1.18, "offset": -1.1e-15, "max_pulse_width": T_MAX})
    plain = fit_hard_sigmoid(CHARGES, widths, held_out=EVERY_THIRD)
    assert np.allclose(fit.model.pulse_width(CHARGES), plain.model.pulse_width(CHARGES), rtol=1e-7, atol=1e-16)


def test_unclipped_points_suffice_where_the_longest_pulse_is_known() -> None:
    charges = np.linspace(0.1e-12, 1.1e-12, 30)
    mask = np.arange(30) % 3 == 1
    widths = noisy(HARD.pulse_width(charges))
    fit = fit_hard_sigmoid(charges, widths, held_out=mask, max_pulse_width=T_MAX)
    assert_recovered(fit, {"saturation_charge": 1.18e-12, "offset": -1.1e-15})
    with pytest.raises(FitError, match="longest pulse is not measured"):
        fit_hard_sigmoid(charges, HARD.pulse_width(charges), held_out=mask)


def test_signed_pulse_is_recovered() -> None:
    fit = fit_signed_pulse(CHARGES, noisy(SIGNED.pulse_width(CHARGES)), held_out=EVERY_THIRD, saturation_charge=0.6e-12)
    truth = {"positive_gain": 1.01, "negative_gain": 0.98, "offset": 2e-15, "max_pulse_width": T_MAX}
    assert_recovered(fit, truth)


def test_signed_pulse_without_a_nominal_charge_leaves_the_positive_gain_at_one() -> None:
    fit = fit_signed_pulse(CHARGES, SIGNED.pulse_width(CHARGES), held_out=EVERY_THIRD)
    assert fit.parameters["saturation_charge"] == pytest.approx(0.6e-12 / 1.01, rel=1e-6)
    assert fit.parameters["negative_gain"] == pytest.approx(0.98 / 1.01, rel=1e-6)
    assert fit.held_out_residual_max < 1e-14


def test_what_is_no_converter_is_refused() -> None:
    with pytest.raises(FitError, match="two fitted points must lie between"):
        fit_hard_sigmoid(CHARGES, np.where(CHARGES > 0, T_MAX, 0.0), held_out=EVERY_THIRD)
    with pytest.raises(FitError, match="wider with charge"):
        fit_hard_sigmoid(-CHARGES, HARD.pulse_width(CHARGES), held_out=EVERY_THIRD)


def test_a_bent_transfer_misses_its_bound_and_a_table_does_not() -> None:
    bent = HARD.pulse_width(CHARGES) * (1 + 0.02 * np.sin(CHARGES / 0.3e-12))
    with pytest.raises(FitError, match=r"must reach 20 ps rms"):
        fit_hard_sigmoid(CHARGES, bent, held_out=EVERY_THIRD, max_residual_rms=20e-12)
    table = fit_pulse_table(CHARGES, bent, held_out=EVERY_THIRD, max_residual_rms=150e-12)
    assert table.residual_rms < 1e-20
    assert table.n_held_out == EVERY_THIRD.sum()


def test_a_table_sorts_its_points_and_keeps_its_rule_for_the_outside() -> None:
    order = np.random.default_rng(0).permutation(81)
    fit = fit_pulse_table(
        CHARGES[order], SIGNED.pulse_width(CHARGES)[order], held_out=EVERY_THIRD[order], outside="clip"
    )
    assert (np.diff(fit.model.charges) > 0).all()
    assert fit.model.pulse_width(9e-12) == T_MAX


def test_a_charge_measured_twice_is_refused() -> None:
    with pytest.raises(InputError, match="merge equal points"):
        fit_pulse_table(np.repeat(CHARGES, 2), np.repeat(CHARGES, 2), held_out=np.repeat(EVERY_THIRD, 2))
