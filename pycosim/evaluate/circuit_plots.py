"""Plots of circuits: the cell, one column read, the converter, the column check and retention."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pycosim.evaluate.drawing import BAND, INK, MUTED, RAMP, SERIES, SURFACE, new_figure, plain
from pycosim.evaluate.figures import (
    CellIvFigure,
    ColumnCheckFigure,
    ColumnWaveforms,
    RetentionFigure,
    Trace,
    TransferFigure,
)
from pycosim.evaluate.quantities import show_number, show_quantity


def draw_cell_iv(data: CellIvFigure) -> Figure:
    """Read current over stored voltage, lines simulated and points published, beside their difference."""
    figure = new_figure(10.0, 4.1)
    current, difference = figure.subplots(1, 2, width_ratios=(1.5, 1.0))
    order = np.argsort(data.stored_voltage)
    volts = data.stored_voltage[order]
    for column, color in zip(range(data.word_line_voltage.size), _ramp(data.word_line_voltage.size), strict=True):
        current.plot(volts, 1e6 * data.simulated[order, column], color=color)
        current.plot(
            volts,
            1e6 * data.published[order, column],
            "o",
            color=color,
            markerfacecolor=SURFACE,
            markersize=4.2,
        )
        difference.plot(volts, 1e6 * data.residual[order, column], "-o", color=color, markersize=2.8, linewidth=1.1)
    if data.pulse is not None:
        current.plot(volts, 1e6 * data.pulse[order], "--", color=SERIES[1], label="charge of a full pulse / its length")
        difference.plot(volts, 1e6 * (data.pulse - data.published[:, -1])[order], "--", color=SERIES[1], linewidth=1.1)
    _label_word_lines(current, data)
    current.plot([], [], "-", color=RAMP[4], label="simulated, DC")
    current.plot([], [], "o", color=RAMP[4], markerfacecolor=SURFACE, label="published")
    current.legend(loc="upper left")
    current.set(title="Read current", xlabel="stored voltage (V)", ylabel="current sunk from the bit line (µA)")
    difference.axhline(0.0, color=MUTED, linewidth=0.8)
    difference.set(title="Simulated − published", xlabel="stored voltage (V)", ylabel="difference (µA)")
    return figure


def draw_column_waveforms(data: ColumnWaveforms) -> Figure:
    """One read of a column, a panel for each group of signals, phases shaded."""
    panels = list(dict.fromkeys(trace.panel for trace in data.traces))
    figure = new_figure(10.0, 1.0 + 1.05 * len(panels))
    grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    time = 1e9 * data.time
    _name_spans(grid[0], data)
    for axes, panel in zip(grid, panels, strict=True):
        traces = [trace for trace in data.traces if trace.panel == panel]
        _draw_panel(axes, time, panel, traces)
        for index, span in enumerate(data.spans):
            if index % 2 == 0:
                axes.axvspan(1e9 * span.start, 1e9 * span.stop, color=BAND, linewidth=0, zorder=0)
    grid[-1].set(xlabel="time (ns)", xlim=(time[0], time[-1]))
    figure.align_ylabels(list(grid))
    return figure


def draw_transfer(data: TransferFigure) -> Figure:
    """Pulse width over charge with the fitted law, above the residuals."""
    figure = new_figure(4.85, 4.4)
    transfer, residual = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1.0))
    order = np.argsort(data.charge)
    charge, held_out = 1e12 * data.charge[order], data.held_out[order]
    transfer.plot(charge, 1e9 * data.fitted[order], color=SERIES[0], label="fitted law", zorder=2)
    for chosen, color, label in ((~held_out, SERIES[0], "fitted points"), (held_out, SERIES[1], "held out")):
        points = order[chosen]
        transfer.plot(
            charge[chosen],
            1e9 * data.pulse_width[points],
            "o",
            color=color,
            markerfacecolor=SURFACE,
            label=label,
        )
        residual.plot(charge[chosen], 1e12 * data.residual[points], "o", color=color, markerfacecolor=SURFACE)
    residual.axhline(0.0, color=MUTED, linewidth=0.8)
    transfer.legend(loc="upper left")
    transfer.set(title="Pulse width", ylabel="pulse width (ns)")
    residual.set(title="Simulated − fitted", xlabel="column charge (pC)", ylabel="residual (ps)")
    figure.align_ylabels([transfer, residual])
    return figure


def draw_column_check(data: ColumnCheckFigure, *, target: float | None = None) -> Figure:
    """Predicted over simulated pulse width of whole columns, beside the histogram of the error.

    Args:
        data: predictions and simulations.
        target: seconds, the bound on the rms error that is drawn into the histogram; None draws none.
    """
    figure = new_figure(10.0, 3.7)
    scatter, histogram = figure.subplots(1, 2, width_ratios=(1.0, 1.6))
    widths = 1e9 * np.concatenate((data.predicted, data.simulated))
    margin = 0.05 * max(float(np.ptp(widths)), 1.0)
    ends = (float(widths.min()) - margin, float(widths.max()) + margin)
    scatter.plot(ends, ends, color=MUTED, linewidth=0.8)
    scatter.plot(1e9 * data.simulated, 1e9 * data.predicted, "o", color=SERIES[0], markerfacecolor=SURFACE)
    scatter.set(
        title="Pulse width of a column",
        xlabel="simulated in ngspice (ns)",
        ylabel="predicted by the models (ns)",
    )
    scatter.set(xlim=ends, ylim=ends, aspect="equal")
    error = 1e12 * data.error
    reach = max(float(np.abs(error).max()), 1e12 * (target or 0.0), 1.0) * 1.1
    histogram.hist(
        error, bins=np.linspace(-reach, reach, 32).tolist(), color=SERIES[0], edgecolor=SURFACE, linewidth=0.8
    )
    histogram.axvline(0.0, color=MUTED, linewidth=0.8)
    for bound in () if target is None else (-1e12 * target, 1e12 * target):
        histogram.axvline(bound, color=SERIES[4], linewidth=1.0, linestyle=(0, (4, 3)))
    rms = math.sqrt(float(np.mean(np.square(data.error))))
    bound_text = "" if target is None else f", bound {show_quantity(target, 's', trim=True)}"
    histogram.set(title=f"Error: rms {show_quantity(rms, 's')}{bound_text}", xlabel="predicted − simulated (ps)")
    histogram.set_ylabel("columns")
    histogram.yaxis.set_major_locator(MaxNLocator(integer=True))
    plain(histogram, grid="y")
    return figure


def draw_retention(data: RetentionFigure) -> Figure:
    """Stored voltage over time after a write, simulated points and the decay model."""
    figure = new_figure(10.0, 3.6)
    axes = figure.subplots()
    later = data.time > 0.0
    for simulated, fitted, color in zip(data.simulated, data.fitted, _ramp(len(data.simulated)), strict=True):
        axes.semilogx(data.time[later], fitted[later], color=color)
        axes.semilogx(data.time[later], simulated[later], "o", color=color, markersize=2.6, markerfacecolor=SURFACE)
    axes.plot([], [], "-", color=RAMP[4], label="decay model")
    axes.plot([], [], "o", color=RAMP[4], markerfacecolor=SURFACE, label="simulated")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.xaxis.set_major_formatter(lambda value, _: show_quantity(float(value), "s", digits=1))
    axes.set(xlabel="time since the write", ylabel="stored voltage (V)")
    return figure


def _draw_panel(axes: Axes, time: np.ndarray, panel: str, traces: Sequence[Trace]) -> None:
    """Draw the traces of one panel, named at its right."""
    scale, unit = _panel_scale(traces)
    for trace, color in zip(traces, (SERIES * len(traces))[: len(traces)], strict=True):
        axes.plot(time, scale * trace.values, color=color, linewidth=1.2, label=trace.label)
    axes.set_ylabel(f"{panel}\n({unit})")
    axes.margins(y=0.12)
    axes.yaxis.set_major_locator(MaxNLocator(3, min_n_ticks=3))
    if len(traces) > 1 or traces[0].label != panel:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    plain(axes, grid="y")


def _name_spans(axes: Axes, data: ColumnWaveforms) -> None:
    """Write the phases' names above the first panel, on a second line where the first has no room."""
    per_letter = 0.011 * float(np.ptp(data.time))
    ends = [-math.inf, -math.inf]
    for span in data.spans:
        middle, half = 0.5 * (span.start + span.stop), 0.5 * per_letter * len(span.name)
        line = 0 if middle - half > ends[0] else 1
        ends[line] = middle + half
        axes.annotate(
            span.name, (1e9 * middle, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 4 + 10 * line),
            textcoords="offset points", ha="center", va="bottom", color=MUTED, fontsize=7.5,
        )  # fmt: skip


def _panel_scale(traces: Sequence[Trace]) -> tuple[float, str]:
    """Factor and unit in which a panel's traces read well: volts as they are, currents in microampere."""
    return (1e6, "µA") if traces[0].unit == "A" else (1.0, traces[0].unit)


def _label_word_lines(axes: Axes, data: CellIvFigure) -> None:
    """Write the word-line voltage at the right end of every line that is far enough from the last one."""
    last, volts = data.simulated[int(np.argmax(data.stored_voltage))], float(data.stored_voltage.max())
    reach = 0.045 * float(np.ptp(data.simulated))
    taken = -math.inf
    for column in np.argsort(last):
        if last[column] - taken >= reach:
            taken = float(last[column])
            axes.annotate(
                f"{show_number(float(data.word_line_voltage[column]), trim=True)} V", (volts, 1e6 * taken),
                xytext=(6, 0), textcoords="offset points", va="center", color=INK, fontsize=7.5,
            )  # fmt: skip
    axes.margins(x=0.09)


def _ramp(n_colors: int) -> list[str]:
    """`n_colors` placeholders, evenly spread from faint to strong."""
    return [RAMP[round(index)] for index in np.linspace(0, len(RAMP) - 1, n_colors)]
