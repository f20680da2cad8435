"""The gain-cell flow from end to end: on ideal circuits, whose answer is known, and on ngspice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from ideal_circuits import IdealCircuits

from circuits.errors import CircuitError
from pycosim.errors import ConvergenceFailure
from pycosim.evaluate.document import report_document
from pycosim.evaluate.report import Report
from pycosim.flows.config import GainCellConfig
from pycosim.flows.gain_cell import run_gain_cell
from pycosim.flows.progress import SilentProgress
from pycosim.spice import NgspicePool, find_libngspice, find_ngspice, installation_hint

TINY = GainCellConfig(n_columns=2, n_signed_columns=2, n_tokens=512, adaptation_steps=2, quick=True, n_workers=2)
DATA = ["cell_charges", "cell_drift", "cell_read_current"]
TRANSFERS = ["charge_to_pulse", "signed_charge_to_pulse"]
COLUMNS = ["columns", "signed_columns"]

needs_ngspice = pytest.mark.skipif(
    find_ngspice() is None or find_libngspice() is None, reason=f"needs ngspice and libngspice. {installation_hint()}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    report: Report
    out: Path

    @property
    def figures(self) -> dict[str, object]:
        """Everything of the report but what a clock or a machine says."""
        return {name: value for name, value in report_document(self.report).items() if name != "run"}


def names(folder: Path, suffix: str) -> list[str]:
    return sorted(path.stem for path in folder.glob(f"*{suffix}"))


@pytest.fixture(scope="module")
def ideal(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("ideal")
    simulator = IdealCircuits()
    report = run_gain_cell(TINY, out, SilentProgress(), simulator)
    assert simulator.closed
    return Run(report=report, out=out)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Two runs with one seed, each with workers of its own."""
    runs = []
    for number in range(2):
        out = tmp_path_factory.mktemp(f"simulated{number}")
        runs.append(Run(report=run_gain_cell(TINY, out, SilentProgress()), out=out))
    return runs[0], runs[1]


@pytest.mark.slow
def test_ideal_circuits_give_the_perplexity_of_the_linear_hardware(ideal: Run) -> None:
    accuracy = ideal.report.accuracy
    # they differ by what is left of a 5 ms decay after 256 tokens of 55 ns: a third of a percent of the oldest score
    assert accuracy["analog"].perplexity == pytest.approx(accuracy["linear"].perplexity, rel=2e-3)


@pytest.mark.slow
def test_models_of_ideal_circuits_predict_their_columns(ideal: Run) -> None:
    errors = [check.value for check in ideal.report.checks if check.name.startswith("pulse error")]
    assert len(errors) == 2
    # knees of the measured table lie within 0.3 % of a point: a picosecond
    assert max(errors) < 5e-12


@pytest.mark.slow
def test_the_flow_finds_the_laws_of_ideal_circuits_again(ideal: Run) -> None:
    records = {Path(model.path).stem: model for model in ideal.report.models}
    decay = records["storage_decay_law"].parameters
    assert decay["time_constant"] == pytest.approx(5e-3, rel=1e-3)
    assert decay["final_voltage"] == pytest.approx(0.45, abs=1e-4)


