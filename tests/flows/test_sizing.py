"""Steps of sizing: the circuit that they find does what was asked, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import load_technology
from circuits.timing import ColumnTiming
from pycosim.errors import InputError
from pycosim.flows.sizing import judge_transfer, size_read_pair, trim_converter, written_levels
from pycosim.spice import NgspicePool, Replay, find_libngspice
from pycosim.sweeps.cell import read_charges

TECHNOLOGY = load_technology("generic28")
CELL = GainCellParameters()


@pytest.fixture(scope="module")
def pool() -> Iterator[NgspicePool]:
    if find_libngspice() is None:
        pytest.skip("needs libngspice")
    with NgspicePool(n_workers=1, timeout=120.0) as shared:
        yield shared


@pytest.mark.ngspice
def test_a_sized_read_pair_carries_the_current_that_was_asked(pool: NgspicePool) -> None:
    wanted, pulse = 6e-6, 15e-9  # the built-in cell carries 10 uA
    cell = size_read_pair(CELL, TECHNOLOGY, pool, full_current=wanted, pulse_width=pulse)
    found = read_charges(cell, TECHNOLOGY, pool, stored_voltages=(0.0, 0.9), pulse_widths=[pulse])
    # lengths of some 400 nm on a grid of 10 nm: half a step is 1.3 %
    assert found["charge"].values[0, 0] / pulse == pytest.approx([-wanted, wanted], rel=0.02)
    assert cell.read_nmos.length > CELL.read_nmos.length
    assert cell.read_nmos.width == CELL.read_nmos.width
    assert cell.read_nmos.length / 10e-9 == pytest.approx(round(cell.read_nmos.length / 10e-9))


@pytest.mark.ngspice
def test_a_write_that_is_too_short_is_seen(pool: NgspicePool) -> None:
    levels = [0.0, 0.514, 0.9]
    long, _ = written_levels(CELL, TECHNOLOGY, pool, stored_voltages=levels, write_time=8e-9)
    short, _ = written_levels(CELL, TECHNOLOGY, pool, stored_voltages=levels, write_time=0.3e-9)
    assert np.abs(long).max() < 1e-3
    assert np.abs(short).max() > 10 * np.abs(long).max()


@pytest.mark.ngspice
def test_a_trim_repairs_gain_and_offset(pool: NgspicePool) -> None:
    converter = ChargeToPulseParameters(discharge_current=9.0e-6)  # a tenth too little: pulses a tenth too long
    timing = ColumnTiming(window_delay=0.8e-9)
    common = (CELL, TECHNOLOGY)
    crooked = judge_transfer(converter, *common, timing, pool, shares=(0.2, 0.8))
    assert crooked.gain == pytest.approx(9.95 / 9.0, rel=0.01)
    assert crooked.offset * 15e-9 == pytest.approx(0.385e-9 - 0.8e-9, abs=0.1e-9)
    trimmed, plan = trim_converter(converter, *common, timing, pool)
    found = judge_transfer(trimmed, *common, plan, pool, shares=(0.2, 0.5, 0.8))
    assert found.gain == pytest.approx(1.0, abs=2e-3)
    assert found.offset == pytest.approx(0.0, abs=1e-3)
    assert trimmed.discharge_current == pytest.approx(9.95e-6, rel=0.01)  # what was found by hand


def test_a_cell_without_a_read_pmos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a read PMOS"):
        size_read_pair(replace(CELL, read_pmos=None), TECHNOLOGY, Replay(tmp_path), full_current=1e-5, pulse_width=1e-8)


def test_a_current_that_is_not_positive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be positive"):
        size_read_pair(CELL, TECHNOLOGY, Replay(tmp_path), full_current=-1e-5, pulse_width=1e-8)


@pytest.mark.parametrize("shares", [(0.5,), (0.0, 0.01, 1.2), (-0.5, 0.5)])
def test_a_line_through_fewer_than_two_charges_is_refused(shares: tuple[float, ...], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two or more shares"):
        judge_transfer(ChargeToPulseParameters(), CELL, TECHNOLOGY, ColumnTiming(), Replay(tmp_path), shares=shares)
