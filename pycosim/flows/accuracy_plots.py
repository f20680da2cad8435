"""Drawing of swept accuracies: what levels, decay, window, mismatch and noise cost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.flows.accuracy_sweeps import AccuracySweeps, SweptAccuracy

MARKS = ("o", "s", "^", "D", "v", "P")
LEAST = 1e-3
"""Losses below it are drawn there (nats): what a text of some ten thousand tokens resolves."""

PANELS = (
    ("decay", None, "time_constant_tokens", 1.0, "time constant, tokens", "decay of the stored voltages"),
    ("window", None, "tokens", 1.0, "tokens that a head holds", "window"),
    ("mismatch", "cell charge", "sigma", 100.0, "sigma of a cell's charge, %", "mismatch of cells"),
    ("mismatch", "converter gain", "sigma", 100.0, "sigma of the gain, %", "gain of converters"),
    ("mismatch", "converter offset", "sigma", 1e12, "sigma of a pulse, ps", "offset of converters"),
    ("noise", "conversion", "sigma", 1e12, "sigma of a pulse, ps", "noise of conversions"),
)
"""Axis, part, setting, factor to the unit of the label, label, title."""


def plot_sweeps(named: Mapping[str, AccuracySweeps]) -> Figure:
    """Loss over the unvaried hardware by everything that was varied; panels without data stay away.

    Args:
        named: name of a subject, as the legend has it -> what was swept of it.
    """
    with drawing_style():
        drawn = [panel for panel in PANELS if any(_chosen(sweeps, *panel[:2]) for sweeps in named.values())]
        grids = [name for name, sweeps in named.items() if sweeps.of("quantisation")]
        n_panels = len(drawn) + len(grids)
        n_across = min(3, max(1, n_panels))
        figure = new_figure(10, 2.9 * -(-n_panels // n_across))
        places = list(figure.subplots(-(-n_panels // n_across), n_across, squeeze=False).flat)
        for axes, name in zip(places, grids, strict=False):
            _draw_grid(axes, name, named[name])
        for axes, panel in zip(places[len(grids) :], drawn, strict=False):
            _draw_panel(axes, named, panel)
        for axes in places[n_panels:]:
            axes.set_visible(False)
        if drawn:
            places[len(grids)].legend()
        return figure


def _chosen(sweeps: AccuracySweeps, axis: str, part: str | None) -> list[SweptAccuracy]:
    return [row for row in sweeps.of(axis) if part is None or row.settings["part"] == part]


def _draw_panel(
    axes: Axes, named: Mapping[str, AccuracySweeps], panel: tuple[str, str | None, str, float, str, str]
) -> None:
    axis, part, setting, factor, label, title = panel
    for place, (name, sweeps) in enumerate(named.items()):
        rows = _chosen(sweeps, axis, part)
        sizes = [factor * float(row.settings[setting] or 0.0) for row in rows]
        losses = np.maximum([row.difference for row in rows], LEAST)
        errors = np.array([row.difference_error for row in rows])
        axes.errorbar(
            sizes,
            losses,
            yerr=[np.minimum(errors, losses - LEAST / 2), errors],
            color=SERIES[place % len(SERIES)],
            marker=MARKS[place % len(MARKS)],
            elinewidth=0.8,
            label=name,
        )
    axes.set_xscale("log", base=2 if axis == "window" else 10)
    axes.set_yscale("log")
    axes.set(title=title, xlabel=label, ylabel="loss added, nat")
    if axis == "window":
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    plain(axes)


def _draw_grid(axes: Axes, name: str, sweeps: AccuracySweeps) -> None:
    """Cross-entropy as a chequered field with its numbers."""
    rows = sweeps.of("quantisation")
    inputs = list(dict.fromkeys(row.settings["input_levels"] for row in rows))
    stored = list(dict.fromkeys(row.settings["stored_levels"] for row in rows))
    field = np.full((len(inputs), len(stored)), np.nan)
    for row in rows:
        place = inputs.index(row.settings["input_levels"]), stored.index(row.settings["stored_levels"])
        field[place] = row.accuracy.cross_entropy_nats
    shade = np.log(np.maximum(field - sweeps.reference.cross_entropy_nats, 1e-3))
    axes.imshow(shade, cmap="Blues", vmin=np.log(1e-3), vmax=np.log(6.0), aspect="auto", alpha=0.75)
    for (i, j), value in np.ndenumerate(field):
        if np.isfinite(value):
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=6.5, color=INK)
    axes.set_xticks(range(len(stored)), ["any" if n is None else str(n) for n in stored])
    axes.set_yticks(range(len(inputs)), ["any" if n is None else str(n) for n in inputs])
    axes.set(title=f"levels: {name}", xlabel="levels of keys and values", ylabel="levels of queries")
    axes.tick_params(length=0, colors=MUTED)
    axes.grid(visible=False)
