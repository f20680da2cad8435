"""Wires of the array: lumped resistance and capacitance from a length and the technology's wire data."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.quantities import check_quantity
from circuits.technology import Technology


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLoad:
    """Total resistance (ohm) and capacitance (F) of one wire."""

    resistance: float
    capacitance: float


def wire_load(technology: Technology, length: float) -> WireLoad:
    """The wire of a line that spans `length` (m) of the array.

    Raises:
        CircuitError: a length that is none, or above 1 m.
    """
    check_quantity("length of a wire", length, "m", 0.0, 1.0)
    return WireLoad(
        resistance=technology.wire.resistance_per_length * length,
        capacitance=technology.wire.capacitance_per_length * length,
    )
