"""Checks of what a technology file holds: each returns the value, or says which key of which file is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from circuits.errors import CircuitError
from circuits.quantities import check_quantity


def check_table(source: str, where: str, value: Any) -> Mapping[str, Any]:
    """Return a table of the file.

    Raises:
        CircuitError: it is something else.
    """
    if not isinstance(value, Mapping):
        raise CircuitError(f"{source}: {where} must be a table, found {value!r}; see technologies/generic28.toml")
    return value


def check_range(source: str, key: str, value: Any) -> tuple[float, float]:
    """Return a range of temperatures (deg C), low and high.

    Raises:
        CircuitError: it is none.
    """
    if not isinstance(value, list) or len(value) != 2:
        raise CircuitError(f"{source}: {key} must be [low, high], found {value!r}")
    low, high = (check_quantity(f"{source}: {key}", item, "deg C", -273.15, 1000.0) for item in value)
    if not low <= high:
        raise CircuitError(f"{source}: {key} must be [low, high], found {value!r}")
    return low, high


def check_keys(source: str, where: str, table: Any, required: set[str], optional: set[str]) -> None:
    """Check that a table has every required key and none that is not known.

    Raises:
        CircuitError: naming the first that is missing or unknown.
    """
    check_table(source, where.rstrip(".") or "the file", table)
    if missing := sorted(required - set(table)):
        raise CircuitError(f"{source}: {where}{missing[0]} is missing; see technologies/generic28.toml for the layout")
    if unknown := sorted(set(table) - required - optional):
        known = ", ".join(sorted(required | optional))
        raise CircuitError(f"{source}: unknown key {where}{unknown[0]}; known here: {known}")


def check_positive(source: str, key: str, value: Any) -> float:
    """Return a positive number in SI units.

    Raises:
        CircuitError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise CircuitError(f"{source}: {key} must be a positive number in SI units, found {value!r}")
    return float(value)
