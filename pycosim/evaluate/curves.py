"""CURVES: plots of a report that are lines and points over one axis, in panels side by side, in SI units or shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

Look = Literal["line", "dashed", "points", "line and points", "thin"]
"""How a curve is drawn; thin ones are many of a kind, such as the traces of an eye."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """One line, or many thin ones.

    Args:
        label: what it is; "" for none in the legend.
        x: (n,) in the panel's unit.
        y: (n,), or (n_lines, n) for thin lines.
        look: how it is drawn.
        color: which of the series' colours; None for the next one.
    """

    label: str
    x: Array
    y: Array
    look: Look = "line"
    color: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One pair of axes.

    Args:
        title: over it.
        x_label, y_label: with their units.
        curves: what is drawn.
        x_scale, y_scale: factors from the arrays to the labels' units: 1e9 for seconds in ns.
        log_x, log_y: logarithmic axes.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    x_scale: float = 1.0
    y_scale: float = 1.0
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveFigure:
    """Panels in rows.

    Args:
        title: heading on the page.
        caption: what is seen, in a sentence or two.
        panels: left to right, then the next row.
        columns: panels in a row.
        height: of a row (inches).
    """

    title: str
    caption: str
    panels: tuple[Panel, ...]
    columns: int = 3
    height: float = 3.2
