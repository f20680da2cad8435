"""Plots of the retention study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import MUTED, RAMP, SERIES, SURFACE, drawing_style, new_figure, plain
from pycosim.studies.held_cell import Held

Array = NDArray[np.float64]

KELVIN = 273.15


def draw_drift(held: Mapping[str, Held]) -> Figure:
    """Stored voltage against age of every level, transient (dots) and integrated leak (lines), first and last °C."""
    with drawing_style():
        figure = new_figure(10.0, 2.9 * len(held))
        panels = figure.subplots(len(held), 2, sharey=True, squeeze=False)
        for (name, one), pair in zip(held.items(), panels, strict=True):
            celsius = list(one.drifts)
            for axes, temperature in zip(pair, (celsius[min(1, len(celsius) - 2)], celsius[-1]), strict=True):
                drift, decay = one.drifts[temperature], one.decay(str(one.leaks["corner"].values[0]), temperature)
                ages = drift["age"].values[1:]
                for k, level in enumerate(one.levels):
                    color = RAMP[k * (len(RAMP) - 1) // (one.levels.size - 1)]
                    moved = drift["voltage"].sel(stored_voltage=level, method="nearest").values[1:]
                    axes.semilogx(ages, decay.voltage(level, ages), color=color)
                    axes.semilogx(ages[::3], moved[::3], "o", color=color, markersize=2.6, markerfacecolor=SURFACE)
                axes.axhline(decay.zero_voltage, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
                axes.set(title=f"{name}, {temperature:g} °C", xlabel="age (s)")
                plain(axes)
            pair[0].set_ylabel("stored voltage (V)")
        corner = panels[0][1]
        corner.plot([], [], "o", color=MUTED, markerfacecolor=SURFACE, label="transient")
        corner.plot([], [], color=MUTED, label="integrated leak")
        corner.plot([], [], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), label="leak is zero")
        corner.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure


def draw_score(scores: Mapping[str, Mapping[float, tuple[Array, Array, Array]]], limit: float) -> Figure:
    """Error of the score of random columns against their age."""
    with drawing_style():
        figure = new_figure(10.0, 3.4)
        axes = figure.subplots()
        for (name, by_temperature), color in zip(scores.items(), SERIES, strict=False):
            styles = ("-", (0, (6, 2)), (0, (3, 2)), (0, (1, 1.5)))
            for (celsius, (ages, errors, _)), style in zip(by_temperature.items(), styles, strict=False):
                axes.loglog(ages, errors, color=color, linestyle=style, label=f"{name}, {celsius:g} °C")
        axes.axhline(limit, color=MUTED, linewidth=0.8)
        axes.set(xlabel="age of the column (s)", ylabel="score error (counts rms)", ylim=(1e-2, 30))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        plain(axes)
        return figure


def draw_retention_times(rows: Sequence[Mapping[str, Json]]) -> Figure:
    """Shortest- and longest-lived level of every cell against the inverse temperature, and the spread of corners."""
    with drawing_style():
        figure = new_figure(10.0, 3.4)
        axes = figure.subplots()
        first = rows[0]["corner"]
        celsius = sorted({float(str(row["temperature_c"])) for row in rows})
        inverse = [1e3 / (t + KELVIN) for t in celsius]
        for name, color in zip(dict.fromkeys(row["device"] for row in rows), SERIES, strict=False):

            def lives(corner: Json | None, celsius: float, name: Json = name) -> list[float]:
                here = [r for r in rows if r["device"] == name and r["temperature_c"] == celsius]
                chosen = [r for r in here if corner is None or r["corner"] == corner]
                return [float(str(r["seconds"])) for r in chosen if r["seconds"] is not None]

            corners = {str(row["corner"]) for row in rows if row["device"] == name}
            shortest = [[min(lives(corner, t)) for t in celsius] for corner in corners]
            axes.fill_between(inverse, np.min(shortest, axis=0), np.max(shortest, axis=0), color=color, alpha=0.15)
            axes.semilogy(
                inverse, [min(lives(first, t)) for t in celsius], "-o", color=color, label=f"{name}, shortest"
            )
            axes.semilogy(inverse, [max(lives(first, t)) for t in celsius], ":o", color=color, label=f"{name}, longest")
        axes.set(xlabel="1000 / temperature (1/K)", ylabel="retention (s)")
        above = axes.secondary_xaxis("top")
        above.set_xticks(inverse, [f"{t:g} °C" for t in celsius])
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        plain(axes)
        return figure
