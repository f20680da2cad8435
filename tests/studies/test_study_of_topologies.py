"""The study of topologies: what a read costs at least, and what it adds up."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from circuits.benches.cell import CELLS_PER_LINE
from circuits.technology import load_technology
from pycosim.studies.energy_floor import energy_floor
from pycosim.studies.topology_reads import column_energy

TECHNOLOGY = load_technology("generic28")


def test_a_charge_costs_half_the_supply_in_the_cell_whatever_its_sign() -> None:
    floor = energy_floor(np.array([[1e-12, -0.4e-12]]), TECHNOLOGY)
    assert floor.dissipated == pytest.approx(0.45 * 1.4e-12)


def test_what_cells_source_comes_from_the_supply_and_what_they_sink_from_the_reference() -> None:
    charges = np.array([[1e-12, -0.4e-12], [0.1e-12, -0.4e-12]])
    floor = energy_floor(charges, TECHNOLOGY)
    assert floor.drawn == pytest.approx((0.9 * 0.4e-12 + 0.45 * 0.6e-12 + 0.9 * 0.4e-12) / 2)


def test_no_read_draws_less_than_its_cells_dissipate() -> None:
    charges = np.random.default_rng(0).normal(scale=1e-13, size=(100, 64))
    assert all(
        energy_floor(one[None], TECHNOLOGY).drawn >= energy_floor(one[None], TECHNOLOGY).dissipated - 1e-24
        for one in charges
    )


def test_bias_counts_once_per_tile() -> None:
    energies = {"energy_converter": 1e-12, "energy_word_lines": 0.5e-12, "energy_bias": 0.64e-12}
    reads = xr.Dataset({name: ("sample", [value, value]) for name, value in energies.items()})
    found = column_energy(reads)
    assert found["bias"] == pytest.approx(0.64e-12 / CELLS_PER_LINE)
    assert found["ramp"] == 0.0
    assert found["sum"] == pytest.approx(1.5e-12 + 0.01e-12)
