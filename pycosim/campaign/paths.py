"""PATHS: the numbers inside frozen dataclasses by dotted names, "converter.conveyor.tail_current"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from pycosim.campaign.bench import Parameter
from pycosim.campaign.task import Point, Value

T = TypeVar("T")

_FIXED = {"polarity"}
"""Fields that a sweep must not change: a transistor of the other polarity is another circuit."""

_UNITS = {
    "m": {"width", "length", "pitch"},
    "V": {"shift", "margin", "bias"},
    "A": {"current"},
    "F": {"capacitance", "decoupling"},
    "ohm": {"resistance"},
}
"""Unit -> last words of the fields that have it."""


def path_parameters(base: object, prefix: str) -> dict[str, Parameter]:
    """Every number and word inside a dataclass, by its path; what is absent (None) or true or false is left out.

    Args:
        base: gives the defaults.
        prefix: first word of the paths.
    """
    return {path: Parameter(default=value, unit=_unit(path, value)) for path, value in _leaves(base, prefix)}


def with_values(base: T, prefix: str, point: Point) -> T:
    """The dataclass with the values of a point; the same object where none differs.

    Args:
        base: what is changed.
        prefix: first word of its paths.
        point: path -> value; other names are passed over.
    """
    changes: dict[str, Any] = {}
    for field in fields(base):  # type: ignore[arg-type]
        old, path = getattr(base, field.name), f"{prefix}.{field.name}"
        new = _changed(old, path, point)
        if new is not old and new != old:
            changes[field.name] = new
    return replace(base, **changes) if changes else base  # type: ignore[type-var]


def _changed(old: Any, path: str, point: Point) -> Any:
    if is_dataclass(old):
        return with_values(old, path, point)
    if isinstance(old, tuple):
        return tuple(_changed(item, f"{path}.{k}", point) for k, item in enumerate(old))
    return point.get(path, old)


def _leaves(value: object, path: str) -> Iterator[tuple[str, Value]]:
    if is_dataclass(value):
        for field in fields(value):
            if field.name not in _FIXED:
                yield from _leaves(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, tuple):
        for k, item in enumerate(value):
            yield from _leaves(item, f"{path}.{k}")
    elif isinstance(value, int | float | str) and not isinstance(value, bool):
        yield path, value


def _unit(path: str, value: Value) -> str:
    """The unit of a path, from the last word of its field; times of a plan are all in seconds."""
    if not isinstance(value, float):
        return ""
    if path.startswith("timing."):
        return "s"
    field = next(part for part in reversed(path.split(".")) if not part.isdigit())
    word = field.rpartition("_")[2]
    return next((unit for unit, words in _UNITS.items() if word in words), "")
