"""What a run leaves of its attention: evaluated again it is the same, and of other circuits it is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ideal_circuits import IdealCircuits
from typer.testing import CliRunner

from pycosim.cli import app
from pycosim.errors import InputError
from pycosim.evaluate.report import Report
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.evaluate import AttentionKind, choose_attention, evaluate_attention, shipped_subject
from pycosim.flows.gain_cell import run_gain_cell
from pycosim.flows.progress import SilentProgress
from pycosim.flows.saved_attention import check_circuits, load_attention
from pycosim.spice import Waveforms, find_libngspice, find_ngspice, installation_hint
from pycosim.spice.rawfile import read_raw

TINY = GainCellConfig(n_columns=2, n_signed_columns=2, n_tokens=300, adaptation_steps=2, quick=True)

needs_ngspice = pytest.mark.skipif(
    find_ngspice() is None or find_libngspice() is None, reason=f"needs ngspice and libngspice. {installation_hint()}"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A run on ideal circuits: its decks are those of the real ones, only their answers are not."""
    out = tmp_path_factory.mktemp("run")
    return out, run_gain_cell(TINY, out, SilentProgress(), IdealCircuits())


def test_a_saved_run_has_the_perplexity_of_its_report(run: tuple[Path, Report]) -> None:
    folder, report = run
    subject = shipped_subject(AttentionKind.analog, TINY.n_tokens)
    chosen = choose_attention(AttentionKind.analog, subject, load_attention(folder))
    assert evaluate_attention(subject, chosen, SilentProgress()) == report.accuracy["analog_adapted"]
    for kind in (AttentionKind.exact, AttentionKind.linear):
        subject = shipped_subject(kind, TINY.n_tokens)
        found = evaluate_attention(subject, choose_attention(kind, subject, None), SilentProgress())
        assert found == report.accuracy[kind.value]


def test_circuits_of_another_corner_or_temperature_are_not_those_of_the_run(run: tuple[Path, Report]) -> None:
    folder, _ = run
    design = make_design(TINY)
    check_circuits(folder, design)
    for other in (design.at(corner="ss"), design.at(temperature=85.0)):
        with pytest.raises(InputError, match="not those of this installation"):
            check_circuits(folder, other)
    resized = replace(design, cell=replace(design.cell, storage_capacitance=2 * design.cell.storage_capacitance))
    with pytest.raises(InputError, match="a deck of cell_charges"):
        check_circuits(folder, resized)


def test_a_folder_that_is_no_run_or_is_damaged_is_refused(run: tuple[Path, Report], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pycosim run --out"):
        load_attention(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(run[0] / "attention", copy / "attention")
    path = copy / "attention" / "attention.json"
    text = path.read_text(encoding="utf-8")
    for damaged, message in (
        (text[:-40], "damaged"),
        (text.replace('"schema_version": 1', '"schema_version": 2'), "schema_version 1, found 2"),
        (text.replace('"token_period"', '"period"'), "damaged"),
        (text.replace('"corner": "tt"', '"corner": "hot"'), "corner must be one of"),
    ):
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(InputError, match=message):
            load_attention(copy)
    path.write_text(text, encoding="utf-8")
    (copy / "attention" / "decay.json").unlink()
    with pytest.raises(InputError, match=r"decay\.json"):
        load_attention(copy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--attention", "analog"], "--models"),
        (["--replace", "--attention", "exact"], "--spice-sample"),
        (["--attention", "linear", "--spice-sample", "3"], "no circuits to sample"),
        (["--tokens", "99999999", "--attention", "exact"], "at most"),
        (["--attention", "exact", "--models", "nowhere"], "no models of a run"),
        (["--models", "nowhere"], "nowhere has no attention/attention.json"),
    ],
)
def test_evaluate_refuses_what_cannot_be_in_one_sentence(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", *arguments, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert message in result.output
    assert result.output.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_evaluate_prints_the_perplexity_and_writes_it(tmp_path: Path) -> None:
    arguments = ["evaluate", "--attention", "exact", "--tokens", "300", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "evaluate.json").read_text(encoding="utf-8"))
    assert found["accuracy"]["n_tokens"] == 300
    assert f"{found['accuracy']['perplexity']:.3f}" in result.output
    assert found["in_the_loop"] is None


@pytest.mark.ngspice
@needs_ngspice
def test_drawn_reads_go_through_ngspice(run: tuple[Path, Report], tmp_path: Path) -> None:
    """The models are ideal and the circuits are not: errors are those of the circuits, some of a nanosecond."""
    arguments = ["evaluate", "--models", str(run[0]), "--tokens", "300", "--spice-sample", "3", "--replace"]
    result = CliRunner().invoke(app, [*arguments, "--seed", "1", "--workers", "1", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "evaluate.json").read_text(encoding="utf-8"))
    found = document["in_the_loop"]
    assert found["n"] == len(found["reads"]) == found["effect"]["n_replaced"] == 3
    assert max(abs(read["error_s"]) for read in found["reads"]) == found["worst_error"]
    assert 0 < found["worst_error"] < 3e-9
    assert (tmp_path / "reads.svg").read_text(encoding="utf-8").startswith("<svg")
    assert max(map(len, result.output.split("\nWorst read")[0].splitlines())) <= 80
    (deck,) = (tmp_path / "worst").glob("*.cir")
    (waves,) = (tmp_path / "worst").glob("*.npz")
    worst = max(found["reads"], key=lambda read: abs(read["error_s"]))
    assert waves.stem == worst["netlist"]
    # the deck as it is, in ngspice's own hands, gives the pulse that the report has
    ngspice = find_ngspice()
    assert ngspice is not None
    raw = tmp_path / "worst.raw"
    subprocess.run([ngspice, "-b", "-r", str(raw), str(deck)], check=True, capture_output=True, timeout=300)
    (plot,) = read_raw(raw)
    column = make_design(TINY).first if worst["array"] == "first" else make_design(TINY).second
    own = Waveforms(
        axis=plot.vectors["time"].real, axis_name="time", signals=plot.vectors, netlist_digest=worst["netlist"]
    )
    assert column.converted_width(own) == pytest.approx(worst["spice_s"], abs=1e-12)
