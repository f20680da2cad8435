"""What a sweep on this machine survives, from the deck to the disk; each test is a row of the table of faults."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pycosim.campaign.campaign import run_campaign
from pycosim.campaign.store import load_sweep, open_cache, save_sweep
from pycosim.campaign.sweep import sweep
from pycosim.errors import StoreError
from pycosim.spice.installation import find_libngspice, installation_hint

from .benches import BROKEN, FAULTY, AtPoint
from .faults import Note, note_fault
from .folders import open_to_all
from .paper import CountingExecutor, campaign

pytestmark = pytest.mark.fault

needs_ngspice = pytest.mark.skipif(find_libngspice() is None, reason=f"needs libngspice. {installation_hint()}")
WIDTHS = range(1, 11)


def paper_sweep(store: Path, executor: CountingExecutor) -> list[int]:
    """Sweep a bench without a simulator into a store; which points were simulated."""
    with open_cache(store) as cache:
        save_sweep(store, run_campaign(campaign({"width": WIDTHS}), executor, cache), "bench = 1\n")
    return executor.ran


def again(store: Path, undisturbed: Path) -> str:
    """Run the sweep once more and say what it took; the end is that of an undisturbed one, to the bit."""
    ran = paper_sweep(store, CountingExecutor())
    paper_sweep(undisturbed, CountingExecutor())
    assert (store / "sweep.nc").read_bytes() == (undisturbed / "sweep.nc").read_bytes()
    return f"the next run simulates the other {len(ran)} of {len(WIDTHS)} points and ends as an undisturbed one"


@pytest.fixture(scope="module")
def survivors(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """A sweep in which every second point is broken in one way or another."""
    return sweep(
        FAULTY,
        measure=["final"],
        axes={"fault": ["none", *BROKEN], "resistance": [1e3, 2e3]},
        simulator={"workers": 2, "timeout": 1.0},
        out=tmp_path_factory.mktemp("survivors"),
    )


@needs_ngspice
@pytest.mark.ngspice
@pytest.mark.parametrize(
    ("fault", "what", "said"),
    [
        ("segfault", "a deck makes ngspice segfault", "signal SIGSEGV"),
        ("exit", "a deck makes ngspice exit", "Mismatch of .subckt"),
        ("endless", "a run does not end", "no result after 1 s"),
        ("no_solution", "the solver does not converge, on no rung of the ladder", "tried without success"),
        ("unmeasurable", "a measurement raises an error", "no final value"),
        ("unmade", "a point has no deck", "cannot be made"),
    ],
)
def test_a_broken_point_costs_itself_alone(
    fault: str, what: str, said: str, survivors: xr.Dataset, record_property: Note
) -> None:
    values, reasons = survivors["final"], survivors["failure"]
    assert np.isfinite(values.sel(fault="none")).all()
    assert np.isnan(values.sel(fault=fault)).all()
    (reason,) = set(reasons.sel(fault=fault).values.tolist())
    assert said in reason
    shown = [clause for place, clause in enumerate(reason.split("; ")) if not place or said in clause]
    note_fault(record_property, what, f"its points are NaN, the others whole; beside them: {'; '.join(shown)}")


@needs_ngspice
@pytest.mark.ngspice
def test_a_killed_simulator_costs_the_point_that_it_ran_until_it_is_retried(
    tmp_path: Path, record_property: Note
) -> None:
    psutil = pytest.importorskip("psutil", reason="needs psutil, which comes with Dask")

    def kill_simulators() -> None:
        for child in psutil.Process().children():
            if "pycosim.spice.worker" in child.cmdline():
                child.kill()

    words = {
        "measure": ["final"],
        "axes": {"resistance": {"start": 100.0, "stop": 10e3, "n": 60}},
        "simulator": {"workers": 2},
    }
    hurt = sweep(FAULTY, **words, out=tmp_path / "hurt", progress=AtPoint(20, kill_simulators))
    reasons = set(hurt["failure"].values.tolist()) - {""}
    n_lost = int(np.isnan(hurt["final"]).sum())
    assert n_lost in {1, 2}  # of two simulators one may have been between two runs
    assert all("signal SIGKILL" in reason for reason in reasons)
    healed = sweep(FAULTY, **words, out=tmp_path / "hurt", retry_failed=True)
    whole = sweep(FAULTY, **words, out=tmp_path / "whole")
    assert healed.identical(whole)
    note_fault(
        record_property,
        "a simulator process is killed (kill -9)",
        f"the point that it ran is NaN: {reasons.pop().split(';')[0]}; a new process takes its place; "
        "--retry-failed runs the point again",
    )


def test_a_killed_sweep_goes_on_where_it_was(tmp_path: Path, record_property: Note) -> None:
    child = os.fork()
    if not child:
        try:
            kill = AtPoint(4, lambda: os.kill(os.getpid(), signal.SIGKILL))
            with open_cache(tmp_path / "killed") as cache:
                run_campaign(campaign({"width": WIDTHS}), CountingExecutor(), cache, kill)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    outcome = again(tmp_path / "killed", tmp_path / "undisturbed")
    assert "other 6 of 10" in outcome
    note_fault(record_property, "the sweep itself is killed (kill -9) after 4 points", f"they stay; {outcome}")


def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path: Path, record_property: Note) -> None:
    with pytest.raises(KeyboardInterrupt):
        paper_sweep(tmp_path / "stopped", CountingExecutor(stop_after=3))
    outcome = again(tmp_path / "stopped", tmp_path / "undisturbed")
    assert "other 7 of 10" in outcome
    note_fault(record_property, "Ctrl-C after 3 points", f"they stay; {outcome}")


FULL_DISK = """
import subprocess, sys
from pathlib import Path
sys.path[:0] = {paths}
from campaign.paper import CountingExecutor, campaign
from pycosim.campaign.campaign import run_campaign
from pycosim.campaign.store import open_cache, save_sweep
from pycosim.errors import StoreError

