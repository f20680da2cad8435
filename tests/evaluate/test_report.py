from __future__ import annotations

import dataclasses
import io
import json
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from report_example import COLUMN, example_report
from rich.console import Console

from pycosim.errors import InputError
from pycosim.evaluate.cost import PUBLISHED_LATENCY, PUBLISHED_PHASES
from pycosim.evaluate.document import report_document, to_json
from pycosim.evaluate.drawing import drawing_style, for_file, for_page, render_svg
from pycosim.evaluate.figures import Figures
from pycosim.evaluate.html import by_name
from pycosim.evaluate.plots import draw_figures
from pycosim.evaluate.quantities import show_count, show_number, show_quantity
from pycosim.evaluate.report import Check, Interval, NetlistRecord
from pycosim.evaluate.terminal import terminal_report
from pycosim.evaluate.wording import interval_text
from pycosim.evaluate.write import write_report, write_text


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_report(example_report(notes=("Quick run: <8> columns.",)), folder)
    return folder


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def test_the_json_has_the_keys_that_programs_rely_on(written: Path) -> None:
    document = json.loads((written / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert document["schema_version"] == 1
    for name in ("exact", "linear", "analog", "analog_adapted"):
        assert document["accuracy"][name]["perplexity"] > 1.0
    assert document["latency"]["total_s"] == pytest.approx(60.58e-9)
    assert {"name", "duration_s", "source"} <= document["latency"]["phases"][0].keys()
    assert {"name", "energy_j", "source"} <= document["energy"]["blocks"][0].keys()
    wanted = {"name", "kind", "residual_rms", "residual_unit", "n_held_out"}
    assert wanted <= document["models"][0].keys()
    assert document["provenance"]["netlists"][1]["digest"] == COLUMN
    assert {"ngspice", "technology", "seed"} <= document["provenance"].keys()
    assert document["not_finite"] == []


def test_every_documented_key_exists_and_every_key_is_documented(written: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    documented = {name for names in re.findall(r"^\| (`[^|]*`)", text, re.MULTILINE) for name in names.split("`")[1::2]}
    document = json.loads((written / "report.json").read_text(encoding="utf-8"))
    assert documented == set(keys_of(document))


def keys_of(value: object, place: str = "") -> list[str]:
    """Dotted names of all leaves; lists as `[]`; free names (attentions, settings) as `*`."""
    if isinstance(value, list):
        return sorted({key for item in value for key in keys_of(item, f"{place}[]")} or {f"{place}[]"})
    if isinstance(value, dict):
        free = place in ("accuracy", "provenance.configuration")
        pairs = ((("*" if free else name), item) for name, item in value.items())
        return sorted({key for name, item in pairs for key in keys_of(item, f"{place}.{name}".lstrip("."))})
    return [place]


def test_two_runs_with_one_seed_differ_only_under_run() -> None:
    first = report_document(example_report(started="2026-01-02T03:04:05+00:00"))
    second = report_document(example_report(started="2027-11-12T13:14:15+00:00"))
    assert first != second
    del first["run"], second["run"]
    assert to_json(first) == to_json(second)


def test_the_same_report_gives_the_same_bytes_in_every_file(written: Path, tmp_path: Path) -> None:
    write_report(example_report(notes=("Quick run: <8> columns.",)), tmp_path)
    files = sorted(path.relative_to(written) for path in written.rglob("*") if path.is_file())
    assert len(files) == 14
    for file in files:
        assert (tmp_path / file).read_bytes() == (written / file).read_bytes(), file


def test_a_number_that_is_not_finite_becomes_null_and_its_place_is_listed() -> None:
    report = example_report()
    diverged = dataclasses.replace(report.accuracy["analog"], perplexity=math.inf)
    report = dataclasses.replace(report, accuracy={**report.accuracy, "analog": diverged})
    document = json.loads(to_json(report_document(report)), parse_constant=refuse)
    assert document["accuracy"]["analog"]["perplexity"] is None
    assert document["not_finite"] == ["accuracy.analog.perplexity"]
    with drawing_style():
        assert "accuracy" in draw_figures(report)


def test_the_page_needs_no_network_and_no_scripts(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "@import" not in page
    assert not re.search(r'\bsrc="', page)
    assert not re.search(r"url\((?!#)", page)
    assert set(re.findall(r'href="(https?://[^"]*)"', page)) == {"https://doi.org/10.1038/s43588-025-00854-1"}


def test_the_page_has_no_id_twice_and_all_its_references_resolve(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', page)) <= set(ids)


def test_the_page_escapes_text_from_outside_and_links_netlists(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "Quick run: &lt;8&gt; columns." in page
    assert 'href="netlists/column_000.cir"' in page
    assert "4 of 6 targets met" in page
    assert "fa01" not in page, "a placeholder colour was left"


def test_the_page_does_without_figures_models_and_checks(tmp_path: Path) -> None:
    report = dataclasses.replace(example_report(), figures=Figures(), models=(), checks=())
    page = write_report(report, tmp_path).read_text(encoding="utf-8")
    assert 'id="circuits"' not in page
    assert 'id="checks"' not in page
    assert 'id="latency"' in page


def test_a_report_without_a_required_accuracy_is_refused(tmp_path: Path) -> None:
    report = example_report()
    report = dataclasses.replace(report, accuracy={"exact": report.accuracy["exact"]})
    with pytest.raises(InputError, match="lacks linear, analog, analog_adapted"):
        write_report(report, tmp_path)


def test_figures_are_well_formed_svg_with_units_on_their_axes() -> None:
    drawings = draw_figures(example_report())
    assert len(drawings) == 11
    for name, figure in drawings.items():
        svg = render_svg(figure, name)
        root = ET.fromstring(for_file(svg))
        text = " ".join("".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text"))
        assert re.search(r"\((ns|ps|V|µA|pJ|pC|nat per token)\)|perplexity|µs", text), name
        assert "var(--muted)" in for_page(svg)
        assert "var(" not in for_file(svg)


def test_drawing_leaves_the_settings_of_matplotlib_as_they_were() -> None:
    before = dict(mpl.rcParams)
    render_svg(draw_figures(example_report())["latency"], "latency")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_all_sections_within_its_width(width: int) -> None:
    console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal_report(example_report(notes=("A remark.",))))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= width
    for part in (
        "Accuracy",
        "Latency",
        "60.6 ns",
        "Energy",
        "Models",
        "Targets: 4 of 6",
        "missed",
        "A remark.",
    ):
        assert part in text


def test_sums_are_those_of_the_parts() -> None:
    report = example_report()
    assert report.latency.total == pytest.approx(sum(phase.duration for phase in report.latency.phases), rel=1e-12)
    assert report.energy.total == pytest.approx(1876.4e-12, rel=1e-12)
    assert report.energy.per_tile == pytest.approx(1876.4e-12 / 4, rel=1e-12)
    assert report.energy.published_total == pytest.approx(6150e-12, rel=1e-12)
    assert sum(duration for _, duration in PUBLISHED_PHASES) == pytest.approx(PUBLISHED_LATENCY, rel=1e-12)


@pytest.mark.parametrize(
    ("relation", "value", "passed"),
    [
        ("at_most", 1.0, True),
        ("at_most", 1.1, False),
        ("at_least", 1.0, True),
        ("at_least", 0.9, False),
        ("within", 1.05, True),
        ("within", 0.8, False),
        ("at_most", None, False),
        ("at_most", math.nan, False),
    ],
)
def test_a_check_passes_only_within_its_target(relation: str, value: float | None, passed: bool) -> None:
    check = Check(name="x", value=value, unit="", relation=relation, target=1.0, tolerance=0.1)  # type: ignore[arg-type]
    assert check.passed is passed


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (60.58e-9, "s", "60.6 ns"),
        (999.6e-12, "s", "1.00 ns"),
        (-1.2e-12, "C", "−1.20 pC"),
        (0.0, "V", "0 V"),
        (1.1823, "", "1.18"),
        (None, "s", "not measured"),
        (math.inf, "s", "not finite"),
    ],
)
def test_quantities_read_well(value: float | None, unit: str, text: str) -> None:
    assert show_quantity(value, unit) == text


def test_numbers_keep_the_digits_asked_for() -> None:
    assert show_number(0.016349) == "0.0163"
    assert show_number(12934.4) == "12\u202f934"
    assert show_number(65.0, trim=True) == "65"
    assert show_number(500.0, trim=True) == "500"
    assert show_number(1e-7) == "1.00e−07"
    assert show_quantity(1876.4e-12, "J", prefix="p") == "1\u202f876 pJ"
    assert show_count(7936) == "7\u202f936"


def test_both_ends_of_a_domain_have_one_unit() -> None:
    assert interval_text(Interval(name="charge", low=-0.3e-12, high=2.1e-12, unit="C")) == "charge −0.3 to 2.1 pC"
    assert interval_text(Interval(name="pulse_width", low=0.0, high=0.0, unit="s")) == "pulse width 0 to 0 s"


def test_netlists_of_one_name_are_counted() -> None:
    records = {digest: NetlistRecord(name=name, digest=digest) for digest, name in (("a", "cell"), ("b", "cell"))}
    assert by_name(("a", "b", "c"), records) == [("a", 2), ("c", 1)]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    write_text(path, "old")
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_without_the_cost_of_its_text_says_so_and_shows_nothing_of_it(tmp_path: Path) -> None:
    report = dataclasses.replace(example_report(), workload_cost=None)
    assert report_document(report)["workload_cost"] is None
    assert 'id="workload-cost"' not in write_report(report, tmp_path).read_text(encoding="utf-8")


def test_the_page_and_the_terminal_set_the_text_beside_the_plan(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(terminal_report(example_report()))
    for text in (page, console.export_text()):
        assert "random columns" in text
        assert "as clocked" in text
        assert "0.42 %" in text  # of the law of the first array's energy
