"""What an analog matrix product is computed with: cell, converter, their levels and how parts differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import at_least, ordered, positive
from pycosim.models.axis import OperandAxis
from pycosim.models.cell import CellModel
from pycosim.models.converter import ConverterModel
from pycosim.models.spread import CellDeviation, ConverterSpread


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProductHardware:
    """What a matrix product is computed with.

    Args:
        cell: charge of one cell over pulse width and stored voltage; sinks and sources.
        converter: charge of a column -> signed pulse width.
        full_charge: charge whose pulse is nominally the longest, C: what a full count stands for.
        max_pulse_width: longest input and output pulse, s.
        n_input_levels: pulse widths of an input, from 0.
        n_stored_levels: voltages of a cell; None for any.
        n_output_counts: counts of the longest output pulse, the sign apart; None for any width.
        stored_low: lowest stored voltage, V.
        stored_high: highest stored voltage, V.
        tile_rows: rows of one array; a product with more inputs takes several, each with converters of its own.
        deviations: how cells differ.
        spread: how converters differ, and the noise of a conversion; None for all alike and quiet.
    """

    cell: CellModel
    converter: ConverterModel
    full_charge: float
    max_pulse_width: float = 15e-9
    n_input_levels: int = 16
    n_stored_levels: int | None = 8
    n_output_counts: int | None = 15
    stored_low: float = 0.0
    stored_high: float = 0.9
    tile_rows: int = 64
    deviations: tuple[CellDeviation, ...] = ()
    spread: ConverterSpread | None = None

    def __post_init__(self) -> None:
        positive("full_charge", self.full_charge, "C")
        positive("max_pulse_width", self.max_pulse_width, "s")
        ordered("stored voltages", self.stored_low, self.stored_high, "V")
        at_least("n_input_levels", self.n_input_levels, 2)
        at_least("tile_rows", self.tile_rows, 1)
        if self.n_stored_levels is not None:
            at_least("n_stored_levels", self.n_stored_levels, 2)
        if self.n_output_counts is not None:
            at_least("n_output_counts", self.n_output_counts, 1)
        object.__setattr__(self, "deviations", tuple(d for d in self.deviations if d.sigma > 0))

    @property
    def input_axis(self) -> OperandAxis:
        """Pulse widths of the input codes, s."""
        return OperandAxis(nodes=np.linspace(0.0, self.max_pulse_width, self.n_input_levels), is_coded=True)

    @property
    def level_axis(self) -> OperandAxis:
        """Stored voltages, V."""
        n = self.n_stored_levels
        nodes = np.linspace(self.stored_low, self.stored_high, n or 2)
        return OperandAxis(nodes=nodes, is_coded=n is not None, is_smooth=True)

    @property
    def charge_noise(self) -> float:
        """Standard deviation of one conversion's noise, as charge, C."""
        return 0.0 if self.spread is None else self.spread.total_charge_noise
