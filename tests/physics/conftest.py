"""One pool of ngspice workers and one characterisation of the shipped circuits, which all physics tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import xarray as xr
from rig import LEVELS, WIDTHS, Array, Converter

from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology, load_technology
from circuits.timing import ColumnTiming, signed_timing
from pycosim.evaluate import published
from pycosim.spice import NgspicePool, find_libngspice, find_ngspice, installation_hint
from pycosim.sweeps.cell import read_charges, read_current_table, storage_drift


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("ngspice") and (find_ngspice() is None or find_libngspice() is None):
        pytest.skip(f"needs ngspice and libngspice. {installation_hint()}")


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NgspicePool]:
    with NgspicePool(n_workers=2, timeout=120.0, run_root=tmp_path_factory.mktemp("failed-runs")) as shared:
        yield shared


@pytest.fixture(scope="session")
def technology() -> Technology:
    return load_technology("generic28")


@pytest.fixture(scope="session")
def cell() -> GainCellParameters:
    return GainCellParameters()


@pytest.fixture(scope="session")
def unsigned() -> Converter:
    return Converter(parameters=ChargeToPulseParameters(), timing=ColumnTiming())


@pytest.fixture(scope="session")
def signed() -> Converter:
    return Converter(parameters=signed_parameters(), timing=signed_timing())


@pytest.fixture(scope="session")
def static_table(pool: NgspicePool, technology: Technology, cell: GainCellParameters) -> Array:
    """DC read current on the published grid (A)."""
    table = read_current_table(
        cell,
        technology,
        pool,
        stored_voltages=published.STORED_VOLTAGES,
        word_line_voltages=published.WORD_LINE_VOLTAGES,
    )
    return np.asarray(table["read_current"].values)


@pytest.fixture(scope="session")
def pulse_table(pool: NgspicePool, technology: Technology, cell: GainCellParameters) -> Array:
    """Charge of a 15 ns pulse over 15 ns on the published grid (A)."""
    charges = read_charges(
        cell,
        technology,
        pool,
        stored_voltages=published.STORED_VOLTAGES,
        pulse_widths=[15e-9],
        word_line_voltages=published.WORD_LINE_VOLTAGES[1:],
    )
    table = np.zeros((len(published.STORED_VOLTAGES), len(published.WORD_LINE_VOLTAGES)))
    table[:, 1:] = charges["charge"].values[:, 0, :].T / 15e-9
    return table


@pytest.fixture(scope="session")
def charges(pool: NgspicePool, technology: Technology, cell: GainCellParameters) -> xr.DataArray:
    """Charge at full amplitude (C) over pulse width and stored level."""
    found = read_charges(cell, technology, pool, stored_voltages=LEVELS, pulse_widths=WIDTHS)
    return found["charge"].isel(word_line_voltage=0)


@pytest.fixture(scope="session")
def drift(pool: NgspicePool, technology: Technology, cell: GainCellParameters) -> xr.Dataset:
    """Stored voltage over 0.8 ms: the age of the oldest of 1024 tokens at twelve layers of 65 ns."""
    return storage_drift(cell, technology, pool, stored_voltages=LEVELS, hold_time=0.8e-3)
