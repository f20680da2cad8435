"""What does a write leave in the cells, how long does it take, what does it cost? From digital code to closed gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from circuits.testbench import render_netlist
from pycosim.evaluate.document import Json
from pycosim.studies.conditions import FIVE_CORNERS, SLOWEST, Condition, condition_name, design_at
from pycosim.studies.numbers import number
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.studies.write_path_plots import draw_errors, draw_write
from pycosim.studies.write_time import CORNERS, WRITE_TIMES, write_time_table, write_times
from pycosim.sweeps.write_path import (
    WritePath,
    single_level_columns,
    stored_levels,
    written_levels,
    written_levels_of,
)

ARRAYS_PER_TOKEN = 2
"""A token writes one column of keys and one of values [2025 Leroux]."""

LONG_WRITE = 3
"""How many times longer the write is that tells what a column of one level still misses."""

CONDITIONS: tuple[Condition, ...] = (
    *FIVE_CORNERS,
    ("ss", 0.0, 1.0),
    ("ss", 85.0, 1.0),
    ("ss", 27.0, 1.1),
    SLOWEST,
    ("ff", 85.0, 1.1),
)
"""The five corners, what slows the slowest, and the fastest."""

PARTS = {
    "energy_ladder": "ladder, static",
    "energy_lines": "data lines and cells",
    "energy_logic": "decoders, buffers",
    "energy_word_lines": "write word lines",
}
"""Energy of a column -> what it is spent on."""


def study_write_path(lab: Laboratory) -> Study:
    """Stored levels, charge injection, settling, disturbance and energy; then over corners, with less gate drive too.

    The variant drives the write gates no further than the rails while they are open.
    """
    path = WritePath(cell=lab.design.cell, technology=lab.design.technology)
    conditions = CONDITIONS[-2:-1] if lab.quick else CONDITIONS
    codes = [0, 3] if lab.quick else list(range(path.driver.n_levels))
    times = WRITE_TIMES[1:2] if lab.quick else WRITE_TIMES
    margins = (lab.design.cell.on_margin,) if lab.quick else (0.0, lab.design.cell.on_margin)
    n_writes = 2 * len(times) * len(margins) * len(CORNERS)
    lab.progress.stage("write path", total=2 * len(conditions) + 4 * len(codes) + n_writes)
    supply = lab.design.technology.supply_voltage
    together = single_level_columns(
        path,
        lab.simulator,
        codes=codes,
        previous_voltages=[0.0, supply],
        progress=lab.advance,
    )
    finished = single_level_columns(
        replace(path, write_time=LONG_WRITE * path.write_time),
        lab.simulator,
        codes=codes,
        previous_voltages=[0.0, supply],
        progress=lab.advance,
    )
    rows = _conditions(lab, conditions)
    shortened = write_times(lab, times, margins)
    nominal = written_levels(path, lab.simulator)
    bench = path.bench_of_every_level()
    waves = lab.simulator.run(render_netlist(bench))
    return Study(
        name="write_path",
        title="Write path: from a digital code to a stored voltage",
        figures={
            "write_path": {
                **_figures(path, nominal, together, finished, rows),
                "write_times_s": list(times),
                "write_time_errors": [one.figures() for one in shortened],
            }
        },
        tables=(
            _level_table(path, nominal, together),
            _corner_table(rows),
            write_time_table(shortened, times),
            _energy_table(path, nominal),
        ),
        datasets={"levels": nominal, "columns_of_one_level": together},
        plots={"write": draw_write(path, waves, bench.parameters), "errors": draw_errors(path, nominal, rows)},
    )


def _conditions(lab: Laboratory, conditions: Sequence[Condition]) -> list[dict[str, Json]]:
    """The figures of every corner, as drawn and with the write gates at the rails."""
    cell = lab.design.cell
    variants = {"": cell, "at_rails_": replace(cell, on_margin=0.0)}
    designs = [design_at(lab.design, condition) for condition in conditions]
    found = iter(
        written_levels_of(
            [WritePath(cell=cell, technology=design.technology) for design in designs for cell in variants.values()],
            lab.simulator,
            progress=lab.advance,
        )
    )
    rows = []
    for design in designs:
        row: dict[str, Json] = {
            "corner": design.technology.corner,
            "temperature_c": design.technology.temperature,
            "supply_v": design.technology.supply_voltage,
        }
        for name in variants:
            one = next(found)
            level = design.technology.supply_voltage / (one.sizes["code"] - 1)
            row |= {
                f"{name}error_v": [float(v) for v in one["error"].values],
                f"{name}error_max_levels": float(np.abs(one["error"].values).max() / level),
                f"{name}injection_max_v": float(np.abs(one["injection"].values).max()),
                f"{name}settle_quarter_level_s": float(one["quarter_level_time"].values.max()),
                f"{name}energy_j": _energy(one),
            }
        rows.append(row)
    return rows


def _energy(found: xr.Dataset) -> float:
    """Energy of one column (J)."""
    return float(sum(float(found[name]) for name in PARTS))


def _figures(
    path: WritePath, nominal: xr.Dataset, together: xr.Dataset, finished: xr.Dataset, rows: Sequence[dict[str, Json]]
) -> dict[str, Json]:
    model = stored_levels(nominal, path.technology)
    unfinished = np.abs(together["voltage"].values - finished["voltage"].values)
    return {
        "stored_levels_v": [float(v) for v in model.voltages],
        "gain": model.gain,
        "offset_v": model.offset,
        "residual_max_v": float(np.abs(model.residuals).max()),
        "error_max_v": float(np.abs(model.errors).max()),
        "injection_v": [float(v) for v in nominal["injection"].values],
        "settle_quarter_level_s": float(nominal["quarter_level_time"].values.max()),
        "settle_half_level_s": float(nominal["half_level_time"].values.max()),
        "one_level_settle_quarter_level_s": float(together["quarter_level_time"].values.max()),
        "one_level_unfinished_v": float(unfinished.max()),
        "ladder_impedance_max_ohm": max(path.driver.tap_impedance(code) for code in range(path.driver.n_levels)),
        "gate_closing_time_s": float(nominal["closing_time"]),
        "disturbance_v": float(nominal["disturbance"].values.max()),
        "energy_j": {name.removeprefix("energy_"): float(nominal[name]) for name in PARTS},
        "energy_per_cell_j": _energy(nominal) / path.n_rows,
        "energy_per_token_j": _energy(nominal) * ARRAYS_PER_TOKEN,
        "corners": list(rows),
    }


def _level_table(path: WritePath, nominal: xr.Dataset, together: xr.Dataset) -> Table:
    levels = path.driver.levels(path.technology)
    slowest = together["quarter_level_time"].max("previous_voltage")
    rows = []
    for code, level in enumerate(levels):
        one = nominal.sel(code=code)
        alone = float(slowest.sel(code=code)) if code in together["code"].values else float("nan")
        rows.append(
            (
                str(code),
                f"{1e3 * level:.1f}",
                f"{1e3 * float(one['written_error']):+.2f}",
                f"{1e3 * float(one['injection']):+.2f}",
                f"{1e3 * float(one['error']):+.2f}",
                f"{1e9 * float(one['quarter_level_time']):.2f}",
                f"{1e9 * float(one['half_level_time']):.2f}",
                f"{1e9 * alone:.2f}",
            )
        )
    model = stored_levels(nominal, path.technology)
    return Table(
        title=f"What is stored after a write of {1e9 * path.write_time:.0f} ns",
        header=(
            "code",
            "level, mV",
            "in the cell before closing, mV off",
            "injected by closing, mV",
            "stored, mV off",
            "to a quarter level, ns",
            "to half a level, ns",
            "quarter level, all rows one code, ns",
        ),
        rows=tuple(rows),
        note=(
            f"Every cell comes from the farther rail. Stored = {model.gain:.4f} x level {1e3 * model.offset:+.2f} mV, "
            f"within {1e3 * float(np.abs(model.residuals).max()):.2f} mV. A cell of another column moves by at most "
            f"{1e6 * float(nominal['disturbance'].values.max()):.2f} uV."
        ),
    )


def _corner_table(rows: Sequence[Mapping[str, Json]]) -> Table:
    def cells(row: Mapping[str, Json], name: str) -> tuple[str, ...]:
        error, share = row[f"{name}error_v"], row[f"{name}error_max_levels"]
        worst = float(np.abs(np.asarray(error, dtype=np.float64)).max())
        time, injected = (number(row[f"{name}{key}"]) for key in ("settle_quarter_level_s", "injection_max_v"))
        return f"{1e3 * worst:.1f} ({number(share):.2f})", f"{1e3 * injected:.1f}", f"{1e9 * time:.1f}"

    return Table(
        title="Corners, write gates as drawn and driven to the rails only",
        header=(
            "corner",
            "largest error, mV (levels)",
            "injection, mV",
            "quarter level, ns",
            "at the rails: error, mV (levels)",
            "injection, mV",
            "quarter level, ns",
        ),
        rows=tuple(
            (
                condition_name(row["corner"], number(row["temperature_c"]), number(row["supply_v"])),
                *cells(row, ""),
                *cells(row, "at_rails_"),
            )
            for row in rows
        ),
        note="The time is to a quarter level of what the cell has when the gate closes, so a write that is not "
        "finished shows in the error. The middle levels are the slow ones: there both transistors of the write gate "
        "have half the supply as drive.",
    )


def _energy_table(path: WritePath, nominal: xr.Dataset) -> Table:
    total = _energy(nominal)
    rows = [(text, f"{1e12 * float(nominal[name]):.3f}") for name, text in PARTS.items()]
    rows.append(("one column", f"{1e12 * total:.3f}"))
    rows.append(("one cell", f"{1e12 * total / path.n_rows:.4f}"))
    rows.append(("one token: keys and values", f"{1e12 * total * ARRAYS_PER_TOKEN:.3f}"))
    return Table(
        title=f"Energy of writing {path.n_rows} cells, every level equally often",
        header=("part", "pJ"),
        rows=tuple(rows),
        note="Published for the DACs of a head: 330 pJ a token [2025 Leroux]. Not counted: the generation of the "
        "levels beyond the rails, the digital codes' wires.",
    )