store = Path({store!r})
for size in ("220k", "20m"):
    subprocess.run(["mount", "-o", f"remount,size={{size}}", str(store.parent)], check=True)
    executor = CountingExecutor()
    try:
        with open_cache(store) as cache:
            wanted = campaign({{"width": [1, 2, 3], "seed": {{"seeds": 300}}}})
            save_sweep(store, run_campaign(wanted, executor, cache), "bench = 1")
    except StoreError as error:
        print(len(executor.ran), error)
    else:
        print(len(executor.ran), "to the end")
"""


def test_a_full_disk_keeps_what_is_on_it(tmp_path: Path, record_property: Note) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    paths = [str(Path(__file__).parents[1]), *sys.path]
    script = tmp_path / "full.py"
    script.write_text(FULL_DISK.format(paths=paths, store=str(disk / "store")))
    command = f"mount -t tmpfs -o size=300k tmpfs {disk} && echo mounted && exec {sys.executable} {script}"
    done = subprocess.run(["unshare", "-rm", "sh", "-c", command], capture_output=True, text=True)
    if not done.stdout.startswith("mounted"):
        pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()[1:]
    assert "full" in first
    n_first, n_second = int(first.split()[0]), int(second.split()[0])
    assert second.endswith("to the end")
    assert 0 < n_second < 900
    assert n_first + n_second == 900 + 1  # the point whose result found no room is simulated again
    note_fault(
        record_property,
        "the disk is full",
        f"one sentence: {first.split(maxsplit=1)[1]}; with room again the next run simulates the other points only",
    )


@pytest.fixture
def finished(tmp_path: Path) -> Iterator[Path]:
    """A store with a sweep in it."""
    open_to_all(tmp_path)
    paper_sweep(tmp_path / "store", CountingExecutor())
    yield tmp_path / "store"
    (tmp_path / "store").chmod(0o755)


def test_a_read_only_store_stays_as_it_is(finished: Path, record_property: Note) -> None:
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    for path in finished.iterdir():
        path.chmod(0o444)
    finished.chmod(0o555)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)  # root may write everywhere
            paper_sweep(finished, CountingExecutor())
        except StoreError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    assert "cannot be written" in said
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before
    note_fault(record_property, "the store is read-only", f"one sentence: {said}; nothing in it is changed")


def test_a_store_of_another_version_stays_as_it_is(finished: Path, record_property: Note) -> None:
    file = sqlite3.connect(finished / "points.sqlite")
    file.execute("PRAGMA user_version = 77")
    file.close()
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    with pytest.raises(StoreError, match="has layout 77") as error:
        paper_sweep(finished, CountingExecutor())
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before
    note_fault(record_property, "the store is of another version", f"one sentence: {error.value}")


def test_a_damaged_file_of_points_is_told(finished: Path, tmp_path: Path, record_property: Note) -> None:
    path = finished / "points.sqlite"
    path.write_bytes(b"?" * 4096 + path.read_bytes()[4096:])
    with pytest.raises(StoreError, match="is damaged") as error:
        paper_sweep(finished, CountingExecutor())
    path.rename(tmp_path / "away")
    assert len(paper_sweep(finished, CountingExecutor())) == len(WIDTHS)
    note_fault(record_property, "points.sqlite is corrupt", f"one sentence: {error.value}")


def test_a_damaged_dataset_is_written_anew_without_simulating(
    finished: Path, tmp_path: Path, record_property: Note
) -> None:
    whole = (finished / "sweep.nc").read_bytes()
    (finished / "sweep.nc").write_bytes(whole[:100])
    with pytest.raises(StoreError, match="is damaged") as error:
        load_sweep(finished)
    assert paper_sweep(finished, CountingExecutor()) == []
    assert (finished / "sweep.nc").read_bytes() == whole
    note_fault(record_property, "sweep.nc is corrupt", f"one sentence: {error.value}")


def test_a_store_in_use_is_left_alone(tmp_path: Path, record_property: Note) -> None:
    with open_cache(tmp_path), pytest.raises(StoreError, match="is in use") as error:
        paper_sweep(tmp_path, CountingExecutor())
    note_fault(record_property, "two sweeps write to one store", f"the second ends with one sentence: {error.value}")
