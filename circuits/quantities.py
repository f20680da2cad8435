"""Numbers that may be written into a deck: finite, and within bounds that catch a wrong unit."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

from circuits.errors import CircuitError


def check_quantity(what: str, value: object, unit: str, low: float = -inf, high: float = inf) -> float:
    """Return a number unchanged if it is finite and within its bounds.

    Args:
        what: what it is, for the message.
        value: the number, in SI base units.
        unit: its unit, for the message.
        low: smallest allowed value.
        high: largest allowed value. A billionth of a bound, at 0 of the other bound, counts as rounding.

    Raises:
        CircuitError: it is no number, NaN, infinite or out of bounds.
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise CircuitError(f"{what} must be a number{unit and ' in ' + unit}, found {value!r}") from None
    if not (isfinite(number) and low - _rounding(low, high) <= number <= high + _rounding(high, low)):
        bounds = [f"at least {low:g}"] * (low > -inf) + [f"at most {high:g}"] * (high < inf)
        wanted = " and ".join(bounds) or "finite"
        raise CircuitError(f"{what} must be {wanted}{unit and ' ' + unit}, found {number:g}")
    return number


def _rounding(bound: float, other: float) -> float:
    size = abs(bound or other)
    return 1e-9 * size if isfinite(size) else 0.0


def check_quantities(what: str, values: object, unit: str, low: float, high: float) -> list[float]:
    """Return a row of numbers as floats; it must hold at least one, each as `check_quantity` wants it.

    Raises:
        CircuitError: no row, an empty one, or a number that is refused.
    """
    items = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(items, Sequence) or isinstance(items, str) or not items:
        raise CircuitError(f"{what} must be a row of one or more numbers in {unit}, found {values!r}")
    return [check_quantity(f"{what}[{k}]", item, unit, low, high) for k, item in enumerate(items)]


def check_count(what: str, value: object, high: int) -> int:
    """Return a whole number from 1 to `high`.

    Raises:
        CircuitError: it is no whole number, or out of these bounds.
    """
    number = check_quantity(what, value, "", 1, high)
    if number != int(number):
        raise CircuitError(f"{what} must be a whole number, found {number:g}")
    return int(number)
