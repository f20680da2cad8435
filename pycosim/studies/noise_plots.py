"""Drawings of the noise study: densities over frequency, and the budget as bars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from pycosim.evaluate.drawing import SERIES, drawing_style, new_figure, plain
from pycosim.sweeps.noise_budget import NoiseBudget

TITLES = {"hard_sigmoid": "HardSigmoid", "signed": "signed"}


def spectra_plot(budgets: Mapping[str, NoiseBudget]) -> Figure:
    """Noise currents at the integration node over frequency, by source; the window's corner as a line."""
    with drawing_style():
        figure = new_figure(8.0, 3.4)
        for axes, (name, budget) in zip(figure.subplots(1, 2, sharey=True), budgets.items(), strict=True):
            lines = (
                ("cells", budget.read["cells"]),
                ("conveyor", budget.read["converter"]),
                ("discharge", budget.discharge["total"]),
            )
            for color, (label, density) in zip(SERIES, lines, strict=False):
                shown = density.sel(frequency=slice(1e2, 1e11))
                axes.loglog(shown["frequency"], 1e12 * np.sqrt(shown), color=color, label=label)
            axes.axvline(1 / budget.window, color=SERIES[5], linestyle=":", label="1 / window")
            axes.set_title(TITLES[name])
            axes.set_xlabel("frequency (Hz)")
            plain(axes)
        figure.axes[0].set_ylabel("noise current at the\nintegration node (pA/√Hz)")
        figure.axes[0].legend()
    return figure


def budget_plot(budgets: Mapping[str, NoiseBudget], words: Mapping[str, str]) -> Figure:
    """Every source's standard deviation of the pulse, and the total."""
    with drawing_style():
        figure = new_figure(7.0, 3.2)
        axes = figure.subplots()
        labels = [*words.values(), "total"]
        place = np.arange(len(labels))[::-1]
        height = 0.38
        for k, (name, budget) in enumerate(budgets.items()):
            values = [1e12 * budget.seconds[source] for source in words] + [1e12 * budget.total]
            bars = axes.barh(place + (0.5 - k) * height, values, height, color=SERIES[k], label=TITLES[name])
            axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=7.5)
        axes.margins(x=0.1)
        axes.set_yticks(place, labels)
        axes.set_xlabel("standard deviation of the pulse (ps)")
        axes.set_title("Noise of a pulse by source")
        axes.legend()
        plain(axes, grid="x")
    return figure
