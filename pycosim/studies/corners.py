"""What do process, temperature and supply do? Cell and converters over five corners, three temperatures, +-10 %."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pycosim.errors import SimulationError
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import SERIES, drawing_style, new_figure, plain
from pycosim.flows.characterization import Design
from pycosim.studies.conditions import NOMINAL, SLOWEST, condition_name, design_at
from pycosim.studies.numbers import number
from pycosim.studies.operands import measured_charges, spread_operands
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.column import Column, column_reads
from pycosim.sweeps.converter import converter_transfer

Array = NDArray[np.float64]

TEMPERATURES = (0.0, 27.0, 85.0)
"""Commercial range and room (deg C)."""

SUPPLY_SCALES = (0.9, 1.0, 1.1)
"""+-10 %, usual for logic supplies."""

HEADER = (
    "corner",
    "cell at 0 / full level, uA",
    "zero, V",
    "HardSigmoid: gain, offset ns",
    "columns, rms ns",
    "pJ a column",
    "signed: gain, offset ns",
    "columns, rms ns",
    "pJ a column",
)
"""Of the table."""


def study_corners(lab: Laboratory) -> Study:
    """Cell current, converter gain and offset, column error and energy at every corner.

    A column's error is against its own corner: the pulse that the sum of the cells' charges there would give in an
    ideal converter. What the cells' currents do is separate, and what the adaptation takes up.
    """
    points = list(product(lab.design.technology.corners, TEMPERATURES, SUPPLY_SCALES))
    if lab.quick:
        points = [NOMINAL, SLOWEST]
    lab.progress.stage("corners", total=len(points))
    rows: list[dict[str, Json]] = []
    for condition in points:
        rows.append(_row(lab, design_at(lab.design, condition)))
        lab.progress.advance()
    return Study(
        name="corners",
        title="Corners: process, temperature, supply",
        figures={"corners": list(rows)},
        tables=(_table(rows),),
        plots={"corners": _plot(rows)},
    )


def _row(lab: Laboratory, design: Design) -> dict[str, Json]:
    """The figures of one corner; a corner in which a circuit fails says so and has no further figures."""
    technology = design.technology
    row: dict[str, Json] = {
        "corner": technology.corner,
        "temperature_c": technology.temperature,
        "supply_v": technology.supply_voltage,
        "failed": "",
    }
    try:
        charges = measured_charges(lab, design)
        row |= _cell_figures(charges, design)
        for name, column in (("first", design.first), ("second", design.second)):
            row |= {f"{name}_{key}": value for key, value in _column_figures(lab, design, column, charges).items()}
    except SimulationError as error:
        place = "" if error.netlist is None else f"{error.netlist}: "
        row["failed"] = " ".join(f"{place}{error.message}".split())
    return row


def _cell_figures(charges: Array, design: Design) -> dict[str, Json]:
    current = charges[-1] / design.max_pulse_width
    return {
        "cell_lowest_a": float(current[0]),
        "cell_highest_a": float(current[-1]),
        "cell_zero_v": float(np.interp(0.0, current, design.levels)),
    }


def _column_figures(lab: Laboratory, design: Design, column: Column, cell_charges: Array) -> dict[str, Json]:
    full = column.converter.saturation_current * column.timing.max_pulse_width
    charges = full * np.array([0.2, 0.5, 0.8])
    if column.converter.signed:
        charges = np.concatenate([-charges[::-1], charges])
    transfer = converter_transfer(
        column.converter,
        design.technology,
        column.timing,
        lab.simulator,
        charges=[float(q) for q in charges],
        cell=design.cell,
    )
    ideal = charges / full * column.timing.max_pulse_width
    slope, offset = np.polyfit(ideal, transfer["pulse_width"].values, 1)
    stored, widths, charge = spread_operands(lab, design, column, cell_charges)
    reads = column_reads(column, lab.simulator, stored_voltages=stored, pulse_widths=widths)
    expected = np.clip(charge / full, -1.0 if column.converter.signed else 0.0, 1.0) * column.timing.max_pulse_width
    error = reads["pulse_width"].values - expected
    energy = sum(float(reads[name].values.mean()) for name in ("energy_converter", "energy_word_lines"))
    return {
        "gain_error": float(slope - 1),
        "offset_s": float(offset),
        "column_error_rms_s": float(np.sqrt(np.mean(error**2))),
        "column_error_max_s": float(np.max(np.abs(error))),
        "energy_j": energy,
    }


def _line(row: dict[str, Json]) -> tuple[str, ...]:
    """A corner in the table. One in which a circuit failed has what was found before, then why."""
    shown = [condition_name(row["corner"], number(row["temperature_c"]), number(row["supply_v"]))]
    if "cell_zero_v" in row:
        current = f"{number(row['cell_lowest_a']) * 1e6:.1f} / {number(row['cell_highest_a']) * 1e6:.1f}"
        shown += [current, f"{number(row['cell_zero_v']):.3f}"]
    for name in ("first", "second"):
        if f"{name}_energy_j" in row:
            shown += [
                f"{100 * number(row[f'{name}_gain_error']):+.1f} %, {number(row[f'{name}_offset_s']) * 1e9:+.3f}",
                f"{number(row[f'{name}_column_error_rms_s']) * 1e9:.3f}",
                f"{number(row[f'{name}_energy_j']) * 1e12:.2f}",
            ]
    if row["failed"]:
        shown.append(f"failed: {row['failed']}")
    return (*shown, *[""] * (len(HEADER) - len(shown)))


def _table(rows: Sequence[dict[str, Json]]) -> Table:
    return Table(
        title="Every corner, circuits as sized at tt, 27 C, 0.9 V, no trim",
        header=HEADER,
        rows=tuple(_line(row) for row in rows),
        note="Columns are judged against the charges of the cells at the same corner; three of each kind per corner, "
        "chosen anew at each so that charges lie low, in the middle and high there: errors and energies of different "
        "corners are of different operands. Bias currents, references and clocks are ideal at every corner, so that a "
        "gain error is that of a charge over an ideal current: a real bias circuit adds its own.",
    )


def _plot(rows: Sequence[dict[str, Json]]) -> Figure:
    names = list(dict.fromkeys(str(row["corner"]) for row in rows))
    with drawing_style():
        figure = new_figure(10, 3.0)
        panels = figure.subplots(1, 3)
        quantities = (
            ("cell_highest_a", 1e6, "cell at the top level, uA"),
            ("first_offset_s", 1e9, "HardSigmoid: offset, ns"),
            ("first_column_error_rms_s", 1e9, "HardSigmoid: rms error of columns, ns"),
        )
        supplies = sorted({number(row.get("supply_v")) for row in rows})
        for axes, (key, scale, title) in zip(panels, quantities, strict=True):
            for color, name in zip(SERIES, names, strict=False):
                for supply, marker in zip(supplies, "v.^", strict=False):
                    found = [row for row in rows if row["corner"] == name and number(row.get("supply_v")) == supply]
                    axes.plot(
                        [number(row.get("temperature_c")) for row in found],
                        [number(row.get(key)) * scale for row in found],
                        marker=marker,
                        color=color,
                        linewidth=0.8,
                        label=name if supply == supplies[len(supplies) // 2] else None,
                    )
            axes.set(title=title, xlabel="deg C")
            plain(axes)
        panels[0].legend(title="markers: supply", ncols=2)
        return figure
