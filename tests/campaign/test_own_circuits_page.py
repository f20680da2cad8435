"""What docs/own_circuits.md shows is what the program takes."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from pycosim.campaign.measures import MEASURES
from pycosim.campaign.spec import read_spec

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "own_circuits.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples" / "sweeps"
ON_EVERY_KIND = {"start", "stop", "unit", "missing"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_page_names_every_kind_of_measurement_with_its_fields() -> None:
    rows = [row.split("|") for row in PAGE.splitlines() if row.startswith("| `")]
    described = {kind: row[3] for row in rows if len(row) == 5 for kind in re.findall(r"`(\w+)`", row[1])}
    for kind, measure in MEASURES.items():
        for field in {one.name for one in fields(measure)} - ON_EVERY_KIND:
            assert re.search(rf"\b{field}\b", described[kind]), (kind, field)


def test_the_deck_of_the_page_is_the_example() -> None:
    assert (EXAMPLES / "rc_filter.cir").read_text(encoding="utf-8") in blocks("")


@pytest.mark.parametrize("text", [text for text in blocks("toml") if "[axes]" in text])
def test_the_sweeps_of_the_page_are_read(text: str) -> None:
    spec = read_spec(tomllib.loads(text), source="page", folder=EXAMPLES, text=text)
    assert spec.campaign.grid.size >= 10


def test_the_table_of_a_bench_on_the_page_is_read() -> None:
    (text,) = (text for text in blocks("toml") if text.startswith("[bench]"))
    measure = {"level": {"kind": "mean", "signal": "v(out)"}}
    words = {**tomllib.loads(text), "measure": measure, "axes": {"dvt": [0.0]}}
    assert read_spec(words, source="page", folder=EXAMPLES, text=text).campaign.grid.size == 1


@pytest.mark.ngspice
def test_the_python_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(EXAMPLES)
    first, second = blocks("python")
    exec(first, {})
    assert float(capsys.readouterr().out) == pytest.approx(1.386e-6, rel=1e-3)  # as it says behind the line
    names: dict[str, object] = {}
    exec(second, names)
    make_bench = names["make_bench"]
    assert callable(make_bench)
    assert make_bench().parameters["r"].default == 1e3
