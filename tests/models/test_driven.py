import numpy as np
import pytest

from pycosim.errors import DomainError, InputError
from pycosim.models import DrivenCell, PolynomialCell, Transfer

CELL = PolynomialCell.linear(19.3e-6)
WIDTHS = np.linspace(0, 15e-9, 16)
LEVELS = np.linspace(0, 0.9, 8)


def test_a_cell_behind_perfect_drivers_is_the_cell() -> None:
    driven = DrivenCell(
        cell=CELL,
        pulses=Transfer(meant=WIDTHS, arrived=WIDTHS),
        levels=Transfer(meant=LEVELS, arrived=LEVELS),
    )
    width, level = np.array([0.3e-9, 7e-9])[:, None], np.array([0.1, 0.44, 0.9])
    # PCHIP of a straight line is that line to rounding
    np.testing.assert_allclose(driven.charge(width, level), CELL.charge(width, level), rtol=1e-12, atol=1e-28)
    assert DrivenCell(cell=CELL).domain == CELL.domain


def test_an_error_of_pulse_and_level_is_what_the_cell_sees() -> None:
    late = np.where(WIDTHS > 0, WIDTHS + 20e-12, 0.0)
    driven = DrivenCell(
        cell=CELL,
        pulses=Transfer(meant=WIDTHS, arrived=late),
        levels=Transfer(meant=LEVELS, arrived=LEVELS * 0.99 + 1e-3),
    )
    wanted = CELL.charge(late[:, None], LEVELS * 0.99 + 1e-3)
    np.testing.assert_allclose(driven.charge(WIDTHS[:, None], LEVELS), wanted, rtol=1e-12, atol=1e-28)
    assert driven.charge(0.0, 0.9) == 0


def test_operands_outside_the_measured_transfer_are_refused() -> None:
    driven = DrivenCell(cell=CELL, levels=Transfer(meant=LEVELS, arrived=LEVELS))
    assert [(d.low, d.high) for d in driven.domain] == [(-np.inf, np.inf), (0.0, 0.9)]
    with pytest.raises(DomainError, match="stored_voltage"):
        driven.charge(1e-9, 1.0)


def test_a_transfer_has_one_value_per_point() -> None:
    with pytest.raises(InputError, match="one per meant value, 8, found 16"):
        Transfer(meant=LEVELS, arrived=WIDTHS)
