"""Sizes of one column in a TOML file: cell, converters and their timing, for a technology that is not built in.

    [cell]                              # GainCellParameters
    storage_capacitance = 30e-15
    read_nmos = { width = 220e-9, length = 6e-6 }
    [converter]                         # ChargeToPulseParameters
    discharge_current = 10e-6
    [converter.conveyor]
    cascode_bias = [1.9, 1.9]
    [timing]                            # ColumnTiming
    max_pulse_width = 75e-9
    [signed.converter]                  # the signed converter and its plan: what differs from the unsigned one
    integration_capacitance = 450e-15
    [signed.timing]
    sign_time = 2e-9

A key is the name of a field of the dataclass, a number is in SI base units. A field that is not named keeps the value
of the built-in design; a transistor is given whole, by width and length, or not at all, and is "none" where the cell
does without.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.devices import Mosfet
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.identifiers import check_identifier
from circuits.quantities import check_count, check_quantities, check_quantity
from circuits.timing import ColumnTiming
from circuits.toml_tables import check_keys, check_table

T = TypeVar("T")

ABSENT = "none"
"""A transistor that a cell does without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What one column is made of, and when its clocks move.

    Attributes:
        cell: the gain cell.
        converter, timing: the unsigned charge-to-pulse circuit and its plan.
        signed_converter, signed_timing: the signed one.
    """

    cell: GainCellParameters
    converter: ChargeToPulseParameters
    timing: ColumnTiming
    signed_converter: ChargeToPulseParameters
    signed_timing: ColumnTiming


def load_sizes(path: str | Path) -> Sizes:
    """Read the sizes of a column from a TOML file; its layout is in the text of this module.

    Raises:
        CircuitError: no such file, no TOML, an unknown key, or a value that is none.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CircuitError(f"cannot read the sizes in {path}: {error}") from None
    source = str(path)
    check_keys(source, "", data, set(), {"cell", "converter", "timing", "signed"})
    signed = check_table(source, "signed", data.get("signed", {}))
    check_keys(source, "signed.", signed, set(), {"converter", "timing"})
    converter = _updated(ChargeToPulseParameters(), data.get("converter", {}), source, "converter")
    timing = _updated(ColumnTiming(), data.get("timing", {}), source, "timing")
    return Sizes(
        cell=_updated(GainCellParameters(), data.get("cell", {}), source, "cell"),
        converter=converter,
        timing=timing,
        signed_converter=_updated(
            replace(converter, signed=True), signed.get("converter", {}), source, "signed.converter"
        ),
        signed_timing=_updated(timing, signed.get("timing", {}), source, "signed.timing"),
    )


def render_sizes(sizes: Sizes) -> str:
    """The TOML text of the sizes: `load_sizes` of it gives them again, to nine digits."""
    text = [
        *_lines("cell", sizes.cell, None),
        *_lines("converter", sizes.converter, None),
        *_lines("timing", sizes.timing, None),
        *_lines("signed.converter", sizes.signed_converter, replace(sizes.converter, signed=True)),
        *_lines("signed.timing", sizes.signed_timing, sizes.timing),
    ]
    return "\n".join(text).lstrip() + "\n"


def _updated(start: T, table: Any, source: str, where: str) -> T:
    """A dataclass with the fields that a table names replaced."""
    check_table(source, where, table)
    hints = get_type_hints(type(start))
    known = {field.name for field in fields(start)}  # type: ignore[arg-type]
    check_keys(source, f"{where}.", table, set(), known)
    values = {
        key: _value(getattr(start, key), hints[key], value, source, f"{where}.{key}") for key, value in table.items()
    }
    return replace(start, **values)  # type: ignore[type-var]


def _value(old: Any, hint: Any, value: Any, source: str, where: str) -> Any:
    """One field's new value, of the kind that the field has."""
    what = f"{source}: {where}"
    if hint == Mosfet | None and value == ABSENT:
        return None
    if hint in (Mosfet, Mosfet | None):
        return _mosfet("nmos" if old is None else old.polarity, value, source, where)
    if is_dataclass(old):
        return _updated(old, value, source, where)
    if hint is bool:
        if not isinstance(value, bool):
            raise CircuitError(f"{what} must be true or false, found {value!r}")
        return value
    if hint is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise CircuitError(f"{what} must be a whole number, found {value!r}")
        return value
    if isinstance(old, tuple):
        found = check_quantities(what, value, "SI units", -1.0, 1.0e3)
        if len(found) != len(old):
            raise CircuitError(f"{what} must be {len(old)} numbers, found {len(found)}")
        return tuple(found)
    if isinstance(value, bool):
        raise CircuitError(f"{what} must be a number in SI units, found {value!r}")
    return check_quantity(what, value, "SI units")


def _mosfet(polarity: Any, table: Any, source: str, where: str) -> Mosfet:
    check_keys(source, f"{where}.", table, {"width", "length"}, {"threshold_shift", "multiplier", "flavour"})
    flavour = str(table.get("flavour", ""))
    return Mosfet(
        polarity=polarity,
        width=check_quantity(f"{source}: {where}.width", table["width"], "m"),
        length=check_quantity(f"{source}: {where}.length", table["length"], "m"),
        threshold_shift=check_quantity(f"{source}: {where}.threshold_shift", table.get("threshold_shift", 0.0), "V"),
        multiplier=check_count(f"{source}: {where}.multiplier", table.get("multiplier", 1), 10_000),
        flavour=flavour and check_identifier(flavour, f"{source}: {where}.flavour"),
    )


def _lines(where: str, value: Any, usual: Any) -> Iterator[str]:
    """A table of a dataclass, then those of the dataclasses in it; without what is as `usual`."""
    inner: list[tuple[str, Any, Any]] = []
    plain: list[str] = []
    for field in fields(value):
        found, known = getattr(value, field.name), usual and getattr(usual, field.name)
        if usual is not None and found == known:
            continue
        if is_dataclass(found) and not isinstance(found, Mosfet):
            inner.append((f"{where}.{field.name}", found, known))
        else:
            plain.append(f"{field.name} = {_text(found)}")
    if plain:
        yield from ("", f"[{where}]", *plain)
    for name, found, known in inner:
        yield from _lines(name, found, known)


def _text(value: Any) -> str:
    if value is None:
        return f'"{ABSENT}"'
    if isinstance(value, Mosfet):
        given: Mapping[str, Any] = {
            "width": value.width,
            "length": value.length,
            **({"threshold_shift": value.threshold_shift} if value.threshold_shift else {}),
            **({"multiplier": value.multiplier} if value.multiplier != 1 else {}),
            **({"flavour": value.flavour} if value.flavour else {}),
        }
        return "{ " + ", ".join(f"{key} = {_text(item)}" for key, item in given.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
