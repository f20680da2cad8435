"""The arithmetic of the speed benchmarks, where it can be checked without a GPU and without their peers."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module(name)


def test_roofline_of_the_published_case_is_three_microseconds_on_a_card_of_a_terabyte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu = load("gpu_attention", monkeypatch)
    half, single = (gpu.Case(batch=64, precision=kind, is_fused=True) for kind in ("float16", "float32"))
    assert single.cache_bytes == 2 * 64 * 12 * 1024 * 64 * 4
    assert half.roofline(1.008e12) / 65e-9 == pytest.approx(48, rel=0.01)  # the reference's own figure for an RTX 4090
    assert single.roofline(1.008e12) == pytest.approx(2 * half.roofline(1.008e12))
    assert gpu.Case(batch=1, precision="float32", is_fused=False).roofline(1e12) == single.roofline(1e12)


def test_idle_energy_is_subtracted(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = load("gpu_attention", monkeypatch)
    assert gpu.net_joules(counted=500.0, idle_watts=60.0, seconds=5.0, calls=100) == pytest.approx(2.0)


def test_the_table_without_a_gpu_holds_published_figures_and_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = load("gpu_attention", monkeypatch)
    latency, energy = gpu.ours()
    text = gpu.page(None)
    assert "No GPU was present" in text
    assert f"| 22.37 us | {22.37e-6 / latency:.3g} | 7.178 mJ | {7.178e-3 / energy:.3g} |" in text


def test_the_table_with_a_gpu_sets_it_beside_the_roofline(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = load("gpu_attention", monkeypatch)
    cases = [
        {
            "batch": case.batch,
            "precision": case.precision,
            "fused": case.is_fused,
            "seconds_per_token": 1e-5,
            "energy_per_token": 1e-3,
            "roofline_per_token": case.roofline(1e12),
        }
        for case in gpu.CASES
    ]
    found = {"device": "card", "torch": "2", "idle_watts": 50.0, "no_energy": "", "bandwidth": 1e12, "cases": cases}
    text = gpu.page({**found, "bandwidth_is_given": True})
    assert text.count("| card, batch") == 8
    assert "card, roofline of K and V, float16 | 3.146 us" in text
    assert "idle power of 50.0 W subtracted" in text


def test_ratios_are_medians_of_ratios_within_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    matvec = load("matvec", monkeypatch)
    found = {"numpy": [1.0, 2.0, 8.0], "pycosim": [2.0, 4.0, 4.0], "CrossSim": "absent"}
    on = dict.fromkeys(found, "some")
    rows = {r["peer"]: r for r in matvec.rows_of(found, on, (64, 1024), 1024, 1)}
    assert rows["numpy"]["ratio"] == 0.5
    assert rows["pycosim"]["of_plain"] == 0.5
    assert rows["CrossSim"]["ratio"] is None
    targets = {t["against"]: t["found"] for t in matvec.targets_of(list(rows.values()))}
    assert targets == {"fastest of aihwkit": None, "CrossSim with read noise": None, "plain NumPy product": 0.5}
    text = matvec.page(list(rows.values()), {"numpy": "2"})
    assert "Not measured: CrossSim (absent)." in text
    assert "| plain NumPy product | 1 | 0.5 x | 0.25 x | met |" in text


def test_contenders_compute_the_same_product(monkeypatch: pytest.MonkeyPatch) -> None:
    peers = load("matvec_peers", monkeypatch)
    case = peers.Operands((64, 128), 200, 1)
    plain = np.asarray(peers.numpy_product(case)())
    unit = case.full / peers.OUTPUT_COUNTS
    for name in ("numpy, by hand", "pycosim", "pycosim, no read noise"):
        error = (np.asarray(peers.PEERS[name][0](case)()) - plain) / unit
        # rounding of the outputs 0.29, read noise 1, weight error and rounding of the inputs half a count
        assert 0.4 < error.std() < 1.4, name
        assert ("no read noise" in name) == (error.std() < 0.9), name


def test_a_contender_that_is_not_installed_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    peers = load("matvec_peers", monkeypatch)
    monkeypatch.setitem(sys.modules, "simulator", None)
    version, why = peers.installed("simulator")
    assert (version, why.split(":")[0]) == ("", "ModuleNotFoundError")


def test_lookups_are_the_sum_of_table_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = load("lookup", monkeypatch)
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(16, 8, 3)).astype(np.float32)
    inputs, stored = rng.integers(0, 16, (2, 4, 5)), rng.integers(0, 8, (2, 4, 5))
    ages = np.array([[0, -1, -1, -1], [1, 0, -1, -1], [2, 1, 0, -1], [2, 2, 1, 0]])
    found = lookup.lookups(cells, inputs, stored, ages)
    for h, t, tau in ((0, 3, 1), (1, 2, 2), (0, 1, 0)):
        wanted = sum(cells[inputs[h, t, d], stored[h, tau, d], ages[t, tau]] for d in range(5))
        assert found[h, t, tau] == pytest.approx(wanted, abs=1e-5)
    assert not found[:, ages < 0].any()


def test_figures_are_merged_by_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = load("record", monkeypatch)
    path = tmp_path / "speed.json"
    record.merge({"tile": 1}, path)
    record.merge({"gpu": None}, path)
    assert json.loads(path.read_text()) == {"gpu": None, "tile": 1}


def test_the_readme_shows_the_systems_as_they_were_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    systems = load("systems", monkeypatch)
    assert f"{systems.BEGIN}\n{systems.systems()}\n{systems.END}" in systems.README.read_text(encoding="utf-8")
