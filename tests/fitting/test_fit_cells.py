import numpy as np
import pytest

from pycosim.attention import published_cell
from pycosim.checks import Array
from pycosim.errors import FitError, InputError
from pycosim.fitting import fit_lookup_cell, fit_polynomial_cell, hold_out
from pycosim.models import PolynomialCell

VOLTS, WIDTHS = np.linspace(0, 0.9, 19)[:, None], np.linspace(1e-9, 15e-9, 15)
ODD = np.broadcast_to(np.arange(19)[:, None] % 2 == 1, (19, 15))
TRUTH = published_cell()
NOISE = 1e-17  # C, 0.01 % of a full read


def measured(cell: PolynomialCell = TRUTH, noise: float = NOISE) -> Array:
    return cell.charge(WIDTHS, VOLTS) + np.random.default_rng(0).normal(0, noise, (19, 15))


def test_a_polynomial_is_recovered_within_its_own_error_bars() -> None:
    fit = fit_polynomial_cell(VOLTS, WIDTHS, measured(), held_out=ODD, netlist_digests=["ab"])
    error = np.subtract(fit.model.coefficients, TRUTH.coefficients)
    sigma = np.sqrt(np.diag(fit.covariance))
    assert (np.abs(error) < 4 * sigma).all()
    assert sigma.max() < 1e-2 * np.abs(TRUTH.coefficients).max()
    assert fit.held_out_residual_rms == pytest.approx(NOISE, rel=0.2)
    assert fit.residual_rms == pytest.approx(NOISE, rel=0.2)
    assert (fit.n_fitted, fit.n_held_out, fit.unit) == (150, 135, "C")
    assert fit.netlist_digests == ("ab",)


def test_without_noise_the_coefficients_are_exact() -> None:
    fit = fit_polynomial_cell(VOLTS, WIDTHS, measured(noise=0.0), held_out=ODD)
    assert np.allclose(fit.model.coefficients, TRUTH.coefficients, rtol=1e-9, atol=1e-15)


def test_the_domain_is_what_was_fitted_and_no_pulse() -> None:
    fit = fit_polynomial_cell(VOLTS, WIDTHS, measured(), held_out=ODD)
    assert fit.domain == fit.model.domain
    assert (fit.model.width_range, fit.model.voltage_range) == ((0.0, 15e-9), (0.0, 0.9))


def test_a_pulse_offset_is_recovered() -> None:
    truth = PolynomialCell(
        coefficients=TRUTH.coefficients, width_range=(0, 15e-9), voltage_range=(0, 0.9), pulse_offset=30e-12
    )
    fit = fit_polynomial_cell(VOLTS, WIDTHS, measured(truth), held_out=ODD, fit_pulse_offset=True)
    sigma = np.sqrt(fit.covariance[-1, -1])
    assert abs(fit.model.pulse_offset - 30e-12) < 4 * sigma < 5e-12
    without = fit_polynomial_cell(VOLTS, WIDTHS, measured(truth), held_out=ODD)
    assert without.held_out_residual_rms > 3 * fit.held_out_residual_rms


def test_held_out_points_betray_a_polynomial_of_too_low_degree() -> None:
    with pytest.raises(FitError, match=r"must reach 50 aC rms on held-out points, found .* fit a higher degree"):
        fit_polynomial_cell(VOLTS, WIDTHS, measured(), held_out=ODD, degree=1, max_residual_rms=5e-17)
    fit_polynomial_cell(VOLTS, WIDTHS, measured(), held_out=ODD, degree=3, max_residual_rms=5e-17)


def test_too_few_voltages_do_not_determine_the_polynomial() -> None:
    with pytest.raises(FitError, match="tell 4 parameters apart"):
        fit_polynomial_cell(VOLTS[[0, 9, 18]], WIDTHS, measured()[[0, 9, 18]], held_out=ODD[[0, 9, 18]])


def test_a_table_is_judged_between_its_points() -> None:
    fit = fit_lookup_cell(VOLTS, WIDTHS, measured(noise=0.0), held_out=ODD)
    assert fit.residual_rms < 1e-25
    assert 0 < fit.held_out_residual_rms < 2e-3 * np.abs(measured()).max()
    assert fit.model.pulse_widths[0] == 0
    assert (fit.model.charges[0] == 0).all()
    assert fit.domain == fit.model.domain


def test_a_table_can_be_told_to_clip() -> None:
    fit = fit_lookup_cell(VOLTS, WIDTHS, measured(), held_out=ODD, outside="clip")
    assert fit.model.charge(1e-9, 0.95) == fit.model.charge(1e-9, 0.9)
    assert fit.model.clips.clipped == 1


def test_a_table_wants_a_full_grid() -> None:
    scattered = hold_out(ODD.size, fraction=0.2, rng=np.random.default_rng(1)).reshape(ODD.shape)
    scattered[[0, -1]] = False
    with pytest.raises(InputError, match="one full grid, 15 widths x 19 voltages"):
        fit_lookup_cell(VOLTS, WIDTHS, measured(), held_out=scattered)


def test_held_out_points_are_within_the_fitted_range() -> None:
    with pytest.raises(InputError, match="held-out stored_voltage must lie within"):
        fit_polynomial_cell(VOLTS, WIDTHS, measured(), held_out=~ODD)


@pytest.mark.parametrize("mask", [np.zeros((19, 15), bool), np.ones((19, 15), bool)])
def test_something_is_fitted_and_something_held_out(mask: np.ndarray) -> None:
    with pytest.raises(InputError, match="on both sides"):
        fit_polynomial_cell(VOLTS, WIDTHS, measured(), held_out=mask)


def test_columns_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="must broadcast"):
        fit_polynomial_cell(VOLTS, WIDTHS[:-1], measured(), held_out=ODD)
    with pytest.raises(InputError, match="NaN"):
        fit_polynomial_cell(VOLTS, WIDTHS, np.full((19, 15), np.nan), held_out=ODD)


def test_a_random_mask_holds_out_its_share() -> None:
    mask = hold_out(200, fraction=0.25, rng=np.random.default_rng(0))
    assert mask.sum() == 50
    assert hold_out(2, fraction=0.01, rng=np.random.default_rng(0)).sum() == 1


def test_a_fit_says_what_it_is() -> None:
    text = str(fit_polynomial_cell(VOLTS, WIDTHS, measured(), held_out=ODD))
    assert text.startswith("PolynomialCell(coefficient_0 5.2")
    assert "135 held out" in text
    assert "stored_voltage 0 V .. 900 mV" in text
