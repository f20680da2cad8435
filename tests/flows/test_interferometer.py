"""The interferometer flow: its settings, its targets, and what the docs say of its last full run."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pycosim.errors import ConfigurationError
from pycosim.flows.interferometer import interferometer_checks
from pycosim.flows.interferometer_config import InterferometerConfig
from pycosim.flows.interferometer_tables import interferometer_tables

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "results" / "interferometer.json").read_text(encoding="utf-8"))
    return found


def test_the_docs_hold_the_tables_of_the_results_file(figures: dict[str, Any]) -> None:
    page = (DOCS / "interferometer.md").read_text(encoding="utf-8")
    for name, table in interferometer_tables(figures).items():
        begin, end = f"<!-- begin interferometer {name} -->", f"<!-- end interferometer {name} -->"
        assert f"{begin}\n{table.markdown()}\n{end}" in page, name


def test_the_results_are_of_a_full_run_and_meet_their_targets(figures: dict[str, Any]) -> None:
    assert figures["provenance"]["configuration"]["quick"] == "False"
    checks = interferometer_checks(figures)
    assert [check.name for check in checks if not check.passed] == []
    assert [entry["name"] for entry in figures["checks"]] == [check.name for check in checks]


def test_the_results_have_every_key_that_was_asked_for(figures: dict[str, Any]) -> None:
    assert {one["sigma"] for one in figures["circuit"]["phase_errors"]} >= {0.1, 0.2}
    for key in ("by_bits", "by_phase_error", "by_contrast", "by_photons"):
        assert len(figures["digits"][key]) >= 4, key
    assert figures["digits"]["accuracy_quadratic"] < 0.2 < 0.9 < figures["digits"]["accuracy_optical"]
    assert figures["digits"]["latency_grey_s"] > figures["digits"]["latency_binary_s"] > 0
    assert figures["transformer"]["rows"][0]["perplexity"] == pytest.approx(figures["transformer"]["exact"], rel=0.02)


def test_a_missed_target_is_said_to_be_missed(figures: dict[str, Any]) -> None:
    worse = copy.deepcopy(figures)
    worse["circuit"]["noise"]["shot_homodyne"]["ratio"] = 1.03
    worse["circuit"]["phase_errors"][0]["gain"] += 1.0
    missed = [check.name for check in interferometer_checks(worse) if not check.passed]
    assert missed == ["phase errors: gain exp(-s²/2), in standard errors", "shot noise over 2 q I, homodyne"]


def test_settings_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="2 to 16"):
        InterferometerConfig(n_paths=64)
    with pytest.raises(ConfigurationError, match="n_samples"):
        InterferometerConfig(n_samples=3)
