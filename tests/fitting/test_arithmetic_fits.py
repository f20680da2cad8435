import numpy as np
import pytest

from pycosim.errors import FitError, InputError
from pycosim.fitting.multiplier import fit_gilbert_law, fit_product_polynomial, product_points
from pycosim.fitting.neuron import fit_rectifier, fit_summing_stage
from pycosim.models.multiplier import GilbertLaw
from pycosim.models.rectifier import Rectifier
from pycosim.models.summing import SummingStage

TRUE = GilbertLaw(
    gain=7.2e-4,
    upper_overdrive=0.21,
    lower_overdrive=0.33,
    upper_offset=2e-3,
    lower_offset=-1e-3,
    output_offset=3e-7,
    upper_range=0.11,
    lower_range=0.16,
)
UPPER, LOWER = np.linspace(-0.11, 0.11, 21)[None, :], np.linspace(-0.16, 0.16, 21)[:, None]
START = GilbertLaw(gain=7e-4, upper_overdrive=0.22, lower_overdrive=0.32, upper_range=0.11, lower_range=0.16)


def test_the_law_is_found_again_from_its_own_points_and_the_closed_form() -> None:
    fit = fit_gilbert_law(
        UPPER, LOWER, TRUE.current(UPPER, LOWER), start=START, held_out=product_points(21, 21), max_residual_rms=1e-11
    )
    for name, value in fit.parameters.items():
        assert value == pytest.approx(getattr(TRUE, name), rel=1e-4), name


def test_a_polynomial_follows_the_law_better_with_every_degree() -> None:
    current, held_out = TRUE.current(UPPER, LOWER), product_points(21, 21)
    residuals = [
        fit_product_polynomial(UPPER, LOWER, current, degree=degree, held_out=held_out).held_out_residual_rms
        for degree in (3, 5, 7)
    ]
    assert residuals[0] > 5 * residuals[1] > 5 * residuals[2]


def test_points_that_are_too_few_are_refused() -> None:
    with pytest.raises(InputError, match="odd number"):
        product_points(20, 21)
    small = np.linspace(-0.1, 0.1, 5)
    with pytest.raises(FitError, match="coefficients"):
        fit_product_polynomial(
            small[None, :], small[:, None], np.outer(small, small), degree=7, held_out=product_points(5, 5)
        )


def test_a_stage_is_found_again_with_its_clips() -> None:
    true = SummingStage(gain=-8e3, offset=2e-3, low=-0.4, high=0.5)
    current = np.linspace(-1e-4, 1e-4, 81)
    fit = fit_summing_stage(current, true.voltage(current), unit="A", held_out=np.arange(81) % 3 == 1)
    found = fit.model
    assert (found.gain, found.offset) == (pytest.approx(-8e3, rel=1e-6), pytest.approx(2e-3, rel=1e-4))
    assert (found.low, found.high) == (pytest.approx(-0.4, rel=1e-6), pytest.approx(0.5, rel=1e-6))


def test_an_end_that_does_not_clip_is_no_parameter() -> None:
    current = np.linspace(-1e-5, 1e-5, 41)
    fit = fit_summing_stage(current, 1e4 * current + 1e-3, unit="A", held_out=np.arange(41) % 3 == 1)
    assert set(fit.parameters) == {"gain", "offset"}
    assert fit.held_out_residual_max < 1e-9


@pytest.mark.parametrize("gain", [1.0, -0.98])
@pytest.mark.parametrize("knee", [2e-3, 4e-2])
def test_a_rectifier_is_found_again(gain: float, knee: float) -> None:
    true = Rectifier(gain=gain, threshold=5e-3, knee=knee, floor=1e-3)
    x = np.linspace(-0.3, 0.3, 121)
    fit = fit_rectifier(x, true.voltage(x), held_out=np.arange(121) % 3 == 1)
    assert fit.held_out_residual_max < 1e-5
    assert fit.model.gain == pytest.approx(gain, rel=1e-3)
