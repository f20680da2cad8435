"""Limits of the converters in ngspice: hold, clamp, wake-up."""

from __future__ import annotations

import numpy as np
import pytest
from rig import Converter, convert

from circuits.technology import Technology
from pycosim.spice import NgspicePool
from pycosim.sweeps.converter import bit_line_hold, hold_droop

pytestmark = pytest.mark.ngspice


def test_the_held_charge_droops_by_less_than_a_hundredth_of_a_count(
    pool: NgspicePool, technology: Technology, unsigned: Converter, signed: Converter
) -> None:
    for converter, shares in ((unsigned, (-0.5, 0.1, 0.9)), (signed, (-0.9, 0.1, 0.9))):
        parameters, timing = converter.parameters, converter.timing
        charges = [share * converter.full_scale for share in shares]
        found = hold_droop(parameters, technology, timing, pool, charges=charges)
        # the pulse is charge over current: C dV / I, over as long as the longest pulse lasts
        moved = found["droop"].values * timing.max_pulse_width
        error = moved * parameters.integration_capacitance / parameters.discharge_current
        assert np.abs(error).max() < 10e-12
        held = found["held_voltage"].values - parameters.reset_voltage(technology)
        expected = np.array(charges) / parameters.conveyor.copy_ratio / parameters.integration_capacitance
        # the node has some parasitic femtofarads, and the switches inject 5 mV at most
        assert held == pytest.approx(expected, rel=0.03, abs=6e-3)


def test_the_conveyor_holds_the_bit_line_in_both_directions(
    pool: NgspicePool, technology: Technology, unsigned: Converter
) -> None:
    found = bit_line_hold(
        unsigned.parameters, technology, unsigned.timing, pool, currents=[-400e-6, -100e-6, 0.0, 100e-6, 400e-6]
    )
    error = found["bit_line_error"].values
    assert (np.diff(error) < 0).all()  # an impedance: the more is drawn, the lower
    assert np.abs(error[1:4]).max() < 3e-3
    # found: 36 mV at 400 uA, five times the full scale, where output transistors as narrow as stability wants them end
    assert np.abs(error).max() < 45e-3
    assert 40e-6 < found["supply_current"].values[2] < 110e-6


def test_the_bit_line_barely_moves_when_the_conveyor_wakes(
    pool: NgspicePool, technology: Technology, unsigned: Converter
) -> None:
    (waves,) = convert(pool, technology, unsigned, [0.0])
    before = waves.time < unsigned.timing.input_start
    line = np.real(waves.signals["v(rbl)"])[before] - technology.mid_voltage
    # a swing of 0.25 V, which it was without the switches to V_DD/2, spoils cells that are being written
    assert np.abs(line).max() < 0.1
