"""REPORT of a tuning: tables for a terminal."""

from __future__ import annotations

import math

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pycosim.campaign.goals import Goal
from pycosim.campaign.task import Value
from pycosim.campaign.tune import Tuned
from pycosim.campaign.variables import short_names
from pycosim.units import format_quantity

SHOWN_FRONT = 12
"""Rows of the front that are shown, evenly chosen."""


def tune_report(tuned: Tuned) -> RenderableType:
    """Goals, parameters, front and sensitivity."""
    parts = [_goals(tuned), _parameters(tuned)]
    if len(tuned.problem.objectives) > 1 and len(tuned.front) > 1:
        parts.append(_front(tuned))
    parts.append(_sensitivity(tuned, "change", "change over a parameter's range, in multiples of limit or value"))
    parts.append(_sensitivity(tuned, "rank_correlation", "rank correlation over all candidates"))
    return Group(*(item for title, table in parts for item in ("", Text(title, style="bold"), table)))


def _goals(tuned: Tuned) -> tuple[str, Table]:
    table = _table("", "wanted", "as given", "found", "change")
    for goal in tuned.problem.goals:
        given, best = (trial.worst[goal.name] for trial in (tuned.given, tuned.best))
        change = f"{100 * (best - given) / abs(given):+.1f} %" if given and math.isfinite(best - given) else ""
        table.add_row(goal.name, goal.words, _marked(goal, given), _marked(goal, best), change)
    return "goals, each at its worst condition", table


def _parameters(tuned: Tuned) -> tuple[str, Table]:
    table = _table("", "low", "high", "as given", "found")
    problem = tuned.problem
    bounds = {one.name: (one.low, one.high) for one in problem.space.variables}
    for name, short in zip(problem.space.names, short_names(problem.space.names), strict=True):
        unit = problem.bench.parameters[name].unit

        def text(value: Value, unit: str = unit) -> str:
            return format_quantity(float(value), unit)

        limits = [text(value) for value in bounds[name]] if name in bounds else ["tied", ""]
        table.add_row(short, *limits, text(tuned.given.values[name]), text(tuned.best.values[name]))
    return "parameters", table


def _front(tuned: Tuned) -> tuple[str, Table]:
    goals = tuned.problem.goals
    table = _table(*(goal.name for goal in goals))
    ordered = sorted(tuned.front, key=lambda trial: goals[0].cost(trial.worst[goals[0].name]))
    count = min(SHOWN_FRONT, len(ordered))
    for k in range(count):
        trial = ordered[round(k * (len(ordered) - 1) / max(count - 1, 1))]
        table.add_row(*(format_quantity(trial.worst[goal.name], goal.unit) for goal in goals))
    return f"front: {len(tuned.front)} candidates", table


def _sensitivity(tuned: Tuned, what: str, title: str) -> tuple[str, Table]:
    table = _table("", *(goal.name for goal in tuned.problem.goals))
    names = [str(name) for name in tuned.sensitivity.parameter.values]
    for short, row in zip(short_names(names), tuned.sensitivity[what].values, strict=True):
        table.add_row(short, *(f"{value:+.2f}" for value in row))
    return title, table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column else "left", no_wrap=not column, overflow="fold")
    return table


def _marked(goal: Goal, value: float) -> str:
    text = format_quantity(value, goal.unit)
    return text if goal.margin(value) >= 0 else f"[bold red]{text}[/]"
