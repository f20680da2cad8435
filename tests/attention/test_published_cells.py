"""The cells that the authors adapted to, by their closed forms."""

import math

import numpy as np
import pytest

from pycosim.attention.cells import CELL_NAMES, named_cell, named_models
from pycosim.attention.published import published_cell
from pycosim.errors import InputError
from pycosim.models.io import load_model, save_model
from pycosim.models.response import ResponseCell

VOLTS = np.linspace(0.0, 0.9, 31)
OTHERS = ("x3", "x5", "sigmoid", "exponential")


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_cell_is_silent_at_the_centre_and_spans_the_linear_cell_s_current_of_one_volt(name: str) -> None:
    current = named_cell(name).charge(1.0, np.array([0.0, 0.45, 0.9]))
    assert current[1] == pytest.approx(0, abs=1e-20)
    assert current[2] - current[0] == pytest.approx(19.3e-6)
    assert np.all(np.diff(named_cell(name).charge(1.0, VOLTS)) >= 0)


@pytest.mark.parametrize(
    ("name", "curve"),
    [
        ("linear", lambda w: 19.3e-6 * w),
        ("x3", lambda w: 19.3e-6 * w**3 / (2 * 0.45**3)),
        ("x5", lambda w: 19.3e-6 * w**5 / (2 * 0.45**5)),
        ("sigmoid", lambda w: 19.3e-6 * (sigmoid(10 * w) - 0.5) / (sigmoid(4.5) - sigmoid(-4.5))),
        ("exponential", lambda w: 19.3e-6 * (math.exp(3 * w) - 1) / (math.exp(1.35) - math.exp(-1.35))),
    ],
)
def test_a_cell_has_its_closed_form(name: str, curve: object) -> None:
    wanted = [3e-9 * curve(v - 0.45) for v in VOLTS]  # type: ignore[operator]
    np.testing.assert_allclose(named_cell(name).charge(3e-9, VOLTS), wanted, rtol=1e-12, atol=1e-28)


def test_the_cubic_is_the_published_cell() -> None:
    assert named_cell("cubic") == published_cell()


@pytest.mark.parametrize("name", CELL_NAMES)
def test_every_cell_comes_back_from_its_file(name: str, tmp_path: object) -> None:
    cell = named_models(name).cell_v
    save_model(f"{tmp_path}/cell", cell)
    assert load_model(f"{tmp_path}/cell")[0] == cell


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="one of linear, cubic, x3, x5, sigmoid, exponential, found 'x4'"):
        named_cell("x4")
    good = {"curve": "sigmoid", "stiffness": 1.0, "span": 1e-6, "width_range": (0.0, 1.0), "voltage_range": (0.0, 1.0)}
    for wrong, message in (
        ({"curve": "step"}, "curve must be one of sigmoid, exponential, found 'step'"),
        ({"stiffness": 0.0}, "stiffness"),
        ({"span": -1.0}, "span"),
        ({"voltage_range": (0.5, 0.5)}, "range"),
    ):
        with pytest.raises(InputError, match=message):
            ResponseCell(**(good | wrong))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="stored_voltage"):
        named_cell("sigmoid").charge(1e-9, 1.2)
