"""Written code -> stored voltage."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.models.stored_levels import StoredLevels

MEASURED = StoredLevels(voltages=np.linspace(-0.002, 0.902, 8), full_scale=0.9)


def test_ideal_levels_have_no_error() -> None:
    ideal = StoredLevels.ideal(8, 0.9)
    assert (ideal.errors == 0).all()
    assert ideal.gain == pytest.approx(1.0)
    assert ideal.offset == pytest.approx(0.0, abs=1e-15)
    assert ideal.write(0.4) == pytest.approx(3 * 0.9 / 7)


def test_gain_and_offset_are_those_of_the_line_that_was_put_in() -> None:
    assert MEASURED.gain == pytest.approx(0.904 / 0.9)
    assert MEASURED.offset == pytest.approx(-0.002)
    assert np.abs(MEASURED.residuals).max() < 1e-15


def test_a_code_stores_its_own_voltage() -> None:
    assert MEASURED.stored_voltage([[0, 7]]) == pytest.approx(np.array([[-0.002, 0.902]]))


def test_a_wanted_voltage_takes_the_nearest_level_and_the_ends_beyond() -> None:
    step = 0.9 / 7
    assert MEASURED.write([0.49 * step, 0.51 * step, -1.0, 2.0]) == pytest.approx(MEASURED.voltages[[0, 1, 0, 7]])


@pytest.mark.parametrize("codes", [[8], [-1], [1.5]])
def test_a_code_that_is_none_is_refused(codes: list[float]) -> None:
    with pytest.raises(InputError, match="codes"):
        MEASURED.stored_voltage(codes)


def test_one_level_is_no_scale() -> None:
    with pytest.raises(InputError, match="number of stored levels"):
        StoredLevels(voltages=np.array([0.1]), full_scale=0.9)
    with pytest.raises(InputError, match="full_scale"):
        StoredLevels(voltages=np.array([0.1, 0.2]), full_scale=0.0)
