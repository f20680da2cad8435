"""The tile on real lines: what `pycosim.models.tile` computes, from the nodal equations of both arrays.

Between a SPICE netlist of the whole tile, which is exact and takes minutes, and the behavioural tile, which sums cells:
the cells' currents are tables from SPICE, the lines and clamps are solved, the converters are measured transfers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, positive
from pycosim.models.array_solver import ArraySolver, SolvedRead
from pycosim.models.converter import ConverterModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TileRead:
    """One read of tiles; leading axes are those of the operands.

    Attributes:
        first: of the array of the keys.
        weights: (..., n_tokens) pulses between the arrays, s.
        second: of the array of the values.
        outputs: (..., n_features) signed pulses, s.
    """

    first: SolvedRead
    weights: Array
    second: SolvedRead
    outputs: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TileSolver:
    """Two arrays and their converters, for any number of tiles and heads at once.

    Args:
        first: array of the keys.
        second: array of the values.
        charge_to_pulse: converter between the arrays.
        signed_charge_to_pulse: read-out of the second array.
        longest_pulse: that a word line of the second array carries, s: its input window.
    """

    first: ArraySolver
    second: ArraySolver
    charge_to_pulse: ConverterModel
    signed_charge_to_pulse: ConverterModel
    longest_pulse: float

    def __post_init__(self) -> None:
        positive("longest_pulse", self.longest_pulse, "s")

    def read(self, pulse_widths: Array, keys: Array, values: Array) -> TileRead:
        """Read tiles once, from the query's pulses to the signed pulses at the end.

        Args:
            pulse_widths: (..., n_features) of the query, s.
            keys: (..., n_features, n_tokens), V.
            values: (..., n_tokens, n_features), V.

        Raises:
            InputError, DomainError, FitError: as `ArraySolver.read`.
        """
        first = self.first.read(keys, pulse_widths)
        weights = self.charge_to_pulse.pulse_width(first.column_charges)
        second = self.second.read(values, self.usable(weights))
        outputs = self.signed_charge_to_pulse.pulse_width(second.column_charges)
        return TileRead(first=first, weights=weights, second=second, outputs=outputs)

    def usable(self, weights: Array) -> Array:
        """Return pulses as the word lines carry them, s: none shorter than its edge, none longer than the window."""
        clipped = np.minimum(weights, self.longest_pulse)
        return np.where(clipped < self.second.lines.edge_time, 0.0, clipped)
