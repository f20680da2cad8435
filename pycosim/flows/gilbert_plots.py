"""Drawings of the Gilbert flow: the multiplier's surface with its error, and the network's scores."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from pycosim.evaluate.drawing import INK, RAMP, SERIES, drawing_style, new_figure, plain
from pycosim.flows.gilbert_network import SmallNetworkResult


def surface_plot(surface: xr.Dataset, gain: float) -> Figure:
    """Output current over the lower port for weights at the upper one, and its deviation from the product.

    Args:
        surface: of `multiplier_surface`.
        gain: of the ideal product (A/V^2).
    """
    current = surface["current"].isel(die=0)
    lower, upper = current["lower_voltage"].values, current["upper_voltage"].values
    chosen = np.linspace(0, upper.size - 1, len(RAMP)).round().astype(int)
    with drawing_style():
        figure = new_figure(8.0, 3.2)
        left, right = figure.subplots(1, 2)
        for color, k in zip(RAMP, chosen, strict=True):
            values = current.values[:, k]
            left.plot(1e3 * lower, 1e6 * values, color=color, label=f"{1e3 * upper[k]:.0f} mV")
            right.plot(1e3 * lower, 1e6 * (values - gain * upper[k] * lower), color=color)
        left.set_title("Output of the multiplier")
        right.set_title("Deviation from the product")
        for axes in (left, right):
            axes.set_xlabel("input at the lower port (mV)")
            axes.set_ylabel("current (uA)")
            plain(axes)
        left.legend(title="weight", fontsize=6.5)
    return figure


def network_plot(result: SmallNetworkResult) -> Figure:
    """Scores of the behavioural and of the exact network over those of ngspice."""
    with drawing_style():
        figure = new_figure(4.4, 3.6)
        axes = figure.subplots()
        found = 1e3 * result.scores["ngspice"].ravel()
        ends = np.array([found.min(), found.max()])
        axes.plot(ends, ends, color=INK, linewidth=0.7)
        for color, name in zip(SERIES, ("behavioural", "exact"), strict=False):
            axes.plot(found, 1e3 * result.scores[name].ravel(), ".", color=color, label=name)
        axes.set_xlabel("score in ngspice (mV)")
        axes.set_ylabel("score computed (mV)")
        axes.set_title("Every sample, every class")
        axes.legend()
        plain(axes)
    return figure
