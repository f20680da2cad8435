"""docs/adaptation.md says what docs/results/adaptation.json says."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adaptation.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> Any:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import adaptation_page
    finally:
        sys.path.pop(0)
    return adaptation_page


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs" / "results" / "adaptation.json").read_text(encoding="utf-8"))
    return found


def table_of(name: str) -> str:
    found = re.search(rf"<!-- begin {name} -->\n(.*?)\n<!-- end {name} -->", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_tables_are_those_of_the_results(page: Any, record: dict[str, Any]) -> None:
    assert table_of("adaptation_shipped") == page.cells_table(record["shipped"], record["shipped_written"])
    assert table_of("adaptation_course") == page.course_table(record["shipped"])
    assert table_of("adaptation_levels") == page.levels_table(record["shipped_levels"])
    assert table_of("adaptation_floors") == page.floors_table(record["floors"])
    assert table_of("adaptation_stories") == page.stories_table(record["stories260k"])
    assert table_of("adaptation_first") == page.first_table(record["first_scalers"])


def test_cells_of_smooth_response_come_within_a_tenth_of_the_linear_hardware(record: dict[str, Any]) -> None:
    ratios = {
        row["cell"]: row["held_out"]["adapted"]["perplexity"] / row["held_out"]["linear"]["perplexity"]
        for row in record["shipped"]
    }
    assert {"linear", "cubic", "x3", "x5", "sigmoid", "exponential", "spice"} == set(ratios)
    assert all(ratios[cell] < 1.1 for cell in ("linear", "cubic", "x3", "sigmoid", "spice"))
