"""VARIABLES of a tuning: parameters within bounds, seen by optimisers as a unit cube, and what is tied to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pycosim.campaign.task import Value
from pycosim.errors import ConfigurationError

Array = NDArray[np.float64]

DIGITS: Final = 4
"""Significant digits of a tuned value: finer than any process draws, and a file of sizes stays readable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A parameter that is tuned.

    Attributes:
        name: of the bench's parameter.
        low, high: bounds, SI units.
        logarithmic: whether equal steps are equal factors.
        whole: whether it is a whole number.
    """

    name: str
    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        """Check the bounds."""
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ConfigurationError(
                f"tune {self.name}: low must be under high, both finite, found {self.low:g} and {self.high:g}"
            )
        if self.logarithmic and self.low <= 0:
            raise ConfigurationError(f"tune {self.name}: a logarithmic range must begin above 0, found {self.low:g}")

    def value(self, place: float) -> Value:
        """The parameter at a place between 0 (low) and 1 (high), to four digits or the next whole number."""
        share = min(max(place, 0.0), 1.0)
        if self.logarithmic:
            found = self.low * (self.high / self.low) ** share
        else:
            found = self.low + (self.high - self.low) * share
        if self.whole:
            return int(min(max(round(found), math.ceil(self.low)), math.floor(self.high)))
        if not self.logarithmic:  # digits of the range, so that a value near 0 is not finer than its neighbours
            step = 10.0 ** (math.floor(math.log10(max(abs(self.low), abs(self.high)))) + 1 - DIGITS)
            found = round(found / step) * step
        return min(max(float(f"{found:.{DIGITS}g}"), self.low), self.high)

    def place(self, value: float) -> float:
        """Where a value lies between 0 and 1; one outside of the bounds at the nearer of them."""
        inside = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log(inside / self.low) / math.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A parameter that follows a tuned one.

    Attributes:
        name: of the bench's parameter.
        follows: the tuned one.
        times, plus: its value is times * that + plus.
        whole: whether it is a whole number.
    """

    name: str
    follows: str
    times: float = 1.0
    plus: float = 0.0
    whole: bool = False

    def value(self, values: Mapping[str, Value]) -> Value:
        """Its value."""
        found = self.times * float(values[self.follows]) + self.plus
        return round(found) if self.whole else float(f"{found:.12g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Everything that changes.

    Attributes:
        variables: the dimensions of the cube.
        ties: what follows them.
        given: name -> value of each of both before the tuning.
    """

    variables: tuple[Variable, ...]
    ties: tuple[Tie, ...]
    given: Mapping[str, Value]

    @property
    def names(self) -> tuple[str, ...]:
        """Of everything that changes."""
        return (*(one.name for one in self.variables), *(one.name for one in self.ties))

    def values(self, places: Sequence[float] | Array) -> dict[str, Value]:
        """Name -> value at a place (n_variables,) of the cube."""
        found = {one.name: one.value(float(place)) for one, place in zip(self.variables, places, strict=True)}
        return {**found, **{one.name: one.value(found) for one in self.ties}}

    def places(self, values: Mapping[str, Value]) -> Array:
        """The place (n_variables,) of values."""
        return np.array([one.place(float(values[one.name])) for one in self.variables])


def short_names(names: Sequence[str]) -> list[str]:
    """Dotted names without the words that all of them begin with."""
    words = [name.split(".") for name in names]
    common = 0
    while len({tuple(one[: common + 1]) for one in words}) == 1 and all(len(one) > common + 1 for one in words):
        common += 1
    return [".".join(one[common:]) for one in words]
