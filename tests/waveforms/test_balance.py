"""Energy of a capacitor that is charged through a resistor."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.waveforms import charging_balance

RESISTANCE, CAPACITANCE, VOLTAGE = 1e3, 1e-12, 0.9
TIME = np.linspace(0, 20e-9, 20_001)  # steps of a thousandth of the time constant: trapezoids are good to 1e-7
OUTPUT = VOLTAGE * -np.expm1(-TIME / (RESISTANCE * CAPACITANCE))
SOURCE = np.full(TIME.size, VOLTAGE)
CURRENT = -(SOURCE - OUTPUT) / RESISTANCE  # as ngspice counts it


def test_a_step_stores_half_and_burns_half() -> None:
    found = charging_balance(TIME, CURRENT, SOURCE, OUTPUT, resistance=RESISTANCE, capacitance=CAPACITANCE)
    full = CAPACITANCE * VOLTAGE**2
    assert found.drawn == pytest.approx(full, rel=1e-6)
    assert found.stored == pytest.approx(full / 2, rel=1e-6)
    assert found.dissipated == pytest.approx(full / 2, rel=1e-6)
    assert abs(found.error) < 1e-6


def test_a_current_that_is_a_hundredth_too_large_shows() -> None:
    found = charging_balance(TIME, 1.01 * CURRENT, SOURCE, OUTPUT, resistance=RESISTANCE, capacitance=CAPACITANCE)
    assert found.error == pytest.approx(0.01 / 1.01, rel=1e-3)


def test_no_resistance_is_refused() -> None:
    with pytest.raises(InputError, match="resistance must be finite and greater than 0"):
        charging_balance(TIME, CURRENT, SOURCE, OUTPUT, resistance=0.0, capacitance=CAPACITANCE)
