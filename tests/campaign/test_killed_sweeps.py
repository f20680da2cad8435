from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from campaign.paper import CountingExecutor, campaign
from pycosim.campaign.campaign import Campaign, run_campaign
from pycosim.campaign.store import open_cache, save_sweep

SPEC = """
bench = "gain_cell_dc"
measure = ["read_current"]
[axes]
stored_voltage = [0.2, 0.8]
seed = { seeds = 40 }
[simulator]
workers = 2
"""


def wanted() -> Campaign:
    """120 points, of which some fail, some climb and some have no deck."""
    return campaign({"width": range(-5, 15), "seed": {"seeds": 6}}, ("area", "side"), ladder=("gear",))


def sweep(store: Path, pause: float = 0.0) -> list[int]:
    """Run the sweep into a store; which points were simulated."""
    executor = CountingExecutor(pause=pause, failing={7.0: ("ConvergenceFailure", "no")}, rungs={8.0: "gear"})
    with open_cache(store) as cache:
        save_sweep(store, run_campaign(wanted(), executor, cache), "bench = 1\n")
    return executor.ran


def in_a_process(act: Callable[[], object]) -> int:
    """Start a call in a process of its own."""
    child = os.fork()
    if not child:
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def contents(store: Path) -> dict[str, bytes]:
    return {name: (store / name).read_bytes() for name in ("sweep.nc", "spec.toml")}


def test_a_sweep_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(tmp_path / "undisturbed")
    sync = os.fsync

    def slow_sync(handle: int) -> None:  # so that kills hit the writing of the dataset as well
        time.sleep(0.02)
        sync(handle)

    monkeypatch.setattr(os, "fsync", slow_sync)
    rng = np.random.default_rng(5)
    kills = 0
    while True:
        child = in_a_process(lambda: sweep(tmp_path / "killed", pause=1e-3))
        time.sleep(float(rng.uniform(0.0, 0.03 + 0.004 * kills)))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        kills += 1
        assert kills < 300
    assert kills >= 5, "the first kills come before anything could be finished"
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")
    assert sweep(tmp_path / "killed") == []


@pytest.mark.parametrize("name", ["sweep.nc", "spec.toml"])
def test_a_kill_while_a_file_is_written_leaves_the_old_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(tmp_path)
    before = contents(tmp_path)

    replace = Path.replace

    def fatal(self: Path, target: Path) -> None:
        if target.name == name:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(self, target)

    monkeypatch.setattr(Path, "replace", fatal)
    _, status = os.waitpid(in_a_process(lambda: sweep(tmp_path)), 0)
    assert os.WIFSIGNALED(status)
    assert contents(tmp_path) == before
    assert (tmp_path / f".{name}.part").exists()
    monkeypatch.undo()
    assert sweep(tmp_path) == []
    assert contents(tmp_path) == before
    assert not list(tmp_path.glob(".*.part"))


def children(process: int) -> set[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
    return {int(word) for word in listed.split()}


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.ngspice
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_a_killed_sweep_of_ngspice_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    spec = tmp_path / "cell.toml"
    spec.write_text(SPEC, encoding="utf-8")

    def command(store: str) -> list[str]:
        return [sys.executable, "-m", "pycosim", "sweep", str(spec), "--out", str(tmp_path / store)]

    killed = subprocess.Popen(command("killed"), stderr=subprocess.DEVNULL)
    results, workers = tmp_path / "killed" / "points.sqlite-wal", set[int]()
    end = time.monotonic() + 300  # s; a busy machine takes a minute
    while not (results.exists() and results.stat().st_size > 60_000):  # some results are in
        assert killed.poll() is None and time.monotonic() < end
        workers = children(killed.pid) or workers
        time.sleep(0.005)
    killed.kill()
    killed.wait()
    assert workers
    while any(map(is_alive, workers)):
        assert time.monotonic() < end, "a simulator outlived its sweep"
        time.sleep(0.05)
    second = subprocess.run(command("killed"), capture_output=True, text=True, check=True)
    first = subprocess.run(command("undisturbed"), capture_output=True, text=True, check=True)
    assert "80 points, 80 simulated now, 0 failed" in first.stdout
    assert "80 points, 80 simulated now" not in second.stdout
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")
