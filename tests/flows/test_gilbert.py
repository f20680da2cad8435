"""The Gilbert flow: its settings, its targets, its tables, and what the docs say of its last full run."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from circuits.errors import CircuitError
from pycosim.errors import ConfigurationError
from pycosim.evaluate.report import Check
from pycosim.evaluate.system_report import SystemReport, checks_table
from pycosim.flows.gilbert import gilbert_checks
from pycosim.flows.gilbert_cells import expected_error
from pycosim.flows.gilbert_config import GilbertConfig
from pycosim.flows.gilbert_design import make_gilbert_design, square_overdrives
from pycosim.flows.gilbert_tables import gilbert_tables

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "results" / "gilbert.json").read_text(encoding="utf-8"))
    return found


def test_the_docs_hold_the_tables_of_the_results_file(figures: dict[str, Any]) -> None:
    page = (DOCS / "gilbert.md").read_text(encoding="utf-8")
    for name, table in gilbert_tables(figures).items():
        assert f"<!-- begin gilbert {name} -->\n{table.markdown()}\n<!-- end gilbert {name} -->" in page, name


def test_the_results_are_of_a_full_run_and_meet_their_targets(figures: dict[str, Any]) -> None:
    assert figures["provenance"]["configuration"]["quick"] == "False"
    checks = gilbert_checks(figures)
    assert [check.name for check in checks if not check.passed] == []
    assert [entry["name"] for entry in figures["checks"]] == [check.name for check in checks]


def test_the_results_have_every_key_that_was_asked_for(figures: dict[str, Any]) -> None:
    assert {one["share_of_overdrive"] for one in figures["multipliers"]["square"]["errors"]} == {0.3, 0.5, 0.7}
    assert all(len(cell["distortion"]) == 3 for cell in figures["multipliers"].values())
    assert figures["network"]["n_samples"] >= 30
    digits = figures["digits"]
    for key in ("accuracy_exact", "accuracy_analog", "accuracy_noise", "accuracy_dies", "accuracy_learned"):
        assert 0.1 < digits[key] <= 1.0, key
    for key in ("latency_s", "energy_j", "energy_per_product_j", "power_w", "products_per_second"):
        assert digits[key] > 0, key
    assert 1.0 < figures["transformer"]["exact"] <= figures["transformer"]["die"]


def test_a_missed_target_is_said_to_be_missed(figures: dict[str, Any]) -> None:
    worse = copy.deepcopy(figures)
    worse["network"]["errors"]["behavioural"]["largest_of_full_scale"] = 0.03
    worse["multipliers"]["ideal"]["gain_per_v"] = 7.2
    missed = {check.name for check in gilbert_checks(worse) if not check.passed}
    assert missed == {
        "multiplier: gain (V/V²)",
        "network in ngspice against the behavioural one, of full scale",
    }


def test_the_closed_form_of_the_error_is_that_of_the_reference() -> None:
    assert [expected_error(share, points=41) for share in (0.3, 0.5, 0.7)] == pytest.approx(
        [0.0046, 0.015, 0.043], rel=0.03
    )


def test_the_ranges_are_shares_of_the_overdrives() -> None:
    design = make_gilbert_design(GilbertConfig())
    upper, lower = square_overdrives(design.neurons.cell, current_factor=200e-6)
    assert (upper, lower) == (pytest.approx(np.sqrt(0.05)), pytest.approx(np.sqrt(0.1)))
    assert (design.ranges.weights, design.ranges.inputs) == (pytest.approx(upper / 2), pytest.approx(lower / 2))


def test_settings_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="seed"):
        GilbertConfig(seed=-1)
    with pytest.raises(ConfigurationError, match="n_dies"):
        GilbertConfig(n_dies=1)
    with pytest.raises(CircuitError, match="meant for 0 to 85"):
        make_gilbert_design(GilbertConfig(temperature=150.0))
    assert GilbertConfig(quick=True, n_tokens=512).sized().n_tokens == 512


def test_checks_become_rows(figures: dict[str, Any]) -> None:
    report = SystemReport(
        system="Gilbert-cell perceptron",
        summary="a test",
        figures=figures,
        tables={},
        checks=(Check(name="gain", value=7.2, unit="", relation="within", target=7.07, tolerance=0.07),),
        provenance=None,  # type: ignore[arg-type]
        run=None,  # type: ignore[arg-type]
    )
    table = checks_table(report)
    assert table.title == "0 of 1 targets met"
    assert table.rows[0][-1] == "missed"
