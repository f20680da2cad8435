"""The behavioural tile: query pulses through keys, converter, values and signed converter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, finite_array
from pycosim.errors import InputError
from pycosim.models.cell import CellModel
from pycosim.models.converter import ConverterModel
from pycosim.models.wire_loss import WireLoss


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """Two arrays and their converters.

    Args:
        cell: model of every cell.
        charge_to_pulse: converter between the arrays.
        signed_charge_to_pulse: read-out of the second array.
        wire_loss: of both arrays; None for ideal wires.
    """

    cell: CellModel
    charge_to_pulse: ConverterModel
    signed_charge_to_pulse: ConverterModel
    wire_loss: WireLoss | None = None

    def weights(self, pulse_widths: Array, keys: Array) -> Array:
        """Return the pulses between the arrays, (n_tokens,) s.

        Args:
            pulse_widths: (n_features,) of the query, s.
            keys: (n_features, n_tokens), V.
        """
        return np.asarray(self.charge_to_pulse.pulse_width(self._charge(pulse_widths, keys)))

    def outputs(self, weights: Array, values: Array) -> Array:
        """Return the signed pulses, (n_features,) s.

        Args:
            weights: (n_tokens,) pulses, s.
            values: (n_tokens, n_features), V.
        """
        longest = self.cell.domain[0].high  # a converter's longest pulse is some picoseconds longer than its window
        return np.asarray(self.signed_charge_to_pulse.pulse_width(self._charge(np.minimum(weights, longest), values)))

    def _charge(self, pulse_widths: Array, stored: Array) -> Array:
        widths = finite_array("pulse_widths", pulse_widths, ndim=1)
        voltages = finite_array("stored voltages", stored, ndim=2)
        if widths.size != len(voltages):
            raise InputError(f"pulse_widths must be one per row, {len(voltages)}, found {widths.size}")
        charges = self.cell.charge(widths[:, None], voltages)
        if self.wire_loss is not None:
            charges = charges * self.wire_loss.factor()
        return np.asarray(charges.sum(axis=0))
