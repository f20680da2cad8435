"""Which cell? The shipped gain cell beside cells with an oxide write device, with two and with three transistors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from circuits.area import AreaRules
from circuits.cell_variants import CellVariant, cell_variants
from circuits.gain_cell import GainCellParameters
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.studies.held_cell import Held, measure_held
from pycosim.studies.numbers import number
from pycosim.studies.retention_tables import seconds
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.cell import read_current_table
from pycosim.sweeps.cell_write import cell_writes

Array = NDArray[np.float64]

TEMPERATURES = (27.0, 85.0)
"""Room and the hottest of the commercial range (deg C)."""

WRITE_TIME = 8e-9
"""How long a write gate is open (s). Ours: twice the shipped plan's, so that slower cells show their time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """One cell with everything measured of it.

    Attributes:
        variant: the cell.
        current: DC read current over the stored voltage, read lines fully driven (A).
        held: leak, capacitance and full reads.
        writes: of the levels.
    """

    variant: CellVariant
    current: xr.DataArray
    held: Held
    writes: xr.Dataset


def study_cells(lab: Laboratory) -> Study:
    """Read current, injection, write, retention, size and energy of every cell variant.

    A level is written when it is within a quarter of the step between levels, from the rail that is farther away.
    """
    variants = list(cell_variants().values())
    variants = [variants[0], variants[2]] if lab.quick else variants
    lab.progress.stage("cell variants", total=len(variants))
    compared = []
    for variant in variants:
        compared.append(_compare(lab, variant))
        lab.progress.advance()
    rows = [_row(one) for one in compared]
    return Study(
        name="cells",
        title="Cell variants",
        figures={"cells": list(rows)},
        tables=(_table(rows), _cost_table(rows)),
        datasets={
            **{f"read_{one.variant.name}": one.current.to_dataset(name="read_current") for one in compared},
            **{f"write_{one.variant.name}": one.writes for one in compared},
        },
        plots={"cells": _plot(compared)},
    )


def _compare(lab: Laboratory, variant: CellVariant) -> Compared:
    held = measure_held(lab, variant, corners=["tt"], temperatures=TEMPERATURES)
    supply = held.technology.supply_voltage
    table = read_current_table(
        variant.parameters,
        held.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in np.linspace(0.0, supply, 37)],
        word_line_voltages=[supply],
    )
    levels = held.levels
    writes = cell_writes(
        variant.parameters,
        held.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in levels],
        tolerance=float(levels[1] - levels[0]) / 4,
        write_time=WRITE_TIME,
    )
    return Compared(variant=variant, current=table["read_current"].isel(word_line_voltage=0), held=held, writes=writes)


def _row(one: Compared) -> dict[str, Json]:
    """The figures of one cell (SI units)."""
    stored, current = one.current["stored_voltage"].values, one.current.values
    line = np.polyval(np.polyfit(stored, current, 1), stored)
    span = float(current.max() - current.min())
    writes = one.writes.isel(temperature=0)
    injection = writes["injection"].values
    levels = writes["stored_voltage"].values
    gain, _ = np.polyfit(levels, injection, 1)
    full = one.held.charges["charge"].sel(corner="tt", temperature=TEMPERATURES[0])
    pulsed = full.values / one.held.pulse_width
    capacitance = one.held.leaks["capacitance"].sel(corner="tt", temperature=TEMPERATURES[0])
    lives = {t: one.held.retention("tt", t)[0] for t in TEMPERATURES}
    reached = writes["write_time"].values
    return {
        "cell": one.variant.name,
        "title": one.variant.title,
        "transistors": len(one.variant.parameters.transistors),
        "signed": one.variant.signed,
        "read_current_min_a": float(current.min()),
        "read_current_max_a": float(current.max()),
        "nonlinearity": float(np.sqrt(np.mean((current - line) ** 2))) / span,
        "pulse_over_dc": float(np.ptp(pulsed)) / span,
        "injection_mean_v": float(injection.mean()),
        "injection_gain": float(gain),
        "write_error_max_v": float(np.abs(writes["written_error"].values).max()),
        "write_time_s": None if np.isnan(reached).any() else float(reached.max()),
        "storage_capacitance_f": float(capacitance.interp(stored_voltage=one.held.technology.mid_voltage)),
        "retention_27c_s": float(lives[27.0].min()),
        "retention_85c_s": float(lives[85.0].min()),
        "line_energy_j": float(writes["line_energy"].mean()),
        "gate_energy_j": float(writes["gate_energy"].mean()),
        **_areas(one.variant.parameters),
    }


def _areas(cell: GainCellParameters) -> dict[str, Json]:
    """Area of the silicon devices, of those between metal layers and of the drawn capacitor (m^2)."""
    rules = AreaRules()

    def area(oxide: bool) -> float:
        chosen = [m for m in cell.transistors.values() if (m.flavour == "oxide") == oxide]
        return sum(m.multiplier * (m.width + rules.spacing) * (m.length + rules.source_drain) for m in chosen)

    return {
        "silicon_area_m2": area(oxide=False),
        "oxide_area_m2": area(oxide=True),
        "capacitor_area_m2": cell.storage_capacitance / rules.capacitor_density,
    }


def _table(rows: Sequence[Mapping[str, Json]]) -> Table:
    def line(row: Mapping[str, Json]) -> tuple[str, ...]:
        return (
            f"{row['title']}",
            f"{1e6 * number(row['read_current_min_a']):.2f} .. {1e6 * number(row['read_current_max_a']):.2f}",
            f"{100 * number(row['nonlinearity']):.1f}",
            f"{100 * (1 - number(row['pulse_over_dc'])):.1f}",
            f"{1e3 * number(row['injection_mean_v']):+.1f}",
            f"{100 * number(row['injection_gain']):+.2f}",
            seconds(row["retention_27c_s"]),
            seconds(row["retention_85c_s"]),
        )

    return Table(
        title="Cell variants: reading and holding",
        header=(
            "cell",
            "read current (uA)",
            "off a straight line (% of range)",
            "pulse below DC (%)",
            "injection (mV)",
            "injection gain (%)",
            "holds at 27 °C",
            "holds at 85 °C",
        ),
        rows=tuple(line(row) for row in rows),
        note="Positive currents are sunk from the bit line. Injection: mean over the levels, and its slope against the "
        "level; a constant part can be written away, the slope is a gain. Holds: until a read of the worst level "
        "is off by half a level. The 3T cell's read gate stands on ground at rest, with up to 0.9 V across its oxide "
        "where the pair's has half of that.",
    )


def _cost_table(rows: Sequence[Mapping[str, Json]]) -> Table:
    def line(row: Mapping[str, Json]) -> tuple[str, ...]:
        write_time = row["write_time_s"]
        areas = (row["silicon_area_m2"], row["oxide_area_m2"], row["capacitor_area_m2"])
        return (
            f"{row['title']}",
            f"{row['transistors']}",
            f"{1e15 * number(row['storage_capacitance_f']):.1f}",
            *(f"{1e12 * number(area):.3f}" for area in areas),
            f"not in {1e9 * WRITE_TIME:g} ns" if write_time is None else f"{1e9 * number(write_time):.1f}",
            f"{1e3 * number(row['write_error_max_v']):.1f}",
            f"{1e15 * number(row['line_energy_j']):.1f} + {1e15 * number(row['gate_energy_j']):.1f}",
        )

    return Table(
        title="Cell variants: size and writing",
        header=(
            "cell",
            "transistors",
            "node (fF)",
            "silicon (um²)",
            "above it (um²)",
            "capacitor (um²)",
            "slowest write (ns)",
            f"left after {1e9 * WRITE_TIME:g} ns (mV)",
            "energy per write (fJ), data line + word lines",
        ),
        rows=tuple(line(row) for row in rows),
        note="Areas are estimates from device sizes (circuits/area.py), without wires and wells; a capacitor of metal "
        "layers lies above the transistors. A write draws the charge that a line takes up over the swing of its "
        "driver; the data line is that of 64 cells of 1 um, word lines are counted without their wires.",
    )


def _plot(compared: Sequence[Compared]) -> Figure:
    """Read current of every cell, and what closing its gate does to each level."""
    with drawing_style():
        figure = new_figure(10.0, 3.6)
        read, inject = figure.subplots(1, 2, width_ratios=(1.4, 1.0))
        for k, (one, color) in enumerate(zip(compared, SERIES, strict=False)):
            style = (2 * k, (3, 5)) if k else "-"  # the curves lie on each other
            stored, current = one.current["stored_voltage"], 1e6 * one.current
            read.plot(stored, current, color=color, linestyle=style, label=one.variant.title)
            writes = one.writes.isel(temperature=0)
            inject.plot(writes["stored_voltage"], 1e3 * writes["injection"], "-o", color=color)
        read.axhline(0.0, color=MUTED, linewidth=0.8)
        inject.axhline(0.0, color=MUTED, linewidth=0.8)
        read.set(title="Read at DC", xlabel="stored voltage (V)", ylabel="read current (uA)")
        inject.set(title="Closing the write gate", xlabel="written voltage (V)", ylabel="change (mV)")
        read.legend(loc="upper left")
        for axes in (read, inject):
            plain(axes)
        return figure
