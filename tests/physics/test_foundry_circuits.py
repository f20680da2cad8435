"""The same generators in FreePDK45 and GF180MCU, with the sizes that examples/size_for_a_technology.py found there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rig import Array

from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.sizes import Sizes, load_sizes
from circuits.technology import Technology, load_technology
from circuits.timing import ColumnTiming
from pycosim.flows.sizing import judge_transfer, written_levels
from pycosim.spice import NgspicePool
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.column import Column, column_reads
from pycosim.sweeps.retention import leak_rates

pytestmark = pytest.mark.ngspice

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FULL_CURRENT = 10e-6  # what the example was asked for (A)
N_LEVELS = 8
N_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A foundry process and what was sized in it."""

    technology: Technology
    sizes: Sizes

    @property
    def levels(self) -> Array:
        return np.linspace(0.0, self.technology.supply_voltage, N_LEVELS)


@pytest.fixture(scope="module", params=["freepdk45", "gf180mcu"])
def kit(request: pytest.FixtureRequest, reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    name = request.param
    library = reference_data / "pdk" / name
    if not library.is_dir():
        pytest.skip(f"no cards in {library}; see the reference data's README for their source")
    # what a user does: the template, with the paths of his own copy of the library
    text = (EXAMPLES / "technologies" / f"{name}.toml").read_text(encoding="utf-8")
    mine = tmp_path_factory.mktemp(name) / "mine.toml"
    mine.write_text(text.replace('\npath = "', f'\npath = "{library}/'), encoding="utf-8")
    return Kit(technology=load_technology(mine), sizes=load_sizes(EXAMPLES / "sizes" / f"{name}.toml"))


@pytest.fixture(scope="module")
def table(pool: NgspicePool, kit: Kit) -> Array:
    """Charge of one read (C) over code, in fifteenths of the longest pulse, and stored level; code 0 reads nothing."""
    codes = np.arange(1, 16) / 15 * kit.sizes.timing.input_window
    found = read_charges(
        kit.sizes.cell,
        kit.technology,
        pool,
        stored_voltages=kit.levels.tolist(),
        pulse_widths=codes.tolist(),
    )
    return np.vstack([np.zeros(N_LEVELS), found["charge"].values[0]])


def test_the_read_current_is_signed_and_nearly_odd(kit: Kit, table: Array) -> None:
    current = table[-1] / kit.sizes.timing.input_window
    assert (np.diff(current) > 0).all()
    # lengths lie on a grid of 10 nm: 2.5 % of the shortest
    assert current[[0, -1]] == pytest.approx([-FULL_CURRENT, FULL_CURRENT], rel=0.03)
    supply = kit.technology.supply_voltage
    # thresholds of the two flavours differ: found 0.531 and 0.482
    assert np.interp(0.0, current, kit.levels) / supply == pytest.approx(0.5, abs=0.05)


def test_the_charge_is_proportional_to_the_pulse(kit: Kit, table: Array) -> None:
    longest = table[-1]
    assert table[5] == pytest.approx(longest / 3, abs=0.02 * np.abs(longest).max())


def test_the_write_gate_settles_and_holds(pool: NgspicePool, kit: Kit) -> None:
    common = (kit.sizes.cell, kit.technology, pool)
    level = kit.levels[1]
    before, after = written_levels(*common, stored_voltages=kit.levels.tolist(), write_time=kit.sizes.timing.write_time)
    assert np.abs(before).max() < 0.01 * level
    assert np.abs(after).max() < 0.05 * level  # charge injection: 20 of 471 mV in GF180MCU, with a minimum gate
    # V/s at every level, from leak and capacitance at DC; after a microsecond, the age of some tokens
    leaking = leak_rates(*common)
    moved = 1e-6 * np.interp(kit.levels, leaking["stored_voltage"].values, leaking["rate"].values.squeeze())
    assert np.abs(moved).max() < 0.02 * level  # 1.0 % in FreePDK45, whose gates leak; 0.00 % in GF180MCU


def test_the_unsigned_converter_is_a_clipped_straight_line(pool: NgspicePool, kit: Kit) -> None:
    sizes = kit.sizes
    shares = (-0.5, 0.0, 0.1, 0.4, 0.9, 1.3)
    found = judge_transfer(sizes.converter, sizes.cell, kit.technology, sizes.timing, pool, shares=shares)
    assert found.pulse_widths[:2] == pytest.approx([0.0, 0.0], abs=1e-3)
    assert (np.diff(found.pulse_widths[1:]) > 0.05).all()
    assert found.pulse_widths[-1] == pytest.approx(1.0, abs=1e-3)
    # the aim is 1 % of full scale; found: 0.03 %, because the trim was made on the same nominal circuit
    assert found.residual < 0.01
    assert found.gain == pytest.approx(1.0, abs=0.01)
    assert found.offset == pytest.approx(0.0, abs=0.01)


def test_the_signed_converter_is_odd_and_straight(pool: NgspicePool, kit: Kit) -> None:
    sizes = kit.sizes
    shares = (-1.3, -0.9, -0.2, 0.2, 0.9, 1.3)
    found = judge_transfer(sizes.signed_converter, sizes.cell, kit.technology, sizes.signed_timing, pool, shares=shares)
    assert found.pulse_widths + found.pulse_widths[::-1] == pytest.approx(np.zeros(6), abs=0.01)  # found: 0.4 %
    assert found.pulse_widths[[0, -1]] == pytest.approx([-1.0, 1.0], abs=1e-3)
    assert found.residual < 0.01  # found: 0.03 and 0.27 %
    assert found.gain == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("signed", [False, True])
def test_a_column_converts_the_sum_of_its_cells(pool: NgspicePool, kit: Kit, table: Array, signed: bool) -> None:
    sizes = kit.sizes
    converter: ChargeToPulseParameters = sizes.signed_converter if signed else sizes.converter
    timing: ColumnTiming = sizes.signed_timing if signed else sizes.timing
    rng = np.random.default_rng(1)
    # unsigned: mostly high levels; signed: mostly low ones, for a sum below zero
    levels = rng.integers(0, 5, size=N_ROWS) if signed else rng.integers(3, N_LEVELS, size=N_ROWS)
    codes = rng.integers(16, size=N_ROWS)
    asked = table[codes, levels].sum() / converter.saturation_current / timing.max_pulse_width
    column = Column(cell=sizes.cell, converter=converter, technology=kit.technology, timing=timing)
    found = column_reads(
        column,
        pool,
        stored_voltages=kit.levels[levels][None],
        pulse_widths=(codes / 15 * timing.input_window)[None],
    )
    assert 0.15 < abs(asked) < 0.9
    assert (asked < 0) == signed
    # of 64 cells found: within 0.03 % in FreePDK45, 0.5 % in GF180MCU, whose clamp holds the bit line 8 mV too low
    assert float(found["pulse_width"][0]) / timing.max_pulse_width == pytest.approx(asked, abs=0.01)
