"""Plots of the whole system: perplexity, adaptation, latency and energy."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from pycosim.evaluate.accuracy import Accuracy
from pycosim.evaluate.cost import Energy, Latency, Source
from pycosim.evaluate.drawing import BAND, INK, MUTED, SERIES, SURFACE, new_figure, plain
from pycosim.evaluate.figures import AdaptationFigure, WorkloadFigure
from pycosim.evaluate.quantities import show_number, show_quantity
from pycosim.evaluate.wording import accuracy_label

_SOURCE_COLORS: dict[Source, str] = {"simulated": SERIES[0], "protocol": SERIES[2], "assumed": SERIES[5]}
_LOG_SPREAD = 8.0
"""Largest over smallest perplexity from which bars stand on a logarithmic axis."""


def draw_accuracy(accuracy: Mapping[str, Accuracy]) -> Figure:
    """Perplexity of every kind of attention as bars from 1, the perplexity of a perfect prediction."""
    figure = new_figure(10.0, 0.75 + 0.42 * len(accuracy))
    axes = figure.subplots()
    rows = np.arange(len(accuracy))
    values = np.array([value.perplexity for value in accuracy.values()])
    shown = np.where(np.isfinite(values), values, 1.0)
    axes.barh(rows, shown - 1.0, left=1.0, height=0.62, color=[_accuracy_color(name) for name in accuracy])
    reference = accuracy["exact"].perplexity if "exact" in accuracy else math.nan
    for row, value, length in zip(rows, values, shown, strict=True):
        ratio = "" if value == reference or not math.isfinite(reference) else f" ({value / reference:.3f} × exact)"
        _bar_text(axes, float(length), float(row), f"{show_number(float(value), digits=4)}{ratio}")
    if shown.max() > _LOG_SPREAD * shown.min():
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.set_xlim(1.0, float(shown.max()) ** 1.15)
    else:
        axes.set_xlim(1.0, 1.0 + 1.22 * (float(shown.max()) - 1.0))
    axes.set_yticks(rows, [accuracy_label(name) for name in accuracy])
    axes.set_xlabel("perplexity")
    _horizontal_bars(axes)
    return figure


def draw_adaptation(data: AdaptationFigure) -> Figure:
    """Cross entropy over the iterations of adaptation, with the levels of linear and exact attention."""
    figure = new_figure(10.0, 3.2)
    axes = figure.subplots()
    axes.plot(data.iterations, data.cross_entropy, "-o", color=SERIES[0], markerfacecolor=SURFACE)
    levels = (("linear hardware", data.linear, SERIES[2]), ("exact softmax", data.exact, SERIES[5]))
    for name, level, color in levels:
        if level is not None:
            axes.axhline(level, color=color, linewidth=1.0, linestyle=(0, (4, 3)))
            axes.annotate(
                f"{name} {show_number(level)}", (1.0, level), xycoords=("axes fraction", "data"),
                xytext=(6, 0), textcoords="offset points", va="center", color=color, fontsize=8.0,
                annotation_clip=False,
            )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="iteration (0 = before adaptation)", ylabel="cross entropy (nat per token)")
    return figure


def draw_latency(latency: Latency) -> Figure:
    """Phases of one token as a timeline, above the published total."""
    n_rows = len(latency.phases) + 1
    figure = new_figure(10.0, 0.95 + 0.34 * n_rows)
    axes = figure.subplots()
    start = 0.0
    for row, phase in enumerate(latency.phases):
        stop = start + 1e9 * phase.duration
        _source_bar(axes, row, start, stop - start, phase.source)
        _bar_text(axes, stop, row, show_quantity(phase.duration, "s", prefix="n"))
        axes.plot((stop, stop), (row + 0.31, row + 0.69), color=MUTED, linewidth=0.7)
        start = stop
    published = 0.0
    for name, duration in latency.published_phases:
        axes.barh(
            n_rows - 1,
            1e9 * duration,
            left=published,
            height=0.62,
            color=BAND,
            edgecolor=MUTED,
            linewidth=0.7,
        )
        axes.text(
            published + 0.5e9 * duration,
            n_rows - 1,
            name,
            ha="center",
            va="center",
            fontsize=6.8,
            color=MUTED,
        )
        published += 1e9 * duration
    _bar_text(
        axes,
        published,
        n_rows - 1,
        f"{show_quantity(latency.published_total, 's', trim=True)}, split inferred",
    )
    axes.plot((start, start), (n_rows - 1.69, n_rows - 0.5), color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_yticks(range(n_rows), [*(phase.name for phase in latency.phases), "published"])
    axes.set_xlim(0.0, 1.22 * max(1e9 * latency.total, published))
    axes.set_xlabel(f"time per {latency.work} (ns); dashed: sum {show_quantity(latency.total, 's')}")
    _source_legend(axes, {phase.source for phase in latency.phases})
    _horizontal_bars(axes)
    return figure


def draw_energy(energy: Energy) -> Figure:
    """Energy of every block per token and tile, beside what was published for the corresponding block."""
    n_rows = len(energy.blocks) + 2
    figure = new_figure(10.0, 0.95 + 0.36 * n_rows)
    axes = figure.subplots()
    for row, block in enumerate(energy.blocks):
        _source_bar(axes, row, 0.0, 1e12 * block.energy / energy.n_tiles, block.source)
        _bar_text(axes, 1e12 * block.energy / energy.n_tiles, row, _picojoule(block.energy / energy.n_tiles))
        if block.published is not None:
            marker = 1e12 * block.published / energy.published_tiles
            axes.plot((marker, marker), (row - 0.38, row + 0.38), color=SERIES[1], linewidth=2.2)
    for row, value, color in (
        (n_rows - 2, energy.per_tile, INK),
        (n_rows - 1, energy.published_per_tile, SERIES[1]),
    ):
        axes.barh(row, 1e12 * value, height=0.3, color=color)
        _bar_text(axes, 1e12 * value, row, _picojoule(value))
    axes.set_yticks(range(n_rows), [*(block.name for block in energy.blocks), "sum", "published sum"])
    axes.set_xlim(0.0, 1.15 * 1e12 * max(energy.per_tile, energy.published_per_tile))
    axes.set_xlabel(f"energy per {energy.work.split(' and ')[0]} and {energy.part} (pJ)")
    _source_legend(axes, {block.source for block in energy.blocks}, published=f"published, per {energy.part}")
    _horizontal_bars(axes)
    return figure


def draw_workload(data: WorkloadFigure) -> Figure:
    """How often a token of the text costs how much in each array, and when its last pulse ends."""
    figure = new_figure(10.0, 3.0)
    left, right = figure.subplots(1, 2)
    for axes, values, name in (
        (left, 1e12 * data.energy, "energy of a token's reads (pJ)"),
        (right, 1e9 * data.pulse_end, "end of a token's last pulse after the release (ns)"),
    ):
        bins = np.histogram_bin_edges(values, bins=30)
        for row, color, label in zip(values, (SERIES[0], SERIES[1]), ("array 1", "array 2"), strict=True):
            axes.hist(row, bins=bins, histtype="stepfilled", alpha=0.6, color=color, label=label)
        axes.set(xlabel=name, ylabel="tokens")
        plain(axes, grid="y")
    left.legend()
    return figure


def _picojoule(energy: float) -> str:
    return show_quantity(energy, "J", prefix="p")


def _accuracy_color(name: str) -> str:
    if name == "exact":
        return SERIES[5]
    return SERIES[2] if name.startswith("linear") else SERIES[0]


def _source_bar(axes: Axes, row: int, left: float, length: float, source: Source) -> None:
    """A bar whose look says where its number comes from: assumed ones are hatched."""
    color = _SOURCE_COLORS[source]
    hatch = "////" if source == "assumed" else None
    face = "none" if source == "assumed" else color
    axes.barh(row, length, left=left, height=0.62, facecolor=face, edgecolor=color, hatch=hatch, linewidth=0.8)


def _source_legend(axes: Axes, sources: set[Source], *, published: str = "") -> None:
    """Name the looks of the bars that occur."""
    patches = [
        Patch(
            facecolor="none" if source == "assumed" else color,
            edgecolor=color,
            hatch="////" if source == "assumed" else None,
            label=source,
        )
        for source, color in _SOURCE_COLORS.items()
        if source in sources
    ]
    if published:
        patches.append(Patch(facecolor=SERIES[1], label=published))
    axes.legend(handles=patches, loc="lower right", ncols=len(patches), bbox_to_anchor=(1.0, 1.0))


def _bar_text(axes: Axes, end: float, row: float, text: str) -> None:
    """Write a value at the end of its bar."""
    axes.annotate(text, (end, row), xytext=(5, 0), textcoords="offset points", va="center", color=INK, fontsize=8.0)


def _horizontal_bars(axes: Axes) -> None:
    """First bar at the top, no frame, grid along the values only."""
    axes.margins(y=0.02)
    axes.invert_yaxis()
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=8.5)
    plain(axes, grid="x")
