from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import DomainError, InputError
from pycosim.models import load_model, save_model
from pycosim.models.multiplier import GilbertLaw, ProductPolynomial, ProductSpread
from pycosim.models.product_factors import factor_product
from pycosim.models.rectifier import Rectifier
from pycosim.models.summing import SummingStage, summer_law

LAW = GilbertLaw(gain=7e-4, upper_overdrive=0.22, lower_overdrive=0.32, upper_range=0.11, lower_range=0.16)


def test_the_law_is_a_product_at_small_voltages_and_odd_in_both() -> None:
    assert LAW.current(1e-3, -2e-3) == pytest.approx(-7e-4 * 2e-6, rel=1e-5)
    assert LAW.current(0.1, 0.15) == pytest.approx(-float(LAW.current(-0.1, 0.15)), rel=1e-12)


def test_the_upper_port_expands_as_its_series_says_and_the_lower_is_linear_while_the_upper_is_small() -> None:
    share = 0.3
    grown = float(LAW.current(share * 0.22, 1e-4)) / (7e-4 * share * 0.22 * 1e-4)
    assert grown == pytest.approx(1 + share**2 / 8, rel=5e-4)  # the next term of the series
    assert float(LAW.current(1e-5, 0.15)) == pytest.approx(7e-4 * 1e-5 * 0.15, rel=1e-7)


def test_the_law_raises_outside_of_its_range_or_clips_and_counts() -> None:
    with pytest.raises(DomainError, match="upper_voltage"):
        LAW.current(0.2, 0.0)
    clipping = GilbertLaw(
        gain=7e-4, upper_overdrive=0.22, lower_overdrive=0.32, upper_range=0.11, lower_range=0.16, outside="clip"
    )
    assert clipping.current(0.2, 0.1) == clipping.current(0.11, 0.1)
    assert clipping.clips.clipped == 1


def test_the_factors_give_the_surface_again() -> None:
    factors = factor_product(LAW, tolerance=1e-9)
    upper, lower = np.linspace(-0.11, 0.11, 31), np.linspace(-0.16, 0.16, 29)
    found = np.einsum("rw,rx->wx", factors.of_upper(upper), factors.of_lower(lower))
    exact = LAW.current(upper[:, None], lower[None, :])
    assert np.abs(found - exact).max() < 1e-8 * np.abs(exact).max()
    assert factors.rank <= 5


def test_the_factors_slopes_are_their_derivatives_and_vanish_beyond_the_range() -> None:
    factors, step = factor_product(LAW), 1e-6
    differences = (factors.of_lower(0.05 + step) - factors.of_lower(0.05 - step)) / (2 * step)
    assert np.allclose(factors.of_lower(0.05, derivative=True), differences, rtol=1e-6)
    assert not factors.of_lower(0.2, derivative=True).any()


def test_a_spread_draws_the_same_cells_for_a_seed_and_none_for_nothing() -> None:
    spread = ProductSpread(upper_offset=2e-3, lower_offset=3e-3, output_offset=1e-6, gain=0.0)
    cells = spread.draw((200, 50), seed=3)
    assert (cells == spread.draw((200, 50), seed=3)).all()
    # 10 000 cells: a standard deviation is known to 0.7 %
    assert cells[1].std() == pytest.approx(3e-3, rel=0.03)
    assert not cells[3].any()
    with pytest.raises(InputError, match="upper_offset"):
        ProductSpread(upper_offset=-1.0, lower_offset=0.0, output_offset=0.0, gain=0.0)


def test_a_stage_adds_its_offset_clips_and_settles_with_its_pole() -> None:
    stage = SummingStage(gain=1e4, offset=1e-3, low=-0.5, high=0.4, bandwidth=1e6)
    assert np.allclose(stage.voltage([0.0, 1e-5, 1e-3, -1e-3]), [1e-3, 0.101, 0.4, -0.5])
    assert stage.slope([0.0, 1e-3]).tolist() == [1e4, 0.0]
    assert stage.settled(0.01) == pytest.approx(np.log(100) / (2 * np.pi * 1e6))


def test_a_summer_loses_gain_and_bandwidth_by_its_noise_gain() -> None:
    law = summer_law([1.0, 2.0], open_loop_gain=1e3, gain_bandwidth=1e7, offset=1e-3, low=-1.0, high=1.0)
    assert law.gain == pytest.approx(-3 / (1 + 4e-3))
    assert law.bandwidth == pytest.approx(1e7 / 4)
    assert law.offset == pytest.approx(4e-3)
    with pytest.raises(InputError, match="above 0"):
        summer_law([0.0], open_loop_gain=1e3, gain_bandwidth=1e7, offset=0.0, low=-1.0, high=1.0)


def test_a_rectifier_is_half_a_line_with_a_knee() -> None:
    sharp = Rectifier(knee=1e-9)
    assert np.allclose(sharp.voltage([-0.3, 0.2]), [0.0, 0.2], atol=1e-8)
    turned = Rectifier(gain=-1.0, knee=1e-9)
    assert np.allclose(turned.voltage([-0.3, 0.2]), [0.3, 0.0], atol=1e-8)
    soft = Rectifier(knee=0.05)
    assert soft.voltage(0.0) == pytest.approx(0.05 * np.log(2))
    step = 1e-6
    slope = (soft.voltage(0.02 + step) - soft.voltage(0.02 - step)) / (2 * step)
    assert soft.slope(0.02) == pytest.approx(float(slope), rel=1e-6)
    with pytest.raises(InputError, match="slope"):
        Rectifier(gain=0.0)


@pytest.mark.parametrize(
    "model",
    [
        LAW,
        SummingStage(gain=-8e3, offset=1e-4, low=-1.0, high=1.0),
        Rectifier(gain=-0.99, knee=1e-4, dead_time=1e-7),
    ],
)
def test_models_of_arithmetic_survive_their_files(model: object, tmp_path: Path) -> None:
    save_model(tmp_path / "model", model)  # type: ignore[arg-type]
    found, _ = load_model(tmp_path / "model")
    assert found == model


def test_a_polynomial_survives_its_file_and_needs_two_terms(tmp_path: Path) -> None:
    model = ProductPolynomial(coefficients=np.eye(3) * 1e-6, upper_range=0.1, lower_range=0.2)
    save_model(tmp_path / "model", model)
    found, _ = load_model(tmp_path / "model")
    assert found.current(0.05, -0.1) == model.current(0.05, -0.1)
    with pytest.raises(InputError, match="two coefficients"):
        ProductPolynomial(coefficients=np.ones((1, 3)), upper_range=0.1, lower_range=0.2)
