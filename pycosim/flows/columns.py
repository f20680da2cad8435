"""Stage 6 of the gain-cell flow: whole columns in ngspice, with operands that no fit saw, against the models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import CELLS_PER_LINE
from circuits.testbench import Netlist, render_netlist
from pycosim.errors import InputError
from pycosim.flows.characterization import N_INPUTS, Design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import Progress
from pycosim.models.cell import CellModel
from pycosim.models.converter import ConverterModel
from pycosim.spice import Simulator
from pycosim.sweeps.column import Column, column_reads
from pycosim.units import format_quantity

Array = NDArray[np.float64]

N_ROWS = CELLS_PER_LINE
"""Cells of a column [2025 Leroux]."""

_N_CANDIDATES = 4000
_MAX_DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnCheck:
    """Columns with random operands, simulated and predicted.

    Attributes:
        column: the circuit.
        stored_voltages, pulse_widths: operands (n_samples, n_rows) in V and s.
        reads: what `column_reads` measured.
        predicted: (n_samples,) pulse width from the behavioural models (s).
    """

    column: Column
    stored_voltages: Array
    pulse_widths: Array
    reads: xr.Dataset
    predicted: Array

    @property
    def simulated(self) -> Array:
        """(n_samples,) pulse width from ngspice (s)."""
        return np.asarray(self.reads["pulse_width"].values)

    @property
    def error_rms(self) -> float:
        """Root mean square of predicted - simulated (s)."""
        return float(np.sqrt(np.mean((self.predicted - self.simulated) ** 2)))

    @property
    def error_max(self) -> float:
        """Largest error (s)."""
        return float(np.max(np.abs(self.predicted - self.simulated)))

    def example_netlist(self) -> Netlist:
        """The deck of the column whose pulse is nearest to half of the longest one."""
        widths = self.simulated
        sample = int(np.argmin(np.abs(widths - 0.5 * self.column.timing.max_pulse_width)))
        return render_netlist(self.column.bench(self.stored_voltages[sample], self.pulse_widths[sample]))


def check_columns(
    design: Design,
    cell: CellModel,
    converters: tuple[ConverterModel, ConverterModel],
    config: GainCellConfig,
    simulator: Simulator,
    progress: Progress,
) -> tuple[ColumnCheck, ColumnCheck]:
    """Simulate columns of both arrays with operands from the seed, spread over the converters' range.

    Args:
        design: the circuits.
        cell: predicts the charge of each cell.
        converters: unsigned and signed; predict the pulse.
        config: seed, quick.
        simulator: any.
        progress: told of every column.
    """
    counts = (config.n_columns, config.n_signed_columns)
    progress.stage("whole columns against the models", total=sum(counts))
    checks = []
    for index, (column, converter, count) in enumerate(
        zip((design.first, design.second), converters, counts, strict=True)
    ):
        rng = np.random.default_rng([config.seed, index])
        stored, widths = draw_operands(design, column, cell, count, rng)
        reads = column_reads(
            column,
            simulator,
            stored_voltages=stored,
            pulse_widths=widths,
            progress=lambda done, total: progress.advance(),
        )
        predicted = converter.pulse_width(cell.charge(widths, stored).sum(axis=-1))
        checks.append(
            ColumnCheck(column=column, stored_voltages=stored, pulse_widths=widths, reads=reads, predicted=predicted)
        )
    return checks[0], checks[1]


def draw_operands(
    design: Design, column: Column, cell: CellModel, count: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Random operands whose charges cover the converter's range evenly, a little beyond both ends.

    Independent uniform operands would put nearly every column near zero charge. So each candidate set has its own
    bias towards high or low levels, and one candidate is taken from each of `count` equal bins of charge. Inputs of
    the first array are codes; those of the second are continuous pulses, most of them absent, as phi is. Where a bin
    stays empty, more candidates are drawn.

    Returns:
        Stored voltages (V) and pulse widths (s), each (count, n_rows).

    Raises:
        InputError: the cell's charges do not reach every bin.
    """
    full = column.converter.saturation_current * design.max_pulse_width
    low, high = (-1.1 * full, 1.1 * full) if column.converter.signed else (-0.1 * full, 1.1 * full)
    edges = np.linspace(low, high, count + 1)
    stored, widths = np.empty((count, N_ROWS)), np.empty((count, N_ROWS))
    empty = np.ones(count, dtype=bool)
    for _ in range(_MAX_DRAWS):
        levels, pulses = _candidates(design, column, rng)
        bins = np.searchsorted(edges, cell.charge(pulses, levels).sum(axis=-1), side="right") - 1
        filled, first = np.unique(bins, return_index=True)
        new = [(k, i) for k, i in zip(filled, first, strict=True) if 0 <= k < count and empty[k]]
        for k, i in new:
            stored[k], widths[k], empty[k] = levels[i], pulses[i], False
        if not empty.any():
            return stored, widths
    middle = (edges[:-1] + edges[1:])[empty][0] / 2
    raise InputError(
        f"{_N_CANDIDATES * _MAX_DRAWS} random columns hold none with a charge near {format_quantity(middle, 'C')}, "
        f"one of {count} that were asked for; ask for fewer columns"
    )


def _candidates(design: Design, column: Column, rng: np.random.Generator) -> tuple[Array, Array]:
    """Random operands: stored voltages (V) and pulse widths (s), each (n_candidates, n_rows)."""
    levels = design.levels
    bias = rng.uniform(-2.0, 2.0, (_N_CANDIDATES, 1, 1))
    noise = rng.gumbel(size=(_N_CANDIDATES, N_ROWS, levels.size))
    stored = levels[np.argmax(bias * np.linspace(-1, 1, levels.size) + noise, axis=-1)]
    longest = design.max_pulse_width
    if column.converter.signed:
        active = rng.uniform(size=stored.shape) < rng.uniform(0.05, 0.6, (_N_CANDIDATES, 1))
        widths = np.where(active, rng.uniform(0.1e-9, longest, stored.shape), 0.0)
    else:
        widths = rng.integers(0, N_INPUTS, stored.shape) * (longest / (N_INPUTS - 1))
    return stored, widths
