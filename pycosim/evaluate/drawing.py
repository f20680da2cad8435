"""FIGURE -> SVG: the style of every plot and its deterministic, theme-aware SVG.

Plots are drawn with placeholder colours (`INK`, `SERIES`, ...), which `for_page` replaces by CSS variables, so that
one drawing serves light, dark and print, and `for_file` by fixed colours.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, GRID, SURFACE, BAND = "#fa0101", "#fa0102", "#fa0103", "#fa0104", "#fa0105"
SERIES = ("#fa0111", "#fa0112", "#fa0113", "#fa0114", "#fa0115", "#fa0116")
RAMP = ("#fa0121", "#fa0122", "#fa0123", "#fa0124", "#fa0125", "#fa0126", "#fa0127")
"""Placeholders: text, secondary text, grid, background, shading; categories; a scale from faint to strong."""

_NAMES = dict(
    zip(
        (INK, MUTED, GRID, SURFACE, BAND, *SERIES, *RAMP),
        (
            "ink",
            "muted",
            "grid",
            "surface",
            "band",
            *(f"s{i}" for i in range(1, 7)),
            *(f"r{i}" for i in range(1, 8)),
        ),
        strict=True,
    )
)
_SERIES_LIGHT = ("#2563b0", "#d06a1c", "#1f8a7d", "#7554b3", "#bf3b46", "#6b7785")
_SERIES_DARK = ("#6ea8f2", "#f0a05a", "#57c7b8", "#b49bf0", "#f27f86", "#98a4b3")
_RAMP_LIGHT = ("#a9c6e8", "#8ab0dc", "#6a99cf", "#4a80bf", "#3167a8", "#204e88", "#133766")
_RAMP_DARK = ("#2f4f78", "#3f669a", "#5280ba", "#6b9ad3", "#8ab3e4", "#adcbf0", "#d2e3fa")

LIGHT: dict[str, str] = {
    "ink": "#1a2029",
    "muted": "#5a6573",
    "grid": "#dfe3e8",
    "surface": "#ffffff",
    "band": "#eef2f7",
    **{f"s{i}": color for i, color in enumerate(_SERIES_LIGHT, start=1)},
    **{f"r{i}": color for i, color in enumerate(_RAMP_LIGHT, start=1)},
}
"""Colours on white paper, by name; the page's style sheet takes them from here."""

DARK: dict[str, str] = {
    "ink": "#e7ebf0",
    "muted": "#9aa6b4",
    "grid": "#2c343e",
    "surface": "#161b21",
    "band": "#1f2730",
    **{f"s{i}": color for i, color in enumerate(_SERIES_DARK, start=1)},
    **{f"r{i}": color for i, color in enumerate(_RAMP_DARK, start=1)},
}
"""The same on a dark screen."""

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

_FONT = "'DejaVu Sans'"
"""How matplotlib names the font in which it measured the text."""

_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": INK,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8.5,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.unicode_minus": True,
    "figure.facecolor": SURFACE,
    "savefig.facecolor": SURFACE,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.0,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "hatch.linewidth": 0.8,
    "path.simplify": True,
}


@contextmanager
def drawing_style() -> Iterator[None]:
    """Draw inside this context: fonts, lines and placeholder colours; it restores what was set before."""
    with mpl.rc_context(_RC):
        yield


@contextmanager
def paper_style() -> Iterator[None]:
    """The same style with its colours on white, for a figure that is shown or saved as it is."""
    fixed = {key: LIGHT[_NAMES[value]] if str(value) in _NAMES else value for key, value in _RC.items()}
    with mpl.rc_context(fixed):
        yield


def new_figure(width: float, height: float) -> Figure:
    """A figure without pyplot; sizes in inches, of which the page shows 96 to the full width of 10."""
    return Figure(figsize=(width, height), layout="constrained")


def plain(axes: Axes, *, grid: Literal["x", "y", "both"] = "both") -> None:
    """Leave only the grid lines that help to read values along one axis, or both."""
    axes.grid(visible=False)
    axes.grid(visible=True, axis=grid)


def render_svg(figure: Figure, name: str) -> str:
    """Render a figure as an `<svg>` element with placeholder colours; the same figure gives the same bytes.

    Args:
        figure: drawn inside `drawing_style`.
        name: prefix of every id in the SVG, so that several fit on one page.

    Returns:
        The element, without XML prologue, for `for_page` or `for_file`.
    """
    buffer = io.StringIO()
    with mpl.rc_context({**_RC, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", text)


def for_page(svg: str) -> str:
    """The element for a page that defines colours and `--font` as CSS variables; as wide as its place."""
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    text = f"{head}>{rest}".replace(_FONT, "var(--font)")
    return _recolor(text, {key: f"var(--{key})" for key in LIGHT})


def for_file(svg: str) -> str:
    """The element as a file of its own, with fixed colours on white."""
    return _recolor(svg.replace(_FONT, FONTS), LIGHT) + "\n"


def _recolor(text: str, colors: dict[str, str]) -> str:
    """Replace every placeholder colour."""
    return re.sub(r"#fa01[012]\d", lambda match: colors[_NAMES[match.group()]], text)
