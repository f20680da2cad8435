"""Drawings of the study of the tile."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.sweeps.tile import FlatTile

Array = NDArray[np.float64]


def plot_tile(predicted: Array, errors: Array, weight_errors: Array) -> Figure:
    """Output of the simulated tile against its models, and both distributions of the error.

    Args:
        predicted: outputs by the models (s).
        errors: simulated minus predicted outputs (s).
        weight_errors: the same of the pulses between the arrays (s).
    """
    with drawing_style():
        figure = new_figure(10, 3.2)
        left, middle, right = figure.subplots(1, 3)
        left.axline((0, 0), slope=1, color=MUTED, linewidth=0.8)
        left.plot(predicted * 1e9, (predicted + errors) * 1e9, ".", color=SERIES[0], markersize=3)
        left.set(title="outputs of the tile", xlabel="behavioural tile, ns", ylabel="ngspice, ns")
        middle.plot(predicted * 1e9, errors * 1e12, ".", color=SERIES[0], markersize=3)
        middle.axhline(0, color=MUTED, linewidth=0.8)
        middle.set(title="error by output", xlabel="behavioural tile, ns", ylabel="error, ps")
        bins = np.linspace(*_symmetric(np.concatenate([errors, weight_errors]) * 1e12), 31)
        for color, values, name in (
            (SERIES[0], errors, "outputs"),
            (SERIES[1], weight_errors, "between the arrays"),
        ):
            right.hist(values * 1e12, bins=bins.tolist(), color=color, histtype="step", label=name)
        right.set(title="distribution", xlabel="ngspice minus models, ps", ylabel="pulses")
        right.legend()
        for axes in (left, middle, right):
            plain(axes)
        return figure


def plot_flat(flat: FlatTile) -> Figure:
    """Waveforms of the tile in one netlist, from the write to the signed pulses."""
    time = flat.waves.time * 1e9
    rows = (
        ("write", ("v(k_wwl{})", "v(k_sn0_{})"), range(flat.weights.size)),
        ("keys", ("v(k_rwlp{})",), range(flat.outputs.size)),
        ("integrate, convert", ("v(k_integral{})",), range(flat.weights.size)),
        ("between the arrays", ("v(k_pulse{})", "v(v_rwlp{})"), range(flat.weights.size)),
        ("values: integrals", ("v(v_integral{})",), range(flat.outputs.size)),
        ("signed pulses", ("v(v_pulse{})",), range(flat.outputs.size)),
    )
    with drawing_style():
        figure = new_figure(10, 6.4)
        axes = figure.subplots(len(rows), 1, sharex=True)
        for each, (title, probes, members) in zip(axes, rows, strict=True):
            for style, probe in zip(("-", ":"), probes, strict=False):
                for color, k in zip(SERIES, members, strict=False):
                    each.plot(time, np.real(flat.waves.signals[probe.format(k)]), style, color=color, linewidth=1.0)
            each.set(title=title, ylabel="V", ylim=(-0.3, 1.1))
            plain(each)
        phases = (
            (flat.timing.first.input_start, "integrate"),
            (flat.timing.first.window_start, "convert, integrate"),
            (flat.timing.second.window_start, "convert"),
        )
        for start, name in phases:
            for each in axes:
                each.axvline(start * 1e9, color=INK, linewidth=0.6, linestyle="--")
            axes[0].annotate(name, (start * 1e9 + 0.3, 0.95), fontsize=7.5, color=MUTED)
        axes[-1].set(xlabel="time, ns")
        return figure


def _symmetric(values: Array) -> tuple[float, float]:
    reach = float(np.abs(values).max(initial=1.0))
    return -reach, reach
