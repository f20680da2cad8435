"""The trim in ngspice: what a code does by closed form, and dies before and after their calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rig import Array, Converter

from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.trim import TrimCodes
from pycosim.spice import NgspicePool
from pycosim.sweeps.calibration import TrimPlan, calibrate
from pycosim.sweeps.column import Column
from pycosim.sweeps.converter import converter_transfer
from pycosim.sweeps.variation import converter_spread

pytestmark = pytest.mark.ngspice

UNITS = 200


def widths(
    pool: NgspicePool, technology: Technology, converter: Converter, codes: TrimCodes, shares: tuple[float, ...]
) -> Array:
    parameters = replace(converter.parameters, codes=codes)
    charges = [share * converter.full_scale for share in shares]
    found = converter_transfer(parameters, technology, converter.timing, pool, charges=charges)
    return np.asarray(found["pulse_width"].values)


@pytest.mark.parametrize("code", [-40, 40])
def test_the_slope_is_inverse_to_the_units_that_conduct(
    pool: NgspicePool, technology: Technology, unsigned: Converter, signed: Converter, code: int
) -> None:
    for converter, codes, shares in (
        (unsigned, TrimCodes(sink=code), (0.2, 0.6)),
        (signed, TrimCodes(sink=code), (0.2, 0.6)),
        (signed, TrimCodes(source=code), (-0.2, -0.6)),
    ):
        nominal = np.diff(widths(pool, technology, converter, TrimCodes(), shares))[0]
        trimmed = np.diff(widths(pool, technology, converter, codes, shares))[0]
        # width = charge / current, and the current is units / 200; a switch in series costs a group under 1 %
        assert trimmed / nominal == pytest.approx(UNITS / (UNITS + code), rel=0.01)


def test_an_offset_code_adds_a_charge_that_is_proportional_to_it(
    pool: NgspicePool, technology: Technology, unsigned: Converter, signed: Converter
) -> None:
    for converter in (unsigned, signed):
        moved = {
            code: widths(pool, technology, converter, TrimCodes(offset=code), (0.4, 0.6)) for code in (-32, -16, 0, 16)
        }
        for code in (-32, -16, 16):  # the same for both charges: an offset, hardly a gain
            change = moved[code] - moved[0]
            # 1 %: the trimming current depends a little on the integral, 40 mV apart
            assert change[0] == pytest.approx(change[1], rel=0.01, abs=0.02e-9)
        step = (moved[-16] - moved[0])[0] / -16
        assert moved[-32][0] - moved[0][0] == pytest.approx(-32 * step, rel=0.02)
        assert 0.05e-9 < step < 0.2e-9
        assert 0.05e-9 < (moved[16] - moved[0])[0] / 16 < 0.2e-9


@pytest.mark.slow
def test_a_calibrated_die_is_right_to_a_tenth_of_a_count(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters, unsigned: Converter, signed: Converter
) -> None:
    for converter, shares in ((unsigned, (0.2, 0.5, 0.7)), (signed, (-0.7, -0.3, 0.3, 0.7))):
        column = Column(cell=cell, converter=converter.parameters, technology=technology, timing=converter.timing)
        charges = [share * converter.full_scale for share in shares]
        ideal = np.array(shares) * converter.timing.max_pulse_width
        drawn = converter_spread(column, pool, charges=charges, seeds=[3], codes=[TrimCodes()])
        trimmed = calibrate(column, pool, seeds=[3], plan=TrimPlan())
        found = converter_spread(column, pool, charges=charges, seeds=[3], codes=trimmed.codes)
        before, after = (np.sqrt(np.mean((data["pulse_width"].values[0] - ideal) ** 2)) for data in (drawn, found))
        assert after < 0.1e-9
        assert after < before
