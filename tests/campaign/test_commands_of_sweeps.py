from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from campaign.paper import PAPER, CountingExecutor
from pycosim import sweep
from pycosim.campaign import spec
from pycosim.campaign import sweep as running
from pycosim.campaign.store import load_sweep
from pycosim.cli import app

SPEC = """
bench = "paper"
measure = ["area"]
[axes]
width = [1.0, 2.0, 13.0]
corner = ["tt", "ss"]
"""


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> CountingExecutor:
    """In place of ngspice, and the paper bench in place of shipped ones."""
    counting = CountingExecutor()
    monkeypatch.setattr(running, "LocalExecutor", lambda *settings, share: counting)
    monkeypatch.setattr(spec, "shipped_bench", lambda name, technology: PAPER)
    return counting


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.toml").write_text(SPEC, encoding="utf-8")
    return lambda *words: CliRunner().invoke(app, list(words))


def test_a_sweep_is_run_and_summed_up(executor: CountingExecutor, command: Callable[..., Result]) -> None:
    result = command("sweep", "first.toml")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "6 points, 4 simulated now, 2 failed",
        "  2 failed: the deck cannot be made: 13 m wide brings bad luck; choose another width",
        "Sweep: runs/first/sweep.nc",
    ]
    assert "sweep of 6 points" in result.stderr
    assert "first failure: the deck cannot be made" in result.stderr
    assert load_sweep(Path("runs/first"))["area"].sel(width=2.0, corner="ss") == 1.0
    assert Path("runs/first/spec.toml").read_text(encoding="utf-8") == SPEC


def test_the_second_call_simulates_nothing(executor: CountingExecutor, command: Callable[..., Result]) -> None:
    command("sweep", "first.toml")
    before = Path("runs/first/sweep.nc").read_bytes()
    assert "6 points, 0 simulated now, 2 failed" in command("sweep", "first.toml").stdout
    assert len(executor.ran) == 4
    assert Path("runs/first/sweep.nc").read_bytes() == before


def test_failed_points_are_told_by_reason_and_tried_again_on_demand(
    executor: CountingExecutor, command: Callable[..., Result]
) -> None:
    executor.failing = {1.0: ("ConvergenceFailure", "the solver gave up")}
    executor.rungs = {2.0: "other_method"}
    found = command("sweep", "first.toml", "--out", "a").stdout
    assert "  2 failed: the solver gave up" in found
    assert "  2 converged on the rung other_method of the ladder" in found
    executor.failing = {}
    assert "4 failed" in command("sweep", "first.toml", "--out", "a").stdout
    assert (
        "6 points, 2 simulated now, 2 failed" in command("sweep", "first.toml", "--out", "a", "--retry-failed").stdout
    )


def test_a_sweep_of_which_every_point_fails_says_so_by_its_status(
    executor: CountingExecutor, command: Callable[..., Result]
) -> None:
    executor.failing = {1.0: ("X", "no"), 2.0: ("X", "no")}
    assert command("sweep", "first.toml").exit_code == 1


def test_an_interrupt_says_what_is_kept(executor: CountingExecutor, command: Callable[..., Result]) -> None:
    executor.stop_after = 3
    result = command("sweep", "first.toml")
    assert result.exit_code == 130
    assert "3/6 points" in result.stderr
    assert "they are kept in runs/first: the same command goes on" in result.stderr
    executor.stop_after = -1
    assert "6 points, 1 simulated now" in command("sweep", "first.toml").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sweep", "absent.toml"), "pycosim: cannot read the sweep absent.toml"),
        (("sweep", "first.toml", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"), "leave one of them out"),
        (("sweep", "first.toml", "--workers", "0"), "workers must be a whole number of 1 or more"),
        (("plot", "absent"), "pycosim: there is no finished sweep in absent"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    words: tuple[str, ...], message: str, executor: CountingExecutor, command: Callable[..., Result]
) -> None:
    result = command(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_sweep_is_drawn_into_its_store(executor: CountingExecutor, command: Callable[..., Result]) -> None:
    command("sweep", "first.toml")
    assert command("plot", "runs/first", "--hue", "corner").stdout.strip() == "runs/first/area_over_width_by_corner.png"
    assert command("plot", "runs/first/sweep.nc", "--at", "corner=ss", "--out", "a.svg").exit_code == 0
    assert Path("a.svg").exists()
    assert "the sweep has no 'volume'" in command("plot", "runs/first", "--y", "volume").stderr


def test_a_python_call_keeps_its_words_as_toml(executor: CountingExecutor, tmp_path: Path) -> None:
    import numpy as np

    words = {"measure": ["area"], "axes": {"width": np.array([1.0, 2.0])}, "parameters": {"note": 'a "word"'}}
    first = sweep("paper", out=tmp_path / "store", **words)  # type: ignore[arg-type]
    again = spec.load_spec(tmp_path / "store" / "spec.toml")
    assert again.campaign == spec.read_spec({"bench": "paper", **words}, source="", folder=Path(), text="").campaign
    assert load_sweep(tmp_path / "store")["area"].values.tolist() == first["area"].values.tolist()
    assert sweep("paper", **words).identical(first)  # type: ignore[arg-type]
    assert len(executor.ran) == 4, "without a store nothing is kept"


def test_a_python_call_shows_its_progress_when_asked(
    executor: CountingExecutor, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep("paper", measure=["area"], axes={"width": [1.0]})
    assert capsys.readouterr().err == ""
    sweep("paper", measure=["area"], axes={"width": [1.0]}, progress=True)
    assert "1/1 points" in capsys.readouterr().err


def test_importing_pycosim_is_quick() -> None:
    code = (
        "import sys, pycosim\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'PySpice', 'xarray', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert callable(pycosim.sweep)\n"
        "try:\n    pycosim.swep\nexcept AttributeError as error:\n    assert 'swep' in str(error)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
