"""What the probes found, for a reader: tables for the terminal and the docs, the figure, and a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pycosim.errors import InputError
from pycosim.evaluate.document import strict_document, to_json
from pycosim.evaluate.drawing import drawing_style, for_file, render_svg
from pycosim.evaluate.probe_plots import ProbeColumn, draw_probes
from pycosim.evaluate.tables import Table
from pycosim.evaluate.write import write_text
from pycosim.flows.probe_axes import AXES
from pycosim.probes import NOTHING, ProbePoint

SCHEMA_VERSION = 1
FIGURE, FILE = "probes.svg", "probes.json"
ROWS = (
    ("recall", "associative recall"),
    ("induction", "induction"),
    ("sorting", "sorting"),
    ("brackets", "bracket matching"),
)
"""Task -> what a reader calls it."""
COLUMNS = tuple(
    ProbeColumn(axis=axis, title=title, x_label=label, scale=scale, ticks=ticks, nominal=nominal)
    for axis, title, label, scale, ticks, nominal in (
        ("window", "window", "tokens", 1, (4, 8, 16, 32, 64), 64),
        ("input_levels", "input levels", "pulse widths of a query", 1, (2, 4, 8, 16, 32), 16),
        ("stored_levels", "stored levels", "voltages of a cell", 1, (2, 4, 8, 16, 32), 8),
        ("decay", "decay", "time constant in tokens", 1, (4, 16, 64, 256), None),
        ("mismatch", "cell mismatch", "σ of stored voltage, mV", 1e3, (200, 100, 50, 20, 10), None),
        ("noise", "read noise", "σ, % of longest pulse", 1e2, (10, 3, 1, 0.3, 0.1), None),
    )
)
"""Columns of the figure."""


def write_probes(points: Sequence[ProbePoint], folder: Path, *, hardware: str) -> tuple[Path, Path]:
    """Write probes.json and probes.svg.

    Args:
        points: from `run_probes`.
        folder: made where absent.
        hardware: what analog attention ran on, for the file.

    Returns:
        The paths of both.

    Raises:
        InputError: the folder cannot be written.
    """
    document = {
        "schema_version": SCHEMA_VERSION,
        "hardware": hardware,
        "probes": [dataclasses.asdict(point) for point in points],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / FILE, to_json(strict_document(document)))
        write_text(folder / FIGURE, probes_svg(points))
    except OSError as error:
        raise InputError(f"cannot write into {folder}: {error}; choose another folder with --out") from error
    return folder / FILE, folder / FIGURE


def probes_svg(points: Sequence[ProbePoint], measured: Mapping[str, float] | None = None) -> str:
    """The figure as the text of a file.

    Args:
        points: from `run_probes`.
        measured: by axis, in its unit, what circuits were found to have: marked below the curves; None for nothing.
    """
    tasks = {point.task for point in points}
    axes = {point.axis for point in points}
    found = measured or {}
    columns = [replace(column, measured=found.get(column.axis)) for column in COLUMNS if column.axis in axes]
    with drawing_style():
        figure = draw_probes(points, columns or COLUMNS[:1], [row for row in ROWS if row[0] in tasks])
        return for_file(render_svg(figure, "probes"))


def summary_table(points: Sequence[ProbePoint]) -> Table:
    """Accuracy with nothing varied: a row for each task, a column for each attention."""
    plain = [point for point in points if point.axis == NOTHING]
    attentions = list(dict.fromkeys(point.attention for point in plain))
    rows = []
    for task, name in ROWS:
        own = {point.attention: point for point in plain if point.task == task}
        if own:
            first = next(iter(own.values()))
            rows.append((name, f"{100 * first.chance:.1f} %", *(share(own[each]) for each in attentions)))
    return Table(title="Accuracy of the probes", header=("task", "blind guess", *attentions), rows=tuple(rows))


def axis_table(points: Sequence[ProbePoint], axis: str) -> Table:
    """Accuracy along one axis, in percent: a row for each task and attention, a column for each value."""
    own = [point for point in points if point.axis == axis]
    values = list(dict.fromkeys(point.value for point in own))
    rows = []
    for task, _ in ROWS:
        for attention in dict.fromkeys(point.attention for point in own):
            found = {point.value: point for point in own if point.task == task and point.attention == attention}
            if found:
                said = (f"{100 * found[value].accuracy:.1f}" if value in found else "" for value in values)
                rows.append((task, attention, *said))
    label, unit = AXES[axis].label, shown_unit(axis)
    title = f"Right answers, %, by {label}{unit and f' ({unit})'}"
    header = ("task", "attention", *(shown_value(axis, value) for value in values if value is not None))
    worst = max((point.standard_error for point in own), default=0.0)
    return Table(title=title, header=header, rows=tuple(rows), note=f"Standard errors: at most {100 * worst:.1f} %.")


def share(point: ProbePoint) -> str:
    """An accuracy with its standard error, in percent."""
    return f"{100 * point.accuracy:.1f} ± {100 * point.standard_error:.1f} %"


_SHOWN = {"V": (1e3, "mV"), "s": (1e6, "µs"), "share": (1e2, "%")}
"""Unit of an axis -> factor to the unit that a reader gets, and that."""


def shown_unit(axis: str) -> str:
    """The unit of an axis as a reader gets it, "" for a number."""
    unit = AXES[axis].unit
    return _SHOWN[unit][1] if unit in _SHOWN else unit


def shown_value(axis: str, value: float) -> str:
    """A value of an axis in the unit that a reader gets."""
    return f"{_SHOWN.get(AXES[axis].unit, (1.0, ''))[0] * value:g}"
