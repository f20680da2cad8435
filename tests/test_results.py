"""What `pycosim characterize --docs docs` wrote: results/gain_cell.json and gain_cell.md, complete, of a full run."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pycosim.studies.gain_cell import STUDIES

DOCS = Path(__file__).resolve().parents[1] / "docs"


@cache
def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "results" / "gain_cell.json").read_text(encoding="utf-8"))
    return found


def at(path: str) -> Any:
    found: Any = results()
    for key in path.split("."):
        found = found[key]
    return found


@pytest.mark.parametrize(
    "path",
    [
        "tile_rms_error",
        "column_pulse_rms_error_s",
        "charge_balance_error",
        "latency_s.tt",
        "latency_s.worst",
        "energy_j.array1",
        "energy_j.array2",
        "energy_j.dac",
        "energy_j.digital",
        "area_m2",
        "monte_carlo.n",
        "monte_carlo.sigma_cell_current",
        "monte_carlo.sigma_offset_s",
    ],
)
def test_the_results_file_holds_the_figure_as_a_positive_number(path: str) -> None:
    assert isinstance(at(path), int | float) and math.isfinite(at(path)) and at(path) > 0


def test_the_results_file_holds_every_corner_cell_and_effect() -> None:
    technology_corners = {"tt", "ff", "ss", "fs", "sf"}
    points = {(row["corner"], row["temperature_c"], row["supply_v"]) for row in at("corners")}
    assert len(points) == 45 and {corner for corner, _, _ in points} == technology_corners
    assert {"silicon", "oxide"} <= {row["device"] for row in at("retention_s")}
    assert all({"level_v", "temperature_c", "seconds"} <= set(row) for row in at("retention_s"))
    assert all(row["perplexity"] > 1 for row in at("effects")) and len(at("effects")) >= 20
    assert isinstance(at("latency_limit"), str)


def test_every_study_stands_in_the_docs_from_one_full_run_of_one_version_of_the_circuits() -> None:
    text = (DOCS / "gain_cell.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"<!-- study: (\w+) -->\n(.*?)<!-- /study -->", text, re.DOTALL))
    assert set(blocks) == set(STUDIES) == set(at("studies"))
    assert all("|---|" in block for block in blocks.values())
    settings = [study["settings"] for study in at("studies").values()]
    for key in ("technology", "corner", "seed", "cards", "quick"):
        assert len({one[key] for one in settings}) == 1, key
    assert settings[0]["quick"] == "false"
