"""BENCH: what can be swept, in one value: parameters with units, a netlist of every point, measurements by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pycosim.campaign.axes import Axis, Grid, plain_value
from pycosim.campaign.task import Measurement, Point, Value
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words
from pycosim.spice import NetlistLike
from pycosim.spice.deck import parse_number

_TABLES = 'write tables such as [measure.level] with kind = "mean" and signal = "v(out)"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something that a bench can vary.

    Attributes:
        default: its value where nothing is said; its kind (number, whole number, word) is what a value must be. None:
            a whole number of 0 or more that is absent where nothing is said (a seed).
        unit: SI unit, "" for a count or a word.
        meaning: a few words for listings and plots.
        choices: the words it may be; () for any.
    """

    default: Value | None
    unit: str = ""
    meaning: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepBench:
    """A family of decks with its measurements.

    Attributes:
        name: of the bench.
        parameters: name -> what it is; names may be dotted paths ("converter.conveyor.tail_current").
        make: the netlist of a point, which has every parameter but those whose default is None and that are absent.
        measurements: name -> what can be measured.
        notes: what the user should know, one sentence each: lines of a deck that are ignored.
    """

    name: str
    parameters: Mapping[str, Parameter]
    make: Callable[[Point], NetlistLike]
    measurements: Mapping[str, Measurement]
    notes: tuple[str, ...] = ()

    def checked(self, name: str, value: object) -> Value:
        """A value of a parameter, as its kind wants it: a whole number for a whole one, a float for a number.

        Raises:
            ConfigurationError: no such parameter (near ones are named), or a value of another kind.
        """
        if name not in self.parameters:
            raise ConfigurationError(
                f"bench {self.name} has no parameter {name!r}; {near_words(name, sorted(self.parameters))}"
            )
        parameter = self.parameters[name]
        found = plain_value(f"parameter {name} of bench {self.name}", value)
        if isinstance(parameter.default, str):
            if not isinstance(found, str) or (parameter.choices and found not in parameter.choices):
                words = f"one of {', '.join(parameter.choices)}" if parameter.choices else "a word"
                raise ConfigurationError(f"parameter {name} of bench {self.name} must be {words}, found {value!r}")
            return found
        if isinstance(found, str) or not math.isfinite(found):
            unit = f" in {parameter.unit}" if parameter.unit else ""
            raise ConfigurationError(
                f"parameter {name} of bench {self.name} must be a finite number{unit}, found {value!r}"
                f"{_without_suffix(found)}"
            )
        if isinstance(parameter.default, float):
            return float(found)
        if found != int(found) or (parameter.default is None and found < 0):
            least = " of 0 or more" if parameter.default is None else ""
            raise ConfigurationError(
                f"parameter {name} of bench {self.name} must be a whole number{least}, found {value!r}"
            )
        return int(found)

    def checked_fixed(self, fixed: Mapping[str, Value], grid: Grid) -> dict[str, Value]:
        """The fixed parameters of a sweep over `grid`, each checked.

        Raises:
            ConfigurationError: see `checked`; or a parameter that is swept as well.
        """
        for axis in grid.axes:
            if axis.name in fixed:
                raise ConfigurationError(
                    f"{axis.name} is an axis and a fixed parameter ({fixed[axis.name]!r}); take it out of one of both"
                )
        return {name: self.checked(name, value) for name, value in fixed.items()}

    def checked_grid(self, grid: Grid) -> Grid:
        """The same points, each value of the kind that its parameter wants.

        Raises:
            ConfigurationError: see `checked`.
        """
        axes = (
            Axis(name=axis.name, values=tuple(self.checked(axis.name, value) for value in axis.values))
            for axis in grid.axes
        )
        return Grid(axes=tuple(axes), zipped=grid.zipped)

    def point(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Every parameter of one point: those given, else the defaults; sorted by name."""
        known = {name: one.default for name, one in self.parameters.items() if one.default is not None}
        return dict(sorted({**known, **given}.items()))

    def chosen(self, names: Iterable[str]) -> tuple[Measurement, ...]:
        """The measurements of these names, in their order.

        Raises:
            ConfigurationError: none, one twice, or one that the bench does not have (near ones are named).
        """
        wanted = tuple(names)
        if not wanted:
            raise ConfigurationError(
                f"a sweep of bench {self.name} must measure something; "
                + (f"choose of {', '.join(self.measurements)}" if self.measurements else _TABLES)
            )
        for name in wanted:
            if name not in self.measurements:
                raise ConfigurationError(
                    f"bench {self.name} has no measurement {name!r}; {near_words(name, sorted(self.measurements))}"
                )
            if wanted.count(name) > 1:
                raise ConfigurationError(
                    f"the measurement {name} must be named once, found it {wanted.count(name)} times"
                )
        return tuple(self.measurements[name] for name in wanted)


def _without_suffix(found: Value) -> str:
    """What to write for a number with a SPICE suffix."""
    number = parse_number(found) if isinstance(found, str) else None
    return "" if number is None else f"; suffixes are for decks: write {number!r}"
