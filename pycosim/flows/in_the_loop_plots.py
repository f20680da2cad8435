"""Drawing of the model against ngspice on reads of a running transformer, and of the worst of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pycosim.attention.hardware import AttentionHardware
from pycosim.evaluate.drawing import MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.evaluate.quantities import show_quantity
from pycosim.flows.in_the_loop_reads import SpiceRead
from pycosim.flows.in_the_loop_report import ARRAYS, TITLES
from pycosim.spice import Waveforms

SMALLEST = 1e-13
"""Errors below it are drawn there (s): a tenth of a picosecond, less than the decks resolve."""


def plot_reads(reads: Sequence[SpiceRead], hardware: AttentionHardware, worst: SpiceRead, waves: Waveforms) -> Figure:
    """Error by pulse, its distribution, and the waveforms of the worst read.

    Args:
        reads: of both arrays.
        hardware: gives the longest pulse.
        worst: the read that the waveforms are of.
        waves: from its deck.
    """
    with drawing_style():
        figure = new_figure(10, 3.4)
        errors, distribution, traces = figure.subplots(1, 3)
        for name, color in zip(ARRAYS, SERIES, strict=False):
            done = [read for read in reads if read.operands.place.array == name and read.width is not None]
            found = np.array([read.error for read in done])
            pulses = np.array([read.width for read in done], dtype=np.float64)
            errors.plot(1e9 * pulses, 1e12 * found, ".", color=color, label=TITLES[name])
            magnitudes = np.sort(np.maximum(np.abs(found), SMALLEST))
            share = 100 * np.arange(1, found.size + 1) / max(1, found.size)
            distribution.step(1e12 * magnitudes, share, where="post", color=color, label=TITLES[name])
        errors.axhline(0, color=MUTED, linewidth=0.8)
        errors.set(title="reads of the transformer", xlabel="pulse in ngspice, ns", ylabel="model − ngspice, ps")
        errors.legend(title="array of the")
        distribution.set_xscale("log")
        distribution.set(title="distribution", xlabel="error, ps, at most", ylabel="reads, %", ylim=(0, 103))
        _draw_waves(traces, worst, waves)
        for axes in (errors, distribution, traces):
            plain(axes)
        return figure


def _draw_waves(axes: Axes, worst: SpiceRead, waves: Waveforms) -> None:
    time = 1e9 * waves.time
    for probe, color, label in (
        ("v(pulse)", SERIES[0], "pulse"),
        ("v(integral)", SERIES[1], "integration node"),
        ("v(rbl)", SERIES[2], "bit line"),
    ):
        axes.plot(time, np.real(waves.signals[probe]), color=color, label=label)
    error = show_quantity(worst.error, "s")
    axes.set(title=f"worst read, {TITLES[worst.operands.place.array]}: {error}", xlabel="time, ns", ylabel="V")
    axes.legend()
