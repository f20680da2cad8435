"""Tables and plot of docs/adaptation.md, from docs/results/adaptation.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from record import ROOT, table, write_table

from pycosim.evaluate.curve_plots import draw_curves
from pycosim.evaluate.curves import Curve, CurveFigure, Panel
from pycosim.evaluate.drawing import drawing_style, for_file, render_svg
from pycosim.evaluate.write import write_text

PLOT = ROOT / "docs" / "adaptation.svg"
SHOWN = (0, 1, 2, 3, 4, 5, 8, 12, 16, 20)
"""Iterations in the table of the course."""
Row = Mapping[str, Any]


def write_page(record: Mapping[str, Any]) -> list[Path]:
    """Write every table whose sections are there, and the plot; returns the pages."""
    tables = (
        ("adaptation_shipped", cells_table, ("shipped", "shipped_written")),
        ("adaptation_course", course_table, ("shipped",)),
        ("adaptation_levels", levels_table, ("shipped_levels",)),
        ("adaptation_stories", stories_table, ("stories260k",)),
        ("adaptation_floors", floors_table, ("floors",)),
        ("adaptation_first", first_table, ("first_scalers",)),
    )
    pages = []
    for name, make, sections in tables:
        if all(section in record for section in sections):
            pages += write_table(name, make(*(record[section] for section in sections)))
    titles = {"shipped": "shipped linear model", "stories260k": "stories260K"}
    panels = tuple(_panel(title, record[section]) for section, title in titles.items() if section in record)
    if panels:
        figure = CurveFigure(title="Adaptation", caption="Perplexity by iteration.", panels=panels, columns=2)
        with drawing_style():
            drawing = render_svg(draw_curves(figure), "adaptation")
        write_text(PLOT, for_file(drawing))
    return [*dict.fromkeys(pages), PLOT]


def cells_table(rows: Sequence[Row], written: Sequence[Row]) -> str:
    by_voltage = {row["cell"]: row for row in written}
    head = ["cell", "before", "adapted", "of linear", "iterations", "matched as written (the paper's)", "of linear"]
    lines = []
    for row in rows:
        other = by_voltage.get(row["cell"])
        cells = [row["cell"], _perplexity(row, "analog"), *_against_linear(row), row["chosen"]]
        lines.append([*cells, *(("", "") if other is None else _against_linear(other))])
    return table(head, lines)


def course_table(rows: Sequence[Row]) -> str:
    shown = [step for step in SHOWN if step < max(len(row["history"]) for row in rows)]
    head = ["cell", *(str(step) for step in shown)]
    lines = []
    for row in rows:
        course = {each["iteration"]: each["perplexity"] for each in row["history"]}
        lines.append([row["cell"], *(f"{course[step]:.4g}" if step in course else "" for step in shown)])
    return table(head, lines)


def levels_table(rows: Sequence[Row]) -> str:
    head = ["cell", "without levels", "linear", "before", "adapted", "of linear"]
    names = {"n_input_levels": "inputs", "n_stored_levels": "stored", "n_output_counts": "outputs"}
    lines = []
    for row in rows:
        free = ", ".join(names[name] for name in row["levels"])
        lines.append([row["cell"], free, _perplexity(row, "linear"), _perplexity(row, "analog"), *_against_linear(row)])
    return table(head, lines)


def stories_table(rows: Sequence[Row]) -> str:
    head = ["cell", "exact", "linear, first scalers", "before", "adapted", "of exact"]
    return table(
        head,
        [
            [
                row["cell"],
                *(_perplexity(row, name) for name in ("exact", "linear", "analog", "adapted")),
                f"{_found(row, 'adapted') / _found(row, 'exact'):.1f} x",
            ]
            for row in rows
        ],
    )


def floors_table(rows: Sequence[Row]) -> str:
    return table(["attention", "perplexity"], [[row["attention"], f"{row['perplexity']:.4g}"] for row in rows])


def first_table(rows: Sequence[Row]) -> str:
    head = ["cell", "first scalers", "output missed, first", "found", "linear, first scalers", "adapted"]
    return table(
        head,
        [
            [
                row["cell"],
                row["way"],
                *_search(row["search"]),
                _perplexity(row, "linear"),
                _perplexity(row, "adapted"),
            ]
            for row in rows
        ],
    )


def _search(found: Mapping[str, float] | None) -> tuple[str, str]:
    return ("", "") if found is None else (f"{found['first_error']:.0%}", f"{found['error']:.0%}")


def _against_linear(row: Row) -> tuple[str, str]:
    return _perplexity(row, "adapted"), f"{_found(row, 'adapted') / _found(row, 'linear'):.3f} x"


def _found(row: Row, name: str) -> float:
    return float(row["held_out"][name]["perplexity"])


def _perplexity(row: Row, name: str) -> str:
    return f"{_found(row, name):.4g}"


def _panel(title: str, rows: Sequence[Row]) -> Panel:
    curves = tuple(
        Curve(
            label=row["cell"],
            x=np.array([float(each["iteration"]) for each in row["history"]]),
            y=np.array([each["perplexity"] for each in row["history"]]),
            look="line",
        )
        for row in rows
        if row["cell"] != "linear"
    )
    return Panel(title=title, x_label="iteration", y_label="perplexity, calibration text", curves=curves, log_y=True)
