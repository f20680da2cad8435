"""Whole columns in ngspice: cells add up on the bit line, and nothing but their sum matters."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from rig import Array, Converter, convert

from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from pycosim.errors import InputError
from pycosim.spice import NgspicePool
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.column import Column, column_reads
from pycosim.waveforms import pulse_width

pytestmark = pytest.mark.ngspice

N_ROWS = 8
CODES = np.array([15, 9, 12, 7, 0, 3, 11, 14])
LEVELS = np.array([7, 7, 6, 5, 7, 1, 4, 7])


@pytest.fixture(scope="module")
def column(technology: Technology, cell: GainCellParameters, unsigned: Converter) -> Column:
    return Column(cell=cell, converter=unsigned.parameters, technology=technology, timing=unsigned.timing)


@pytest.fixture(scope="module")
def operands(technology: Technology) -> tuple[Array, Array]:
    """Stored voltages and pulse widths (n_samples, n_rows): the rows as they are, permuted twice, and extremes."""
    stored, widths = LEVELS * technology.supply_voltage / 7, CODES * 1e-9
    orders = [np.arange(N_ROWS), np.arange(N_ROWS)[::-1], np.random.default_rng(3).permutation(N_ROWS)]
    high, low = np.full(N_ROWS, technology.supply_voltage), np.zeros(N_ROWS)
    full, none = np.full(N_ROWS, 15e-9), np.zeros(N_ROWS)
    return (
        np.stack([*(stored[order] for order in orders), high, low, high]),
        np.stack([*(widths[order] for order in orders), none, full, 0.5 * full]),
    )


@pytest.fixture(scope="module")
def reads(pool: NgspicePool, column: Column, operands: tuple[Array, Array]) -> xr.Dataset:
    return column_reads(column, pool, stored_voltages=operands[0], pulse_widths=operands[1])


def test_a_column_is_the_sum_of_its_cells(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters, unsigned: Converter, reads: xr.Dataset
) -> None:
    """Charges of single cells, added up and drawn from the converter alone, give the column's pulse."""
    used = sorted(set(CODES.tolist()) - {0})
    single = read_charges(
        cell,
        technology,
        pool,
        stored_voltages=[k * technology.supply_voltage / 7 for k in range(8)],
        pulse_widths=[code * 1e-9 for code in used],
    )["charge"].values[0]
    total = sum(single[used.index(code), level] for code, level in zip(CODES, LEVELS, strict=True) if code)
    (waves,) = convert(pool, technology, unsigned, [float(total)])
    expected = pulse_width(waves.time, np.real(waves.signals["v(pulse)"]), technology.mid_voltage)
    # the target is a tenth of a count, 0.1 ns; found: 2 ps
    assert float(reads["pulse_width"][0]) == pytest.approx(expected, abs=0.02e-9)
    assert 4e-9 < expected < 11e-9  # in the middle of the range


def test_the_order_of_the_rows_does_not_matter(reads: xr.Dataset) -> None:
    same = reads["pulse_width"].values[:3]
    assert same == pytest.approx(np.full(3, same[0]), abs=5e-12)


def test_a_column_that_is_not_addressed_gives_no_pulse(reads: xr.Dataset) -> None:
    assert reads["pulse_width"].values[3] == 0.0
    assert np.isnan(reads["start_delay"].values[3])
    assert reads["input_time"].values[3] == 0.0


def test_a_column_of_low_levels_gives_no_pulse(reads: xr.Dataset) -> None:
    assert reads["pulse_width"].values[4] == 0.0


def test_half_the_pulse_gives_half_the_output(reads: xr.Dataset, charges: xr.DataArray) -> None:
    # eight cells of 9.7 uA at 7.5 ns: 7.3 ns
    per_cell = charges.values[-1, -1] / 15e-9
    assert reads["pulse_width"].values[5] == pytest.approx(N_ROWS * per_cell * 7.5e-9 / 80e-6, abs=0.05e-9)


def test_every_energy_of_the_converter_is_positive_and_grows_with_the_charge(reads: xr.Dataset) -> None:
    converter = reads["energy_converter"].values
    assert (converter > 0.5e-12).all()
    low, idle, middle = converter[4], converter[3], converter[0]
    assert low < idle < middle
    bias = reads["energy_bias"].values
    assert bias == pytest.approx(np.full(bias.size, bias.mean()), rel=0.01)  # diodes on a supply of their own
    # cells that source current take it from the upper word line: 8 x 10 uA x 0.9 V x 15 ns
    assert reads["energy_word_lines"].values[4] == pytest.approx(8 * 10e-6 * 0.9 * 15e-9, rel=0.05)


def test_phases_end_within_what_the_plan_grants_them(reads: xr.Dataset, column: Column) -> None:
    timing = column.timing
    assert (reads["write_time"].values < timing.write_time).all()
    assert (reads["settle_time"].values <= timing.settle_time).all()
    longest = CODES.max() * 1e-9
    # between the midpoints of the two edges, counted from where the first begins: half an edge more
    assert reads["input_time"].values[0] == pytest.approx(longest + 25e-12, abs=2e-12)
    starts = reads["start_delay"].values
    expected = timing.gap + timing.window_delay
    assert starts[~np.isnan(starts)] == pytest.approx(expected, abs=0.06e-9)  # an inverter and a NAND


def test_reads_carry_the_digest_of_every_netlist(
    reads: xr.Dataset, column: Column, operands: tuple[Array, Array]
) -> None:
    assert len(set(reads["netlist_digest"].values.tolist())) == len(operands[0])
    assert reads.sizes["sample"] == len(operands[0])


def test_operands_of_other_shapes_are_refused(pool: NgspicePool, column: Column) -> None:
    for stored, widths in ((np.zeros(8), np.zeros(8)), (np.zeros((2, 8)), np.zeros((2, 7))), (np.zeros((0, 8)),) * 2):
        with pytest.raises(InputError):
            column_reads(column, pool, stored_voltages=stored, pulse_widths=widths)
