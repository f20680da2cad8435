"""Numbers out of the JSON values of the results file, for tables and for the studies that build on others."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

from pycosim.evaluate.document import Json


def number(value: Json) -> float:
    """The number, NaN for a value that is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def numbers(value: Json) -> list[float]:
    """The numbers of a list; none for a value that is no list."""
    items = value if isinstance(value, list) else []
    return [float(item) for item in items if isinstance(item, int | float)]


def figure_at(figures: Mapping[str, Json], *path: str) -> Json:
    """What stands at the end of a path of keys; None where it does not lead anywhere."""
    found: Json = dict(figures)
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def number_at(figures: Mapping[str, Json], *path: str) -> float | None:
    """The number at the end of a path of keys, if there is one."""
    found = number(figure_at(figures, *path))
    return None if isnan(found) else found
