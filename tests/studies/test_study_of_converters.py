"""Figures of the converter study from made-up measurements."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import load_technology
from circuits.timing import ColumnTiming
from circuits.trim import TrimCodes, TrimParameters
from pycosim.studies.converter_plots import plot_trade, plot_trim
from pycosim.studies.converter_trade import Trade, trade_table, variants
from pycosim.studies.converter_trim import Trim, trim_gate_area, trim_table
from pycosim.sweeps.calibration import Trimmed
from pycosim.sweeps.column import Column

COLUMN = Column(
    cell=GainCellParameters(),
    converter=ChargeToPulseParameters(),
    technology=load_technology("generic28"),
    timing=ColumnTiming(),
)
SHARES = np.array([0.2, 0.5, 0.8])


def pulses(gains: list[float], offsets: list[float]) -> xr.Dataset:
    """Pulses of dies with these gains and offsets (s)."""
    widths = [SHARES * 15e-9 * (1 + gain) + offset for gain, offset in zip(gains, offsets, strict=True)]
    return xr.Dataset({"pulse_width": (("die", "charge"), np.array(widths))}, coords={"charge": SHARES * 1.2e-12})


@pytest.fixture
def trim() -> Trim:
    return Trim(
        column=COLUMN,
        before=pulses([0.1, -0.1], [1e-9, -1e-9]),
        after=pulses([0.0, 0.0], [0.05e-9, -0.05e-9]),
        trimmed=Trimmed(seeds=(1, 2), codes=(TrimCodes(sink=20, offset=-10), TrimCodes(offset=63)), n_conversions=20),
        conversion_energy=1.5e-12,
    )


def test_spread_and_error_of_known_dies_come_back(trim: Trim) -> None:
    figures = trim.figures()
    assert figures["before_sigma_offset_s"] == pytest.approx(np.sqrt(2) * 1e-9)  # of two values +-a: a sqrt(2)
    assert figures["before_sigma_gain"] == pytest.approx(np.sqrt(2) * 0.1)
    assert figures["after_error_rms_s"] == pytest.approx(0.05e-9)
    assert figures["after_error_max_s"] == pytest.approx(0.05e-9)
    assert figures["calibration_energy_j"] == pytest.approx(30e-12)
    assert figures["stored_bits"] == 7 + 6 + 1
    assert figures["dies_at_end_of_range"] == 1


def test_the_offset_units_take_their_gate_area() -> None:
    trim = TrimParameters(offset_bits=2)
    each = trim.offset_sink.area + trim.offset_source.area
    assert trim_gate_area(trim) == pytest.approx(3 * each)
    assert trim_gate_area(TrimParameters(offset_bits=0)) == 0.0


def test_every_variant_differs_from_the_shipped_column() -> None:
    found = variants(COLUMN)
    assert found["as shipped"] == COLUMN
    assert sum(column == COLUMN for column in found.values()) == 1


def test_tables_and_plots_show_what_was_found(trim: Trim) -> None:
    table = trim_table({"charge_to_pulse": trim})
    assert table.rows[1][1] == "1.414 -> 0.071"
    trade = Trade(
        name="as shipped", energy=2e-12, converter_energy=1.5e-12, error_rms=2e-11, error_max=4e-11, burst=0.8
    )
    assert trade_table([trade]).rows == (("as shipped", "1.50", "2.00", "0.020", "0.040", "80"),)
    assert len(plot_trim({"charge_to_pulse": trim}).axes) == 2
    assert len(plot_trade([trade]).axes) == 2
