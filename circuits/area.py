"""Area of a circuit from its device sizes: an estimate before layout, by stated rules.

A transistor takes (W + spacing) x (L + source_drain) per finger of its multiplier; a capacitor value over density.
Devices under a capacitor of upper metal cost no area of their own where the capacitor is larger, so transistors and
capacitors are kept apart. Wires, wells and guard rings are in no estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from circuits.flatten import Element
from circuits.quantities import check_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRules:
    """Layout rules of a 28 nm class process (ours).

    Attributes:
        source_drain: added to the gate length: half a contact and a spacer on either side (m). Ours: the contacted gate
            pitch of published 28 nm processes, about 118 nm, less the gate of 30 nm.
        spacing: added to the width: active to active (m). Ours: twice the minimum width of 60 nm, less what neighbours
            share.
        capacitor_density: of a metal-oxide-metal capacitor in the array's metal (F/m^2). Ours: 2.5 fF/um^2, usual for
            five to six thin layers at 28 nm; a high-k MIM has 10 to 40, with two more masks.
    """

    source_drain: float = 88e-9
    spacing: float = 100e-9
    capacitor_density: float = 2.5e-3

    def __post_init__(self) -> None:
        """Check that the rules are lengths and a density."""
        check_quantity("source_drain of the area rules", self.source_drain, "m", 0.0, 1e-4)
        check_quantity("spacing of the area rules", self.spacing, "m", 0.0, 1e-4)
        check_quantity("capacitor density", self.capacitor_density, "F/m^2", 1e-6, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What a circuit takes.

    Attributes:
        n_transistors: parallel devices counted each.
        transistors: area of the transistors (m^2).
        capacitance: sum of the drawn capacitors (F).
        capacitors: their area (m^2).
    """

    n_transistors: int
    transistors: float
    capacitance: float
    capacitors: float

    @property
    def stacked(self) -> float:
        """Area with the capacitors above the transistors: the larger of the two (m^2)."""
        return max(self.transistors, self.capacitors)


def circuit_area(elements: Iterable[Element], rules: AreaRules, parts: tuple[str, ...] = ()) -> Area:
    """Area of the elements of a flat circuit.

    Args:
        elements: from `circuits.flatten.flatten`.
        rules: how much a device takes.
        parts: top-level instances that count ("converter"); () for all.
    """
    count, active, capacitance = 0, 0.0, 0.0
    for element in elements:
        if parts and element.name.split(".")[0] not in parts:
            continue
        if "w" in element.values and "l" in element.values:
            fingers = int(float(element.values.get("m", "1")))
            width, length = float(element.values["w"]), float(element.values["l"])
            count += fingers
            active += fingers * (width + rules.spacing) * (length + rules.source_drain)
        elif element.letter == "c":
            capacitance += float(element.words[0])
    return Area(
        n_transistors=count,
        transistors=active,
        capacitance=capacitance,
        capacitors=capacitance / rules.capacitor_density,
    )
