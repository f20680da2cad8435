"""The range on which a model is valid, and what happens outside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import ArrayLike

from pycosim.checks import ordered
from pycosim.errors import DomainError, InputError
from pycosim.namespace import AnyArray, floating, namespace_of
from pycosim.units import format_quantity

Range = tuple[float, float]
Outside = Literal["raise", "clip"]
EVERYWHERE: Range = (-math.inf, math.inf)
_ROUNDING = 1e-9  # of the range: operands this close outside an end are that end, computed in another order


class ClipCounter:
    """How many operands a model has seen and moved into its domain.

    Models are frozen values; this is the one thing about them that changes. Every model makes its own
    counter, or is given one that several models share.
    """

    __slots__ = ("clipped", "seen")

    def __init__(self) -> None:
        self.clipped = 0
        self.seen = 0

    def __repr__(self) -> str:
        return f"ClipCounter({self.clipped} of {self.seen} clipped)"

    @property
    def fraction(self) -> float:
        """Clipped share of all operands, 0 where none was seen."""
        return self.clipped / self.seen if self.seen else 0.0

    def add(self, clipped: int, seen: int) -> None:
        """Count ``clipped`` of ``seen`` more operands."""
        self.clipped += clipped
        self.seen += seen

    def reset(self) -> None:
        """Start again from zero."""
        self.clipped = self.seen = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The range low .. high of one operand of a model.

    Args:
        quantity: the operand's name, for example "stored_voltage".
        unit: its SI unit.
        low: lower end, included; may be -inf.
        high: upper end, included; may be inf.
    """

    quantity: str
    unit: str
    low: float
    high: float

    def __post_init__(self) -> None:
        ordered(f"domain of {self.quantity}", self.low, self.high, self.unit)

    def __str__(self) -> str:
        low, high = (format_quantity(end, self.unit) for end in (self.low, self.high))
        return f"{self.quantity} {low} .. {high}"

    def admit(self, values: ArrayLike | AnyArray, outside: Outside, clips: ClipCounter) -> Any:
        """Return operands that lie in the domain, as an array of their library and floating type.

        Args:
            values: operands of any shape, in ``unit``.
            outside: "raise", or "clip" to move operands to the nearest end.
            clips: counts the operands, and the clipped ones.

        Raises:
            DomainError: for NaN or infinite operands, and for operands outside when ``outside`` is "raise".
        """
        array = floating(values)
        size = math.prod(array.shape)
        if not size:
            return array
        xp = namespace_of(array)
        least, most = float(xp.min(array)), float(xp.max(array))
        if not (math.isfinite(least) and math.isfinite(most)):
            n_bad = size - int(xp.count_nonzero(xp.isfinite(array)))
            raise DomainError(f"{self.quantity} must be finite, found {n_bad} of {size} NaN or infinite")
        if self.low <= least and most <= self.high:
            clips.add(0, size)
            return array
        slack = 0.0
        if math.isfinite(self.high - self.low):
            slack = max(_ROUNDING, 8 * float(xp.finfo(array.dtype).eps)) * (self.high - self.low)
        n_outside = int(xp.count_nonzero((array < self.low - slack) | (array > self.high + slack)))
        if n_outside and outside == "raise":
            ends = (format_quantity(end, self.unit, 6) for end in (least, most))
            raise DomainError(
                f"the model holds for {self}; {n_outside} of {size} operands lie outside, "
                f'found {" .. ".join(ends)}. Characterise a wider range, or build the model with outside="clip"'
            )
        clips.add(n_outside, size)
        return xp.clip(array, self.low, self.high)


def check_outside(outside: str) -> None:
    """Raise unless ``outside`` is "raise" or "clip"."""
    if outside not in ("raise", "clip"):
        raise InputError(f'outside must be "raise" or "clip", found {outside!r}')
