"""How much does the drop along a row's word lines cost, with which driver and which wire?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from circuits.pulse_driver import PulseDriverParameters
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import SERIES, drawing_style, new_figure, plain
from pycosim.studies.study import Laboratory, Table
from pycosim.sweeps.pulse_driver import PulseRow, row_pulses

Array = NDArray[np.float64]

DROP_CODE = 2
"""Code of the pulses: the drop is that of a constant current, so a short pulse tells it."""

WIRE_WIDTHS = (1.0, 2.0, 4.0, 8.0)
"""Widths of the word lines over the technology's that are compared."""

DRIVER_SCALES = (0.5, 2.0, 4.0)
"""Sizes of the last transistors over the drawn ones that are compared."""

IDEAL_SCALE, IDEAL_WIRE = 10.0, 100.0
"""Driver and wire of the row that a loss is against: its drop is below a tenth of the best of the others."""

KINDS = ("random levels", "all at the bottom", "all at the top")
"""The rows that are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What one driver and wire do to a row of each of `KINDS`.

    Attributes:
        driver_scale: last transistors over the drawn ones.
        wire_width: over the technology's.
        near: largest drop of either line at its driver (V).
        far: the same at the far end.
        loss: share of the current of the row's cells, signs aside, that is missing.
    """

    driver_scale: float
    wire_width: float
    near: tuple[float, ...]
    far: tuple[float, ...]
    loss: tuple[float, ...]

    def figures(self) -> dict[str, Json]:
        """For the results file."""
        return {
            "driver_scale": self.driver_scale,
            "wire_width": self.wire_width,
            "near_v": dict(zip(KINDS, self.near, strict=True)),
            "far_v": dict(zip(KINDS, self.far, strict=True)),
            "current_loss": dict(zip(KINDS, self.loss, strict=True)),
        }


def compared_sizes(row: PulseRow, *, quick: bool) -> list[tuple[float, float]]:
    """Driver and wire of every comparison: wires with the drawn driver, then drivers with the row's own wire."""
    if quick:
        return [(1.0, row.wire_width)]
    wires = [(1.0, width) for width in WIRE_WIDTHS]
    return [*wires, *((scale, row.wire_width) for scale in DRIVER_SCALES)]


def word_line_drops(lab: Laboratory, row: PulseRow, random: Array, sizes: Sequence[tuple[float, float]]) -> list[Drop]:
    """Drop and lost current of every size; `random` is (1, n_cells) V, a row of random levels."""
    patterns = np.concatenate([random, np.zeros_like(random), np.full_like(random, row.technology.supply_voltage)])

    def measure(scale: float, width: float) -> tuple[Array, Array, Array]:
        found = row_pulses(
            replace(row, driver=_scaled(row.driver, scale), wire_width=width),
            lab.simulator,
            codes=[DROP_CODE],
            stored_voltages=patterns,
            progress=lab.advance,
        ).isel(code=0)
        near, far = (
            np.maximum(found[f"drop_upper_{end}"].values, found[f"drop_lower_{end}"].values) for end in ("near", "far")
        )
        return near, far, found["line_current"].values

    ideal = measure(IDEAL_SCALE, IDEAL_WIRE)[2]
    drops = []
    for scale, width in sizes:
        near, far, current = measure(scale, width)
        drops.append(
            Drop(
                driver_scale=scale,
                wire_width=width,
                near=tuple(map(float, near)),
                far=tuple(map(float, far)),
                loss=tuple(map(float, 1 - current / ideal)),
            )
        )
    return drops


def _scaled(driver: PulseDriverParameters, scale: float) -> PulseDriverParameters:
    """The driver with other last transistors; its buffers follow them."""
    return replace(driver, upper_width=scale * driver.upper_width, lower_width=scale * driver.lower_width)


def drop_table(drops: Sequence[Drop], driver: PulseDriverParameters) -> Table:
    """One line for each driver and wire; sizes are told over the drawn driver's."""
    drawn = f"{1e6 * driver.upper_width:g} um / {1e6 * driver.lower_width:g} um"
    return Table(
        title="Drop of the word lines, near and far from the driver, and current that the row's cells lose by it",
        header=("driver", "wire", *(f"{kind}: mV near / far, loss" for kind in KINDS)),
        rows=tuple(
            (
                f"{one.driver_scale:g} x",
                f"{one.wire_width:g} x",
                *(
                    f"{1e3 * near:.1f} / {1e3 * far:.1f}, {100 * loss:.1f} %"
                    for near, far, loss in zip(one.near, one.far, one.loss, strict=True)
                ),
            )
            for one in drops
        ),
        note=f"Driver: last transistors over {drawn}. Wire: width over the technology's. Loss: against a driver "
        f"{IDEAL_SCALE:g} times and a wire {IDEAL_WIRE:g} times as wide.",
    )


def draw_drops(drops: Sequence[Drop]) -> Figure:
    """Lost current by size of driver and wire, one bar for each kind of row."""
    with drawing_style():
        figure = new_figure(10.0, 3.4)
        axes = figure.subplots()
        places, width = np.arange(len(drops)), 0.8 / len(KINDS)
        for k, kind in enumerate(KINDS):
            axes.bar(places + (k - 1) * width, [100 * d.loss[k] for d in drops], width, color=SERIES[k], label=kind)
        axes.set_xticks(places, [f"driver {d.driver_scale:g} ×\nwire {d.wire_width:g} ×" for d in drops])
        axes.set(title="Current that a row loses by the drop of its word lines", ylabel="lost current (%)")
        axes.legend(loc="upper right")
        plain(axes, grid="y")
        return figure
