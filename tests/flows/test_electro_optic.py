"""The electro-optic flow from end to end on ngspice, its settings, and how flows are found by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import ConfigurationError, InputError
from pycosim.evaluate.report import Report
from pycosim.evaluate.write import write_report
from pycosim.flows.catalogue import FLOWS, find_flow
from pycosim.flows.config import load_settings
from pycosim.flows.electro_optic import RESULTS, run_electro_optic
from pycosim.flows.electro_optic_accuracy import Case, swept_cases, weighing, whole_cases
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.electro_optic_scores import read_scores
from pycosim.flows.progress import SilentProgress
from pycosim.models.io import load_model
from pycosim.models.modulator import ModulatorEdge
from pycosim.spice import find_libngspice, find_ngspice, installation_hint

TINY = ElectroOpticConfig(quick=True, n_workers=2, n_row=16, n_symbols=24, n_tokens=256, n_swept_tokens=256)

needs_ngspice = pytest.mark.skipif(
    find_ngspice() is None or find_libngspice() is None, reason=f"needs ngspice and libngspice. {installation_hint()}"
)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    drawn = np.random.default_rng(0).normal(0.0, 2.0, (2, 3, 12, 12))
    np.savez(folder / "text.npz", scaled_scores=drawn)
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, scores: Path) -> tuple[Report, Path]:
    out = tmp_path_factory.mktemp("electro-optic")
    config = load_settings(ElectroOpticConfig, None, {**_values(TINY), "scores": str(scores)})
    return run_electro_optic(config, out, SilentProgress()), out


def _values(config: ElectroOpticConfig) -> dict[str, object]:
    return {name: getattr(config, name) for name in ElectroOpticConfig.__dataclass_fields__}


@needs_ngspice
@pytest.mark.slow
@pytest.mark.ngspice
def test_a_run_meets_its_targets_but_for_the_sizes_of_a_tiny_one(ran: tuple[Report, Path]) -> None:
    report, _ = ran
    missed = {check.name for check in report.checks if not check.passed}
    # 16 symbols are not the 64 behind the published latency; on one chunk of text the perplexities are but a draw
    assert missed <= {
        "latency of 16 symbols, Optmax",
        "latency of 16 symbols, Optmoid",
        "perplexity: Optmax over softmax, full precision, not adapted",
        "digits, 4 bit: accuracy of sigmoid less that of Optmoid",  # published in rows of 65, not of 17
    }
    fixed = report.latency.total - 2 * 16 / 10e9
    assert 0.1e-9 < fixed < 0.2e-9  # one symbol of waiting and the delay of light and circuits, whatever the row


@needs_ngspice
@pytest.mark.slow
@pytest.mark.ngspice
def test_a_run_leaves_its_results_decks_models_and_page(ran: tuple[Report, Path]) -> None:
    report, out = ran
    found = json.loads((out / RESULTS).read_text(encoding="utf-8"))
    assert set(found["approximation"]) == set(found["approximation_limit"])
    assert {"optmax", "optmoid"} == set(found["latency_s"]) == set(found["energy_per_symbol_j"])
    assert found["golden_total_variation"]["mean"] < 0.3
    assert np.shape(found["golden_total_variation"]["cases"][0]["heads"]) == (2, 3)
    assert {row["unit"] for row in found["accuracy"]} >= {"softmax", "optmax", "sigmoid", "optmoid"}
    digests = {netlist.digest for netlist in report.provenance.netlists}
    assert all(digest in digests for model in report.models for digest in model.netlists)
    assert {phase.netlist for phase in report.latency.phases} <= digests
    model, record = load_model(out / "models" / "edge_exp_1")
    assert isinstance(model, ModulatorEdge) and set(record.netlist_digests) <= digests
    page = write_report(report, out).read_text(encoding="utf-8")
    assert "Eyes" in page and "2604.09512" in page and "Leroux" not in page and "tiles" not in page
    with pytest.raises(InputError, match="another run"):
        run_electro_optic(TINY, out, SilentProgress())


def test_flows_are_found_by_either_spelling() -> None:
    assert find_flow("electro_optic")[0] == find_flow("Electro-Optic")[0] == "electro-optic"
    assert set(FLOWS) >= {"gain-cell", "electro-optic"}
    with pytest.raises(ConfigurationError, match="did you mean electro-optic"):
        find_flow("elektro_optic")


@pytest.mark.parametrize(
    "bad", [{"baud": 10.0}, {"power": 1.0}, {"seed": -1}, {"n_row": 2}, {"n_workers": 0}, {"n_symbols": 3}]
)
def test_settings_without_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(bad))):
        load_settings(ElectroOpticConfig, None, bad)


def test_an_unknown_setting_is_named_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("bauds = 1e9\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="did you mean baud"):
        load_settings(ElectroOpticConfig, tmp_path / "run.toml", {})


def test_scores_are_read_or_the_file_is_named(scores: Path, tmp_path: Path) -> None:
    assert [one.shape for one in read_scores(scores)] == [(2, 3, 12, 12)]
    with pytest.raises(InputError, match=r"must hold \.npz"):
        read_scores(tmp_path)
    np.savez(tmp_path / "wrong.npz", other=np.zeros(3))
    with pytest.raises(InputError, match=r"wrong\.npz"):
        read_scores(tmp_path)


def test_every_case_has_a_name_of_its_own() -> None:
    keys = [case.key for case in swept_cases(quick=False)]
    assert len(set(keys)) == len(keys)
    assert Case(unit="optmax 2", bits=4, noise="additive", sigma=0.02).key == "optmax_2_4_bit_additive_noise_0.02"
    assert len(whole_cases()) == 16


def test_exact_functions_need_no_models() -> None:
    mask = np.tril(np.ones((5, 5), dtype=bool))
    scores = np.random.default_rng(0).standard_normal((2, 5, 5))
    for unit in ("softmax", "sigmoid"):
        exact = weighing(None, Case(unit=unit), seed=0)(scores, mask)  # type: ignore[arg-type]
        fine = weighing(None, Case(unit=unit, bits=12), seed=0)(scores, mask)  # type: ignore[arg-type]
        assert np.abs(exact - fine).max() < 2e-3  # a converter's step of 2 ** -12 and the reach of 9 nats
