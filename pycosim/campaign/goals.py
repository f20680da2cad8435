"""GOALS: what a tuning wants of a circuit: measurements at their worst condition, least, most, or within limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.campaign.axes import Grid
from pycosim.campaign.task import Value
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words
from pycosim.units import format_quantity

Array = NDArray[np.float64]
Sense = Literal["minimise", "maximise", "below", "above"]

FAILED: Final = -1e3
"""Margin of a goal that has no value: far worse than any limit that is merely missed."""


def _line_rms(values: Array, places: Array) -> Array:
    """What is left of the values (..., n) after the straight line that fits them best."""
    basis = np.stack([np.ones_like(places), (places - places.mean()) / np.ptp(places)], axis=1)
    fitted, *_ = np.linalg.lstsq(basis, values.reshape(-1, places.size).T, rcond=None)
    left = values - (basis @ fitted).T.reshape(values.shape)
    return np.asarray(np.sqrt(np.mean(left**2, axis=-1)), dtype=np.float64)


REDUCTIONS: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "mean": lambda values, places: values.mean(axis=-1),
    "rms": lambda values, places: np.sqrt(np.mean(values**2, axis=-1)),
    "minimum": lambda values, places: values.min(axis=-1),
    "maximum": lambda values, places: values.max(axis=-1),
    "largest": lambda values, places: np.abs(values).max(axis=-1),
    "spread": lambda values, places: np.ptp(values, axis=-1),
    "line_rms": _line_rms,
}
"""How the values along an axis become one: (values (..., n), places (n,)) -> (...). `largest` is the largest magnitude,
`spread` the largest less the least, `line_rms` the rms of what the best straight line leaves."""

ON_PLACES: Final = frozenset({"line_rms"})
"""Reductions that need numbers along the axis, three or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One wish.

    Attributes:
        name: of the history's variable.
        measure: measurement of the bench.
        sense: whether it shall be least or most, or has a limit.
        limit: of "below" and "above", in the measurement's unit; None of the others.
        grid: axes whose every point is measured.
        conditions: name -> parameters that differ there; each is crossed with the grid.
        over: axis -> reduction, applied in this order; the worst is taken over everything else.
        unit: of the measurement.
    """

    name: str
    measure: str
    sense: Sense
    grid: Grid
    conditions: Mapping[str, Mapping[str, Value]]
    limit: float | None = None
    over: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""

    def __post_init__(self) -> None:
        """Check the limit and the reductions."""
        if (self.limit is not None) != (self.sense in ("below", "above")):
            raise ConfigurationError(f"the goal {self.name} must have a limit where it is below or above, else none")
        if self.limit is not None and not math.isfinite(self.limit):
            raise ConfigurationError(f"the goal {self.name} must have a finite limit, found {self.limit}")
        coordinates = self.grid.coordinates()
        dims = [coordinates[name][0] for name in self.over if name in coordinates]
        for name, reduction in self.over.items():
            if name not in coordinates:
                raise ConfigurationError(
                    f"the goal {self.name}: over names {name!r}, which is no axis of it; "
                    f"{near_words(name, list(coordinates)) if coordinates else 'it has none'}"
                )
            if reduction not in REDUCTIONS:
                raise ConfigurationError(
                    f"the goal {self.name}: there is no reduction {reduction!r}; {near_words(reduction, [*REDUCTIONS])}"
                )
            if dims.count(coordinates[name][0]) > 1:
                raise ConfigurationError(f"the goal {self.name}: over names two axes of one zip group; leave one out")
            values = coordinates[name][1]
            if reduction in ON_PLACES and (len(values) < 3 or isinstance(values[0], str)):
                raise ConfigurationError(
                    f"the goal {self.name}: {reduction} needs three numbers or more along {name}, found {list(values)}"
                )

    @property
    def is_objective(self) -> bool:
        """Whether it is to be least or most."""
        return self.limit is None

    @property
    def upwards(self) -> bool:
        """Whether more is better."""
        return self.sense in ("maximise", "above")

    @property
    def words(self) -> str:
        """What it wants: "minimise", "< 50 ps"."""
        if self.limit is None:
            return self.sense
        return f"{'>' if self.upwards else '<'} {format_quantity(self.limit, self.unit)}"

    def points(self) -> Iterator[dict[str, Value]]:
        """What differs at every point that it looks at: conditions first, then the grid, the last axis fastest."""
        for changes in self.conditions.values():
            for swept in self.grid.points():
                yield {**changes, **swept}

    @property
    def labels(self) -> tuple[str, ...]:
        """What the values that are left after `over` stand for: "cold", "cold, corner=ss"; of the whole "all"."""
        kept = self._kept()
        named = [name for name in self.conditions if name]
        texts = []
        for condition in named or [""]:
            for index in np.ndindex(*(self.grid.shape[self.grid.dims.index(dim)] for dim in kept)):
                parts = [condition] if condition else []
                for name, (dim, values) in self.grid.coordinates().items():
                    if dim in kept:
                        value = values[index[kept.index(dim)]]
                        parts.append(f"{name}={value if isinstance(value, str) else format(value, 'g')}")
                texts.append(", ".join(parts) or "all")
        return tuple(texts)

    def reduce(self, values: Array) -> Array:
        """The values that are left, one for each label.

        Args:
            values: of `points`, in their order; NaN where one failed.
        """
        shaped = values.reshape(len(self.conditions), *self.grid.shape)
        dims = ["", *self.grid.dims]
        for name, reduction in self.over.items():
            dim, along = self.grid.coordinates()[name]
            axis = dims.index(dim)
            places = np.arange(len(along)) if isinstance(along[0], str) else np.array(along, dtype=np.float64)
            shaped = REDUCTIONS[reduction](np.moveaxis(shaped, axis, -1), places.astype(np.float64))
            dims.pop(axis)
        return np.asarray(shaped, dtype=np.float64).ravel()

    def worst(self, left: Array) -> float:
        """The worst of what `reduce` gave; NaN where one has no value."""
        return float(left.min() if self.upwards else left.max())

    def margin(self, worst: float) -> float:
        """How far within its limit: 0 at it, negative outside, `FAILED` without a value; an objective has 0.

        Near the limit the distance as a share of it (absolute where the limit is 0), far away the logarithm of that:
        ringing that is fifty times too much is still told from what is forty times too much, and hides nothing else.
        """
        if not math.isfinite(worst):
            return FAILED
        if self.limit is None:
            return 0.0
        room = (worst - self.limit if self.upwards else self.limit - worst) / (abs(self.limit) or 1.0)
        return math.copysign(math.log1p(abs(room)), room)

    def cost(self, worst: float) -> float:
        """An objective as something to be least."""
        return -worst if self.upwards else worst

    def _kept(self) -> list[str]:
        """Dimensions that are not reduced."""
        coordinates = self.grid.coordinates()
        gone = {coordinates[name][0] for name in self.over}
        return [dim for dim in self.grid.dims if dim not in gone]
