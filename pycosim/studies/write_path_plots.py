"""Plots of the write path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import MUTED, RAMP, SERIES, drawing_style, new_figure, plain
from pycosim.spice import Waveforms
from pycosim.studies.numbers import number
from pycosim.sweeps.write_path import WritePath


def draw_write(path: WritePath, waves: Waveforms, at: Mapping[str, float]) -> Figure:
    """The cells of one column while they are written, and what closing the gates does to each; `at` is the bench's."""
    with drawing_style():
        figure = new_figure(10.0, 3.6)
        write, close = figure.subplots(1, 2, width_ratios=(1.6, 1.0))
        time = 1e9 * (waves.time - at["write_start"])
        end = 1e9 * (at["write_end"] - at["write_start"])
        colors = [RAMP[min(k * len(RAMP) // path.driver.n_levels, len(RAMP) - 1)] for k in range(path.driver.n_levels)]
        for code, color in enumerate(colors):
            cell = np.real(waves.signals[f"v(sn{code})"])
            write.plot(time, cell, color=color)
            before = float(np.interp(at["write_end"], waves.time, cell))
            close.plot(time, 1e3 * (cell - before), color=color, label=f"code {code}")
        write.axvline(end, color=MUTED, linewidth=0.8)
        write.set(title="Cells of one column", xlabel="time from the write command (ns)", ylabel="stored voltage (V)")
        close.set(xlim=(end - 0.1, end + 0.6), xlabel="time from the write command (ns)", ylabel="change (mV)")
        close.set(title="Closing the gates: charge injection", ylim=(-6, 6))
        close.legend(loc="upper right", ncols=2)
        for axes in (write, close):
            plain(axes)
        return figure


def draw_errors(path: WritePath, nominal: xr.Dataset, rows: Sequence[Mapping[str, Json]]) -> Figure:
    """Error of every level by its cause, and the largest by corner; `rows` are the study's figures of its corners."""
    with drawing_style():
        figure = new_figure(10.0, 3.6)
        parts, corners = figure.subplots(1, 2)
        codes = nominal["code"].values
        parts.bar(codes - 0.2, 1e3 * nominal["written_error"].values, 0.4, color=SERIES[0], label="before closing")
        parts.bar(codes + 0.2, 1e3 * nominal["injection"].values, 0.4, color=SERIES[1], label="injected by closing")
        parts.plot(codes, 1e3 * nominal["error"].values, "-o", color=SERIES[2], label="stored")
        parts.axhline(0.0, color=MUTED, linewidth=0.8)
        parts.legend(loc="upper center")
        parts.set(title="Error of a stored level", xlabel="code", ylabel="stored − nominal (mV)")
        parts.margins(y=0.25)
        names = [f"{row['corner']} {number(row['temperature_c']):g} °C {number(row['supply_v']):.2f} V" for row in rows]
        places = np.arange(len(rows))
        for shift, key, color, text in (
            (-0.2, "", SERIES[0], "as drawn"),
            (0.2, "at_rails_", SERIES[1], "gates at the rails"),
        ):
            worst = [1e3 * float(np.abs(np.asarray(row[f"{key}error_v"], dtype=np.float64)).max()) for row in rows]
            corners.barh(places + shift, worst, 0.4, color=color, label=text)
        corners.set_yticks(places, names)
        corners.invert_yaxis()
        corners.axvline(
            1e3 * path.technology.supply_voltage / (path.driver.n_levels - 1) / 4, color=MUTED, linewidth=0.8
        )
        corners.set(title="Largest error by corner (line: a quarter level)", xlabel="mV", xscale="log", xlim=(1, 100))
        corners.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        corners.minorticks_off()
        corners.legend(loc="lower right")
        plain(parts, grid="y")
        plain(corners, grid="x")
        return figure
