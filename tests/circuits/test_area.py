"""Area of a circuit from its device sizes."""

from __future__ import annotations

import pytest

from circuits.area import AreaRules, circuit_area
from circuits.errors import CircuitError
from circuits.flatten import flatten

LINES = [
    ".subckt block a",
    "M1 a b 0 0 n w=1e-06 l=3e-08 m=2",
    "C1 b 0 5e-15",
    ".ends block",
    "Xone x block",
    "Xtwo y block",
    "Mpdk d g s b n w=4e-07 l=1e-07",
    "V1 x 0 1",
]
RULES = AreaRules(source_drain=90e-9, spacing=100e-9, capacitor_density=2e-3)


def test_the_area_is_that_of_every_finger_and_capacitor() -> None:
    area = circuit_area(flatten(LINES), RULES)
    block = 2 * 1.1e-6 * 0.12e-6
    assert area.n_transistors == 5
    assert area.transistors == pytest.approx(2 * block + 0.5e-6 * 0.19e-6)
    assert area.capacitance == pytest.approx(10e-15)
    assert area.capacitors == pytest.approx(5e-12) == area.stacked


def test_only_the_named_parts_count() -> None:
    one = circuit_area(flatten(LINES), RULES, parts=("one",))
    assert (one.n_transistors, one.capacitance) == (2, pytest.approx(5e-15))


def test_a_density_that_is_none_is_refused() -> None:
    with pytest.raises(CircuitError, match="capacitor density"):
        AreaRules(capacitor_density=0.0)
