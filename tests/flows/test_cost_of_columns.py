"""Latency and energy of a head from columns whose every figure is known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pycosim.flows.characterization import Design, make_design
from pycosim.flows.columns import ColumnCheck
from pycosim.flows.config import GainCellConfig
from pycosim.flows.cost import COUNT_ADD_LATCH, N_COLUMNS, column_energy, column_latency
from pycosim.sweeps.column import Column

DIGESTS = {"column": ["a0", "a1"], "signed_column": ["b0", "b1"]}
TRANSFERS = (["c0", "c1"], ["d0", "d1"])


def check(column: Column, values: dict[str, list[float]]) -> ColumnCheck:
    n = len(next(iter(values.values())))
    reads = xr.Dataset(
        {name: ("sample", np.array(numbers)) for name, numbers in values.items()}
        | {"netlist_digest": ("sample", np.array(DIGESTS[column.name]))},
    )
    zeros = np.zeros((n, 64))
    return ColumnCheck(
        column=column, stored_voltages=zeros, pulse_widths=zeros, reads=reads, predicted=np.array([1e-9] * n)
    )


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(GainCellConfig())


@pytest.fixture(scope="module")
def checks(design: Design) -> tuple[ColumnCheck, ColumnCheck]:
    def values(scale: float) -> dict[str, list[float]]:
        return {
            "pulse_width": [0.0, 3e-9],
            "write_time": [scale * 2e-9, scale * 1e-9],
            "input_time": [scale * 14e-9, scale * 15e-9],
            "settle_time": [0.0, scale * 0.1e-9],
            "start_delay": [float("nan"), scale * 0.6e-9],
            "energy_converter": [scale * 1e-12, scale * 3e-12],
            "energy_bias": [scale * 2e-12, scale * 2e-12],
            "energy_word_lines": [scale * 0.2e-12, scale * 0.4e-12],
            "energy_write": [scale * 0.5e-12, scale * 0.7e-12],
        }

    return check(design.first, values(1.0)), check(design.second, values(2.0))


@pytest.fixture(scope="module")
def transfers() -> tuple[xr.Dataset, xr.Dataset]:
    return (
        xr.Dataset({"pulse_width": ("charge", [0.0, 15e-9]), "netlist_digest": ("charge", TRANSFERS[0])}),
        xr.Dataset({"pulse_width": ("charge", [-15.1e-9, 15e-9]), "netlist_digest": ("charge", TRANSFERS[1])}),
    )


def test_a_phase_is_the_slowest_column(
    checks: tuple[ColumnCheck, ColumnCheck], transfers: tuple[xr.Dataset, xr.Dataset]
) -> None:
    phases = {phase.name: phase for phase in column_latency(checks, transfers).phases}
    assert phases["write K and V"].duration == 2e-9
    assert phases["integrate query (array 1)"].duration == 15e-9
    assert phases["settle 1"].duration == 0.1e-9
    assert phases["start pulse"].duration == 0.6e-9  # the column without a pulse does not count
    assert phases["settle 2"].duration == 0.2e-9
    assert phases["latch sign, start pulse"].duration == 1.2e-9
    assert phases["phi pulse = integrate (array 2)"].duration == 15e-9
    assert phases["signed pulse, counted"].duration == 15.1e-9  # a negative pulse is as long as it is wide


def test_latency_is_the_sum_of_its_phases(
    checks: tuple[ColumnCheck, ColumnCheck], transfers: tuple[xr.Dataset, xr.Dataset]
) -> None:
    latency = column_latency(checks, transfers)
    plan = checks[0].column.timing
    gap = plan.input_start - plan.write_start - plan.write_time
    expected = 2e-9 + gap + 15e-9 + 0.1e-9 + 0.6e-9 + 15e-9 + 0.2e-9 + 1.2e-9 + 15.1e-9 + COUNT_ADD_LATCH
    assert latency.total == pytest.approx(expected, rel=1e-12)
    assert [phase.name for phase in latency.phases if phase.source == "assumed"] == ["add tiles, latch"]


def test_every_simulated_phase_names_the_deck_that_was_slowest(
    checks: tuple[ColumnCheck, ColumnCheck], transfers: tuple[xr.Dataset, xr.Dataset]
) -> None:
    phases = {phase.name: phase for phase in column_latency(checks, transfers).phases}
    decks = {name: phase.netlist for name, phase in phases.items() if phase.source == "simulated"}
    assert decks == {
        "write K and V": "a0",
        "settle 1": "a1",
        "start pulse": "a1",
        "phi pulse = integrate (array 2)": "c1",
        "settle 2": "b1",
        "latch sign, start pulse": "b1",
        "signed pulse, counted": "d0",
    }
    assert all(phase.netlist is None for phase in phases.values() if phase.source != "simulated")


def test_the_scheduled_latency_is_the_period_that_energy_is_counted_over(
    checks: tuple[ColumnCheck, ColumnCheck], transfers: tuple[xr.Dataset, xr.Dataset], design: Design
) -> None:
    assert column_latency(checks, transfers).scheduled_total == pytest.approx(design.first.period, rel=1e-12)


def test_the_deck_beside_a_mean_is_the_nearest_to_it(checks: tuple[ColumnCheck, ColumnCheck]) -> None:
    blocks = {block.name: block.netlist for block in column_energy(checks, 4).blocks}
    assert blocks["array 1 and charge-to-pulse"] in DIGESTS["column"]
    assert blocks["array 2 and signed charge-to-pulse"] in DIGESTS["signed_column"]
    assert blocks["DACs"] is None


@pytest.mark.parametrize("n_tiles", [1, 4, 16])
def test_every_column_is_read_and_one_column_is_written(checks: tuple[ColumnCheck, ColumnCheck], n_tiles: int) -> None:
    blocks = {block.name: block for block in column_energy(checks, n_tiles).blocks}
    read = blocks["array 1 and charge-to-pulse"], blocks["array 2 and signed charge-to-pulse"]
    # converter and word lines, mean over the columns
    assert read[0].energy == pytest.approx(n_tiles * N_COLUMNS * 2.3e-12, rel=1e-12)
    assert read[1].energy == pytest.approx(n_tiles * N_COLUMNS * 4.6e-12, rel=1e-12)
    assert blocks["write lines"].energy == pytest.approx(0.6e-12 + 1.2e-12, rel=1e-12)
    # bias diodes are shared by the columns of an array; there are two arrays to a tile
    assert blocks["bias of the converters"].energy == pytest.approx(n_tiles * (2e-12 + 4e-12), rel=1e-12)


def test_published_blocks_scale_with_the_tiles_but_for_the_dacs(checks: tuple[ColumnCheck, ColumnCheck]) -> None:
    for n_tiles, share in ((4, 0.25), (16, 1.0)):
        energy = column_energy(checks, n_tiles)
        blocks = {block.name: block for block in energy.blocks}
        assert blocks["digital control and routing"].energy == pytest.approx(4000e-12 * share)  # [2025 Leroux]
        assert blocks["DACs"].energy == pytest.approx(330e-12)
        assumed = [block.energy for block in energy.blocks if block.source == "assumed"]
        assert energy.total - energy.simulated == pytest.approx(sum(assumed), rel=1e-12)


def test_the_errors_of_a_check_are_predicted_minus_simulated(checks: tuple[ColumnCheck, ColumnCheck]) -> None:
    # predicted 1 ns twice, simulated 0 and 3 ns
    assert checks[0].error_rms == pytest.approx(np.sqrt((1.0 + 4.0) / 2) * 1e-9)
    assert checks[0].error_max == pytest.approx(2e-9)
