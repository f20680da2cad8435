"""How far do neighbours differ? Mismatch of cells, converters and whole columns, by Monte Carlo over dies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from circuits.benches.cell import gain_cell_dc_bench
from circuits.die import Die
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import render_netlist
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import INK, SERIES, drawing_style, new_figure, plain
from pycosim.evaluate.quantities import show_quantity
from pycosim.flows.columns import N_ROWS
from pycosim.spice import Simulator
from pycosim.studies.sigma import sigma_note
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.column import Column
from pycosim.sweeps.variation import cell_current_spread, column_spread, converter_spread

Array = NDArray[np.float64]

PARTS = {"cells": tuple(f"c{k}" for k in range(N_ROWS)), "converter": ("converter",), "all": ()}
"""Whose transistors deviate, by name of the column's instances."""

HALF_COUNT = 0.5
"""Yield limit in counts of the read-out: beyond it a column reads another number."""

SMALL_SHIFT = 2e-3
"""Threshold step for the sensitivity of the read current (V): small against kT/q, large against rounding."""


def study_monte_carlo(lab: Laboratory) -> Study:
    """Spread of the read current, of the converters' transfer, and of one column's pulse with the same operands."""
    design = lab.design
    n_cells, n_dies, n_columns = (40, 4, 2) if lab.quick else (400, 100, 40)
    seeds = [lab.seed + k for k in range(n_dies)]
    lab.progress.stage("Monte Carlo: cells", total=len(design.levels))
    cells = cell_current_spread(
        design.cell,
        design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in design.levels],
        n_cells=n_cells,
        die=Die(seed=lab.seed),
        progress=lab.advance,
    )
    predicted = predicted_spread(design.cell, design.technology, lab.simulator, design.levels)
    spreads = {}
    for name, column in (("charge_to_pulse", design.first), ("signed_charge_to_pulse", design.second)):
        charges = _charges(column)
        lab.progress.stage(f"Monte Carlo: {name.replace('_', ' ')}", total=n_dies * len(charges))
        spreads[name] = converter_spread(
            column,
            lab.simulator,
            charges=charges,
            seeds=seeds,
            progress=lab.advance,
        )
    reads = _column_pulses(lab, seeds[:n_columns])
    lines = {name: transfer_lines(data, design.max_pulse_width) for name, data in spreads.items()}
    return Study(
        name="monte_carlo",
        title="Mismatch: cells, converters and whole columns over dies",
        figures={"monte_carlo": _figures(cells, predicted, lines, reads, n_dies)},
        tables=(_cell_table(cells, predicted), _pulse_table(lines, reads)),
        datasets={"cells": cells, **spreads, "columns": reads},
        plots={"monte_carlo": _plot(cells, lines, reads)},
    )


def predicted_spread(cell: GainCellParameters, technology: Technology, simulator: Simulator, levels: Array) -> Array:
    """Standard deviation of the read current by the closed form, per level (A).

    sigma_I^2 = sum over the read pair of (dI/dVth sigma_vth)^2 + (I sigma_beta)^2, with the derivatives from shifted
    cells in ngspice. Either transistor of the pair carries the whole current at its levels; near mid-supply both do.
    """
    mismatch = technology.mismatch

    def current(varied: GainCellParameters) -> Array:
        bench = gain_cell_dc_bench(
            varied,
            technology,
            stored_voltages=[float(v) for v in levels],
            word_line_step=technology.mid_voltage,
        )
        waves = simulator.run(render_netlist(bench))
        return np.array([-np.real(waves.signals[f"i(vbl{k})"])[-1] for k in range(len(levels))])

    drawn, variance = current(cell), np.zeros(len(levels))
    for name, a_vth in (("read_nmos", mismatch.a_vth_nmos), ("read_pmos", mismatch.a_vth_pmos)):
        mosfet = getattr(cell, name)
        root_area = np.sqrt(mosfet.area)
        shifted = replace(mosfet, threshold_shift=mosfet.threshold_shift + SMALL_SHIFT)
        wider = replace(mosfet, width=mosfet.width * 1.02)
        slope = (current(replace(cell, **{name: shifted})) - drawn) / SMALL_SHIFT
        factor = (current(replace(cell, **{name: wider})) - drawn) / 0.02
        variance += (slope * a_vth / root_area) ** 2 + (factor * mismatch.a_beta / root_area) ** 2
    return np.asarray(np.sqrt(variance))


