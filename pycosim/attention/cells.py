"""The cells that the authors adapted their model to, by name  [2025 Leroux; code of the authors].

All but the first two are of one form: the current runs from the lowest to the highest stored voltage over the 19.3 uA
that the linear cell's slope would make of 1 V, along w^3, w^5, a sigmoid or an exponential of w = voltage - 0.45 V, and
is 0 at the centre.
"""

from __future__ import annotations

from typing import Literal

from pycosim.attention.hardware import AttentionModels
from pycosim.attention.linear_law import HALF_SUPPLY, TRANSCONDUCTANCE
from pycosim.attention.published import linear_models, models_of_cell, published_cell
from pycosim.errors import InputError
from pycosim.models.cell import CellModel, PolynomialCell
from pycosim.models.domain import EVERYWHERE, Range
from pycosim.models.response import ResponseCell

SPAN = TRANSCONDUCTANCE * 1.0
"""Current of the highest stored voltage less that of the lowest, A."""
SIGMOID_STIFFNESS = 10.0
"""1/V."""
EXPONENTIAL_STIFFNESS = 3.0
"""1/V."""
_VOLTS: Range = (0.0, 2 * HALF_SUPPLY)

CELL_NAMES = ("linear", "cubic", "x3", "x5", "sigmoid", "exponential")
"""linear: what the adaptation starts from. cubic: the polynomial of the authors' simulated gain cell."""


def named_cell(name: str) -> CellModel:
    """Return a cell by its name.

    Args:
        name: one of `CELL_NAMES`.

    Raises:
        InputError: there is none of that name.
    """
    match name:
        case "linear":
            return linear_models().cell_k
        case "cubic":
            return published_cell()
        case "x3":
            return _power_cell(3)
        case "x5":
            return _power_cell(5)
        case "sigmoid":
            return _curved("sigmoid", SIGMOID_STIFFNESS)
        case "exponential":
            return _curved("exponential", EXPONENTIAL_STIFFNESS)
    raise InputError(f"a cell must be one of {', '.join(CELL_NAMES)}, found {name!r}")


def named_models(name: str) -> AttentionModels:
    """Return the paper's hardware with a cell by its name: ideal converters, and cells that keep what was written.

    Args:
        name: one of `CELL_NAMES`.

    Raises:
        InputError: there is none of that name.
    """
    return models_of_cell(named_cell(name))


def _power_cell(exponent: int) -> PolynomialCell:
    """The current is ``span w^n / (h^n - (-h)^n)``, n odd."""
    coefficient = SPAN / (2 * HALF_SUPPLY**exponent)
    return PolynomialCell(
        coefficients=(*[0.0] * exponent, coefficient), centre=HALF_SUPPLY, voltage_range=_VOLTS, width_range=EVERYWHERE
    )


def _curved(curve: Literal["sigmoid", "exponential"], stiffness: float) -> ResponseCell:
    return ResponseCell(
        curve=curve,
        stiffness=stiffness,
        span=SPAN,
        voltage_range=_VOLTS,
        width_range=EVERYWHERE,
    )
