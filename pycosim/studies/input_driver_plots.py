"""Plots of the input driver."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from pycosim.evaluate.drawing import MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.models.input_pulse import InputPulse

LINES = {
    "width_upper_near": ("upper line, near", "-o"),
    "width_upper_far": ("upper line, far", "--s"),
    "width_lower_near": ("lower line, near", "-o"),
    "width_lower_far": ("lower line, far", "--s"),
}
"""Width of a dataset -> what it is called, and how it is drawn."""


def draw_transfer(found: xr.Dataset, law: InputPulse) -> Figure:
    """Width over code, and what each end of each line has beyond code times unit time."""
    with drawing_style():
        figure = new_figure(10.0, 3.6)
        transfer, error = figure.subplots(1, 2)
        codes = found["code"].values
        transfer.plot(codes, 1e9 * law.pulse_width(codes), color=MUTED, linewidth=1.0, label="law")
        transfer.plot(codes, 1e9 * found["width_upper_far"].values, "o", color=SERIES[0], label="upper line, far")
        transfer.set(title="Transfer", xlabel="code", ylabel="pulse width (ns)")
        transfer.legend(loc="upper left")
        pulses = codes > 0
        for (name, (text, style)), color in zip(LINES.items(), np.repeat(SERIES[:2], 2), strict=True):
            beyond = found[name].values - codes * law.unit_time
            error.plot(codes[pulses], 1e12 * beyond[pulses], style, color=str(color), markersize=3.0, label=text)
        error.axhline(0.0, color=MUTED, linewidth=0.8)
        error.set(title="Width − code × 1 ns", xlabel="code", ylabel="ps", ylim=(-20, 40))
        error.legend(loc="upper right", ncols=2)
        for axes in (transfer, error):
            plain(axes)
        return figure
