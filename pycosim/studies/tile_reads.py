"""Tiles by columns on random operands, beside what the behavioural tile predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.interconnect import ArrayWires
from pycosim.errors import InputError
from pycosim.flows.characterization import N_INPUTS, Design, measure_cell, measure_transfers
from pycosim.flows.config import GainCellConfig
from pycosim.flows.fits import fit_gain_cell
from pycosim.models.cell import LookupCell
from pycosim.models.converter import PulseTable
from pycosim.models.tile import Tile
from pycosim.studies.study import Laboratory
from pycosim.sweeps.array import CellArray, with_wires
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.column import Column
from pycosim.sweeps.converter import converter_transfer
from pycosim.sweeps.tile import TileCircuit, TileOperands, tile_by_columns

Array = NDArray[np.float64]

KEY_LEAN, VALUE_LEAN = 1.0, 0.25
"""Spread of the lean of a column of keys and of one of values, in log odds from mid to the highest level (ours)."""

_MAX_DRAWS = 5000

FLAT_SIZE = 4
"""Rows and columns of the tile that is simulated in one netlist."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TileReads:
    """One operand set of a tile, simulated by columns and predicted.

    Attributes:
        operands: query, keys, values.
        first: `column_reads` of the first array.
        second: the same of the second.
        models: predict it.
    """

    operands: TileOperands
    first: xr.Dataset
    second: xr.Dataset
    models: Tile

    @property
    def weights(self) -> Array:
        """(n_tokens,) predicted pulses between the arrays (s)."""
        return self.models.weights(self.operands.pulse_widths, self.operands.keys)

    @property
    def outputs(self) -> Array:
        """(n_features,) predicted signed pulses (s)."""
        return self.models.outputs(self.weights, self.operands.values)

    @property
    def weight_errors(self) -> Array:
        """Simulated minus predicted (s)."""
        return np.asarray(self.first["pulse_width"].values - self.weights)

    @property
    def output_errors(self) -> Array:
        """Simulated minus predicted (s)."""
        return np.asarray(self.second["pulse_width"].values - self.outputs)

    @property
    def second_errors(self) -> Array:
        """Of the second array alone: simulated minus predicted from the weights that it was driven with (s)."""
        driven = self.second["input_width"].values
        return np.asarray(self.second["pulse_width"].values - self.models.outputs(driven, self.operands.values))


def tile_circuit(design: Design) -> TileCircuit:
    """Both arrays of a design, with the shipped wires."""

    def array(column: Column) -> CellArray:
        return CellArray(column=with_wires(column, ArrayWires()))

    return TileCircuit(first=array(design.first), second=array(design.second))


def draw_tile(rng: np.random.Generator, size: int, design: Design, *, key_lean: float = 0.0) -> TileOperands:
    """Random operands: codes evenly distributed; levels too, but each column of cells leans to high or low ones.

    Without the lean nearly every column would add up to zero. Its spread is chosen so that pulses fill the range of
    either converter and some clip.

    Args:
        rng: source of them.
        size: rows and columns of both arrays.
        design: gives levels and the longest pulse.
        key_lean: mean of the lean of the keys; above 0 few tokens have a weight of 0.
    """
    levels = design.levels

    def leaning(mean: float, spread: float) -> Array:
        lean = (mean + rng.uniform(-spread, spread, (1, size, 1))) * np.linspace(-1, 1, levels.size)
        return np.asarray(levels[np.argmax(lean + rng.gumbel(size=(size, size, levels.size)), axis=-1)])

    codes = rng.integers(0, N_INPUTS, size)
    widths = np.asarray(codes * design.unit_time, dtype=np.float64)
    return TileOperands(pulse_widths=widths, keys=leaning(key_lean, KEY_LEAN), values=leaning(0.0, VALUE_LEAN))