def transfer_lines(data: xr.Dataset, longest: float) -> xr.Dataset:
    """Gain and offset of every die's transfer, by a line through its points that did not clip.

    Args:
        data: pulse width over seed and charge, of positive charges.
        longest: width of a saturated pulse (s).

    Returns:
        `gain` (s/C) and `offset` (s) over seed; NaN for a die with fewer than two points between 0 and `longest`.
    """
    charge, margin = data["charge"].values, 0.02 * longest

    def line(widths: Array) -> Array:
        inside = (widths > margin) & (widths < longest - margin)
        return np.polyfit(charge[inside], widths[inside], 1) if inside.sum() > 1 else np.full(2, np.nan)

    fits = np.array([line(row) for row in data["pulse_width"].values])
    return xr.Dataset({"gain": ("seed", fits[:, 0]), "offset": ("seed", fits[:, 1])}, coords={"seed": data["seed"]})


def _charges(column: Column) -> list[float]:
    """Charges inside the range (C); five, so that most dies have two that do not clip."""
    full = column.converter.saturation_current * column.timing.max_pulse_width
    return [float(q) for q in full * np.linspace(1 / 6, 5 / 6, 5)]


def _spread(values: Array) -> float:
    """Standard deviation of those dies that have a value."""
    return float(np.nanstd(values, ddof=1))


def _column_pulses(lab: Laboratory, seeds: list[int]) -> xr.Dataset:
    """Pulse of one unsigned column with the same operands: drawn, and with mismatch in cells, converter, both."""
    design = lab.design
    rng = np.random.default_rng([lab.seed, 77])
    # levels and widths whose mean is near half of the full charge for the shipped cell: 5 of 8 levels, 4 of 15 counts
    stored = design.levels[rng.choice([2, 4, 5, 6, 7], N_ROWS)]
    widths = np.asarray(design.unit_time * rng.integers(0, 9, N_ROWS), dtype=np.float64)
    dies: list[tuple[str, Die | None]] = [("drawn", None)]
    dies += [(part, Die(seed=seed, parts=names)) for part, names in PARTS.items() for seed in seeds]
    lab.progress.stage("Monte Carlo: whole columns", total=len(dies))
    reads = column_spread(
        design.first,
        lab.simulator,
        stored_voltages=stored,
        pulse_widths=widths,
        dies=[die for _, die in dies],
        progress=lab.advance,
    )
    return reads.assign_coords(part=("deck", [part for part, _ in dies]))


def _part(reads: xr.Dataset, name: str) -> Array:
    """Pulse widths of the columns in which this part deviates (s)."""
    return np.asarray(reads["pulse_width"].values[reads["part"].values == name])


def _figures(
    cells: xr.Dataset, predicted: Array, lines: dict[str, xr.Dataset], reads: xr.Dataset, n_dies: int
) -> dict[str, Json]:
    current = cells["read_current"].values
    nominal = float(_part(reads, "drawn")[0])
    per_level: list[Json] = [
        {"level_v": float(v), "mean_a": float(i.mean()), "sigma_a": float(i.std(ddof=1)), "predicted_sigma_a": float(p)}
        for v, i, p in zip(cells["stored_voltage"].values, current, predicted, strict=True)
    ]
    columns: dict[str, Json] = {"n": int(_part(reads, "all").size), "drawn_s": nominal}
    for part in PARTS:
        error = _part(reads, part) - nominal
        columns[f"sigma_{part}_s"] = float(error.std(ddof=1))
        columns[f"yield_{part}"] = float(np.mean(np.abs(error) < HALF_COUNT * 1e-9))
    converters: dict[str, Json] = {
        name: {
            "sigma_offset_s": _spread(line["offset"].values),
            "sigma_gain": _spread(line["gain"].values) / float(np.nanmean(line["gain"].values)),
            "without_two_points": int(np.isnan(line["gain"].values).sum()),
        }
        for name, line in lines.items()
    }
    return {
        "n": n_dies,
        "n_cells": int(current.shape[1]),
        "sigma_cell_current": float(current[-1].std(ddof=1)),
        "sigma_offset_s": _spread(lines["charge_to_pulse"]["offset"].values),
        "cell_current": per_level,
        "converters": converters,
        "column": columns,
    }


