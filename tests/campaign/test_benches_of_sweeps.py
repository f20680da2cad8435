from __future__ import annotations

import pytest

from campaign.paper import PAPER, campaign
from pycosim.campaign.task import Value
from pycosim.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [("width", 3, 3.0), ("copies", 2.0, 2), ("corner", "ss", "ss"), ("seed", 5, 5), ("note", "any word", "any word")],
)
def test_a_value_gets_the_kind_of_its_parameter(name: str, value: Value, found: Value) -> None:
    checked = PAPER.checked(name, value)
    assert (checked, type(checked)) == (found, type(found))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("widht", 1.0, "no parameter 'widht'; did you mean width"),
        ("width", "wide", "must be a finite number in m, found 'wide'"),
        ("width", float("nan"), "finite number in m"),
        ("width", True, "found True"),
        ("copies", 1.5, "must be a whole number, found 1.5"),
        ("seed", -1, "whole number of 0 or more"),
        ("corner", "sf", "must be one of tt, ss, ff, found 'sf'"),
        ("corner", 1.0, "must be one of"),
        ("note", 1.0, "must be a word"),
    ],
)
def test_a_wrong_name_or_value_is_refused_before_anything_runs(name: str, value: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        PAPER.checked(name, value)


def test_a_point_has_every_default_but_an_absent_seed() -> None:
    assert PAPER.point({"width": 1.0}) == {"copies": 1, "corner": "tt", "length": 0.5, "note": "", "width": 1.0}
    assert PAPER.point({"seed": 3})["seed"] == 3


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ((), "must measure something; choose of area, side"),
        (("aera",), "no measurement 'aera'; did you mean area"),
        (("area", "area"), "named once, found it 2 times"),
    ],
)
def test_measurements_are_named_and_named_once(measure: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        campaign({"width": [1.0]}, measure)


def test_a_parameter_is_fixed_or_swept_and_not_both() -> None:
    with pytest.raises(ConfigurationError, match="width is an axis and a fixed parameter"):
        campaign({"width": [1.0]}, fixed={"width": 2.0})


def test_axes_that_are_equal_after_their_kind_are_one_point_twice() -> None:
    with pytest.raises(ConfigurationError, match=r"found 1\.0 twice"):
        campaign({"copies": [1, 1.0]})
