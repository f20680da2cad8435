"""NUMBER -> TEXT: quantities as a reader expects them, "60.6 ns" and "1.19 nJ"."""

from __future__ import annotations

import math

_EXPONENTS = {"a": -18, "f": -15, "p": -12, "n": -9, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
_PREFIXES = {exponent: prefix for prefix, exponent in _EXPONENTS.items()}
_PLAIN_UNITS = frozenset({"", "nat", "%", "°C"})
"""Units that take no prefix."""


def show_quantity(
    value: float | None, unit: str, *, digits: int = 3, prefix: str | None = None, trim: bool = False
) -> str:
    """Write a value with an SI prefix, `digits` significant digits and its unit.

    Args:
        value: in `unit`; None and values that are not finite are written as such.
        unit: SI unit without prefix ("s", "J", "A"), or one that takes none ("", "nat").
        digits: significant digits.
        prefix: the prefix to use ("n", "p"), so that a table has one; None chooses by the value.
        trim: leave out zeros at the end, for bounds and settings ("65 ns").

    Returns:
        Text such as "60.6 ns"; a true minus sign for negative values.
    """
    if value is None:
        return "not measured"
    if not math.isfinite(value):
        return "not finite"
    if unit in _PLAIN_UNITS or (value == 0.0 and prefix is None):
        return f"{show_number(value, digits=digits, trim=trim)} {unit}".strip()
    exponent = _EXPONENTS[prefix] if prefix is not None else _exponent(value, digits)
    return f"{show_number(value / 10.0**exponent, digits=digits, trim=trim)} {_PREFIXES[exponent]}{unit}"


def show_number(value: float, *, digits: int = 3, trim: bool = False) -> str:
    """Write a number with `digits` significant digits, without exponent where it is readable.

    Args:
        value: any number.
        digits: significant digits.
        trim: leave out zeros at the end.

    Returns:
        Text such as "1.16", "0.0163" or "12 934"; digits before the point are all shown.
    """
    if not math.isfinite(value):
        return "not finite"
    if value == 0.0:
        return "0"
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if not -4 <= magnitude <= 8:
        return f"{value:.{digits - 1}e}".replace("-", "\N{MINUS SIGN}")
    decimals = max(0, digits - 1 - magnitude)
    text = f"{value:,.{decimals}f}"
    if trim and decimals:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", "\N{MINUS SIGN}")


def scale_for(value: float, unit: str) -> tuple[float, str]:
    """The factor and the prefixed unit in which a value reads well: `(1e-9, "ns")` for 15e-9 s."""
    if unit in _PLAIN_UNITS or value == 0.0 or not math.isfinite(value):
        return 1.0, unit
    exponent = _exponent(value, 3)
    return 10.0**exponent, f"{_PREFIXES[exponent]}{unit}"


def show_count(value: int) -> str:
    """Write a whole number with thin spaces between thousands: "7 936"."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _exponent(value: float, digits: int) -> int:
    """The multiple of three that leaves 1 to 999 before the prefix, after rounding."""
    rounded = abs(float(f"{value:.{digits - 1}e}"))
    return max(-18, min(9, 3 * math.floor(math.log10(rounded) / 3)))
