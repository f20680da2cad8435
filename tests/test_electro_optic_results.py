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
    assert all(math.isfinite(row["value"]) for row in found["accuracy"])
    assert all((row["value"] > 1) == (row["metric"] == "perplexity") or row["value"] == 1 for row in found["accuracy"])
    assert {(row["unit"], row["bits"]) for row in found["accuracy"] if row["whole"]} >= {
        (unit, bits) for unit in ("softmax", "optmax", "sigmoid", "optmoid") for bits in (None, 8, 4, 2)
    }
    assert 0 < found["golden_total_variation"]["mean"] < 0.2


def _at_4_bit(model: str, trained: str, unit: str) -> dict[tuple[str, float], float]:
    """(noise, sigma) -> value, on the part of the data that sweeps use."""
    return {
        (row["noise"], row["sigma"]): row["value"]
        for row in results()["accuracy"]
        if (row["model"], row["trained"], row["unit"], row["bits"], row["whole"]) == (model, trained, unit, 4, False)
    }


def test_optmax_collapses_by_additive_noise_and_not_by_multiplicative() -> None:
    value = _at_4_bit("shipped language model", "softmax", "optmax")
    assert value["additive", 0.01] < 1.1 * value["none", 0.0] < value["additive", 0.05] / 3
    assert value["multiplicative", 0.1] < 1.2 * value["none", 0.0]


@pytest.mark.parametrize(("unit", "exact"), [("optmax", "softmax"), ("optmoid", "sigmoid")])
def test_training_with_noise_recovers_what_noise_takes(unit: str, exact: str) -> None:
    for model, better in (("shipped language model", -1), ("vision transformer on digits", 1)):
        without, tuned = (_at_4_bit(model, trained, unit) for trained in (exact, unit))
        assert better * tuned["additive", 0.05] > better * without["additive", 0.05]


def test_all_tasks_of_the_page_are_there() -> None:
    models = {row["model"] for row in results()["accuracy"]}
    assert {"shipped language model", "vision transformer on digits", "stories260K"} <= models
    exact = [row for row in results()["accuracy"] if row["model"] == "vision transformer on digits" and row["whole"]]
    assert all(
        row["value"] > 0.97 for row in exact if row["bits"] is None and row["unit"] == row["trained"] == "softmax"
    )


def test_every_table_of_the_page_is_filled() -> None:
    text = (DOCS / "electro_optic.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 -->", text, re.DOTALL)
    assert len(blocks) == 12 and all(block.count("|") > 10 for _, block in blocks)
