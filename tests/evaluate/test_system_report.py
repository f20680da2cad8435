import io
import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from pycosim.errors import InputError
from pycosim.evaluate.drawing import drawing_style, new_figure
from pycosim.evaluate.report import Check, NetlistRecord, Provenance, RunRecord
from pycosim.evaluate.system_report import SystemReport, terminal_system_report, write_system_report
from pycosim.evaluate.tables import Table


def drawn() -> Figure:
    with drawing_style():
        figure = new_figure(3.0, 2.0)
        figure.subplots().plot([0, 1], [0, 1])
    return figure


def report() -> SystemReport:
    return SystemReport(
        system="Two resistors",
        summary="A divider <and> its output.",
        figures={"divider": {"ratio": 0.5, "open": float("nan")}},
        tables={"divider": Table(title="Divider", header=("part", "ratio"), rows=(("R1 & R2", "0.5"),), note="Ideal.")},
        checks=(Check(name="ratio", value=0.5, unit="", relation="at_most", target=0.6),),
        provenance=Provenance(
            netlists=(NetlistRecord(name="divider", digest="0" * 64, path="netlists/divider.cir"),),
            ngspice="39",
            technology="square",
            corner="tt",
            temperature=27.0,
            seed=3,
            pycosim="0.1",
        ),
        run=RunRecord(command="pycosim run", started="now", wall_seconds=1.0, n_workers=1),
        plots={"line": drawn()},
        notes=("Nothing deviates.",),
    )


def test_a_report_is_written_whole_and_says_what_is_not_finite(tmp_path: Path) -> None:
    page = write_system_report(report(), tmp_path / "run")
    document = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    assert document["divider"] == {"ratio": 0.5, "open": None}
    assert document["not_finite"] == ["divider.open"]
    assert document["checks"][0]["passed"] is True
    assert (tmp_path / "run" / "figures" / "line.svg").is_file()
    text = page.read_text(encoding="utf-8")
    assert "1 of 1 targets met" in text and "R1 &amp; R2" in text and "A divider &lt;and&gt;" in text
    assert "<svg" in text and "http-equiv" not in text


def test_two_reports_of_the_same_values_have_the_same_bytes(tmp_path: Path) -> None:
    pages = [write_system_report(report(), tmp_path / name).read_bytes() for name in ("one", "two")]
    assert pages[0] == pages[1]


def test_a_terminal_shows_every_table_and_note() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(terminal_system_report(report()))
    text = console.export_text()
    for word in ("Two resistors", "Divider", "R1 & R2", "targets met", "Nothing deviates."):
        assert word in text


def test_a_folder_that_cannot_be_written_is_an_error_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another folder with --out"):
        write_system_report(report(), tmp_path / "file")
