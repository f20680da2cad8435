"""AXES: what a sweep varies, and in which order its points come.

An axis is a list of values, a range `{start, stop, n}` or `{start, stop, step}`, a logarithmic range
`{start, stop, n, spacing = "log"}`, or seeds `{seeds = 100, first = 0}`. Axes are crossed, the last one fastest; those
of one zip group move together and share a dimension.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from pycosim.campaign.task import Value
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words

MOST_POINTS = 10_000_000
"""Points of one sweep, at most: more is a slip of a range."""

DIGITS = 12
"""Significant digits of the points of a range, so that 0.1 * 3 is 0.3 and can be selected by that name."""

_KINDS = 'write a list, {start, stop, n}, {start, stop, step}, {start, stop, n, spacing = "log"} or {seeds, first}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One swept parameter.

    Attributes:
        name: of the parameter.
        values: all numbers (SI units) or all words; each once.
    """

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        """Check that there are points, of one kind, finite, and none twice."""
        if not self.values:
            raise ConfigurationError(f"the axis {self.name} must have one point or more, found none; give it values")
        if len({isinstance(value, str) for value in self.values}) > 1:
            raise ConfigurationError(f"the axis {self.name} must hold numbers or words, not both: {list(self.values)}")
        if wrong := [value for value in self.values if not isinstance(value, str) and not math.isfinite(value)]:
            raise ConfigurationError(f"the axis {self.name} must have finite points, found {wrong[0]}; take it out")
        if len(set(self.values)) < len(self.values):
            twice = next(value for k, value in enumerate(self.values) if value in self.values[:k])
            raise ConfigurationError(f"the axis {self.name} must have each point once, found {twice!r} twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The points of a sweep.

    Attributes:
        axes: in the order of the dataset's dimensions.
        zipped: groups of axes that move together; each has the dimension of its first axis.
    """

    axes: tuple[Axis, ...]
    zipped: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        """Check names, groups and the number of points."""
        sizes = {axis.name: len(axis.values) for axis in self.axes}
        if len(sizes) < len(self.axes):
            raise ConfigurationError(f"each axis must be there once, found {[axis.name for axis in self.axes]}")
        names = [name for group in self.zipped for name in group]
        for name in names:
            if name not in sizes:
                raise ConfigurationError(f"zip: there is no axis {name!r}; {near_words(name, list(sizes))}")
            if names.count(name) > 1:
                raise ConfigurationError(f"zip: the axis {name} must be in one group, found it in {names.count(name)}")
        for group in self.zipped:
            if len(lengths := {sizes[name] for name in group}) > 1:
                found = ", ".join(f"{name}: {sizes[name]}" for name in group)
                raise ConfigurationError(
                    f"zip: axes that move together must have as many points each, found {found}; make them "
                    f"{max(lengths)} long, or take them out of zip to cross them"
                )
        if self.size > MOST_POINTS:
            raise ConfigurationError(
                f"a sweep may have {MOST_POINTS} points, found {self.size} "
                f"({' x '.join(map(str, self.shape))}); make an axis shorter"
            )

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions: an axis, or the first axis of a group."""
        later = {name for group in self.zipped for name in self._ordered(group)[1:]}
        return tuple(axis.name for axis in self.axes if axis.name not in later)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along every dimension."""
        sizes = {axis.name: len(axis.values) for axis in self.axes}
        return tuple(sizes[name] for name in self.dims)

    @property
    def size(self) -> int:
        """Number of points; 1 without an axis."""
        return math.prod(self.shape)

    def coordinates(self) -> dict[str, tuple[str, tuple[Value, ...]]]:
        """Axis -> (its dimension, its values)."""
        first = {name: self._ordered(group)[0] for group in self.zipped for name in group}
        return {axis.name: (first.get(axis.name, axis.name), axis.values) for axis in self.axes}

    def points(self) -> Iterator[dict[str, Value]]:
        """Every point, axis -> value: the order of `numpy.ndindex(shape)`, the last dimension fastest."""
        dims = self.dims
        columns = [
            [(axis.name, axis.values) for axis in self.axes if self.coordinates()[axis.name][0] == dim] for dim in dims
        ]
        for indices in product(*map(range, self.shape)):
            yield {
                name: values[index] for column, index in zip(columns, indices, strict=True) for name, values in column
            }

    def _ordered(self, group: Sequence[str]) -> tuple[str, ...]:
        """The names of a group in the order of the axes."""
        return tuple(axis.name for axis in self.axes if axis.name in group)


def read_axis(name: str, wanted: object) -> Axis:
    """An axis as a TOML file or a Python call describes it.

    Args:
        name: of the parameter.
        wanted: a list (or tuple, array, range) of numbers or words, or a table as in this module's text.

    Raises:
        ConfigurationError: what it is and how an axis is written.
    """
    if isinstance(wanted, Axis):
        return wanted
    if isinstance(wanted, Mapping):
        return Axis(name=name, values=_from_table(name, {str(key): item for key, item in wanted.items()}))
    if isinstance(wanted, np.ndarray):
        wanted = wanted.tolist()
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise ConfigurationError(f"the axis {name} must be several values, found {wanted!r}; {_KINDS}")
    return Axis(name=name, values=tuple(plain_value(f"the axis {name}", item) for item in wanted))


def plain_value(what: str, value: object) -> Value:
    """A number or a word as plain Python has it.

    Raises:
        ConfigurationError: it is something else, true or false among them.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ConfigurationError(f"{what} must hold numbers in SI units or words, found {value!r}")
    return value


def _from_table(name: str, table: Mapping[str, object]) -> tuple[Value, ...]:
    keys = set(table)
    if keys in ({"seeds"}, {"seeds", "first"}):
        first, count = _whole(name, "first", table.get("first", 0)), _whole(name, "seeds", table["seeds"])
        return tuple(range(first, first + count))
    if (
        not {"start", "stop"} <= keys
        or len(keys & {"n", "step"}) != 1
        or keys - {"start", "stop", "n", "step", "spacing"}
    ):
        raise ConfigurationError(f"the axis {name} has {', '.join(sorted(keys)) or 'nothing'}; {_KINDS}")
    start, stop = _number(name, "start", table["start"]), _number(name, "stop", table["stop"])
    spacing = table.get("spacing", "linear")
    if spacing not in ("linear", "log"):
        raise ConfigurationError(f'the axis {name}: spacing must be "linear" or "log", found {spacing!r}')
    if "step" in keys:
        if spacing == "log":
            raise ConfigurationError(f"the axis {name}: a logarithmic range has n and no step; write n")
        return _stepped(name, start, stop, _number(name, "step", table["step"]))
    count = _whole(name, "n", table["n"])
    if count == 1 and start != stop:
        raise ConfigurationError(
            f"the axis {name}: one point cannot be {start:g} and {stop:g}; write n = 2, or [{start:g}]"
        )
    if spacing == "linear":
        return tuple(map(_rounded, np.linspace(start, stop, count).tolist()))
    if not (start > 0 and stop > 0):
        raise ConfigurationError(
            f"the axis {name}: a logarithmic range needs limits above 0, found {start:g} and {stop:g}"
        )
    return tuple(map(_rounded, np.geomspace(start, stop, count).tolist()))


def _stepped(name: str, start: float, stop: float, step: float) -> tuple[Value, ...]:
    """From start to stop, which is a point where a whole number of steps leads there."""
    if step == 0 or (stop - start) * step < 0:
        raise ConfigurationError(f"the axis {name}: a step of {step:g} does not lead from {start:g} to {stop:g}")
    count = math.floor((stop - start) / step * (1 + 1e-12) + 1e-9) + 1  # a rounding short of the stop is the stop
    if count > MOST_POINTS:
        raise ConfigurationError(f"the axis {name} may have {MOST_POINTS} points, found {count}; take a larger step")
    values = [start + step * k for k in range(count)]
    return tuple(values) if isinstance(start, int) and isinstance(step, int) else tuple(map(_rounded, values))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _number(name: str, key: str, value: object) -> float:
    number = plain_value(f"the axis {name}: {key}", value)
    if isinstance(number, str) or not math.isfinite(number):
        raise ConfigurationError(f"the axis {name}: {key} must be a finite number, found {number!r}")
    return number


def _whole(name: str, key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_POINTS:
        raise ConfigurationError(
            f"the axis {name}: {key} must be a whole number from 0 to {MOST_POINTS}, found {value!r}"
        )
    return value