@pytest.mark.slow
def test_energy_of_ideal_circuits_is_power_times_time(ideal: Run) -> None:
    block = next(b for b in ideal.report.energy.blocks if b.name == "array 1 and charge-to-pulse")
    stop = 42.785e-9  # of the deck
    expected = 4 * 64 * 10e-6 * (0.9 + 0.45) * stop  # tiles, columns, current of each supply
    assert block.energy == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fails_at", "left"),
    [
        (("gain_cell_dc", 0), []),
        (("charge_to_pulse", 7), DATA),
        (("signed_charge_to_pulse", 0), DATA),
        (("column", 1), [*DATA, *TRANSFERS]),
        (("signed_column", 0), [*DATA, *TRANSFERS]),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_simulator_that_dies_leaves_the_earlier_stages_on_disk(
    tmp_path: Path, fails_at: tuple[str, int], left: list[str]
) -> None:
    simulator = IdealCircuits(fails_at)
    with pytest.raises(ConvergenceFailure, match=f"netlist {fails_at[0]}: the solver was killed"):
        run_gain_cell(TINY, tmp_path, SilentProgress(), simulator)
    assert simulator.closed
    assert names(tmp_path / "data", ".nc") == sorted(left)
    kept = {name.split("__")[0] for name in names(tmp_path / "netlists", ".cir")}
    assert fails_at[0] in kept  # the deck that failed is there to be looked at
    assert bool(names(tmp_path / "models", ".npz")) == (TRANSFERS[0] in left)
    for name in left:
        with xr.open_dataset(tmp_path / "data" / f"{name}.nc", engine="scipy") as dataset:
            assert all(np.isfinite(values).all() for values in dataset.data_vars.values())


@pytest.mark.parametrize(
    "change",
    [
        lambda config: replace(config, technology="generic22"),
        lambda config: replace(config, temperature=200.0),
    ],
)
def test_a_technology_that_is_none_is_refused_before_anything_runs(
    tmp_path: Path, change: Callable[[GainCellConfig], GainCellConfig]
) -> None:
    simulator = IdealCircuits()
    with pytest.raises(CircuitError):
        run_gain_cell(change(TINY), tmp_path, SilentProgress(), simulator)
    assert simulator.names == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.ngspice
@needs_ngspice
def test_two_runs_with_one_seed_give_the_same_figures(simulated: tuple[Run, Run]) -> None:
    one, other = (run.figures for run in simulated)
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.slow
@pytest.mark.ngspice
@needs_ngspice
def test_a_run_leaves_its_netlists_models_and_data_behind(simulated: tuple[Run, Run]) -> None:
    for run in simulated:
        assert names(run.out / "data", ".nc") == sorted([*DATA, *TRANSFERS, *COLUMNS])
        assert names(run.out / "models", ".npz") == sorted(Path(model.path).stem for model in run.report.models)
        recorded = run.report.provenance.netlists
        assert sorted(record.path for record in recorded) == sorted(
            str(path.relative_to(run.out)) for path in (run.out / "netlists").iterdir()
        )
        assert not (run.out / "failed").exists()


@pytest.mark.slow
@pytest.mark.ngspice
@needs_ngspice
def test_both_runs_kept_the_same_decks(simulated: tuple[Run, Run]) -> None:
    one, other = ({p.name: p.read_bytes() for p in (run.out / "netlists").iterdir()} for run in simulated)
    assert one == other


@pytest.mark.slow
@pytest.mark.ngspice
@needs_ngspice
def test_a_figure_can_be_walked_back_to_the_deck_that_it_comes_from(simulated: tuple[Run, Run]) -> None:
    run = simulated[0]
    decks = {record.digest: run.out / record.path for record in run.report.provenance.netlists}
    for part in (*run.report.latency.phases, *run.report.energy.blocks):
        assert part.netlist is None or decks[part.netlist].is_file()


@pytest.mark.slow
@pytest.mark.ngspice
@needs_ngspice
def test_saved_data_name_their_units_and_their_netlists(simulated: tuple[Run, Run]) -> None:
    run = simulated[0]
    decks = {record.digest for record in run.report.provenance.netlists}
    with xr.open_dataset(run.out / "data" / "charge_to_pulse.nc", engine="scipy") as transfer:
        assert transfer["pulse_width"].attrs["unit"] == "s"
        assert transfer["charge"].attrs["unit"] == "C"
        assert set(str(transfer.attrs["netlists"]).split("\n")) <= decks


@pytest.mark.slow
@pytest.mark.ngspice
@needs_ngspice
def test_the_models_keep_their_errors_on_columns_that_no_fit_saw(simulated: tuple[Run, Run]) -> None:
    checks = {check.name: check for check in simulated[0].report.checks}
    for name in ("pulse error of columns, rms", "pulse error of signed columns, rms"):
        assert checks[name].value < 0.1e-9  # a tenth of a count
    for name in ("DC read current", "pulse charge"):
        assert checks[f"cell: {name} against the published table, rms of 10 uA"].passed


@pytest.mark.ngspice
@needs_ngspice
def test_a_deck_that_ngspice_cannot_solve_in_time_names_itself_and_its_folder(tmp_path: Path) -> None:
    from pycosim.errors import SimulationTimeout

    pool = NgspicePool(n_workers=1, timeout=1e-4, run_root=tmp_path / "failed")
    with pytest.raises(SimulationTimeout, match=r"netlist gain_cell_dc: .*deck and log: .*failed") as caught:
        run_gain_cell(TINY, tmp_path, SilentProgress(), pool)
    assert caught.value.run_directory is not None
    assert (caught.value.run_directory / "deck.cir").is_file()
