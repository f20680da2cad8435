"""Drawings of the converter study: error over charge before and after trim, energy against error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.studies.converter_trade import Trade
from pycosim.studies.converter_trim import Trim

MARKERS = "oDDDDDs^v"
"""One for each variant: the shipped one is round, those beyond the colours have shapes of their own."""


def plot_trim(trims: Mapping[str, Trim]) -> Figure:
    """Error of every die over its charge, untrimmed and trimmed, each pair with scales of their own."""
    with drawing_style():
        figure = new_figure(10, 4.6)
        panels = figure.subplots(len(trims), 2, squeeze=False)
        for row, (name, trim) in zip(panels, trims.items(), strict=True):
            for axes, data, title, color in (
                (row[0], trim.before, "code 0", SERIES[4]),
                (row[1], trim.after, "calibrated", SERIES[0]),
            ):
                charge = data["charge"].values * 1e12
                for errors in trim.errors(data):
                    axes.plot(charge, errors * 1e9, color=color, linewidth=0.7, marker=".", markersize=3)
                axes.axhline(0.0, color=INK, linewidth=0.7)
                axes.set(title=f"{name.replace('_', ' ')}, {title}", xlabel="charge, pC", ylabel="error, ns")
                plain(axes)
        return figure


def plot_trade(trades: Sequence[Trade]) -> Figure:
    """Energy of a converter against the error of its columns, one mark per variant."""
    with drawing_style():
        figure = new_figure(10, 3.6)
        left, right = figure.subplots(1, 2)
        unsigned = [one for one in trades if not one.name.startswith("signed")]
        panels = (
            (left, [one.error_rms * 1e9 for one in unsigned], "error of columns, rms ns"),
            (right, [one.burst * 100 for one in unsigned], "burst of 640 uA read, %"),
        )
        for axes, heights, label in panels:
            for k, one in enumerate(unsigned):
                axes.plot(
                    one.converter_energy * 1e12,
                    heights[k],
                    MARKERS[k % len(MARKERS)],
                    color=SERIES[k % len(SERIES)] if k < len(SERIES) else MUTED,
                    markerfacecolor=None if k < len(SERIES) else "none",
                    markersize=7 if k == 0 else 5,
                    label=one.name,
                )
            axes.set(xlabel="converter, pJ a read", ylabel=label)
            plain(axes)
        left.set_ylim(bottom=0)
        right.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure
