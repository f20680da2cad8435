"""The clamp at the foot of a bit line: how far its voltage is off, for the current that the column draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, frozen_array, increasing
from pycosim.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BitLineClamp:
    """Measured droop of a bit line at its foot over the current sunk from it; linear between and beyond the points.

    Args:
        currents: (n,) sunk from the bit line, increasing, A.
        droops: (n,) how far the bit line is below mid-supply, not decreasing, V.
    """

    currents: Array
    droops: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "currents", increasing("currents", self.currents))
        object.__setattr__(self, "droops", frozen_array("droops", self.droops, ndim=1))
        if self.droops.shape != self.currents.shape:
            raise InputError(f"droops must be one per current, {self.currents.size}, found {self.droops.size}")
        if (np.diff(self.droops) < 0).any():
            raise InputError("droops must not decrease with the current; a clamp that does lets no steady state exist")

    @classmethod
    def resistor(cls, resistance: float) -> BitLineClamp:
        """Return a clamp of a constant resistance (ohm); 0 is ideal."""
        return cls(currents=np.array([-1.0, 1.0]), droops=resistance * np.array([-1.0, 1.0]))

    def linearised(self, current: Array) -> tuple[Array, Array]:
        """Return droop without current (V) and resistance (ohm) of the piece that holds a current (...) in A."""
        piece = np.clip(np.searchsorted(self.currents, current) - 1, 0, self.currents.size - 2)
        slopes = np.diff(self.droops) / np.diff(self.currents)
        return (self.droops[:-1] - slopes * self.currents[:-1])[piece], slopes[piece]
