"""From reads of columns to their models: with made-up columns whose laws are known, and with small ones in ngspice."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pycosim.errors import InputError
from pycosim.fitting.column import ALL
from pycosim.flows.characterization import Design, make_design
from pycosim.flows.conditions import cell_table
from pycosim.flows.config import GainCellConfig
from pycosim.flows.operand_kinds import operand_kinds
from pycosim.flows.sampled_parts import read_noise_curve, sampled_cells, sampled_converters, sampled_pulses
from pycosim.flows.surrogates import described, fit_surrogate, held_out_reads, measure_reads
from pycosim.models.activity import column_activity
from pycosim.models.cell import PolynomialCell
from pycosim.models.converter import HardSigmoid
from pycosim.spice import NgspicePool
from pycosim.sweeps.cell import read_charges

CELL = PolynomialCell.linear(20e-6)
FULL = 80e-6 * 15e-9


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(GainCellConfig())


def made_up_reads(design: Design, n_reads: int) -> tuple[xr.Dataset, HardSigmoid]:
    """Reads of a column whose charge, energies and times are known terms."""
    converter = HardSigmoid(saturation_charge=FULL, max_pulse_width=15e-9)
    operands = operand_kinds(design, design.first, CELL, n_reads, seed=3)
    stored, widths = (np.concatenate([pair[k] for pair in operands.values()]) for k in (0, 1))
    kinds = np.concatenate([np.full(n_reads, kind) for kind in operands])
    read = column_activity(CELL, widths, stored, mid_voltage=0.45)
    pulses = converter.pulse_width(read.charge - 100.0 * read.term("signed_square"))
    reads = xr.Dataset(
        {
            "pulse_width": ("sample", pulses),
            "energy_converter": ("sample", 1.7e-12 + 0.4 * read.term("line_sinks")),
            "energy_word_lines": ("sample", 0.9 * read.term("cells_source") + 5e-8 * read.term("pulse_time")),
            "energy_write": ("sample", 1e-14 * read.term("cells_raised") - 1e-14 * read.term("cells_lowered")),
            "start_delay": ("sample", np.where(pulses > 0, 0.7e-9, np.nan)),
            "input_time": ("sample", read.term("longest")),
            "netlist_digest": ("sample", [f"{k:04d}" for k in range(len(kinds))]),
        }
    )
    return described(reads, stored, widths, kinds), converter


def test_the_model_of_a_column_finds_the_laws_that_made_its_reads(design: Design) -> None:
    reads, converter = made_up_reads(design, 24)
    fit = fit_surrogate(design.first, reads, CELL, converter, held_out_reads(reads["kind"].values, 1 / 3))
    assert fit.laws["correction"].law.terms == ("signed_square",)
    # charges are searched to 1e-21 C, of some 1e-13
    assert fit.laws["correction"].law.coefficients == pytest.approx((-100.0,), rel=1e-4)
    assert set(fit.laws["word_lines"].law.terms) == {"cells_source", "pulse_time"}
    assert fit.behaviour["with the correction"][ALL].rms < 0.05 * fit.behaviour["sum of the cells"][ALL].rms
    assert fit.energy[ALL].relative < 1e-3
    assert fit.energy[ALL].relative < 0.05 * fit.constant_energy[ALL].relative
    assert fit.conversion[ALL].relative < 1e-3
    assert fit.latency[ALL].relative < fit.conversion[ALL].relative
    assert fit.energy[ALL].n_reads == 40
    assert set(fit.records()) == {"correction", "conversion", "energy_converter", "energy_word_lines", "energy_write"}


def test_the_pulse_of_a_fitted_column_rises_with_every_level(design: Design) -> None:
    reads, converter = made_up_reads(design, 24)
    fit = fit_surrogate(design.first, reads, CELL, converter, held_out_reads(reads["kind"].values, 1 / 3))
    widths = np.where(np.arange(64) < 12, 9e-9, 0.0)
    pulses = [
        float(fit.surrogate.read(widths, np.where(np.arange(64) == 3, level, 0.7)).pulse_width)
        for level in design.levels
    ]
    assert (np.diff(pulses) > 0).all()


def test_held_out_reads_are_of_every_kind() -> None:
    mask = held_out_reads(["a"] * 6 + ["b"] * 3, 1 / 3)
    np.testing.assert_array_equal(np.flatnonzero(mask), [4, 5, 8])
    with pytest.raises(InputError, match="3 reads or more"):
        held_out_reads(["a", "a"], 0.5)


def test_operands_of_every_kind_are_what_their_name_says(design: Design) -> None:
    for column in (design.first, design.second):
        kinds = operand_kinds(design, column, CELL, 6, seed=1)
        assert set(kinds) == {"spread", "uniform", "sparse", "bursts", "rails"}
        for levels, widths in kinds.values():
            assert levels.shape == widths.shape == (6, 64)
            assert np.isin(levels.round(9), design.levels.round(9)).all()
            assert 0 <= widths.min() <= widths.max() <= 15.0001e-9
        assert (kinds["sparse"][1] > 0).mean() < 0.3
        assert np.isin(kinds["rails"][0], design.levels[[0, -1]]).all()
        np.testing.assert_array_equal(kinds["bursts"][1], operand_kinds(design, column, CELL, 6, seed=1)["bursts"][1])


def test_columns_of_dies_are_made_of_their_cells_and_their_converter(design: Design) -> None:
    rng = np.random.default_rng(0)
    sigma, offset = 0.2e-6, 1e-9
    currents = xr.Dataset(
        {
            "read_current": (
                ("stored_voltage", "cell"),
                20e-6 * (design.levels[:, None] - 0.45) + sigma * rng.standard_normal((1, 600)),
            )
        },
        coords={"stored_voltage": design.levels},
    )
    cells = sampled_cells(currents, 300, 0)
    charge = FULL * np.array([0.2, 0.5, 0.8])
    pulses = np.clip(charge / FULL * 15e-9 + offset * rng.standard_normal((200, 1)), 0, 15e-9)
    spread = xr.Dataset(
        {"pulse_width": (("seed", "charge"), pulses)}, coords={"seed": np.arange(200.0), "charge": charge}
    )
    converters = sampled_converters(design.first, spread, list(range(100)), 0)
    widths = np.full(64, 5e-9)
    drawn = sampled_pulses(
        cells.fit.model,
        converters.fit.model,
        FULL / 2,
        np.full(64, design.levels[5]),
        widths,
        n_draws=4000,
        seed=0,
    )
    # 64 cells of 0.2 uA for 5 ns are 8 fC or 0.1 ns, beside 1 ns of offset; 100 dies know a deviation to 7 %
    assert drawn.std() == pytest.approx(np.hypot(1e-9, 0.1e-9), rel=0.15)
    alone = sampled_pulses(
        cells.fit.model,
        HardSigmoid(saturation_charge=FULL, max_pulse_width=15e-9),
        FULL / 2,
        np.full(64, design.levels[5]),
        widths,
        n_draws=4000,
        seed=0,
    )
    assert alone.std() == pytest.approx(0.1e-9, rel=0.1)
    assert all(check.worst < 5 for check in (*cells.checks, *converters.checks))


def test_noise_is_drawn_with_the_deviation_of_its_width() -> None:
    noise = read_noise_curve(np.array([0.0, 15e-9]), np.array([20e-12, 40e-12]))
    drawn = noise.value(noise.draw(20_000, 0), np.array([[0.0, 7.5e-9]]))
    np.testing.assert_allclose(drawn.std(axis=0), [20e-12, 30e-12], rtol=0.03)


@pytest.mark.ngspice
def test_small_columns_in_ngspice_give_reads_that_can_be_fitted(design: Design) -> None:
    rng = np.random.default_rng(0)
    operands = {
        kind: (design.levels[rng.integers(0, 8, (3, 6))], design.unit_time * rng.integers(low, 16, (3, 6)))
        for kind, low in (("uniform", 0), ("long", 10))
    }
    with NgspicePool(1) as simulator:
        reads = measure_reads(design.first, simulator, operands)
    assert reads.sizes == {"sample": 6, "row": 6}
    assert list(reads["kind"].values) == ["uniform"] * 3 + ["long"] * 3
    ended = np.isfinite(reads["conversion_time"].values)
    np.testing.assert_array_equal(ended, reads["pulse_width"].values != 0)
    # a column of six rows draws little: what its converter takes anyway is nearly all
    energy = reads["energy_converter"].values
    assert (energy > 1e-12).all()
    assert np.ptp(energy) < 0.5 * energy.mean()


@pytest.mark.ngspice
def test_an_idle_column_takes_less_than_a_busy_one_in_the_laws_as_in_ngspice(design: Design) -> None:
    n_rows, rng = 8, np.random.default_rng(1)
    size = (9, n_rows)
    levels = design.levels[rng.integers(0, 8, size)]
    up = design.levels[rng.integers(4, 8, size)]
    pulses = design.unit_time * rng.integers(0, 16, size)
    operands = {
        "uniform": (levels, pulses),
        "sparse": (levels[::-1], np.where(rng.uniform(size=size) < 0.2, pulses, 0.0)),
        "long": (up, design.unit_time * rng.integers(8, 16, size)),
    }
    ends = {
        "idle": (up[:3], np.zeros((3, n_rows))),
        "busy": (np.full((3, n_rows), design.levels[-1]), np.full((3, n_rows), 1.2e-8)),
    }
    with NgspicePool(2) as simulator:
        cell = read_charges(
            design.cell,
            design.technology,
            simulator,
            stored_voltages=[float(v) for v in design.levels],
            pulse_widths=[1e-9, 4e-9, 8e-9, 15e-9],
        ).isel(word_line_voltage=0)
        reads = measure_reads(design.first, simulator, {**operands, **ends})
    kinds = reads["kind"].values
    fitted = np.isin(kinds, list(operands))
    held_out = np.zeros(kinds.size, dtype=bool)
    held_out[2::3] = True
    converter = HardSigmoid(saturation_charge=FULL, max_pulse_width=15e-9)
    model = cell_table(cell)
    fit = fit_surrogate(design.first, reads.isel(sample=np.flatnonzero(fitted)), model, converter, held_out[fitted])
    energy = fit.surrogate.read(reads["input_width"].values, reads["stored_voltage"].values).read_energy
    simulated = (reads["energy_converter"] + reads["energy_word_lines"]).values
    idle, busy = (kinds == name for name in ends)
    assert simulated[idle].max() < simulated[busy].min()
    assert energy[idle].max() < energy[busy].min()
    # targets of issue and docs: 5 % on operands that no fit saw; idle and busy columns are of no fitted kind
    assert np.abs(energy / simulated - 1)[idle | busy].max() < 0.05
    assert fit.energy[ALL].relative < 0.05
    assert fit.conversion[ALL].relative < 0.05
