"""What do the wires of the array cost? Cut against flat, and the error by place, size and width of the word lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from circuits.benches.array import read_only
from circuits.interconnect import ArrayWires
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import RAMP, SERIES, drawing_style, new_figure, plain
from pycosim.flows.characterization import N_INPUTS
from pycosim.models.resistive_array import ReadPairTable
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.studies.wire_drop import PUBLISHED_SIZE, Drop, array_solver, cell_table, wire_drop
from pycosim.sweeps.array import (
    CellArray,
    flat_reads,
    separate_reads,
    with_wires,
    word_line_settling,
)
from pycosim.sweeps.column import column_reads

Array = NDArray[np.float64]

BLOCKS = 8
"""Blocks of cells along each side whose loss is shown as one: single cells were read with too few operands."""

CUT_WIDTH = 1.0
"""Width of the word lines of a 64 x 64 array whose drop the small arrays of the cut's check have: the narrowest, so
that the cut is checked where it matters most."""


def study_array(lab: Laboratory) -> Study:
    """Separate against flat simulation; IR drop and settling by place, size and width of the word lines."""
    sizes = (4,) if lab.quick else (8, 16)
    table = cell_table(lab)
    cuts = [_check_cut(lab, table, size) for size in sizes]
    shipped = ArrayWires().word_line
    widths = (shipped,) if lab.quick else (1.0, 2.0, 4.0, shipped)
    cases = [(PUBLISHED_SIZE * k, w) for k in ((1, 2) if lab.quick else (1, 2, 4)) for w in widths]
    lab.progress.stage("IR drop by place, size and width", total=len(cases))
    drops = []
    for size, width in cases:
        drops.append(wire_drop(lab, table, size, ArrayWires(word_line=width)))
        lab.progress.advance()
    settling = _settling(lab, [drop.size for drop in drops if drop.width == shipped])
    return Study(
        name="array",
        title="Wires of the array: cut against flat, IR drop and settling by place",
        figures={
            "array": {
                "cut_error_s": {str(c.sizes["column"]): float(np.abs(c["cut_error"]).max()) for c in cuts},
                "steady_state_error_s": {str(c.sizes["column"]): float(np.abs(c["steady_error"]).max()) for c in cuts},
                "word_line_width": shipped,
                "word_line_settling_s": {str(size): time for size, (time, _) in settling.items()},
            },
            "ir_drop": {str(d.size): _figures(d) for d in drops if d.width == shipped},
        },
        tables=(_cut_table(cuts), _drop_table(drops, settling)),
        datasets={f"cut_{c.sizes['column']}": c for c in cuts},
        plots={"ir_drop": _plot(drops, shipped)},
    )


def _check_cut(lab: Laboratory, table: ReadPairTable, size: int) -> xr.Dataset:
    """Pulses of a small array: flat, cut into rows and columns, and with ideal word lines; loss by steady states."""
    lab.progress.stage(f"{size} x {size} array: flat, and cut", total=size)
    design = lab.design
    # as much drop at the far end as in the published size: current and resistance both grow with the length
    narrow = (size / PUBLISHED_SIZE) ** 2 * CUT_WIDTH
    wires = ArrayWires(word_line=narrow, bit_line=narrow)
    column = replace(design.first, timing=read_only(design.first.timing))
    array = CellArray(column=with_wires(column, wires, written=False))
    ideal = replace(column, written=False)
    rng = np.random.default_rng([lab.seed, size])
    # high levels and long pulses, so that few cells fill the converter's range
    low = max(0, len(design.levels) - 6)
    stored = design.levels[rng.integers(low, len(design.levels), (size, size))]
    widths = np.asarray(design.unit_time * rng.integers(4, N_INPUTS, size), dtype=np.float64)
    flat, _ = flat_reads(array, lab.simulator, stored_voltages=stored, pulse_widths=widths)
    cut = separate_reads(
        array,
        lab.simulator,
        stored_voltages=stored,
        pulse_widths=widths,
        progress=lab.advance,
    )["pulse_width"].values
    without = column_reads(
        ideal,
        lab.simulator,
        stored_voltages=stored.T,
        pulse_widths=np.broadcast_to(widths, stored.T.shape),
    )["pulse_width"].values
    lossy, lossless = (array_solver(design, table, one) for one in (wires, None))
    loss = np.sum(lossy.charges(stored, widths) - lossless.charges(stored, widths), axis=0)
    steady = without + loss / column.converter.saturation_current
    return xr.Dataset(
        {
            "flat": ("column", flat, {"unit": "s"}),
            "cut_error": ("column", cut - flat, {"unit": "s"}),
            "loss": ("column", flat - without, {"unit": "s"}),
            "steady_error": ("column", steady - flat, {"unit": "s"}),
        }
    )


def _settling(lab: Laboratory, sizes: list[int]) -> dict[int, tuple[float, float]]:
    """Of the far end of a word line with all cells at the top level: time to 1 % of mid-supply (s), drop (V)."""
    array = CellArray(column=with_wires(lab.design.first, ArrayWires()))
    lab.progress.stage("settling of word lines", total=len(sizes))
    top, tolerance = float(lab.design.levels[-1]), 0.01 * lab.design.technology.mid_voltage
    found = {}
    for size in sizes:
        found[size] = word_line_settling(array, lab.simulator, n_columns=size, stored_voltage=top, tolerance=tolerance)
        lab.progress.advance()
    return found


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _figures(drop: Drop) -> dict[str, Json]:
    return {
        "rms_error_s": _rms(drop.errors),
        "worst_error_s": float(np.abs(drop.errors).max()),
        "corrected_rms_error_s": _rms(drop.corrected),
        "corrected_worst_error_s": float(np.abs(drop.corrected).max()),
        "loss": {"driver": drop.loss.driver, "word_line": drop.loss.word_line, "bit_line": drop.loss.bit_line},
        "worst_loss": float(drop.by_place(BLOCKS, BLOCKS).max()),
    }


def _cut_table(cuts: list[xr.Dataset]) -> Table:
    rows = tuple(
        (
            f"{c.sizes['column']} x {c.sizes['column']}",
            f"{float(np.abs(c['loss']).max()) * 1e12:.0f}",
            f"{float(np.abs(c['cut_error']).max()) * 1e12:.0f}",
            f"{float(np.abs(c['steady_error']).max()) * 1e12:.0f}",
        )
        for c in cuts
    )
    return Table(
        title="An array cut into rows and columns against one flat netlist, with real converters",
        header=("array", "pulse lost to wires, ps", "error of the cut, ps", "error of steady states, ps"),
        rows=rows,
        note="Largest over the columns. Wires are as narrow as it takes to drop as much as those of a 64 x 64 array "
        f"with word lines of {CUT_WIDTH:g} times the technology's width.",
    )


def _drop_table(drops: list[Drop], settling: dict[int, tuple[float, float]]) -> Table:
    rows = []
    for drop in drops:
        known = drop.width == ArrayWires().word_line
        time, voltage = settling[drop.size] if known else (0.0, 0.0)
        rows.append(
            (
                f"{drop.size} x {drop.size}",
                f"{drop.width:g}",
                f"{_rms(drop.errors) * 1e9:.2f}",
                f"{float(np.abs(drop.errors).max()) * 1e9:.2f}",
                f"{_rms(drop.corrected) * 1e9:.2f}",
                f"{float(np.abs(drop.corrected).max()) * 1e9:.2f}",
                f"{100 * drop.loss.driver:.1f} + {100 * drop.loss.word_line:.1f} + {100 * drop.loss.bit_line:.1f}",
                f"{voltage * 1e3:.0f}" if known else "",
                f"{time * 1e9:.2f}" if known else "",
            )
        )
    return Table(
        title="Pulse error from the wires, by size and width of the word lines",
        header=(
            "array",
            "width",
            "rms, ns",
            "worst, ns",
            "rms corrected, ns",
            "worst corrected, ns",
            "loss of driver + word line + bit line, %",
            "drop, all cells high, mV",
            "settling, ns",
        ),
        rows=tuple(rows),
        note="Random levels and codes; of 15 ns. The converter's full charge is scaled with the rows, and its bit line "
        "held ideally. The correction multiplies each cell's charge by the loss of its place, in each half of the "
        "reads by that fitted to the other half; the losses in the table are fitted to all.",
    )


def _plot(drops: list[Drop], shipped: float) -> Figure:
    with drawing_style():
        figure = new_figure(10, 6.0)
        (where, along), (down, widths) = figure.subplots(2, 2)
        last = [drop for drop in drops if drop.width == shipped]
        blocks = 100 * last[0].by_place(BLOCKS, BLOCKS)
        sides = np.linspace(0, last[0].size, BLOCKS + 1)
        image = where.pcolormesh(sides, sides, blocks, cmap=ListedColormap(RAMP))
        where.set_aspect("equal")
        figure.colorbar(image, ax=where, label="charge lost, %")
        where.set(title=f"{last[0].size} x {last[0].size} array", xlabel="column, from the drivers", ylabel="row")
        for color, drop in zip(SERIES, last, strict=False):
            n_blocks = PUBLISHED_SIZE // 2
            place = (np.arange(n_blocks) + 0.5) / n_blocks
            fitted = 100 * (1 - drop.loss.factor())
            each = (np.arange(drop.size) + 1) / drop.size
            for axes, found, law in (
                (along, drop.by_place(1, n_blocks)[0], fitted.mean(axis=0)),
                (down, drop.by_place(n_blocks, 1)[:, 0], fitted.mean(axis=1)),
            ):
                axes.plot(place, 100 * found, ".", color=color, label=f"{drop.size}")
                axes.plot(each, law, color=color)
        along.set(title="along the word line; lines: fitted", xlabel="column / columns", ylabel="charge lost, %")
        down.set(title="along the bit line", xlabel="row / rows", ylabel="charge lost, %")
        for color, size in zip(SERIES, dict.fromkeys(drop.size for drop in drops), strict=False):
            of_size = [drop for drop in drops if drop.size == size]
            places = [np.log2(drop.width) for drop in of_size]
            widths.plot(places, [_rms(d.errors) * 1e9 for d in of_size], "o-", color=color, label=f"{size}")
            widths.plot(places, [_rms(d.corrected) * 1e9 for d in of_size], "o:", color=color)
        shown = sorted({drop.width for drop in drops})
        widths.set_xticks([np.log2(width) for width in shown], [f"{width:g}" for width in shown])
        widths.set(title="rms error; dotted: corrected", xlabel="width of word lines", ylabel="ns", ylim=(0, None))
        for each_axes in (along, down, widths):
            each_axes.legend(title="size")
            plain(each_axes)
        plain(where)
        where.grid(visible=False)
        return figure
