"""What would a tile do on other wires, at another supply, in another size? From its nodal equations, in seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from circuits.interconnect import ArrayWires
from pycosim.errors import FitError, InputError
from pycosim.fitting.wire_loss import fit_wire_loss
from pycosim.models.tile_solver import TileSolver
from pycosim.models.wire_loss import WireLoss
from pycosim.studies.study import Laboratory
from pycosim.studies.tile_reads import draw_tile
from pycosim.studies.wire_drop import judged_losses
from pycosim.sweeps.array import CellArray, with_wires
from pycosim.sweeps.tile import TileCircuit
from pycosim.sweeps.tile_solver import measure_tile_solver, without_lines

Array = NDArray[np.float64]

LARGEST_SIDE = 1024
"""Most rows or columns of a tile: one read of it takes some ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileQuestion:
    """What is asked.

    Attributes:
        n_features: rows of the first array, columns of the second.
        n_tokens: columns of the first array, rows of the second.
        wires: widths of the lines.
        resistance_scale: of all wires, beyond their widths.
        n_reads: random sets of operands, two or more.
    """

    n_features: int = 64
    n_tokens: int = 64
    wires: ArrayWires = field(default_factory=ArrayWires)
    resistance_scale: float = 1.0
    n_reads: int = 8

    def __post_init__(self) -> None:
        """Check the sizes."""
        for name in ("n_features", "n_tokens"):
            if not 2 <= getattr(self, name) <= LARGEST_SIDE:
                raise InputError(
                    f"a tile has 2 to {LARGEST_SIDE} rows and columns, found {self.n_features} rows and "
                    f"{self.n_tokens} columns; cut a larger matrix into tiles"
                )
        if self.n_reads < 2:
            raise InputError(f"half of the reads judge what the other half fits: give 2 or more, found {self.n_reads}")
        if not (np.isfinite(self.resistance_scale) and self.resistance_scale >= 0):
            raise InputError(
                f"the scale of the wires' resistance must be 0 or more, found {self.resistance_scale:g}; 0 is ideal"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArrayErrors:
    """What lines and clamps do to the reads of one array.

    Attributes:
        name: "keys" or "values".
        charges: (n_reads, n_rows, n_columns) found, C.
        ideal: the same behind ideal lines and clamps, with the same pulses, C.
        full: charge of a full pulse, C.
        pulses: (n_reads, n_columns) error of the pulses, s.
        corrected: (n_reads, n_columns) error of the columns' charges after a `WireLoss` that was fitted to the other
            half of the reads, C; None where no loss describes them.
        loss: fitted to all reads, or None.
    """

    name: str
    charges: Array
    ideal: Array
    full: float
    pulses: Array
    corrected: Array | None
    loss: WireLoss | None

    @property
    def errors(self) -> Array:
        """Error of the columns' charges over the full charge, (n_reads, n_columns)."""
        return np.asarray((self.charges - self.ideal).sum(axis=1) / self.full)

    @property
    def cells(self) -> Array:
        """Rms error of each cell's charge over the reads, (n_rows, n_columns) C."""
        return np.asarray(np.sqrt(np.mean((self.charges - self.ideal) ** 2, axis=0)))

    @property
    def worst_cell(self) -> tuple[int, int]:
        """Row and column of the cell with the largest of them."""
        row, column = np.unravel_index(int(np.argmax(self.cells)), self.cells.shape)
        return int(row), int(column)

    def lost(self, n_rows: int, n_columns: int) -> Array:
        """Share of the charge that blocks of cells lose, of either sign towards zero, (n_rows, n_columns) of them."""
        lost = ((self.ideal - self.charges) * np.sign(self.ideal)).sum(axis=0)
        there = np.abs(self.ideal).sum(axis=0)
        rows, columns = (
            np.linspace(0, size, n + 1).astype(int)[:-1]
            for size, n in zip(lost.shape, (n_rows, n_columns), strict=True)
        )
        lost, there = (np.add.reduceat(np.add.reduceat(v, rows, 0), columns, 1) for v in (lost, there))
        return np.asarray(lost / np.maximum(there, np.finfo(float).tiny))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TileAnswer:
    """What was found.

    Attributes:
        question: what was asked.
        keys, values: both arrays.
        outputs: (n_reads, n_features) signed pulses of the tile, s.
        ideal_outputs: the same of a tile behind ideal lines and clamps, s.
        seconds: that a read of one tile took.
    """

    question: TileQuestion
    keys: ArrayErrors
    values: ArrayErrors
    outputs: Array
    ideal_outputs: Array
    seconds: float


def ask_tile(lab: Laboratory, question: TileQuestion) -> TileAnswer:
    """Measure cells and converters of the laboratory's design, and read a tile with random operands.

    Raises:
        InputError: a size or scale that is none.
        FitError: wires that drop more than the supply.
    """
    size = (question.n_features, question.n_tokens)
    first, second = (
        CellArray(column=with_wires(column, question.wires)) for column in (lab.design.first, lab.design.second)
    )
    tile = TileCircuit(
        first=TileCircuit(first=first, second=second).for_rows(question.n_features).first,
        second=TileCircuit(first=first, second=second).for_rows(question.n_tokens).second,
    )
    lab.progress.stage("cells, clamps and converters in ngspice")
    solver = measure_tile_solver(
        tile,
        lab.simulator,
        n_features=size[0],
        n_tokens=size[1],
        resistance_scale=question.resistance_scale,
        progress=lab.advance,
    )
    lab.progress.stage(f"{question.n_reads} reads of a tile of {size[0]} x {size[1]}", total=question.n_reads)
    rng = np.random.default_rng([lab.seed, *size])
    drawn = [draw_tile(rng, max(size), lab.design) for _ in range(question.n_reads)]
    pulses = np.stack([one.pulse_widths[: size[0]] for one in drawn])
    keys = np.stack([one.keys[: size[0], : size[1]] for one in drawn])
    values = np.stack([one.values[: size[1], : size[0]] for one in drawn])
    longest = lab.design.max_pulse_width
    full = (
        longest * tile.first.column.converter.saturation_current,
        longest * tile.second.column.converter.saturation_current,
    )
    return read_tiles(solver, question, full, pulses, keys, values)


def read_tiles(
    solver: TileSolver, question: TileQuestion, full: tuple[float, float], pulses: Array, keys: Array, values: Array
) -> TileAnswer:
    """Read tiles and set beside them what ideal lines would give.

    Args:
        solver: the tile.
        question: kept in the answer.
        full: charge of a full pulse of either converter, C.
        pulses: (n_reads, n_features), s.
        keys: (n_reads, n_features, n_tokens), V.
        values: (n_reads, n_tokens, n_features), V.
    """
    start = time.perf_counter()
    read = solver.read(pulses, keys, values)
    seconds = (time.perf_counter() - start) / len(pulses)
    ideal = replace(solver, first=without_lines(solver.first), second=without_lines(solver.second))
    perfect = ideal.read(pulses, keys, values)
    driven = solver.usable(read.weights)
    same = ideal.second.read(values, driven)
    same_outputs = solver.signed_charge_to_pulse.pulse_width(same.column_charges)
    return TileAnswer(
        question=question,
        keys=_errors("keys", read.first.charges, perfect.first.charges, read.weights - perfect.weights, full[0]),
        values=_errors("values", read.second.charges, same.charges, read.outputs - same_outputs, full[1]),
        outputs=read.outputs,
        ideal_outputs=perfect.outputs,
        seconds=seconds,
    )


def _errors(name: str, charges: Array, ideal: Array, pulses: Array, full: float) -> ArrayErrors:
    try:
        loss = fit_wire_loss(charges, ideal)
        corrected = np.asarray((charges - judged_losses(charges, ideal)).sum(axis=1))
    except FitError:  # wires that lose nothing, or everything
        loss, corrected = None, None
    return ArrayErrors(
        name=name, charges=charges, ideal=ideal, full=full, pulses=pulses, corrected=corrected, loss=loss
    )
