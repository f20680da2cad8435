"""Code -> width of a pulse, and its fit."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import FitError, InputError
from pycosim.fitting.input_pulse import fit_input_pulse
from pycosim.models.input_pulse import InputPulse

CODES = np.arange(1, 16)
HELD_OUT = CODES % 3 == 0


def test_an_ideal_driver_gives_a_nanosecond_a_code_and_nothing_for_code_0() -> None:
    assert InputPulse().pulse_width([0, 1, 15]) == pytest.approx([0.0, 1e-9, 15e-9])


def test_an_offset_widens_every_pulse_but_that_of_code_0() -> None:
    assert InputPulse(offset=10e-12).pulse_width([0, 1]) == pytest.approx([0.0, 1.01e-9])


def test_the_fit_finds_the_line_that_was_put_in() -> None:
    truth = InputPulse(gain=1.002, offset=-7e-12)
    fit = fit_input_pulse(CODES, truth.pulse_width(CODES), held_out=HELD_OUT, n_codes=16, unit_time=1e-9)
    assert fit.model.gain == pytest.approx(1.002, rel=1e-12)
    assert fit.model.offset == pytest.approx(-7e-12, rel=1e-6)
    assert fit.held_out_residual_max < 1e-20


def test_the_covariance_is_that_of_a_straight_line() -> None:
    rng = np.random.default_rng(0)
    noise = 1e-12 * rng.standard_normal(CODES.size)
    fit = fit_input_pulse(CODES, CODES * 1e-9 + noise, held_out=HELD_OUT, n_codes=16, unit_time=1e-9)
    x = CODES[~HELD_OUT] * 1e-9
    residuals = fit.model.pulse_width(CODES[~HELD_OUT]) - (x + noise[~HELD_OUT])
    variance = residuals @ residuals / (x.size - 2)
    assert fit.covariance[0, 0] == pytest.approx(variance / np.sum((x - x.mean()) ** 2))


def test_code_0_has_no_place_in_the_line() -> None:
    with pytest.raises(FitError, match="code 0"):
        fit_input_pulse([0, 1, 2], [0.0, 1e-9, 2e-9], held_out=[False, False, True], n_codes=16, unit_time=1e-9)


def test_one_code_is_no_line() -> None:
    with pytest.raises(FitError, match="two codes"):
        fit_input_pulse([1, 2], [1e-9, 2e-9], held_out=[False, True], n_codes=16, unit_time=1e-9)


@pytest.mark.parametrize("codes", [[16], [-1], [0.5]])
def test_a_code_that_is_none_is_refused(codes: list[float]) -> None:
    with pytest.raises(InputError, match="codes"):
        InputPulse().pulse_width(codes)
