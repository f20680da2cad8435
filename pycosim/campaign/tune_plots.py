"""PLOTS of a tuning: its candidates with the front and the circuit as it was given; bars of the sensitivity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, NullFormatter

from pycosim.campaign.goals import Goal
from pycosim.campaign.trials import Trial
from pycosim.campaign.tune_spec import Problem
from pycosim.campaign.variables import short_names
from pycosim.evaluate.drawing import LIGHT, new_figure, paper_style, plain

_LOGARITHMIC = 20.0  # ratio of the feasible values from which an axis is logarithmic
_ROOM = 0.25  # beyond the feasible values that is shown, as a share of their range


def draw_front(
    problem: Problem, history: Sequence[Trial], front: Sequence[Trial], given: Trial, best: Trial
) -> Figure | None:
    """Every candidate over two goals: the first two objectives, or the objective and the limit nearest to the best one.

    Infeasible candidates far outside are cut off. None where there is one goal only.

    Args:
        problem: what was tuned.
        history: the candidates.
        front: those that no other beats.
        given: the circuit as it was given.
        best: the one that was chosen.
    """
    if len(problem.goals) < 2:
        return None
    x, *others = problem.goals
    y = others[0] if others[0].is_objective else min(others, key=lambda goal: goal.margin(best.worst[goal.name]))
    with paper_style():
        figure = new_figure(6.4, 4.4)
        axes = figure.add_subplot()
        groups = (
            ("misses a limit", [one for one in history if not one.feasible], "x", LIGHT["r1"], 14.0),
            ("feasible", [one for one in history if one.feasible], "o", LIGHT["s1"], 14.0),
        )
        for label, trials, marker, color, size in groups:
            if not trials:
                continue
            found = np.array([(one.worst[x.name], one.worst[y.name]) for one in trials])
            axes.scatter(
                found[:, 0], found[:, 1], s=size, marker=marker, color=color, label=label, linewidths=0.9, zorder=2
            )
        if len(front) > 1:
            line = np.array(sorted((one.worst[x.name], one.worst[y.name]) for one in front))
            axes.plot(*line.T, color=LIGHT["s1"], linewidth=1.0, zorder=1, label="front")
        for label, trial, marker, color in (("as given", given, "D", LIGHT["s2"]), ("chosen", best, "*", LIGHT["s5"])):
            axes.scatter(
                [trial.worst[x.name]],
                [trial.worst[y.name]],
                s=130.0 if marker == "*" else 55.0,
                marker=marker,
                color=color,
                edgecolor=LIGHT["surface"],
                label=label,
                zorder=3,
            )
        for goal, limits, draw in ((x, axes.set_xlim, axes.axvline), (y, axes.set_ylim, axes.axhline)):
            if goal.limit is not None:
                draw(goal.limit, color=LIGHT["muted"], linewidth=0.8, linestyle="--")
            shown = [one.worst[goal.name] for one in (*(one for one in history if one.feasible), given, best)]
            _scale(axes, goal, [value for value in shown if np.isfinite(value)], limits)
        axes.set_title(f"{problem.bench.name}: {len(history)} candidates")
        figure.legend(loc="outside right center")
    return figure


def draw_sensitivity(found: xr.Dataset, problem: Problem) -> Figure:
    """Bars of `change`, one panel for each goal; NaN has no bar.

    Args:
        found: of `pycosim.campaign.sensitivity.sensitivity`.
        problem: what was tuned.
    """
    names = short_names([str(name) for name in found.parameter.values])
    with paper_style():
        figure = new_figure(2.6 + 2.0 * found.sizes["goal"], 1.4 + 0.24 * len(names))
        panels = figure.subplots(1, found.sizes["goal"], sharey=True, squeeze=False)[0]
        for panel, goal in zip(panels, problem.goals, strict=True):
            values = found["change"].sel(goal=goal.name).values
            colors = [LIGHT["s2"] if (value > 0) != goal.upwards else LIGHT["s3"] for value in values]
            panel.barh(np.arange(len(names)), np.nan_to_num(values), color=colors, height=0.7)
            panel.axvline(0.0, color=LIGHT["muted"], linewidth=0.7)
            panel.set_title(f"{goal.name}\n({goal.words})")
            plain(panel, grid="x")
            largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
            panel.set_xlim(-1.1 * largest, 1.1 * largest)
        panels[0].set_yticks(np.arange(len(names)), names)
        panels[0].invert_yaxis()
        figure.supxlabel(
            "change over the parameter's whole range, over the limit (of an objective: its value); orange is worse",
            fontsize=8.0,
        )
    return figure


def _scale(axes: Axes, goal: Goal, shown: list[float], limits: object) -> None:
    """Label, unit and range of an axis."""
    axis, scale = (axes.xaxis, axes.set_xscale) if limits == axes.set_xlim else (axes.yaxis, axes.set_yscale)
    axis.set_label_text(f"{goal.name} ({goal.words})".replace("_", " "))
    if shown:
        values = [*shown, *([] if goal.limit is None else [goal.limit])]
        low, high = min(values), max(values)
        if low > 0 and high / low > _LOGARITHMIC:
            scale("log")
            room = (high / low) ** (_ROOM / 2)
            low, high = low / room, high * room
        else:
            room = _ROOM * (high - low) or abs(high) or 1.0
            low, high = low - room, high + room
        axes.set(**({"xlim": (low, high)} if axis is axes.xaxis else {"ylim": (low, high)}))
    if goal.unit:
        axis.set_major_formatter(EngFormatter(unit=goal.unit))
        axis.set_minor_formatter(NullFormatter())
