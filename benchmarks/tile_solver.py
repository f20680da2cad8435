"""The tile solver against flat netlists in ngspice: error, speed, cost by size; and the column model against it.

    python benchmarks/tile_solver.py [--quick] [--out docs/results/speed.json]

Arrays of 8 x 8, 16 x 16 and 32 x 32 cells with their converters, wires as narrow as it takes to drop as much as those
of 64 x 64 cells do at the technology's width; random codes, and levels that lean to one side by column. The cost is
that of one read of 16 to 256 rows and columns with the shipped wires. Writes `tile` of the results file and the tables
of docs/models.md; `--quick` stops at 8 x 8 and writes nothing.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import record
import typer

from circuits.benches.array import read_only
from circuits.interconnect import ArrayWires
from pycosim.flows.characterization import Design, make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import SilentProgress
from pycosim.models.array_solver import ArraySolver
from pycosim.models.resistive_array import ReadPairTable
from pycosim.spice import NgspicePool
from pycosim.studies.study import Laboratory
from pycosim.studies.tile_reads import draw_tile
from pycosim.studies.tile_what_if import TileQuestion, ask_tile
from pycosim.studies.tile_what_if_tables import answer_figures
from pycosim.sweeps.array import CellArray, with_wires
from pycosim.sweeps.tile_solver import flat_read, floating_pair_table, measure_array_solver, word_line_load

PUBLISHED_SIZE = 64
LONGEST_DECK = 3600.0


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])  # the first one warms up


def against_flat(
    pool: NgspicePool, design: Design, table: ReadPairTable, load: float, size: int
) -> dict[str, float | int]:
    """One flat array of this size, and the solver on the same operands."""
    narrow = (size / PUBLISHED_SIZE) ** 2
    column = replace(design.first, timing=read_only(design.first.timing), written=False)
    array = CellArray(column=replace(column, wires=ArrayWires(word_line=narrow, bit_line=narrow)))
    solver, converter = measure_array_solver(array, pool, table=table, cell_load=load, n_rows=size)
    rng = np.random.default_rng(size)
    operands = draw_tile(rng, size, design, key_lean=0.5)
    stored, widths = operands.keys, operands.pulse_widths
    start = time.perf_counter()
    pulses, feet = flat_read(array, pool, stored_voltages=stored, pulse_widths=widths)
    flat_seconds = time.perf_counter() - start
    seconds = median_seconds(lambda: solver.read(stored, widths), 20)
    found = solver.read(stored, widths).column_charges
    timing = column.timing
    full = column.converter.saturation_current * timing.max_pulse_width
    ideal = ArraySolver(table=table).read(stored, widths).column_charges
    errors = (found - feet) / full
    pulse_errors = (converter.pulse_width(found) - pulses) / timing.max_pulse_width
    return {
        "size": size,
        "error": float(max(np.abs(errors).max(), np.abs(pulse_errors).max())),
        "rms_charge_error": float(np.sqrt(np.mean(errors**2))),
        "rms_pulse_error": float(np.sqrt(np.mean(pulse_errors**2))),
        "without_lines": float(np.abs(ideal - feet).max() / full),
        "flat_seconds": flat_seconds,
        "seconds": seconds,
        "speedup": flat_seconds / seconds,
    }


def cost(solver: ArraySolver, design: Design, sizes: tuple[int, ...]) -> list[dict[str, float | int]]:
    """Time of one read by size."""
    found = []
    for size in sizes:
        rng = np.random.default_rng(size)
        stored = design.levels[rng.integers(0, len(design.levels), (size, size))]
        widths = np.asarray(design.unit_time * rng.integers(0, 16, size), dtype=np.float64)
        seconds = median_seconds(lambda s=stored, w=widths: solver.read(s, w), 5)
        found.append({"size": size, "seconds": seconds, "seconds_per_cell": seconds / size**2})
    return found


def percents(*values: float) -> str:
    return " / ".join(f"{100 * value:.2g}" for value in values)


def tables(flats: list[dict[str, Any]], costs: list[dict[str, Any]], losses: list[dict[str, Any]]) -> dict[str, str]:
    """Mark in the docs -> table."""
    flat = [
        (
            f"{f['size']} x {f['size']}",
            f"{100 * f['rms_pulse_error']:.3f}",
            f"{100 * f['rms_charge_error']:.3f}",
            f"{100 * f['error']:.2f}",
            f"{100 * f['without_lines']:.1f}",
            f"{f['flat_seconds']:.0f}",
            f"{1e3 * f['seconds']:.1f}",
            f"{f['speedup']:,.0f}".replace(",", " "),
        )
        for f in flats
    ]
    cost_rows = [(c["size"], f"{1e3 * c['seconds']:.1f}", f"{1e6 * c['seconds_per_cell']:.1f}") for c in costs]
    loss_rows = [
        (
            f"{k['size']} x {k['size']}",
            f"{k['word_line_width']:g}",
            k["n_reads"],
            "-" if k["loss"] is None else " + ".join(f"{100 * v:.2g}" for v in k["loss"].values()),
            percents(k["charge_rms_error"], k["charge_worst_error"]),
            "-" if k["loss"] is None else percents(k["corrected_rms_error"], k["corrected_worst_error"]),
        )
        for k in losses
    ]
    return {
        "tile_flat": record.table(
            (
                "array",
                "pulse, % rms of 15 ns",
                "charge at the foot, % rms of full",
                "largest of both, %",
                "largest of the sum of cells, %",
                "ngspice, s",
                "solver, ms",
                "times as fast",
            ),
            flat,
        ),
        "tile_cost": record.table(("rows and columns", "one read, ms", "a cell, us"), cost_rows),
        "tile_loss": record.table(
            (
                "array",
                "word lines",
                "reads",
                "loss of driver + word line + bit line, %",
                "error, % of full, rms / worst",
                "corrected, rms / worst",
            ),
            loss_rows,
        ),
    }


def main(quick: bool = False, out: Path = Path("docs/results/speed.json")) -> None:
    design = make_design(GainCellConfig())
    with NgspicePool(timeout=LONGEST_DECK) as pool:
        table = floating_pair_table(design.cell, design.technology, pool)
        load = word_line_load(design.cell, design.technology, pool)
        flats = []
        for size in (4, 8) if quick else (8, 16, 32):
            flats.append(against_flat(pool, design, table, load, size))
            f = flats[-1]
            typer.echo(
                f"{size:3d} x {size:<3d} error {100 * f['error']:.3f} % of full scale (without lines "
                f"{100 * f['without_lines']:.1f} %), ngspice {f['flat_seconds']:.1f} s, solver "
                f"{1e3 * f['seconds']:.2f} ms: {f['speedup']:.0f} times as fast"
            )
        array = CellArray(column=with_wires(design.first, ArrayWires()))
        solver, _ = measure_array_solver(array, pool, table=table, cell_load=load, n_rows=PUBLISHED_SIZE)
        costs = cost(solver, design, (16, 32, 64) if quick else (16, 32, 64, 128, 256))
        for c in costs:
            typer.echo(f"{c['size']:3d} rows {1e3 * c['seconds']:8.1f} ms {1e6 * c['seconds_per_cell']:6.2f} us a cell")
        lab = Laboratory(design=design, simulator=pool, progress=SilentProgress())
        losses = []
        for size, width in ((64, 8.0),) if quick else ((64, 8.0), (64, 1.0), (128, 8.0)):
            question = TileQuestion(
                n_features=size, n_tokens=size, wires=ArrayWires(word_line=width), n_reads=max(2, 512 // size)
            )
            figures: Any = answer_figures(ask_tile(lab, question))
            losses.append({"size": size, "word_line_width": width, "n_reads": question.n_reads, **figures["keys"]})
            k = losses[-1]
            typer.echo(
                f"column model, {size} x {size}, word lines {width:g}: rms charge error "
                f"{100 * k['charge_rms_error']:.2f} %, corrected {100 * k['corrected_rms_error']:.2f} %"
            )
    written = tables(flats, costs, losses)
    for text in written.values():
        typer.echo(text)
    if quick:
        return
    for name, text in written.items():
        record.write_table(name, text)
    document = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    by_size = {int(f["size"]): f for f in flats}
    document["tile"] = {
        "speedup_32": by_size[32]["speedup"],
        **{f"error_{size}": by_size[size]["error"] for size in by_size},
        "flat": flats,
        "cost": costs,
        "column_model": losses,
    }
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"written: {out}")


if __name__ == "__main__":
    typer.run(main)