def draw_within_range(rng: np.random.Generator, size: int, design: Design, models: Tile) -> TileOperands:
    """The first random operands of a small tile whose pulses the models place inside the range.

    Of few tokens most have a weight of 0 or a full one, which would show little. Wanted are weights for all tokens but
    one and outputs for all features, each between a twentieth and nineteen of the longest pulse, and a query that is
    not all short pulses: with those, full rows would ask the clamp for its largest current.

    Raises:
        InputError: none of thousands of draws.
    """
    for _ in range(_MAX_DRAWS):
        drawn = draw_tile(rng, size, design, key_lean=KEY_LEAN)
        weights = models.weights(drawn.pulse_widths, drawn.keys) / design.max_pulse_width
        outputs = np.abs(models.outputs(weights * design.max_pulse_width, drawn.values)) / design.max_pulse_width
        inside = [(shares > 0.05) & (shares < 0.95) for shares in (weights, outputs)]
        long = drawn.pulse_widths.max() > design.max_pulse_width / 2
        if long and inside[0].sum() >= size - 1 and inside[1].all():
            return drawn
    raise InputError(
        f"none of {_MAX_DRAWS} random tiles of size {size} has its pulses within the range; try a size of 4"
    )


def shipped_models(lab: Laboratory) -> Tile:
    """Behavioural tile of the shipped circuits, fitted as the gain-cell flow fits them on the grid of a quick run."""
    config = GainCellConfig(quick=True, seed=lab.seed)
    cell = measure_cell(lab.design, config, lab.simulator, lab.progress)
    fits = fit_gain_cell(lab.design, cell, measure_transfers(lab.design, config, lab.simulator, lab.progress)).models()
    return Tile(
        cell=fits.cell_k,
        charge_to_pulse=fits.charge_to_pulse,
        signed_charge_to_pulse=fits.signed_charge_to_pulse,
    )


def small_models(lab: Laboratory, small: TileCircuit) -> Tile:
    """Behavioural tile with the scaled converters: tables of cell and transfers, on grids of their own."""
    design = lab.design
    widths = np.concatenate([[0.05, 0.2, 1.0], np.linspace(3, 15, 3 if lab.quick else 5)]) * 1e-9
    measured = read_charges(
        design.cell,
        design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in design.levels],
        pulse_widths=[float(w) for w in widths],
    )["charge"].values[0]
    cell = LookupCell(
        pulse_widths=np.concatenate([[0.0], widths]),
        stored_voltages=design.levels,
        charges=np.vstack([np.zeros(len(design.levels)), measured]),
    )
    first, second = (_transfer(lab, array.column, n_rows=FLAT_SIZE) for array in (small.first, small.second))
    return Tile(cell=cell, charge_to_pulse=first, signed_charge_to_pulse=second)


def _transfer(lab: Laboratory, column: Column, n_rows: int) -> PulseTable:
    low = -1.0 if column.converter.signed else -0.2
    shares = np.linspace(low, 1.0, 9 if lab.quick else 17)
    ends = np.array([-4.0, -1.15, 1.15, 4.0])
    full = column.converter.saturation_current * column.timing.max_pulse_width
    charges = full * np.unique(np.concatenate([shares, ends]).round(6))
    lab.progress.stage("scaled converters: transfer", total=charges.size)
    found = converter_transfer(
        column.converter,
        column.technology,
        column.timing,
        lab.simulator,
        charges=[float(q) for q in charges],
        cell=column.cell,
        n_rows=n_rows,
        progress=lab.advance,
    )
    return PulseTable(charges=charges, pulse_widths=found["pulse_width"].values, outside="clip")


def read_tile(
    lab: Laboratory, circuit: TileCircuit, operands: TileOperands, models: Tile, *, ideal_word_lines: bool
) -> TileReads:
    """Simulate one operand set by columns; see `tile_by_columns`."""
    name = "ideal word lines" if ideal_word_lines else "word lines with resistance"
    lab.progress.stage(f"tile by columns, {name}", total=sum(operands.keys.shape))
    first, second = tile_by_columns(
        circuit,
        operands,
        lab.simulator,
        ideal_word_lines=ideal_word_lines,
        progress=lab.advance,
    )
    return TileReads(operands=operands, first=first, second=second, models=models)
