"""Numbers with units for messages and reports; everything else computes in plain SI floats."""

from __future__ import annotations

import math

_PREFIXES = {
    -18: "a", -15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T",
}  # fmt: skip


def format_quantity(value: float, unit: str, digits: int = 4) -> str:
    """Return a number with an engineering prefix: ``format_quantity(1.2e-12, "C") == "1.2 pC"``.

    Args:
        value: the quantity in SI base units.
        unit: its unit without prefix; "" and "1" give the bare number.
        digits: significant digits.

    Returns:
        The text. Infinities and NaN are spelled out with the unit.
    """
    if unit in ("", "1"):
        return f"{value:.{digits}g}"
    if value == 0 or not math.isfinite(value):
        return f"{value:.{digits}g} {unit}"
    rounded = float(f"{value:.{digits}g}")
    exponent = min(12, max(-18, 3 * math.floor(math.log10(abs(rounded)) / 3)))
    return f"{rounded / 10.0**exponent:.{digits}g} {_PREFIXES[exponent]}{unit}"
