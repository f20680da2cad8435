"""Curves in panels are drawn: lines, points, eyes, on linear and logarithmic axes."""

from __future__ import annotations

import numpy as np

from pycosim.evaluate.curve_plots import draw_curves
from pycosim.evaluate.curves import Curve, CurveFigure, Panel
from pycosim.evaluate.drawing import drawing_style, render_svg


def test_every_look_is_drawn_in_the_units_of_the_labels() -> None:
    x = np.linspace(1e-9, 2e-9, 5)
    looks = ("line", "dashed", "points", "line and points")
    panels = (
        Panel(
            title="Looks",
            x_label="time (ns)",
            y_label="level (mV)",
            x_scale=1e9,
            y_scale=1e3,
            curves=tuple(Curve(label=look, x=x, y=x * 1e6, look=look) for look in looks),  # type: ignore[arg-type]
        ),
        Panel(title="Eye", x_label="t", y_label="v", curves=(Curve(label="", x=x, y=np.ones((3, 5)), look="thin"),)),
        Panel(
            title="Scales",
            x_label="f",
            y_label="s",
            curves=(Curve(label="a", x=x, y=x, color=2),),
            log_x=True,
            log_y=True,
        ),
    )
    data = CurveFigure(title="All", caption="Everything.", panels=panels, columns=2)
    with drawing_style():
        figure = draw_curves(data)
        drawn = [axes for axes in figure.axes if axes.get_visible()]
        assert len(drawn) == 3
        assert drawn[0].lines[0].get_xdata()[0] == 1.0 and drawn[0].lines[0].get_ydata()[-1] == 2.0
        assert len(drawn[0].get_legend().get_texts()) == 4 and drawn[1].get_legend() is None
        assert len(drawn[1].collections[0].get_segments()) == 3
        assert drawn[2].get_xscale() == drawn[2].get_yscale() == "log"
        assert render_svg(figure, "all") == render_svg(draw_curves(data), "all")
