"""Drawing of the probes: a row for each task, a column for each thing that varies, the better hardware to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pycosim.evaluate.drawing import BAND, INK, MUTED, SERIES, SURFACE, new_figure, plain
from pycosim.probes.result import NOTHING, ProbePoint

LOOKS: Final[Mapping[str, tuple[str, Literal["-", "--"], str]]] = {
    "exact": (INK, "--", "exact softmax"),
    "linear": (SERIES[0], "-", "linear hardware, as trained"),
    "analog": (SERIES[1], "-", "analog hardware, adapted"),
}
"""Attention -> colour, line, name in the legend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeColumn:
    """One thing that varies.

    Attributes:
        axis: its name in the points.
        title: over the column.
        x_label: under it, with the unit.
        scale: from the points' unit to that of the label.
        ticks: values that are written, in the label's unit.
        nominal: value of the hardware as it is, in the label's unit; None where that is beyond the axis.
        measured: value that circuits were found to have, in the points' unit; None where it is not known.
    """

    axis: str
    title: str
    x_label: str
    scale: float
    ticks: tuple[float, ...]
    nominal: float | None
    measured: float | None = None


def draw_probes(
    points: Sequence[ProbePoint], columns: Sequence[ProbeColumn], rows: Sequence[tuple[str, str]]
) -> Figure:
    """Draw accuracy over everything that varies; call it inside `drawing_style`.

    Args:
        points: all that was measured.
        columns: left to right.
        rows: name of a task, and what a reader calls it, top to bottom.
    """
    figure = new_figure(10.4, 0.9 + 1.42 * len(rows))
    places = figure.subplots(len(rows), len(columns), squeeze=False, sharex="col", sharey=True)
    for across, (task, name) in zip(places, rows, strict=True):
        of_task = [point for point in points if point.task == task]
        for axes, column in zip(across, columns, strict=True):
            _draw_panel(axes, of_task, column)
        across[0].set_ylabel(name, color=INK, fontweight="bold", fontsize=8.5)
    for axes, column in zip(places[0], columns, strict=True):
        axes.set_title(column.title, fontsize=8.5)
    for axes, column in zip(places[-1], columns, strict=True):
        axes.set_xlabel(column.x_label, fontsize=7.5)
    _place_legend(figure, {point.attention for point in points}, any(c.measured is not None for c in columns))
    return figure


def _draw_panel(axes: Axes, points: Sequence[ProbePoint], column: ProbeColumn) -> None:
    plain(axes, grid="y")
    axes.set_xscale("log")
    if column.nominal is not None:
        axes.axvline(column.nominal, color=BAND, linewidth=7, zorder=0)
    for attention, (color, line, _) in LOOKS.items():
        own = [point for point in points if point.attention == attention]
        varied = [point for point in own if point.axis == column.axis and point.value is not None]
        if varied:
            x = [column.scale * float(point.value or 0.0) for point in varied]
            y = [100 * point.accuracy for point in varied]
            errors = [100 * point.standard_error for point in varied]
            marker = "" if attention == "exact" else "o"
            axes.errorbar(
                x, y, errors, color=color, linestyle=line, marker=marker, markersize=3, linewidth=1.2,
                elinewidth=0.8, markerfacecolor=SURFACE,
            )  # fmt: skip
        for point in own:
            if point.axis == NOTHING and attention == "exact" and not varied:
                axes.axhline(100 * point.accuracy, color=color, linestyle=line, linewidth=0.9)
    for point in points[:1]:
        axes.axhline(100 * point.chance, color=MUTED, linestyle=":", linewidth=0.9)
    if column.measured is not None:
        axes.plot(column.scale * column.measured, 0, "^", color=SERIES[4], markersize=6, clip_on=False, zorder=5)
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    axes.set_xticks(column.ticks, [f"{tick:g}" for tick in column.ticks])
    axes.minorticks_off()
    if len(column.ticks) > 1 and column.ticks[0] > column.ticks[-1]:
        axes.set_xlim(max(axes.get_xlim()), min(axes.get_xlim()))


def _place_legend(figure: Figure, attentions: set[str], has_marks: bool) -> None:
    lines = [
        Line2D([], [], color=color, linestyle=line, label=name)
        for attention, (color, line, name) in LOOKS.items()
        if attention in attentions
    ]
    lines.append(Line2D([], [], color=MUTED, linestyle=":", label="blind guess"))
    lines.append(Line2D([], [], color=BAND, linewidth=7, label="hardware as trained"))
    if has_marks:
        lines.append(Line2D([], [], color=SERIES[4], marker="^", linestyle="", label="our circuits, measured"))
    figure.legend(handles=lines, loc="outside upper left", ncols=len(lines), fontsize=8)
