"""The gain-cell flow from end to end: on ideal circuits, whose answer is known, and on ngspice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from ideal_circuits import TIME_CONSTANT, IdealCircuits

import circuits
from circuits.errors import CircuitError
from circuits.timing import ColumnTiming, signed_timing, token_period
from pycosim.errors import ConfigurationError, ConvergenceFailure, InputError, SimulationTimeout
from pycosim.evaluate.document import report_document
from pycosim.evaluate.report import Report
from pycosim.export import Form, export_models
from pycosim.export.plain import load_plain
from pycosim.flows.config import GainCellConfig
from pycosim.flows.gain_cell import run_gain_cell
from pycosim.flows.progress import SilentProgress
from pycosim.flows.run_record import check_new
from pycosim.models.cell import PolynomialCell
from pycosim.models.column import load_column
from pycosim.models.converter import HardSigmoid, SignedPulse
from pycosim.models.decay import StorageDecay
from pycosim.models.io import load_model
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
def costed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with enough columns for laws of energy and latency."""
    out = tmp_path_factory.mktemp("costed")
    config = replace(TINY, n_columns=6, n_signed_columns=6)
    return Run(report=run_gain_cell(config, out, SilentProgress(), IdealCircuits()), out=out)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Two runs with one seed, each with workers of its own."""
    runs = []
    for number in range(2):
        out = tmp_path_factory.mktemp(f"simulated{number}")
        runs.append(Run(report=run_gain_cell(TINY, out, SilentProgress()), out=out))
    return runs[0], runs[1]


def test_ideal_circuits_give_the_perplexity_of_the_linear_hardware(ideal: Run) -> None:
    accuracy = ideal.report.accuracy
    # through decks, waveforms, measurements and fits back to the same arithmetic; after 256 tokens of 4 layers the
    # decay is 1e-5 of a voltage
    assert accuracy["analog"].perplexity == pytest.approx(accuracy["linear"].perplexity, rel=1e-5)
    assert accuracy["analog_adapted"].perplexity == pytest.approx(accuracy["linear"].perplexity, rel=1e-5)


def test_models_of_ideal_circuits_predict_their_columns(ideal: Run) -> None:
    errors = [check.value for check in ideal.report.checks if check.name.startswith("pulse error")]
    assert len(errors) == 2
    assert max(errors) < 1e-15  # the deck's nine digits


def test_the_flow_finds_the_laws_of_ideal_circuits_again(ideal: Run) -> None:
    def law(name: str) -> object:
        return load_model(ideal.out / "models" / name)[0]

    decay, pulse, signed = (
        law(name) for name in ("storage_decay_law", "charge_to_pulse_hard_sigmoid", "signed_charge_to_pulse_law")
    )
    assert isinstance(decay, StorageDecay)
    assert decay.time_constant == pytest.approx(TIME_CONSTANT, rel=1e-3)
    assert decay.final_voltage == pytest.approx(0.45, abs=1e-4)
    assert isinstance(pulse, HardSigmoid)
    assert isinstance(signed, SignedPulse)
    for model, full in ((pulse, 1.2e-12), (signed, 0.6e-12)):
        assert model.pulse_width(np.array([0.25, 0.5]) * full) == pytest.approx([3.75e-9, 7.5e-9], rel=1e-6)
    cell = law("cell_polynomial")
    assert isinstance(cell, PolynomialCell)
    assert cell.charge(7e-9, 0.9) == pytest.approx(19.3e-6 * 0.45 * 7e-9, rel=1e-6)


def test_without_enough_columns_a_run_has_no_laws_and_no_cost_of_its_text(ideal: Run) -> None:
    assert ideal.report.workload_cost is None
    assert not (ideal.out / "models" / "column_1").exists()
    assert not any("law of" in check.name for check in ideal.report.checks)


def test_the_text_of_ideal_circuits_costs_what_random_columns_cost(costed: Run) -> None:
    report, cost = costed.report, costed.report.workload_cost
    assert cost is not None
    # two chunks of text, four layers of two heads; ideal supplies draw a constant current, whatever is read
    assert (cost.n_tokens, cost.n_reads) == (16, 16 * 512)
    blocks = {block.name: block.energy for block in report.energy.blocks}
    for part in cost.energy:
        assert part.planned == blocks[part.name]
        assert part.token.mean == pytest.approx(part.planned, rel=1e-9, abs=1e-18)
        assert part.token.high - part.token.low == pytest.approx(0.0, abs=1e-9 * cost.total.mean)


def test_the_sums_of_the_cost_of_the_text_are_those_of_its_parts(costed: Run) -> None:
    cost, latency = costed.report.workload_cost, costed.report.latency
    assert cost is not None
    assert cost.total.mean == pytest.approx(sum(part.token.mean for part in cost.energy), rel=1e-12)
    assert cost.planned_total == pytest.approx(costed.report.energy.simulated, rel=1e-12)
    n = {"array 1 and charge-to-pulse": 256, "array 2 and signed charge-to-pulse": 256}
    for part in cost.energy:
        if part.read is not None:
            assert part.token.mean == pytest.approx(n[part.name] * part.read.mean, rel=1e-12)
    assert cost.planned_latency == latency.scheduled_total
    gained = sum(part.planned - part.token.mean for part in cost.times)
    assert cost.latency.mean == pytest.approx(cost.planned_latency - gained, rel=1e-12)
    assert sum(head.energy for head in cost.heads) / 8 == pytest.approx(cost.total.mean, rel=1e-12)


def test_pulses_of_ideal_columns_end_when_their_converters_say(costed: Run) -> None:
    cost = costed.report.workload_cost
    assert cost is not None
    first, second = cost.times[1:]
    delays = (ColumnTiming(), signed_timing())
    for part, timing in ((first, delays[0]), (second, delays[1])):
        start = timing.window_start - timing.release
        assert part.read is not None
        assert part.planned == pytest.approx(start + timing.max_pulse_width, rel=1e-9)
        # no pulse, or one of at most 15 ns; a law of few reads of ideal circuits errs by a rounded digit
        assert start - 1e-12 <= part.read.low <= part.token.high <= part.planned + 1e-12
    laws = [check for check in costed.report.checks if "law of" in check.name]
    assert len(laws) == 2 and all(check.passed for check in laws)


def test_laws_of_a_run_are_saved_with_their_provenance_and_exported(costed: Run, tmp_path: Path) -> None:
    for name in ("column_1", "column_2"):
        column, records = load_column(costed.out / "models" / name)
        assert column.n_rows == 64
        decks = {record.digest for record in costed.report.provenance.netlists}
        assert set(records["conversion"].netlist_digests) <= decks
        assert len(records["energy_converter"].netlist_digests) == 12  # six spread, three sparse, three of the text
    for record in costed.report.models:
        assert record.file is not None
        load_model(costed.out / record.file)
    export_models(costed.out, Form.csv, tmp_path)
    law, _ = load_plain(tmp_path / "column_2_conversion.csv")
    assert law == load_column(costed.out / "models" / "column_2")[0].conversion


def test_energy_of_ideal_circuits_is_power_times_time(ideal: Run) -> None:
    block = next(b for b in ideal.report.energy.blocks if b.name == "array 1 and charge-to-pulse")
    # tiles, columns, current of each supply, their voltages, length of the deck
    # the supplies go on drawing until the next token
    expected = 4 * 64 * 10e-6 * (0.9 + 0.45 + 0.35) * token_period(ColumnTiming(), signed_timing())
    assert block.energy == pytest.approx(expected, rel=1e-6)


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
    assert bool(names(tmp_path / "models", ".json")) == (TRANSFERS[0] in left)
    for name in left:
        with xr.open_dataset(tmp_path / "data" / f"{name}.nc", engine="scipy") as dataset:
            numbers = [values for key, values in dataset.data_vars.items() if key != "netlist_digest"]
            assert all(np.isfinite(values).all() for values in numbers)


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
        assert names(run.out / "models", ".json") == sorted(Path(str(model.file)).stem for model in run.report.models)
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
        assert {str(digest) for digest in transfer["netlist_digest"].values.astype(str)} <= decks


@pytest.mark.slow
@pytest.mark.ngspice
@needs_ngspice
def test_the_models_keep_their_errors_on_columns_that_no_fit_saw(simulated: tuple[Run, Run]) -> None:
    checks = {check.name: check for check in simulated[0].report.checks}
    for name in ("pulse error of 2 columns, rms", "pulse error of 2 signed columns, rms"):
        assert checks[name].value < 0.1e-9  # a tenth of a count
    for name in ("DC read current", "pulse charge"):
        assert checks[f"cell: {name} against the published table, rms of 10 uA"].passed


@pytest.mark.ngspice
@needs_ngspice
def test_a_deck_that_ngspice_cannot_solve_in_time_names_itself_and_its_folder(tmp_path: Path) -> None:
    pool = NgspicePool(n_workers=1, timeout=1e-4, run_root=tmp_path / "failed")
    with pytest.raises(SimulationTimeout, match=r"netlist gain_cell_dc: .*deck and log: .*failed") as caught:
        run_gain_cell(TINY, tmp_path, SilentProgress(), pool)
    assert caught.value.run_directory is not None
    assert (caught.value.run_directory / "deck.cir").is_file()


def test_a_directory_of_another_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    with pytest.raises(InputError, match="models of another run; choose another folder"):
        check_new(tmp_path)
    with pytest.raises(InputError, match="is a file"):
        (tmp_path / "file").touch()
        check_new(tmp_path / "file")
    check_new(tmp_path / "new")


def test_too_many_tokens_are_refused_before_anything_is_simulated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="n_tokens must be at most"):
        run_gain_cell(replace(TINY, quick=False, n_tokens=10**7), tmp_path / "run", SilentProgress(), IdealCircuits())
    assert not (tmp_path / "run").exists()


def test_a_technology_of_another_supply_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = Path(circuits.__file__).parent / "technologies"
    text = (
        (folder / "generic28.toml").read_text(encoding="utf-8").replace('"generic28.lib"', f'"{folder}/generic28.lib"')
    )
    other = tmp_path / "other.toml"
    other.write_text(text.replace("supply_voltage = 0.9 ", "supply_voltage = 1.1 "), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"supply of 0\.9 V, technology generic28 has 1\.1 V"):
        run_gain_cell(replace(TINY, technology=str(other)), tmp_path / "run", SilentProgress(), IdealCircuits())
