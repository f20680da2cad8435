from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from report_example import example_report
from typer.testing import CliRunner

from circuits.errors import CircuitError
from pycosim import doctor
from pycosim.cli import app
from pycosim.errors import ConvergenceFailure
from pycosim.evaluate.figures import Figures
from pycosim.evaluate.report import Report
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import Progress

Run = Callable[[GainCellConfig, Path, Progress], Report]


def put_in_place(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    """Stand in for a flow, so that the command line is tested without simulating."""
    module = types.ModuleType(name)
    for member, value in members.items():
        setattr(module, member, value)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> list[GainCellConfig]:
    """The configurations with which the flow was called."""
    calls: list[GainCellConfig] = []

    def run_gain_cell(config: GainCellConfig, out: Path, progress: Progress) -> Report:
        calls.append(config)
        progress.stage("Cell", 1)
        progress.advance()
        return dataclasses.replace(example_report(), figures=Figures())  # drawing is tested elsewhere

    put_in_place(monkeypatch, "pycosim.flows.gain_cell", run_gain_cell=run_gain_cell)
    return calls


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run_gain_cell(config: GainCellConfig, out: Path, progress: Progress) -> Report:
        raise error

    put_in_place(monkeypatch, "pycosim.flows.gain_cell", run_gain_cell=run_gain_cell)


def test_run_writes_the_report_and_says_where(flow: list[GainCellConfig], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["run", "--out", str(tmp_path / "a"), "--quick", "--seed", "7", "--workers", "2"])
    assert result.exit_code == 0, result.output
    assert flow == [GainCellConfig(quick=True, seed=7, n_workers=2)]
    assert json.loads((tmp_path / "a" / "report.json").read_text(encoding="utf-8"))["schema_version"] == 1
    assert "60.6 ns" in result.stdout
    assert f"Report: {tmp_path / 'a' / 'report.html'}" in result.stdout
    assert "Cell" in result.stderr
    assert "Cell\n" not in result.stdout, "progress belongs to standard error"


def test_run_reads_its_configuration(flow: list[GainCellConfig], tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('corner = "ss"\nquick = true\n', encoding="utf-8")
    arguments = ["run", "--config", str(tmp_path / "run.toml"), "--out", str(tmp_path / "b")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert (flow[0].corner, flow[0].quick) == ("ss", True)


def test_run_makes_a_directory_of_its_own(
    flow: list[GainCellConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["run"]).exit_code == 0
    assert len(list(tmp_path.glob("runs/gain-cell-*/report.html"))) == 1


@pytest.mark.parametrize(
    "error",
    [
        ConvergenceFailure("timestep too small at 3 ns; relax reltol", netlist="column"),
        CircuitError("no device"),
    ],
)
def test_a_deliberate_error_is_one_sentence_and_status_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    fail_with(monkeypatch, error)
    result = CliRunner().invoke(app, ["run", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr == f"pycosim: {error}\n"


def test_debug_shows_where_an_error_came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fail_with(monkeypatch, CircuitError("no device"))
    result = CliRunner().invoke(app, ["run", "--out", str(tmp_path), "--debug"])
    assert isinstance(result.exception, CircuitError)


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    result = CliRunner().invoke(app, ["run", "--out", str(tmp_path)])
    assert result.exit_code == 130
    assert "interrupted" in result.stderr


def test_an_output_folder_that_cannot_be_made_is_named(flow: list[GainCellConfig], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = CliRunner().invoke(app, ["run", "--out", str(tmp_path / "file")])
    assert result.exit_code == 2
    assert "choose another folder with --out" in result.stderr


def test_netlists_are_written_or_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_in_place(
        monkeypatch,
        "pycosim.flows.netlists",
        write_netlists=lambda folder: [folder / "cell.cir"],
        check_netlists=lambda folder: ["cell.cir"] if folder.name == "old" else [],
    )
    assert str(tmp_path / "cell.cir") in CliRunner().invoke(app, ["netlists", "--out", str(tmp_path)]).stdout
    assert CliRunner().invoke(app, ["netlists", "--check", "--out", str(tmp_path / "new")]).exit_code == 0
    result = CliRunner().invoke(app, ["netlists", "--check", "--out", str(tmp_path / "old")])
    assert result.exit_code == 1
    assert "cell.cir is not what the circuits give" in result.stderr


def test_the_doctor_prints_versions_and_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_ngspice", lambda: None)
    monkeypatch.setattr(doctor, "ngspice_version", lambda: None)
    monkeypatch.setattr(doctor, "find_libngspice", lambda: Path("/opt/libngspice.so.0"))
    result = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "120"})
    assert result.exit_code == 1
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "missing" in lines["ngspice"]
    assert "/opt/libngspice.so.0" in lines["libngspice"]
    assert {"Python", "PySpice", "numpy", "BLAS", "threads"} <= lines.keys()


def test_the_doctor_is_content_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_ngspice", lambda: Path("/usr/bin/ngspice"))
    monkeypatch.setattr(doctor, "ngspice_version", lambda: "44")
    monkeypatch.setattr(doctor, "find_libngspice", lambda: Path("/opt/libngspice.so.0"))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom pycosim.cli import app\n"
        "assert CliRunner().invoke(app, ['run', '--help']).exit_code == 0\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'PySpice', 'xarray'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
