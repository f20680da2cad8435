"""The second half of the study of effects: how large an imperfection may be before the accuracy suffers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.evaluate.quantities import show_quantity
from pycosim.flows.effect_limits import Curve
from pycosim.studies.study import Table

ALLOWED = (1.01, 1.05)
"""Perplexities over the ideal one for which sizes are told. Ours: a loss hardly seen, and one that is."""


def curve_figures(curve: Curve) -> dict[str, Json]:
    """Sizes, ratios of perplexity to the ideal one, their standard errors, and the sizes that are allowed."""
    ratios = np.exp(curve.differences)
    return {
        "sizes": list(curve.sweep.sizes),
        "ratio_to_ideal": [float(ratio) for ratio in ratios],
        "ratio_error": [float(r * e) for r, e in zip(ratios, curve.errors, strict=True)],
        **{f"allowed_for_{100 * (ratio - 1):.0f}_percent": curve.allowed(ratio) for ratio in ALLOWED},
    }


def limit_table(curves: Sequence[Curve]) -> Table:
    """The sizes that cost 1 and 5 %."""

    def size(curve: Curve, ratio: float) -> str:
        found = curve.allowed(ratio)
        largest = show_quantity(curve.sweep.sizes[-1], curve.sweep.unit)
        return f"above {largest}" if found is None else show_quantity(found, curve.sweep.unit, digits=2)

    return Table(
        title="How much is allowed, each alone, scalers not adapted",
        header=("imperfection", *(f"costs {100 * (ratio - 1):.0f} % of perplexity" for ratio in ALLOWED)),
        rows=tuple((curve.sweep.name, *(size(curve, ratio) for ratio in ALLOWED)) for curve in curves),
        note="One die; interpolated between sizes that were run.",
    )


def plot_limits(curves: Sequence[Curve]) -> Figure:
    """Change of the perplexity over the size of each imperfection."""
    with drawing_style():
        figure = new_figure(10, 2.6)
        panels = np.atleast_1d(figure.subplots(1, len(curves), sharey=True))
        for axes, curve in zip(panels, curves, strict=True):
            ratios = np.exp(curve.differences)
            errors = 100 * ratios * np.array(curve.errors)
            axes.errorbar(curve.sweep.sizes, 100 * (ratios - 1), yerr=errors, marker="o", color=SERIES[0])
            axes.set_xscale("log")
            axes.set_yscale("symlog", linthresh=1.0)
            for ratio in ALLOWED:
                axes.axhline(100 * (ratio - 1), color=MUTED, linewidth=0.7, linestyle=":")
            axes.set_xlabel(f"{curve.sweep.name}{curve.sweep.unit and ', ' + curve.sweep.unit}")
            plain(axes)
        panels[0].set_yticks([0, 1, 5, 10, 50, 100], ["0", "1", "5", "10", "50", "100"])
        panels[0].set_ylabel("perplexity, change in %")
        figure.suptitle("how much one imperfection costs, by its size")
        return figure