def _cell_table(cells: xr.Dataset, predicted: Array) -> Table:
    rows = []
    for v, current, sigma in zip(cells["stored_voltage"].values, cells["read_current"].values, predicted, strict=True):
        spread = float(current.std(ddof=1))
        rows.append(
            (
                f"{v:.3f}",
                f"{current.mean() * 1e6:.2f}",
                f"{spread * 1e6:.3f}",
                f"{sigma * 1e6:.3f}",
                f"{100 * spread / abs(current.mean()):.0f}",
            )
        )
    n = cells.sizes["cell"]
    return Table(
        title=f"Read current of {n} cells of one die at full input, DC",
        header=("level, V", "mean, uA", "sigma, uA", "closed form, uA", "sigma, % of mean"),
        rows=tuple(rows),
        note=f"{sigma_note(n)} The closed form is "
        "Pelgrom's sigma times the derivatives that ngspice gives for shifted and widened devices.",
    )


def _pulse_table(lines: dict[str, xr.Dataset], reads: xr.Dataset) -> Table:
    rows = [
        (
            name.replace("_", "-"),
            str(line.sizes["seed"]),
            show_quantity(_spread(line["offset"].values), "s"),
            f"{100 * _spread(line['gain'].values) / float(np.nanmean(line['gain'].values)):.1f} %",
            "",
        )
        for name, line in lines.items()
    ]
    nominal = float(_part(reads, "drawn")[0])
    for part in PARTS:
        error = _part(reads, part) - nominal
        rows.append(
            (
                f"one column of {N_ROWS} cells: mismatch in {part}",
                str(error.size),
                show_quantity(float(error.std(ddof=1)), "s"),
                "",
                f"{100 * np.mean(np.abs(error) < HALF_COUNT * 1e-9):.0f} %",
            )
        )
    return Table(
        title="Converters and columns over dies, without any trim",
        header=("circuit", "dies", "sigma of offset or pulse", "sigma of gain", "within half a count (0.5 ns)"),
        rows=tuple(rows),
        note=" ".join(sigma_note(n) for n in dict.fromkeys(int(row[1]) for row in rows)),
    )


def _plot(cells: xr.Dataset, lines: dict[str, xr.Dataset], reads: xr.Dataset) -> Figure:
    with drawing_style():
        figure = new_figure(10, 3.2)
        left, middle, right = figure.subplots(1, 3)
        for k, level in enumerate(cells["stored_voltage"].values):
            current = cells["read_current"].values[k] * 1e6
            left.plot(np.full(current.size, level), current, ".", color=SERIES[0], markersize=2, alpha=0.5)
        left.set(title="read current of one die's cells", xlabel="stored voltage, V", ylabel="uA")
        for color, (name, line) in zip(SERIES, lines.items(), strict=False):
            offset, gain = line["offset"].values * 1e9, line["gain"].values / np.nanmean(line["gain"].values)
            middle.plot(offset, 100 * (gain - 1), ".", color=color, label=name.replace("_", "-"))
        middle.set(title="converters, untrimmed", xlabel="offset, ns", ylabel="gain, % of mean")
        middle.legend()
        nominal = float(_part(reads, "drawn")[0])
        for k, part in enumerate(PARTS):
            error = np.sort(_part(reads, part) - nominal) * 1e9
            right.plot(error, (np.arange(error.size) + 0.5) / error.size, color=SERIES[k], label=part)
        right.axvspan(-HALF_COUNT, HALF_COUNT, color=INK, alpha=0.06)
        right.set(title="pulse of one column, same operands", xlabel="error, ns", ylabel="share of dies")
        right.legend()
        for axes in (left, middle, right):
            plain(axes)
        return figure
