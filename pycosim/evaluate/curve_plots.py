"""Drawing of curves in panels: transfers, eyes, sweeps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from pycosim.evaluate.curves import Curve, CurveFigure, Panel
from pycosim.evaluate.drawing import SERIES, SURFACE, new_figure


def draw_curves(data: CurveFigure) -> Figure:
    """Draw every panel; call it inside `drawing_style`."""
    columns = min(data.columns, len(data.panels))
    rows = -(-len(data.panels) // columns)
    figure = new_figure(10.0, 0.2 + data.height * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(places, data.panels, strict=False):
        _draw_panel(axes, panel)
    for axes in places[len(data.panels) :]:
        axes.set_visible(False)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    for place, curve in enumerate(panel.curves):
        color = SERIES[(place if curve.color is None else curve.color) % len(SERIES)]
        _draw_curve(axes, panel, curve, color)
    if panel.log_x:
        axes.set_xscale("log")
    if panel.log_y:
        axes.set_yscale("log")
    axes.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
    if any(curve.label for curve in panel.curves):
        axes.legend()


def _draw_curve(axes: Axes, panel: Panel, curve: Curve, color: str) -> None:
    x, y = panel.x_scale * np.asarray(curve.x), panel.y_scale * np.asarray(curve.y)
    label = curve.label or None
    match curve.look:
        case "line":
            axes.plot(x, y, color=color, label=label)
        case "dashed":
            axes.plot(x, y, "--", color=color, label=label, linewidth=1.1)
        case "points":
            axes.plot(x, y, "o", color=color, label=label, markerfacecolor=SURFACE)
        case "line and points":
            axes.plot(x, y, "-o", color=color, label=label, markerfacecolor=SURFACE)
        case "thin":
            lines = [np.column_stack([x, line]) for line in np.atleast_2d(y)]
            axes.add_collection(LineCollection(lines, colors=color, linewidths=0.5, alpha=0.45, label=label))
            axes.autoscale_view()
