"""Where circuits are looked at: process corner, temperature and supply."""

from __future__ import annotations

from pycosim.flows.characterization import Design

Condition = tuple[str, float, float]
"""Corner, temperature (deg C), supply over nominal."""

NOMINAL: Condition = ("tt", 27.0, 1.0)
"""The condition that figures are quoted for."""

FIVE_CORNERS: tuple[Condition, ...] = (NOMINAL, *((corner, 27.0, 1.0) for corner in ("ff", "fs", "sf", "ss")))
"""Every process corner, at room temperature and the nominal supply."""

SLOWEST: Condition = ("ss", 0.0, 0.9)
"""Slow transistors, in the cold, where their thresholds are highest, with the lowest supply."""


def design_at(design: Design, condition: Condition) -> Design:
    """The same circuits at a condition, whose supply counts from that of `design`."""
    corner, temperature, scale = condition
    supply = scale * design.technology.supply_voltage
    return design.at(corner=corner, temperature=temperature, supply_voltage=supply)


def condition_name(corner: object, temperature: float, supply: float) -> str:
    """A condition as tables name it, from corner, temperature (deg C) and supply (V)."""
    return f"{corner}, {temperature:g} C, {supply:.2f} V"
