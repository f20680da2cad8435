"""Tunings of circuits in ngspice, as the command line runs them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import pycosim
from pycosim.spice.installation import find_libngspice, installation_hint

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "tune"

pytestmark = [
    pytest.mark.ngspice,
    pytest.mark.skipif(find_libngspice() is None, reason=f"needs libngspice. {installation_hint()}"),
]


def command(out: Path) -> list[str]:
    return [
        *(
            sys.executable,
            "-m",
            "pycosim",
            "tune",
            str(EXAMPLES / "rc_filter.toml"),
            "--out",
            str(out),
            "--workers",
            "1",
        )
    ]


def test_a_tuning_that_is_killed_goes_on_where_it_was_and_finds_the_closed_form(tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed = subprocess.Popen(command(out), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    results, end = out / "points.sqlite-wal", time.monotonic() + 60
    while not (results.exists() and results.stat().st_size > 150_000):  # tens of points are in
        assert killed.poll() is None and time.monotonic() < end
        time.sleep(0.005)
    killed.kill()
    killed.wait()
    assert not (out / "history.nc").exists()
    second = subprocess.run(command(out), capture_output=True, text=True, check=True)
    first = (out / "history.nc").read_bytes()
    third = subprocess.run(command(out), capture_output=True, text=True, check=True)
    simulated = [int(re.search(r"(\d+) points simulated now", one.stdout)[1]) for one in (second, third)]  # type: ignore[index]
    history = xr.load_dataset(io.BytesIO(first), engine="scipy")
    assert 0 < simulated[0] < 3 * history.sizes["candidate"]
    assert simulated[1] == 0
    assert (out / "history.nc").read_bytes() == first
    found = tomllib.loads((out / "best.toml").read_text(encoding="utf-8"))["parameters"]["R"]
    # 20 dB at 1 MHz with the smallest capacitor; the local search ends within 0.4 % of a range of ln(1000)
    wanted = np.sqrt(99) / (2 * np.pi * 1e6 * 0.8e-9)
    assert wanted <= found <= 1.03 * wanted
    assert {path.name for path in out.glob("*.png")} == {"front.png", "sensitivity.png"}


def test_python_tunes_in_the_words_of_the_file() -> None:
    found = pycosim.tune(
        {"file": str(EXAMPLES.parent / "sweeps" / "rc_filter.cir"), "analysis": "ac"},
        tune={"R": {"low": 1e3, "high": 1e4}},
        maximise=["bandwidth"],
        measure={"bandwidth": {"kind": "bandwidth", "signal": "v(out)"}},
        search={"evaluations": 5, "population": 5},
        simulator={"workers": 1},
    )
    assert found.best.worst["bandwidth"] == pytest.approx(1 / (2 * np.pi * found.best.values["R"] * 1e-9), rel=1e-3)
    assert found.history.attrs["bench"] == "rc_filter"


def test_a_spec_that_is_none_ends_in_one_sentence(tmp_path: Path) -> None:
    spec = tmp_path / "bad.toml"
    spec.write_text('bench = "charge_to_pulse"\nminimise = ["energie"]\n[tune]\nx = { low = 0, high = 1 }\n')
    ended = subprocess.run([sys.executable, "-m", "pycosim", "tune", str(spec)], capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "did you mean energy" in ended.stderr
