"""The study of column models from data that were kept: no simulation, known laws, all tables and figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pycosim.evaluate.document import strict_document
from pycosim.flows.characterization import Design, make_design
from pycosim.flows.conditions import cell_table
from pycosim.flows.config import GainCellConfig
from pycosim.flows.operand_kinds import operand_kinds
from pycosim.flows.progress import SilentProgress
from pycosim.flows.surrogates import described
from pycosim.models.activity import column_activity
from pycosim.models.column import load_column
from pycosim.models.converter import PulseTable
from pycosim.models.io import load_model
from pycosim.spice import NetlistLike, SerialSimulator, Waveforms
from pycosim.studies.study import Laboratory
from pycosim.studies.surrogate_data import CELL_WIDTHS, die_operands, die_seeds, wired_columns
from pycosim.studies.surrogates import study_surrogates
from pycosim.sweeps.column import Column


class NoSimulator(SerialSimulator):
    """Says so when it is asked."""

    def run(self, netlist: NetlistLike) -> Waveforms:
        raise AssertionError(f"{netlist.name} was simulated although its data were kept")

    def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture(scope="module")
def lab() -> Laboratory:
    design = make_design(GainCellConfig())
    return Laboratory(design=design, simulator=NoSimulator(), progress=SilentProgress(), quick=True)


def cell_data(design: Design) -> xr.Dataset:
    charges = 20e-6 * np.outer(CELL_WIDTHS, design.levels - 0.45)
    return xr.Dataset(
        {"charge": (("pulse_width", "stored_voltage"), charges)},
        coords={"pulse_width": list(CELL_WIDTHS), "stored_voltage": design.levels},
    )


def transfer_data(column: Column) -> xr.Dataset:
    longest = column.timing.max_pulse_width
    full = column.converter.saturation_current * longest
    charge = full * np.linspace(-2.0, 2.0, 81)
    low = -longest if column.converter.signed else 0.0
    width = np.clip(charge / full * longest, low, longest)
    return xr.Dataset({"pulse_width": ("charge", width)}, coords={"charge": charge})


def read_data(lab: Laboratory, column: Column, cell: xr.Dataset, transfer: xr.Dataset) -> xr.Dataset:
    kinds = {**operand_kinds(lab.design, column, cell_table(cell), 12, seed=5)}
    stored, widths = (np.concatenate([pair[k] for pair in kinds.values()]) for k in (0, 1))
    names = np.concatenate([np.full(12, kind) for kind in kinds])
    read = column_activity(cell_table(cell), widths, stored, mid_voltage=0.45)
    converter = PulseTable(
        charges=transfer["charge"].values, pulse_widths=transfer["pulse_width"].values, outside="clip"
    )
    pulses = converter.pulse_width(read.charge - 100.0 * read.term("crowded_charge"))
    reads = xr.Dataset(
        {
            "pulse_width": ("sample", pulses),
            "energy_converter": ("sample", 1.7e-12 + 0.4 * read.term("line_sinks")),
            "energy_word_lines": ("sample", 0.9 * read.term("cells_source") + 5e-8 * read.term("pulse_time")),
            "energy_write": ("sample", 1e-14 * read.term("cells_raised")),
            "start_delay": ("sample", np.where(pulses != 0, 0.7e-9, np.nan)),
            "input_time": ("sample", read.term("longest")),
        }
    )
    return described(reads, stored, widths, names)


def kept_data(lab: Laboratory) -> dict[str, xr.Dataset]:
    rng = np.random.default_rng(0)
    design, columns = lab.design, wired_columns(lab.design)
    cell = cell_data(design)
    data = {"cell": cell}
    fitted, judged = die_seeds(lab)
    for index, column in enumerate(columns):
        data[f"transfer_{index + 1}"] = transfer_data(column)
        data[f"reads_{index + 1}"] = read_data(lab, column, cell, data[f"transfer_{index + 1}"])
        longest = column.timing.max_pulse_width
        full = column.converter.saturation_current * longest
        charge = full * (np.array([-0.8, -0.4, 0.4, 0.8]) if column.converter.signed else np.array([0.2, 0.5, 0.8]))
        seeds = np.array([*judged, *fitted], dtype=float)
        widths = charge / full * longest + 0.3e-9 * rng.standard_normal((seeds.size, 1))
        data[f"converters_{index + 1}"] = xr.Dataset(
            {"pulse_width": (("seed", "charge"), widths)}, coords={"seed": seeds, "charge": charge}
        )
    currents = 20e-6 * (design.levels[:, None] - 0.45) + 0.2e-6 * rng.standard_normal((1, 40))
    data["cells_of_a_die"] = xr.Dataset(
        {"read_current": (("stored_voltage", "cell"), currents)}, coords={"stored_voltage": design.levels}
    )
    stored, pulses = die_operands(lab)
    middle = float(cell_table(cell).charge(pulses, stored).sum()) / 1.2e-12 * 15e-9
    parts = ["cells"] * 4 + ["all"] * 4
    data["columns_of_dies"] = xr.Dataset(
        {"pulse_width": ("deck", middle + 0.1e-9 * rng.standard_normal(8))}, coords={"part": ("deck", parts)}
    )
    data["noisy_reads"] = xr.Dataset(
        {
            "pulse_width": (("charge", "run"), 7e-9 + 2e-11 * np.array([[0.0, *rng.standard_normal(6)]])),
            "deviation": ("width", np.full(16, 2e-11)),
        },
        coords={"charge": [6e-13], "width": np.linspace(0.0, 15e-9, 16)},
    )
    return data


def test_kept_data_give_the_study_and_its_models_without_a_simulation(lab: Laboratory, tmp_path: Path) -> None:
    for name, dataset in kept_data(lab).items():
        dataset.to_netcdf(tmp_path / f"{name}.nc", engine="scipy", format="NETCDF3_64BIT")
    study = study_surrogates(lab, tmp_path)
    strict_document(study.figures)  # every number of the results file is one, or null
    figures = study.figures["surrogate"]
    assert isinstance(figures, dict)
    for key in ("behaviour_error", "energy_error", "latency_error"):
        # the reads follow such laws; what is left are few reads at the rails beyond the range of the fitted ones
        assert 0 <= float(str(figures[key])) < 0.03, key
    for table in study.tables:
        assert table.rows
        assert all(len(row) == len(table.header) for row in table.rows)
    column, _ = load_column(tmp_path / "models" / "column_2")
    assert column.n_rows == 64
    cells, _ = load_model(tmp_path / "models" / "sampled_cells")
    assert cells.argument == "stored_voltage"


def test_dies_of_the_fit_are_not_those_of_the_verdict(lab: Laboratory) -> None:
    fitted, judged = die_seeds(lab)
    assert not set(fitted) & set(judged)
