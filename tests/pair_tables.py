"""Tables of read pairs with a law, for tests of what stands on measured ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pycosim.models.resistive_array import ReadPairTable

Array = NDArray[np.float64]
Law = Callable[[Array, Array, Array], Array]
"""Current (A) over stored voltage, drop of the word line and voltage of the bit line (V)."""

MID, STRENGTH = 0.45, 10e-6
LEVELS, DROPS, STEPS = np.linspace(0, 0.9, 8), np.linspace(0, MID, 31), np.linspace(0.25, 0.65, 21)


def pair_table(upper: Law, lower: Law) -> ReadPairTable:
    grid = np.meshgrid(LEVELS, DROPS, STEPS, indexing="ij")
    return ReadPairTable(
        stored_voltages=LEVELS, drops=DROPS, bit_line_voltages=STEPS, upper=upper(*grid), lower=lower(*grid)
    )


def linear_pairs() -> ReadPairTable:
    """Two conductances that the stored voltage sets: everything is a network of resistors."""
    return pair_table(
        lambda v, d, b: STRENGTH / 0.9 * (0.9 - v) / MID * (2 * MID - d - b),
        lambda v, d, b: STRENGTH / 0.9 * v / MID * (b - d),
    )


def saturating_pairs() -> ReadPairTable:
    """Transistors of sorts: the square of the drive, saturating in the voltage across them."""
    return pair_table(
        lambda v, d, b: STRENGTH * ((0.9 - v) / 0.9) ** 2 * np.tanh((2 * MID - d - b) / 0.15) * (1 - d / 0.9),
        lambda v, d, b: STRENGTH * (v / 0.9) ** 2 * np.tanh((b - d) / 0.15) * (1 - d / 0.9),
    )
