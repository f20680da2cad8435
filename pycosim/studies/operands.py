"""Operands of whole columns whose charges are known from the cells at the same corner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pycosim.flows.characterization import Design
from pycosim.flows.columns import N_ROWS
from pycosim.studies.study import Laboratory
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.column import Column

Array = NDArray[np.float64]

CODES = (3, 6, 9)
"""Input codes: three pulse widths whose charges are measured at each level."""


def measured_charges(lab: Laboratory, design: Design) -> Array:
    """Charge at this corner (C), over pulse width (the codes', then a full pulse) and level."""
    step = design.unit_time
    found = read_charges(
        design.cell,
        design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in design.levels],
        pulse_widths=[*(code * step for code in CODES), design.max_pulse_width],
    )
    return np.asarray(found["charge"].values[0])


def spread_operands(lab: Laboratory, design: Design, column: Column, cell_charges: Array) -> tuple[Array, Array, Array]:
    """Three columns whose charges lie low, in the middle and high in the converter's range.

    Args:
        lab: seed.
        design: the circuits.
        column: whose converter sets the range.
        cell_charges: from `measured_charges` at the same corner.

    Returns:
        Levels (n_columns, n_rows) in V, pulse widths (n_columns, n_rows) in s, charge (n_columns,) in C.
    """
    rng = np.random.default_rng([lab.seed, 41, int(column.converter.signed)])
    full = column.converter.saturation_current * column.timing.max_pulse_width
    wanted = full * (np.array([-0.6, 0.2, 0.7]) if column.converter.signed else np.array([0.2, 0.5, 0.8]))
    levels = rng.integers(0, design.levels.size, (4000, N_ROWS))
    bias = rng.uniform(0, 1, (4000, 1))
    levels = np.where(rng.uniform(size=levels.shape) < bias, np.minimum(levels + 3, design.levels.size - 1), levels)
    codes = rng.integers(0, len(CODES) + 1, levels.shape)  # the last stands for no pulse
    taken = np.vstack([cell_charges[:-1], np.zeros((1, cell_charges.shape[1]))])  # (code, level)
    charge = taken[codes, levels].sum(axis=-1)
    nearest = [int(np.argmin(np.abs(charge - target))) for target in wanted]
    widths = np.array([*CODES, 0])[codes] * design.unit_time
    return design.levels[levels[nearest]], np.asarray(widths[nearest], dtype=np.float64), charge[nearest]
