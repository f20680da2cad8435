"""Figures and tables of what lines and clamps do to a tile."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pycosim.evaluate.document import Json
from pycosim.studies.study import Table
from pycosim.studies.tile_what_if import ArrayErrors, TileAnswer

Array = NDArray[np.float64]

BLOCKS = 4
"""Blocks along each side of the array whose error is printed as one."""


def answer_figures(answer: TileAnswer) -> dict[str, Json]:
    """Figures of the answer, in SI units or of a full charge."""
    question, wires = answer.question, answer.question.wires
    return {
        "n_features": question.n_features,
        "n_tokens": question.n_tokens,
        "n_reads": question.n_reads,
        "word_line_width": wires.word_line,
        "bit_line_width": wires.bit_line,
        "resistance_scale": question.resistance_scale,
        "seconds_per_read": answer.seconds,
        "output_rms_error_s": _rms(answer.outputs - answer.ideal_outputs),
        "output_worst_error_s": float(np.abs(answer.outputs - answer.ideal_outputs).max()),
        **{array.name: _array_figures(array) for array in (answer.keys, answer.values)},
    }


def _array_figures(array: ArrayErrors) -> dict[str, Json]:
    row, column = array.worst_cell
    corrected = None if array.corrected is None else array.corrected / array.full
    return {
        "pulse_rms_error_s": _rms(array.pulses),
        "pulse_worst_error_s": float(np.abs(array.pulses).max()),
        "charge_rms_error": _rms(array.errors),
        "charge_worst_error": float(np.abs(array.errors).max()),
        "corrected_rms_error": None if corrected is None else _rms(corrected),
        "corrected_worst_error": None if corrected is None else float(np.abs(corrected).max()),
        "loss": None
        if array.loss is None
        else {"driver": array.loss.driver, "word_line": array.loss.word_line, "bit_line": array.loss.bit_line},
        "worst_cell": {"row": row, "column": column, "rms_error_c": float(array.cells[row, column])},
    }


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def answer_tables(answer: TileAnswer) -> tuple[Table, ...]:
    """What is printed: both arrays side by side, and the loss of the first one by place."""
    arrays = (answer.keys, answer.values)
    question = answer.question
    outputs = answer.outputs - answer.ideal_outputs

    def row(name: str, *texts: str) -> tuple[str, ...]:
        return (name, *texts)

    def percent(value: float) -> str:
        return f"{100 * value:.2f} %"

    def corrected(array: ArrayErrors) -> str:
        if array.corrected is None:
            return "-"
        found = array.corrected / array.full
        return f"{percent(_rms(found))} / {percent(float(np.abs(found).max()))}"

    def loss(array: ArrayErrors) -> str:
        if array.loss is None:
            return "-"
        return " + ".join(f"{100 * v:.1f}" for v in (array.loss.driver, array.loss.word_line, array.loss.bit_line))

    def worst(array: ArrayErrors) -> str:
        place = array.worst_cell
        return f"row {place[0]}, column {place[1]}: {array.cells[place] * 1e15:.2f} fC"

    sums = Table(
        title=f"Tile of {question.n_features} x {question.n_tokens}: error from lines and clamps, "
        f"{question.n_reads} reads",
        header=("figure", "keys", "values"),
        rows=(
            row("pulse error, rms / worst", *(_picoseconds(array.pulses) for array in arrays)),
            row(
                "charge of a column, rms / worst of full",
                *(f"{percent(_rms(a.errors))} / {percent(float(np.abs(a.errors).max()))}" for a in arrays),
            ),
            row("the same, corrected by the loss of each place", *(corrected(array) for array in arrays)),
            row("loss of driver + word line + bit line, %", *(loss(array) for array in arrays)),
            row("worst cell, rms error", *(worst(array) for array in arrays)),
            row("output of the tile, rms / worst", "", _picoseconds(outputs)),
            row("time of one read of the tile", "", f"{answer.seconds * 1e3:.0f} ms"),
        ),
    )
    return sums, _place_table(answer.keys)


def _picoseconds(errors: Array) -> str:
    return f"{_rms(errors) * 1e12:.0f} / {float(np.abs(errors).max()) * 1e12:.0f} ps"


def _place_table(array: ArrayErrors) -> Table:
    n_rows, n_columns = (min(BLOCKS, size) for size in array.cells.shape)
    lost = array.lost(n_rows, n_columns)
    names = [
        [f"{a}-{b - 1}" for a, b in pairwise(ends)]
        for ends in (
            np.linspace(0, size, n + 1).astype(int)
            for size, n in zip(array.cells.shape, (n_rows, n_columns), strict=True)
        )
    ]
    return Table(
        title=f"Charge lost by place, array of the {array.name}, %",
        header=("rows", *(f"columns {name}" for name in names[1])),
        rows=tuple((name, *(f"{100 * v:.2f}" for v in values)) for name, values in zip(names[0], lost, strict=True)),
        note="Rows count from the converters, columns from the word-line drivers.",
    )
