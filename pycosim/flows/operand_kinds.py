"""Operands of columns of several kinds, so that a model of the column is not one of a single workload."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pycosim.flows.characterization import N_INPUTS, Design
from pycosim.flows.columns import N_ROWS, draw_operands
from pycosim.models.cell import CellModel
from pycosim.sweeps.column import Column

Array = NDArray[np.float64]
Operands = tuple[Array, Array]
"""Stored voltages (V) and pulse widths (s), each (n_reads, n_rows)."""

SHORTEST_INPUT = 0.1e-9
"""Shortest pulse of the second array, whose inputs are no codes (s). Ours: twice an edge."""

MOST_SPARSE = 0.3
"""Largest share of rows with a pulse in sparse operands. Ours: a trained head's weights are sparser still."""

SHORTEST_BURST, LONGEST_BURST = 4, 40
"""Rows of a burst. Ours: 40 cells at the highest levels draw the clamp's 400 uA."""


def operand_kinds(design: Design, column: Column, cell: CellModel, n_reads: int, seed: int) -> Mapping[str, Operands]:
    """Draw operands of every kind but a workload's own.

    spread: charges over the converter's whole range, `draw_operands`. uniform: every code and level alike. sparse: few
    rows have a pulse. bursts: a block of neighbours has one pulse and nearly one level, the others none, which is the
    hardest for the clamp of the bit line. rails: every cell at the lowest or the highest level, a part of the rows with
    one pulse: the ends of what a column can do.

    Args:
        design: levels, widths.
        column: whose converter sets the range; signed converters take pulses of any width, others take codes.
        cell: predicts the charges of `spread`.
        n_reads: of each kind.
        seed: of the draw.
    """
    rng = np.random.default_rng([seed, int(column.converter.signed)])
    shape = (n_reads, N_ROWS)

    def pulses(size: tuple[int, ...]) -> Array:
        if column.converter.signed:
            return rng.uniform(SHORTEST_INPUT, design.max_pulse_width, size)
        return np.asarray(rng.integers(0, N_INPUTS, size) * design.unit_time)

    def levels(low: int, high: int, size: tuple[int, ...]) -> Array:
        return np.asarray(design.levels[rng.integers(low, high, size)])

    spread = draw_operands(design, column, cell, n_reads, rng)
    order = rng.permutation(n_reads)  # or a part of the reads would be a part of the range
    share = rng.uniform(0.0, MOST_SPARSE, (n_reads, 1))
    sparse = np.where(rng.uniform(size=shape) < share, pulses(shape), 0.0)
    n_levels = design.levels.size
    up = rng.uniform(size=shape) < rng.integers(0, 5, (n_reads, 1)) / 4
    read = rng.permuted(np.arange(N_ROWS) < rng.integers(0, LONGEST_BURST + 1, (n_reads, 1)), axis=1)
    stored, burst = levels(0, n_levels, shape), np.zeros(shape)
    for row in range(n_reads):
        size = int(rng.integers(SHORTEST_BURST, LONGEST_BURST + 1))
        first, lowest = int(rng.integers(0, N_ROWS - size + 1)), int(rng.integers(0, n_levels - 2))
        stored[row, first : first + size] = levels(lowest, lowest + 3, (size,))
        burst[row, first : first + size] = pulses((1,))
    return {
        "spread": (spread[0][order], spread[1][order]),
        "uniform": (levels(0, n_levels, shape), pulses(shape)),
        "sparse": (levels(0, n_levels, shape), sparse),
        "bursts": (stored, burst),
        "rails": (np.where(up, design.levels[-1], design.levels[0]), np.where(read, pulses((n_reads, 1)), 0.0)),
    }
