"""What `benchmarks/electro_optic.py` wrote: results/electro_optic.json and the tables of electro_optic.md."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@cache
def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "results" / "electro_optic.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", ["exp_1", "exp_2", "exp_3", "sigmoid_slope", "sigmoid_minimax"])
def test_an_approximation_is_its_limit_to_a_tenth(name: str) -> None:
    assert results()["approximation"][name] == pytest.approx(results()["approximation_limit"][name], rel=0.1)


def test_latencies_lie_between_the_symbols_and_what_is_published() -> None:
    latency = results()["latency_s"]
    assert 12.8e-9 <= latency["optmax"] <= 13e-9
    assert 6.4e-9 <= latency["optmoid"] <= 6.5e-9


def test_every_figure_is_a_positive_number() -> None:
    found = results()
    assert found["not_finite"] == [] and not found["settings"]["quick"]
    assert all(value > 0 for value in found["energy_per_symbol_j"].values())
    assert all(0.97 < row["sigma"] / row["closed_form"] < 1.03 for row in found["noise"])
    assert {(row["baud"], row["power_w"]) for row in found["noise"]} >= {(10e9, 1e-3), (1e9, 1e-4)}
    assert all(math.isfinite(row["value"]) and row["value"] > 1 for row in found["accuracy"])
    assert {(row["unit"], row["bits"]) for row in found["accuracy"] if row["whole"]} >= {
        (unit, bits) for unit in ("softmax", "optmax", "sigmoid", "optmoid") for bits in (None, 8, 4, 2)
    }
    assert 0 < found["golden_total_variation"]["mean"] < 0.2


def test_optmax_collapses_by_additive_noise_and_not_by_multiplicative() -> None:
    plain = [
        row for row in results()["accuracy"] if row["model"] == "shipped language model" and row["unit"] == "optmax"
    ]
    value = {(row["noise"], row["sigma"]): row["value"] for row in plain if row["bits"] == 4 and not row["whole"]}
    assert value["additive", 0.01] < 1.1 * value["none", 0.0] < value["additive", 0.05] / 3
    assert value["multiplicative", 0.1] < 1.2 * value["none", 0.0]


def test_every_table_of_the_page_is_filled() -> None:
    text = (DOCS / "electro_optic.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 -->", text, re.DOTALL)
    assert len(blocks) == 9 and all(block.count("|") > 10 for _, block in blocks)
