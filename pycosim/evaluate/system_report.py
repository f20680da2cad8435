"""SYSTEM REPORT: what a run of a system that is no attention found: tables, figures against targets, plots, provenance.

`pycosim.evaluate.report.Report` states perplexities, latency and energy of one attention head. A system of other
parts, a multilayer perceptron of multipliers, has other figures: they are one document here, and tables say them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from pycosim.errors import InputError
from pycosim.evaluate.document import Json, strict_document, to_json
from pycosim.evaluate.drawing import DARK, FONTS, LIGHT, for_file, for_page, render_svg
from pycosim.evaluate.html import page_templates
from pycosim.evaluate.quantities import show_quantity
from pycosim.evaluate.report import SCHEMA_VERSION, Check, Provenance, RunRecord
from pycosim.evaluate.tables import Table
from pycosim.evaluate.write import write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemReport:
    """Everything one run found.

    Attributes:
        system: the analog system ("Gilbert-cell perceptron").
        summary: what was run, in a sentence.
        figures: every figure, SI units, as report.json has them.
        tables: name -> what is printed.
        checks: figures against their targets.
        plots: name -> drawing.
        provenance: what the figures were computed from.
        run: what differs between two runs with one seed.
        notes: what a reader needs to judge the figures, a sentence each.
    """

    system: str
    summary: str
    figures: Mapping[str, Json]
    tables: Mapping[str, Table]
    checks: tuple[Check, ...]
    provenance: Provenance
    run: RunRecord
    plots: Mapping[str, Figure] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def system_document(report: SystemReport) -> dict[str, Json]:
    """The document of report.json; everything but `run` is the same in two runs with one seed."""
    provenance = dataclasses.asdict(report.provenance)
    provenance["temperature_c"] = provenance.pop("temperature")
    return strict_document(
        {
            "schema_version": SCHEMA_VERSION,
            "system": report.system,
            "summary": report.summary,
            **report.figures,
            "checks": [{**dataclasses.asdict(check), "passed": check.passed} for check in report.checks],
            "notes": list(report.notes),
            "provenance": provenance,
            "run": dataclasses.asdict(report.run),
        }
    )


def write_system_report(report: SystemReport, directory: Path) -> Path:
    """Write report.json, report.html and figures/*.svg into a run directory; returns the page.

    Raises:
        InputError: the directory cannot be written.
    """
    drawings = {name: render_svg(figure, name) for name, figure in report.plots.items()}
    page = directory / "report.html"
    text = (
        page_templates()
        .get_template("system.html.j2")
        .render(
            report=report,
            tables=[checks_table(report), *report.tables.values()],
            drawings={name: Markup(for_page(drawing)) for name, drawing in drawings.items()},
            light=LIGHT,
            dark=DARK,
            fonts=Markup(FONTS),
        )
    )
    try:
        (directory / "figures").mkdir(parents=True, exist_ok=True)
        write_text(directory / "report.json", to_json(system_document(report)))
        for name, drawing in drawings.items():
            write_text(directory / "figures" / f"{name}.svg", for_file(drawing))
        write_text(page, text)
    except OSError as error:
        raise InputError(
            f"cannot write the report into {directory}: {error}; choose another folder with --out"
        ) from error
    return page


def checks_table(report: SystemReport) -> Table:
    """Figures against their targets, as text."""
    relations = {"at_most": "≤", "at_least": "≥", "within": ""}
    rows = []
    for check in report.checks:
        target = f"{relations[check.relation]} {show_quantity(check.target, check.unit)}".strip()
        if check.relation == "within":
            target += f" ± {show_quantity(check.tolerance, check.unit)}"
        found = show_quantity(check.value, check.unit)
        rows.append((check.name, found, target, "met" if check.passed else "missed"))
    n_met = sum(check.passed for check in report.checks)
    verdict = f"{n_met} of {len(report.checks)} targets met"
    return Table(title=verdict, header=("figure", "found", "target", ""), rows=tuple(rows))


def terminal_system_report(report: SystemReport) -> RenderableType:
    """Lay out a report for `rich.print`."""
    provenance = report.provenance
    head = (
        f"{report.system}: {provenance.technology} {provenance.corner}, {provenance.temperature:g} °C, "
        f"ngspice {provenance.ngspice}, seed {provenance.seed}"
    )
    parts: list[RenderableType] = [Text(head, style="bold"), Text(report.summary, style="dim")]
    for table in (*report.tables.values(), checks_table(report)):
        parts += ["", terminal_table(table)]
        if table.note:
            parts.append(Text(table.note, style="dim"))
    for note in report.notes:
        parts += ["", Text(f"Note: {note}")]
    return Group(*parts)


def terminal_table(table: Table) -> RichTable:
    """Lay out a table for `rich.print`."""
    shown = RichTable(
        title=table.title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim"
    )
    for k, name in enumerate(table.header):
        shown.add_column(Text(name), justify="left" if k == 0 else "right")
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown
