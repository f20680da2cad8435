"""Studies on disk and in the docs: nothing computed is lost, and the docs hold what the studies found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from pycosim.errors import InputError
from pycosim.studies.document import fill_blocks, results_document, write_docs
from pycosim.studies.page import write_page
from pycosim.studies.record import Record, has_record, load_record, merged_figures, save_study
from pycosim.studies.study import Study, Table

SETTINGS = {"technology": "generic28", "corner": "tt", "temperature_c": "27", "supply_v": "0.9", "seed": "0"}
SETTINGS |= {"quick": "true", "pycosim": "0", "ngspice": "39"}


def study(name: str = "ideas", **figures: object) -> Study:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1], [1, 0])
    table = Table(title="All", header=("what", "ns"), rows=(("one", "1.5"), ("<two>", "2.5")), note="As measured.")
    data = xr.Dataset({"width": ("x", np.array([1.5, 2.5]))})
    values = figures or {"width_s": {"one": 1.5e-9, "two": float("nan")}}
    return Study(name=name, title="Ideas", figures=values, tables=(table,), datasets={"d": data}, plots={"p": figure})


def saved(folder: Path, one: Study | None = None) -> Record:
    return save_study(folder, one or study(), SETTINGS, 3.21)


def test_a_record_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    record = saved(tmp_path)
    assert record == load_record(tmp_path, "ideas")
    assert record.tables == study().tables and record.seconds == 3.2
    assert xr.load_dataset(tmp_path / "ideas" / "d.nc")["width"].values.tolist() == [1.5, 2.5]


def test_a_figure_that_is_not_finite_becomes_null(tmp_path: Path) -> None:
    assert saved(tmp_path).figures["width_s"] == {"one": 1.5e-9, "two": None}


def test_only_a_study_of_the_same_settings_is_taken_again(tmp_path: Path) -> None:
    saved(tmp_path)
    assert has_record(tmp_path, "ideas", SETTINGS)
    assert not has_record(tmp_path, "ideas", {**SETTINGS, "seed": "1"})
    assert not has_record(tmp_path, "others", SETTINGS)


def test_a_damaged_record_says_what_to_do(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "ideas" / "study.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"not a finished study.*remove the folder"):
        load_record(tmp_path, "ideas")


def test_studies_add_to_one_table_of_figures_but_never_overwrite(tmp_path: Path) -> None:
    one, two = (saved(tmp_path, study(name, latency={name: 1.0})) for name in ("a", "b"))
    assert merged_figures({"a": one, "b": two}) == {"latency": {"a": 1.0, "b": 1.0}}
    with pytest.raises(InputError, match="two studies give the figure"):
        merged_figures({"a": one, "c": saved(tmp_path, study("c", latency={"a": 2.0}))})


def test_the_docs_get_tables_plots_and_figures(tmp_path: Path) -> None:
    record = saved(tmp_path)
    page = tmp_path / "gain_cell.md"
    page.write_text("before\n<!-- study: ideas -->\nold\n<!-- /study -->\nafter\n", encoding="utf-8")
    write_docs({"ideas": record}, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "old" not in text and text.startswith("before") and text.endswith("after\n")
    assert "| one | 1.5 |" in text and "(results/p.svg)" in text and (tmp_path / "results" / "p.svg").is_file()
    figures = json.loads((tmp_path / "results" / "gain_cell.json").read_text(encoding="utf-8"))
    assert figures["width_s"]["one"] == 1.5e-9 and figures["studies"]["ideas"]["settings"]["seed"] == "0"
    assert fill_blocks(text, {"ideas": record}, "results") == text


def test_a_study_without_a_place_in_the_docs_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no place for the study ideas"):
        fill_blocks("nothing", {"ideas": saved(tmp_path)}, "results")


def test_the_page_holds_every_study_and_escapes_text(tmp_path: Path) -> None:
    page = write_page({"ideas": saved(tmp_path)}, tmp_path).read_text(encoding="utf-8")
    assert "&lt;two&gt;" in page and "<svg" in page and "Quick run" in page
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(results_document({"ideas": load_record(tmp_path, "ideas")}))
    )
