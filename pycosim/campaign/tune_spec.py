"""SPEC OF A TUNING: its words, from a TOML file or a Python call, made into what a search needs.

bench, technology, measure, parameters, axes, zip and simulator are those of a sweep (`pycosim.campaign.spec`); the axes
are where every goal is judged. Beside them:

[conditions.cold]                    # named changes, each crossed with the axes
corner = "ss"
[tune]                               # what is varied
"converter.conveyor.tail_current" = { low = 8e-6, high = 40e-6, spacing = "log" }
[tied]                               # what follows: times * that + plus
"converter.conveyor.output_pmos.width" = { follows = "converter.conveyor.output_nmos.width", times = 2.0 }
[minimise.energy]                    # or: minimise = ["energy"]; and the same with maximise
over = { charge = "mean" }           # the worst over what is left
[limit]
ringing = "< 1e-3"
[limit.linearity]                    # its own measure, conditions (at), axes, parameters
measure = "pulse_width"
over = { charge = "line_rms" }
below = 50e-12
[search]
evaluations = 300                    # candidates
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from pycosim.campaign.axes import Grid, plain_value, read_axis
from pycosim.campaign.bench import SweepBench
from pycosim.campaign.goals import Goal, Sense
from pycosim.campaign.search_settings import SearchSettings, read_search
from pycosim.campaign.spec import WORDS as SWEEP_WORDS
from pycosim.campaign.spec import SimulatorSettings, check_words, dotted_names, load_toml, read_spec
from pycosim.campaign.task import Measurement, Value
from pycosim.campaign.tune_space import read_space
from pycosim.campaign.variables import Space
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words

WORDS: Final = (*SWEEP_WORDS, "conditions", "tune", "tied", "minimise", "maximise", "limit", "search")
"""Words of a tuning."""

COLUMNS: Final = ("violation", "feasible", "front", "stage", "failure")
"""What the history says of every candidate, beside parameters and goals."""

_LIMIT: Final = re.compile(r"\s*([<>])\s*([-+0-9.eE]+)\s*")
_GOAL: Final = ("measure", "over", "at", "axes", "parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is tuned, and for what.

    Attributes:
        bench: makes and measures decks.
        fixed: parameters that all points share.
        space: what changes.
        goals: objectives and limits.
        ladder: rungs that may be tried after a run that did not converge.
    """

    bench: SweepBench
    fixed: Mapping[str, Value]
    space: Space
    goals: tuple[Goal, ...]
    ladder: tuple[str, ...]

    @property
    def objectives(self) -> tuple[Goal, ...]:
        """Goals that are to be least or most."""
        return tuple(goal for goal in self.goals if goal.is_objective)


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneSpec:
    """A tuning that was read and checked.

    Attributes:
        problem: what is tuned, and for what.
        search: how the candidates are chosen.
        simulator: how the decks are run.
        text: as it is kept in the folder.
    """

    problem: Problem
    search: SearchSettings
    simulator: SimulatorSettings
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A goal in words."""

    name: str
    sense: Sense
    limit: float | None
    table: Mapping[str, object]

    @property
    def measure(self) -> str:
        return str(self.table.get("measure", self.name))


def load_tune(path: Path) -> TuneSpec:
    """Read a tuning from a TOML file; files that it names are relative to it.

    Raises:
        ConfigurationError: the file, the word, what it must be, and near words.
    """
    words, text = load_toml(path)
    return read_tune(words, source=str(path), folder=path.parent, text=text)


def read_tune(words: Mapping[str, object], *, source: str, folder: Path, text: str) -> TuneSpec:
    """Make a tuning of its words.

    Args:
        words: as in this module's text; `bench` may be a `SweepBench`.
        source: where they stand, for messages.
        folder: that files are relative to.
        text: what is kept in the folder of results.

    Raises:
        ConfigurationError: the source, the word, what it must be, and near words.
    """
    try:
        check_words(words, WORDS)
        wishes = _wishes(words)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from error
    sweep_words = {word: value for word, value in words.items() if word in SWEEP_WORDS}
    sweep_words["measure"] = _measure(words.get("measure"), [wish.measure for wish in wishes])
    spec = read_spec(sweep_words, source=source, folder=folder, text=text)
    campaign = spec.campaign
    try:
        space = read_space(words.get("tune"), words.get("tied", {}), campaign.bench, campaign.fixed)
        conditions = {
            name: _changes(f"conditions.{name}", table, campaign.bench)
            for name, table in _table("conditions", words.get("conditions", {})).items()
        }
        goals = tuple(_goal(wish, campaign.bench, campaign.grid, conditions) for wish in wishes)
        _check_names(goals, space)
        problem = Problem(
            bench=campaign.bench,
            fixed={name: value for name, value in campaign.fixed.items() if name not in space.names},
            space=space,
            goals=goals,
            ladder=campaign.ladder,
        )
        search = read_search(words.get("search", {}), len(problem.objectives))
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from error
    return TuneSpec(problem=problem, search=search, simulator=spec.simulator, text=text)


def _wishes(words: Mapping[str, object]) -> list[_Wish]:
    """Every goal in words; objectives first."""
    wishes = [
        _Wish(name=name, sense=sense, limit=None, table=table)
        for sense in ("minimise", "maximise")
        for name, table in _objectives(sense, words.get(sense, ())).items()
    ]
    if not wishes:
        raise ConfigurationError('a tuning must minimise or maximise something; write minimise = ["energy"]')
    wishes += [_limited(name, wanted) for name, wanted in _table("limit", words.get("limit", {})).items()]
    names = [wish.name for wish in wishes]
    for wish in wishes:
        if names.count(wish.name) > 1:
            raise ConfigurationError(
                f"{wish.name} is the name of two goals; name one of them otherwise and give it measure = "
                f'"{wish.measure}"'
            )
        for key in wish.table:
            if key not in _GOAL:
                raise ConfigurationError(f"goal {wish.name} has no word {key!r}; {near_words(key, list(_GOAL))}")
    return wishes


def _objectives(sense: str, wanted: object) -> dict[str, dict[str, object]]:
    if isinstance(wanted, Mapping):
        return {str(name): _table(f"{sense}.{name}", table) for name, table in wanted.items()}
    names = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{sense} must be names of measurements, or tables, found {wanted!r}")
    return {name: {} for name in names}


def _limited(name: str, wanted: object) -> _Wish:
    """A limit: "< 1e-3", or a table with `below` or `above`."""
    table: dict[str, object] = {}
    if isinstance(wanted, str):
        found = _LIMIT.fullmatch(wanted)
        side, number = ("below" if found[1] == "<" else "above", found[2]) if found else ("", "")
    else:
        table = _table(f"limit.{name}", wanted)
        sides = [side for side in ("below", "above") if side in table]
        side = sides[0] if len(sides) == 1 else ""
        number = str(table.pop(side)) if side else ""
    try:
        return _Wish(name=name, sense=cast(Sense, side), limit=float(number), table=table)
    except ValueError:
        raise ConfigurationError(
            f'limit.{name} must be a text such as "< 1e-3", or a table with one of below and above, found {wanted!r}'
        ) from None


def _measure(own: object, used: Sequence[str]) -> list[object]:
    """What a sweep's `measure` would be: measurements of one's own, then those of the bench that goals name."""
    listed: list[object]
    if isinstance(own, Mapping):
        listed = [
            one if isinstance(one, Measurement) else {"name": str(name), **(one if isinstance(one, Mapping) else {})}
            for name, one in own.items()
        ]
    else:
        listed = list(own) if isinstance(own, Sequence) and not isinstance(own, str) else []
    names = [one["name"] if isinstance(one, Mapping) else getattr(one, "name", one) for one in listed]
    return [*listed, *(name for name in dict.fromkeys(used) if name not in names)]


def _goal(wish: _Wish, bench: SweepBench, common: Grid, conditions: Mapping[str, Mapping[str, Value]]) -> Goal:
    where, table = f"goal {wish.name}", wish.table
    grid = common
    if "axes" in table:
        axes = dotted_names(f"{where}: axes", table["axes"], ranges=True)
        grid = bench.checked_grid(Grid(axes=tuple(read_axis(name, one) for name, one in axes.items())))
    wanted = table.get("at", list(conditions))
    names = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(names, Sequence) or (not names and conditions):
        raise ConfigurationError(f"{where}: at must be names of conditions, found {wanted!r}")
    for name in names:
        if name not in conditions:
            known = near_words(str(name), list(conditions)) if conditions else "write a table [conditions.NAME]"
            raise ConfigurationError(f"{where}: there is no condition {name!r}; {known}")
    more = _changes(f"{where}: parameters", table.get("parameters", {}), bench)
    return Goal(
        name=wish.name,
        measure=wish.measure,
        sense=wish.sense,
        limit=wish.limit,
        grid=grid,
        unit=bench.measurements[wish.measure].unit,
        conditions={name: {**conditions[name], **more} for name in names} or {"": more},
        over={
            name: str(one) for name, one in dotted_names(f"{where}: over", table.get("over", {}), ranges=False).items()
        },
    )


def _changes(where: str, wanted: object, bench: SweepBench) -> dict[str, Value]:
    """Parameters that differ somewhere."""
    found = dotted_names(where, wanted, ranges=False)
    return {name: bench.checked(name, plain_value(f"{where}: {name}", value)) for name, value in found.items()}


def _check_names(goals: Sequence[Goal], space: Space) -> None:
    """Nothing may be two things at once."""
    for goal in goals:
        axes = set(goal.grid.coordinates())
        changed = {name for changes in goal.conditions.values() for name in changes}
        for name in space.names:
            if name in axes | changed:
                raise ConfigurationError(
                    f"{name} is tuned, and set by the axes or conditions of the goal {goal.name}; take it out of one"
                )
        if both := axes & changed:
            raise ConfigurationError(
                f"goal {goal.name}: {both.pop()} is an axis and set by a condition; give the goal axes of its own"
            )
        if goal.name in (*space.names, *COLUMNS):
            raise ConfigurationError(
                f"a goal is called {goal.name}, as what is tuned or what the history holds anyway; call it otherwise"
            )


def _table(name: str, wanted: object) -> dict[str, object]:
    if not isinstance(wanted, Mapping):
        raise ConfigurationError(f"{name} must be a table, found {wanted!r}")
    return {str(key): value for key, value in wanted.items()}
