"""The page on techniques says what the results file says."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "attention_techniques.md"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("techniques_page")


def test_its_tables_are_those_of_the_results(page: ModuleType) -> None:
    found = json.loads(page.ACCURACY.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    assert page.techniques_table(found["techniques"]) in text
    assert page.shared_table(found["shared_tiles"]) in text


def test_every_row_has_what_a_reader_of_the_file_wants(page: ModuleType) -> None:
    for row in json.loads(page.ACCURACY.read_text(encoding="utf-8"))["techniques"]:
        assert {"name", "model", "condition", "perplexity", "perplexity_without", "perplexity_with"} < set(row)
        assert row["standard_error"] >= 0


def test_a_shared_tile_saves_in_proportion_to_the_heads_that_share_it(page: ModuleType) -> None:
    alone, *shared = page.shared_tiles()
    assert alone["cells"] == 2 * 1024 * 64
    for row in shared:
        for name in ("cells", "writes", "write_energy_j"):
            assert row[name] * row["group"] == pytest.approx(alone[name])
