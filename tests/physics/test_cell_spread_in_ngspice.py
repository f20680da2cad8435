"""The first-order spread of a cell's charge against cells that ngspice simulates with their deviations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import gain_cell_read_bench
from circuits.die import Die
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import render_netlist
from pycosim.spice import NgspicePool
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.cell_spread import cell_deviations, charge_sensitivities, deviated_cell
from pycosim.waveforms import charge

Array = NDArray[np.float64]

pytestmark = pytest.mark.ngspice

LEVELS = [float(v) for v in np.linspace(0.0, 0.9, 8)]
WIDTHS = [1e-9, 15e-9]


@pytest.fixture(scope="module")
def sensitivities(pool: NgspicePool, cell: GainCellParameters, technology: Technology) -> xr.Dataset:
    return charge_sensitivities(cell, technology, pool, stored_voltages=LEVELS, pulse_widths=WIDTHS)


def charges_of(pool: NgspicePool, cell: GainCellParameters, technology: Technology) -> Array:
    found = read_charges(cell, technology, pool, stored_voltages=LEVELS, pulse_widths=WIDTHS)
    return np.asarray(found["charge"].values[0])


def test_three_standard_deviations_of_both_thresholds_are_predicted(
    sensitivities: xr.Dataset, pool: NgspicePool, cell: GainCellParameters, technology: Technology
) -> None:
    names = ["read_nmos threshold", "read_pmos threshold"]
    shifts = {name: 3 * float(sensitivities["sigma"].sel(deviation=name)) for name in names}
    drawn = charges_of(pool, cell, technology)
    change = charges_of(pool, deviated_cell(cell, shifts), technology) - drawn
    predicted = sum(sensitivities["sensitivity"].sel(deviation=n).values * by for n, by in shifts.items())
    full_scale = np.abs(drawn[-1]).max()
    assert np.abs(change[-1]).max() > 0.1 * full_scale
    # what is left is the curvature: half of K (3 sigma)^2, about 0.6 % of full scale
    assert np.abs(change - predicted)[-1].max() < 0.01 * full_scale


def test_the_deviations_of_a_die_are_predicted_cell_by_cell(
    sensitivities: xr.Dataset, pool: NgspicePool, cell: GainCellParameters, technology: Technology
) -> None:
    """Each transistor of the deck has its own threshold and current factor, those of the write gate too."""
    level, n_cells, die = LEVELS[6], 40, Die(seed=5)
    bench = gain_cell_read_bench(cell, technology, stored_voltages=[level] * n_cells, pulse_width=WIDTHS[-1])
    found = []
    for one in (bench, replace(bench, die=die)):
        waves = pool.run(render_netlist(one))
        start = bench.parameters["read_start"] - 0.2e-9
        found.append([-charge(waves.time, np.real(waves.signals[f"i(vbl{k})"]), start) for k in range(n_cells)])
    change = np.array(found[1]) - np.array(found[0])
    a_beta = technology.mismatch.a_beta
    predicted = np.zeros(n_cells)
    for k in range(n_cells):
        for short, mosfet, a_vth in (
            ("rn", cell.read_nmos, technology.mismatch.a_vth_nmos),
            ("rp", cell.read_pmos, technology.mismatch.a_vth_pmos),
        ):
            threshold, factor = die.deviations(f"c{k}.{short}", mosfet.area, a_vth, a_beta)
            own = sensitivities["sensitivity"].sel(stored_voltage=level).isel(pulse_width=-1)
            name = f"read_{mosfet.polarity}"
            predicted[k] += threshold * float(own.sel(deviation=f"{name} threshold"))
            predicted[k] += factor * float(own.sel(deviation=f"{name} current factor"))
    assert np.std(change) > 0.05 * abs(found[0][0])
    # second order at one standard deviation, and the write gate's own injection: a few percent of the spread
    assert np.std(change - predicted) < 0.06 * np.std(change)


def test_deviations_of_attention_have_pelgroms_standard_deviations(
    sensitivities: xr.Dataset, cell: GainCellParameters, technology: Technology
) -> None:
    found = {deviation.name: deviation for deviation in cell_deviations(sensitivities)}
    nmos = technology.mismatch.a_vth_nmos / np.sqrt(cell.read_nmos.width * cell.read_nmos.length)
    assert found["read_nmos threshold"].sigma == pytest.approx(nmos)
    assert found["read_pmos current factor"].sigma == pytest.approx(
        technology.mismatch.a_beta / np.sqrt(cell.read_pmos.width * cell.read_pmos.length)
    )
    assert found["read_nmos threshold"].sensitivity.charge(0.0, 0.5) == 0
    # an NMOS with a higher threshold sinks less from a high level
    assert found["read_nmos threshold"].sensitivity.charge(15e-9, 0.9) < 0
