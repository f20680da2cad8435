"""Conditions that studies share, and numbers that they take from each other's figures."""

from math import isnan

import pytest

from pycosim.evaluate.document import Json
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.studies.conditions import FIVE_CORNERS, NOMINAL, SLOWEST, condition_name, design_at
from pycosim.studies.numbers import figure_at, number, number_at, numbers

FIGURES: dict[str, Json] = {"write_path": {"energy_j": 2, "levels_v": [0.0, 1, None, "x"], "met": True}}


def test_a_condition_changes_technology_and_columns_and_counts_its_supply_from_the_designs() -> None:
    slow = design_at(make_design(GainCellConfig()), SLOWEST)
    for technology in (slow.technology, slow.first.technology, slow.second.technology):
        assert (technology.corner, technology.temperature) == ("ss", 0.0)
        assert technology.supply_voltage == pytest.approx(0.81, abs=1e-12)
    assert condition_name("ss", 0.0, slow.technology.supply_voltage) == "ss, 0 C, 0.81 V"


def test_the_five_corners_are_those_of_the_shipped_technology_and_the_quoted_one_is_first() -> None:
    assert FIVE_CORNERS[0] == NOMINAL
    assert {corner for corner, _, _ in FIVE_CORNERS} == set(make_design(GainCellConfig()).technology.corners)


def test_a_figure_that_is_no_number_is_nan_or_none() -> None:
    assert number(2) == 2.0
    none: list[Json] = [None, "2", True, [2.0]]
    assert all(isnan(number(value)) for value in none)
    assert number_at(FIGURES, "write_path", "energy_j") == 2.0
    for path in (("write_path",), ("write_path", "met"), ("write_path", "energy_j", "more"), ("absent", "energy_j")):
        assert number_at(FIGURES, *path) is None
    assert numbers(figure_at(FIGURES, "write_path", "levels_v")) == [0.0, 1.0]
    assert numbers(figure_at(FIGURES, "write_path", "absent")) == []
