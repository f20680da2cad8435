from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from circuits.technology import load_technology
from pycosim.campaign.catalogue import bench_names, shipped_bench
from pycosim.campaign.spec import WORDS, load_spec, read_spec

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
CONDITIONS = {"corner", "temperature", "supply_voltage", "seed"}


def test_the_sweep_of_the_page_is_one() -> None:
    (text, *_) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    spec = read_spec(tomllib.loads(text), source="page", folder=ROOT, text=text)
    assert spec.campaign.grid.shape == (8, 100)


def test_the_page_has_every_word_of_a_sweep() -> None:
    assert not [word for word in WORDS if f"`{word}`" not in PAGE and f"`[{word}]`" not in PAGE]


@pytest.mark.parametrize("name", bench_names())
def test_the_page_has_every_bench_with_its_parameters_and_measurements(name: str) -> None:
    bench = shipped_bench(name, load_technology("generic28"))
    (row,) = (line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1])
    plain = {name for name in bench.parameters if "." not in name} - CONDITIONS
    paths = {name.split(".")[0] + "." for name in bench.parameters if "." in name}
    assert not [word for word in (*plain, *paths, *bench.measurements) if f"`{word}`" not in row]


@pytest.mark.parametrize("name", ["converter", "gain_cell_monte_carlo"])
def test_the_examples_of_shipped_benches_can_be_read(name: str) -> None:
    path = ROOT / "examples" / "sweeps" / f"{name}.toml"
    assert load_spec(path).campaign.grid.size > 10
    assert f"pycosim sweep examples/sweeps/{name}.toml" in path.read_text(encoding="utf-8")
