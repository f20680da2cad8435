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
        found, sizes, unit = curve.allowed(ratio), curve.sweep.sizes, curve.sweep.unit
        if found is not None:
            return show_quantity(found, unit, digits=2)
        is_small = np.exp(curve.differences[0]) <= ratio
        return f"above {show_quantity(sizes[-1], unit)}" if is_small else f"below {show_quantity(sizes[0], unit)}"

    return Table(
        title="How much is allowed, each alone, scalers not adapted",
        header=("imperfection", "told as", *(f"costs {100 * (ratio - 1):.0f} % of perplexity" for ratio in ALLOWED)),
        rows=tuple(
            (curve.sweep.name, curve.sweep.measure, *(size(curve, ratio) for ratio in ALLOWED)) for curve in curves
        ),
        note="One die; interpolated between sizes that were run.",
    )


def plot_limits(curves: Sequence[Curve]) -> Figure:
    """Change of the perplexity over the size of each imperfection."""
    with drawing_style():
        figure = new_figure(10, 2.7)
        panels = np.atleast_1d(figure.subplots(1, len(curves), sharey=True))
        for axes, curve in zip(panels, curves, strict=True):
            ratios = np.exp(curve.differences)
            errors = 100 * ratios * np.array(curve.errors)
            axes.errorbar(curve.sweep.sizes, 100 * (ratios - 1), yerr=errors, marker="o", color=SERIES[0])
            axes.set_xscale("log")
            axes.set_yscale("symlog", linthresh=1.0)
            for ratio in ALLOWED:
                axes.axhline(100 * (ratio - 1), color=MUTED, linewidth=0.7, linestyle=":")
            shown, unit = curve.sweep.sizes[::2], curve.sweep.unit
            axes.set_xticks(shown, [show_quantity(size, unit, digits=2, trim=True) for size in shown], minor=False)
            axes.set_xticks([], minor=True)
            axes.set_title(curve.sweep.name)
            axes.set_xlabel(curve.sweep.measure)
            plain(axes)
        panels[0].set_yticks([0, 1, 5, 10, 50, 100], ["0", "1", "5", "10", "50", "100"])
        panels[0].set_ylabel("perplexity, change in %")
        return figure
