"""PLOT: a sweep as a figure; a measurement over an axis or over another measurement, or a histogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, NullFormatter

from pycosim.campaign.dataset import DIGEST, FAILURE, RUNG
from pycosim.errors import InputError, StoreError
from pycosim.evaluate.drawing import LIGHT, new_figure, paper_style
from pycosim.flows.config import near_words
from pycosim.units import format_quantity

MOST_HUES = 6
"""Colours that can be told apart; more hues are drawn along a scale."""

MOST_LABELS = 10
"""Hues that the legend names; of more it names some, evenly spaced."""

MOST_TICKS = 8
"""Points of a logarithmic axis of which each has a tick."""

_BAND = (5.0, 95.0)  # percentiles of the points of further axes
_DPI = 150
_SIZE = (6.4, 4.0)  # inch
_BINS = 30
_PLAIN_UNITS = ("", "degC", "degrees")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is drawn of a sweep.

    Attributes:
        x: an axis or a measurement.
        y: a measurement; None for a histogram of x.
        hue: an axis, or None.
        at: axis -> index of the one value that is drawn.
    """

    x: str
    y: str | None
    hue: str | None = None
    at: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of a file."""
        return "_".join(
            [*([] if self.y is None else [self.y, "over"]), self.x, *(["by", self.hue] if self.hue else [])]
        )


def choose_view(
    dataset: xr.Dataset, *, x: str | None = None, y: str | None = None, hue: str | None = None, at: Sequence[str] = ()
) -> View:
    """What to draw, where something is left open.

    Args:
        dataset: of a sweep.
        x: an axis or a measurement; None for the longest axis of numbers.
        y: a measurement; None for the first, or for a histogram where x is a measurement.
        hue: an axis, or None.
        at: "axis=value": that value alone.

    Raises:
        InputError: a name that the sweep does not have (near ones are named), or a value that its axis does not have.
    """
    measured, axes = measurements(dataset), [str(name) for name in dataset.coords]
    _check("x", x, [*axes, *measured])
    _check("y", y, measured)
    _check("hue", hue, axes)
    chosen = dict(_index(dataset, text, axes) for text in at)
    taken = {dataset[name].dims: f"--at {name}" for name in chosen}
    if x is None:
        free = [name for name in axes if name != hue and dataset[name].dims not in taken]
        numbers = [name for name in free if dataset[name].dtype.kind in "if"]
        x = max(numbers or free or measured, key=lambda name: dataset[name].size)
    if y is None and x not in measured:
        y = measured[0]
    for option, name in (("--x", x), ("--hue", hue)):
        if name in axes:
            dims = dataset[name].dims
            if dims in taken:
                raise InputError(f"{option} {name} runs along the dimension of {taken[dims]}; leave one of them out")
            taken[dims] = f"{option} {name}"
    return View(x=x, y=y, hue=hue, at=chosen)


def measurements(dataset: xr.Dataset) -> list[str]:
    """Names of the measurements of a sweep, in their order."""
    return [str(name) for name in dataset.data_vars if name not in (FAILURE, RUNG, DIGEST)]


def draw_sweep(dataset: xr.Dataset, view: View) -> Figure:
    """Draw a sweep.

    Over an axis, the points of further axes appear as their median and the band of 5 to 95 %; of two measurements each
    point is a dot. Failed points are left out, and counted in the title.

    Args:
        dataset: of a sweep.
        view: of `choose_view`.
    """
    chosen = dataset.isel({dataset[name].dims[0]: index for name, index in view.at.items()})
    bins = _bins(chosen[view.x].values) if view.y is None else None
    with paper_style():
        figure = new_figure(*_SIZE)
        axes = figure.add_subplot()
        for label, color, part in _by_hue(chosen, view.hue):
            if view.y is None:
                axes.hist(_finite(part[view.x].values), bins=bins, color=color, alpha=0.6, label=label)
            elif view.x in part.coords:
                _line(axes, part, view, color, label)
            else:
                axes.plot(part[view.x].values.ravel(), part[view.y].values.ravel(), "o", color=color, label=label)
        _name_axes(axes, chosen, view)
        axes.set_title(_title(chosen, view))
        if view.hue is not None:
            figure.legend(title=_words(chosen, view.hue), title_fontsize=8.0, loc="outside right center")
    return figure


def save_plot(figure: Figure, path: Path) -> Path:
    """Write a figure; its suffix says which format. Returns the path.

    Raises:
        InputError: a suffix that is no format.
        StoreError: the file cannot be written.
    """
    formats = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".") not in formats:
        raise InputError(f"cannot draw into {path}: choose a suffix such as .png, .svg or .pdf")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=_DPI)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error}; choose another file with --out") from error
    return path


def _line(axes: Axes, part: xr.Dataset, view: View, color: str, label: str) -> None:
    """The measurement over an axis; further axes as median and band."""
    assert view.y is not None
    (along,) = part[view.x].dims
    values = part[view.y].transpose(along, ...).values.reshape(part.sizes[along], -1)
    known = np.isfinite(values).any(axis=1)
    places = part[view.x].values if part[view.x].dtype.kind in "if" else np.arange(part.sizes[along])
    marker = "o" if places.size <= 40 else ""
    middle = np.full(places.size, np.nan)
    middle[known] = np.nanmedian(values[known], axis=1)
    axes.plot(places, middle, marker=marker, color=color, label=label)
    if values.shape[1] > 1 and known.any():
        low, high = np.full((2, places.size), np.nan)
        low[known], high[known] = np.nanpercentile(values[known], _BAND, axis=1)
        axes.fill_between(places, low, high, color=color, alpha=0.15, linewidth=0)
    if part[view.x].dtype.kind not in "if":
        axes.set_xticks(places, [str(word) for word in part[view.x].values])


def _by_hue(dataset: xr.Dataset, hue: str | None) -> Iterator[tuple[str, str, xr.Dataset]]:
    """(label, colour, part) of every value of the hue."""
    if hue is None:
        yield "", LIGHT["s1"], dataset
        return
    (along,) = dataset[hue].dims
    count = dataset.sizes[along]
    shown = set(np.linspace(0, count - 1, min(count, MOST_LABELS)).round().astype(int).tolist())
    for k in range(count):
        part = dataset.isel({along: k})
        name = f"s{k + 1}" if count <= MOST_HUES else f"r{1 + round(k * 6 / (count - 1))}"
        yield _text(part[hue]) if k in shown else "_", LIGHT[name], part  # matplotlib's legend leaves "_" out


def _name_axes(axes: Axes, dataset: xr.Dataset, view: View) -> None:
    axes.set_xlabel(_words(dataset, view.x))
    axes.set_ylabel("points" if view.y is None else _words(dataset, view.y))
    for axis, name in ((axes.xaxis, view.x), (axes.yaxis, view.y)):
        if name is None or dataset[name].dtype.kind not in "if":
            continue
        if name in dataset.coords and _is_logarithmic(dataset[name].values):
            axes.set_xscale("log")
            axis.set_minor_formatter(NullFormatter())
            if dataset[name].size <= MOST_TICKS:
                axis.set_ticks(dataset[name].values)
        unit = str(dataset[name].attrs.get("units", ""))
        if unit not in _PLAIN_UNITS:
            axis.set_major_formatter(EngFormatter(unit=unit))


def _title(dataset: xr.Dataset, view: View) -> str:
    """Bench, what is spread over, and how many points failed."""
    shown = [name for name in (view.x, view.hue) if name in dataset.coords]
    used = {dim for name in shown for dim in dataset[name].dims}
    spread = [f"{name} ({size})" for name, size in dataset.sizes.items() if name not in used]
    parts = [str(dataset.attrs.get("bench", "sweep"))]
    parts += [f"{name} {_text(dataset[name])}" for name in view.at]
    if spread and view.y is not None and view.x in dataset.coords:
        parts.append(f"median, 5 to 95 % over {', '.join(spread)}")
    failed = int((dataset[FAILURE] != "").sum())
    if failed:
        parts.append(f"{failed} of {dataset[FAILURE].size} points failed")
    return "; ".join(parts)


def _words(dataset: xr.Dataset, name: str) -> str:
    """What an axis shows; its unit stands beside each number."""
    words = str(dataset[name].attrs.get("long_name", name))
    words = words if "." in words else words.replace("_", " ")  # a path stays one
    return f"{words} (°C)" if dataset[name].attrs.get("units") == "degC" else words


def _text(value: xr.DataArray) -> str:
    """One value of an axis."""
    if value.dtype.kind not in "if":
        return str(value.item())
    unit = str(value.attrs.get("units", ""))
    return f"{value.item():g} °C" if unit == "degC" else format_quantity(float(value), unit)


def _finite(values: Any) -> Any:
    return values[np.isfinite(values)]


def _bins(values: Any) -> Any:
    """The same bins for every hue."""
    return np.histogram_bin_edges(_finite(values), bins=_BINS)


def _is_logarithmic(values: Any) -> bool:
    """Whether points are spaced by a factor."""
    if values.size < 3 or not (values > 0).all():
        return False
    steps = np.diff(np.log(np.asarray(values, dtype=float)))
    return bool(
        np.allclose(steps, steps[0], rtol=1e-3, atol=0.0) and not np.allclose(np.diff(values), values[1] - values[0])
    )


def _check(option: str, name: str | None, known: list[str]) -> None:
    if name is not None and name not in known:
        raise InputError(f"--{option}: the sweep has no {name!r}; {near_words(name, known)}")


def _index(dataset: xr.Dataset, text: str, axes: list[str]) -> tuple[str, int]:
    """Axis and index of "axis=value"."""
    name, equals, wanted = text.rpartition("=")
    if not equals:
        raise InputError(f"--at must be axis=value, as in corner=ss, found {text!r}")
    _check("at", name, axes)
    values = dataset[name].values.tolist()
    for index, value in enumerate(values):
        if str(value) == wanted or (not isinstance(value, str) and _equals(value, wanted)):
            return name, index
    raise InputError(f"--at: the axis {name} has no {wanted!r}; {near_words(wanted, [str(v) for v in values])}")


def _equals(value: float, wanted: str) -> bool:
    try:
        return bool(np.isclose(value, float(wanted), rtol=1e-9, atol=0.0))
    except ValueError:
        return False
