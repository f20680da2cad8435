"""The least that a read costs in this array, whatever circuit reads it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.technology import Technology

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Energy that the cells' own charges cost, mean over reads (J).

    Attributes:
        dissipated: in the cells: each charge falls by half the supply between its word line and the bit line.
        drawn: from supply and reference where neither takes energy back: V_DD times the charge of the upper word
            lines, and V_DD/2 times a positive net charge.
    """

    dissipated: float
    drawn: float


def energy_floor(charges: Array, technology: Technology) -> Floor:
    """What reads with these charges of their cells (n_reads, n_rows), in C and positive where sunk, cost at least."""
    sourced, net = -np.minimum(charges, 0.0).sum(axis=-1), np.maximum(charges.sum(axis=-1), 0.0)
    supply, mid = technology.supply_voltage, technology.mid_voltage
    return Floor(
        dissipated=float(mid * np.abs(charges).sum(axis=-1).mean()),
        drawn=float((supply * sourced + mid * net).mean()),
    )
