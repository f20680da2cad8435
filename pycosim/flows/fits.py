"""Stage 5 of the gain-cell flow: datasets -> behavioural models, each judged on points that no fit saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import xarray as xr

from pycosim.attention.hardware import AttentionModels
from pycosim.fitting.cell import fit_lookup_cell, fit_polynomial_cell
from pycosim.fitting.converter import fit_hard_sigmoid, fit_pulse_table, fit_signed_pulse
from pycosim.fitting.decay import fit_drift_table, fit_storage_decay
from pycosim.fitting.fit import Fit, hold_out_every
from pycosim.fitting.leak import fit_leak_decay
from pycosim.fitting.points import netlist_digests
from pycosim.flows.characterization import CellData, Design
from pycosim.models.cell import LookupCell, PolynomialCell
from pycosim.models.converter import HardSigmoid, PulseTable, SignedPulse
from pycosim.models.decay import DriftTable, StorageDecay
from pycosim.models.domain import ClipCounter
from pycosim.models.leak import LeakDecay


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GainCellFits:
    """Every fit of the gain-cell system: a measured table and the paper's law of each circuit, side by side."""

    cell_table: Fit[LookupCell]
    cell_polynomial: Fit[PolynomialCell]
    pulse_table: Fit[PulseTable]
    hard_sigmoid: Fit[HardSigmoid]
    signed_pulse_table: Fit[PulseTable]
    signed_pulse: Fit[SignedPulse]
    drift: Fit[DriftTable]
    decay: Fit[StorageDecay]
    leak: Fit[LeakDecay]

    def named(self) -> dict[str, Fit[Any]]:
        """File name -> fit."""
        return {
            "cell_table": self.cell_table,
            "cell_polynomial": self.cell_polynomial,
            "charge_to_pulse_table": self.pulse_table,
            "charge_to_pulse_hard_sigmoid": self.hard_sigmoid,
            "signed_charge_to_pulse_table": self.signed_pulse_table,
            "signed_charge_to_pulse_law": self.signed_pulse,
            "storage_drift_table": self.drift,
            "storage_decay_law": self.decay,
            "storage_leak_law": self.leak,
        }

    def models(self) -> AttentionModels:
        """What attention runs on: of each circuit's models the one with the smallest residual on held-out points.

        Charges beyond the measured range of a converter are clipped to it and counted: both ends are saturated there.
        """
        cell = _best(self.cell_table, self.cell_polynomial).model
        return AttentionModels(
            cell_k=cell,
            cell_v=cell,
            charge_to_pulse=_clipping(_best(self.pulse_table, self.hard_sigmoid)),
            signed_charge_to_pulse=_clipping(_best(self.signed_pulse_table, self.signed_pulse)),
            decay=_best(self.drift, self.decay, self.leak).model,
        )


def fit_gain_cell(design: Design, cell: CellData, transfers: tuple[xr.Dataset, xr.Dataset]) -> GainCellFits:
    """Fit every model of the system.

    Raises:
        FitError: the points do not determine a model.
    """
    points: Mapping[str, Any] = {
        "stored_voltage": cell.charges["stored_voltage"].values[None, :],
        "pulse_width": cell.charges["pulse_width"].values[:, None],
        "charge": cell.charges["charge"].values,
        "held_out": cell.held_out,
        "netlist_digests": netlist_digests(cell.charges),
    }
    drift: Mapping[str, Any] = {
        "ages": cell.drift["age"].values,
        "stored_voltages": cell.drift["stored_voltage"].values,
        "voltages": cell.drift["voltage"].values,
        "netlist_digests": netlist_digests(cell.drift),
    }
    held_ages = hold_out_every(3, drift["ages"].size)
    first, second = (_transfer_points(transfer) for transfer in transfers)
    t_max = design.max_pulse_width
    return GainCellFits(
        cell_table=fit_lookup_cell(**points, outside="clip"),
        cell_polynomial=fit_polynomial_cell(**points, centre=design.technology.mid_voltage),
        pulse_table=fit_pulse_table(**first),
        hard_sigmoid=fit_hard_sigmoid(**first, saturation_charge=design.first.converter.saturation_current * t_max),
        signed_pulse_table=fit_pulse_table(**second),
        signed_pulse=fit_signed_pulse(**second, saturation_charge=design.second.converter.saturation_current * t_max),
        drift=fit_drift_table(**drift, held_out=held_ages),
        decay=fit_storage_decay(**drift, held_out=held_ages[:, None]),
        leak=fit_leak_decay(**drift, held_out=held_ages[:, None]),
    )


def _best(*fits: Fit[Any]) -> Fit[Any]:
    return min(fits, key=lambda fit: fit.held_out_residual_rms)


def _clipping(fit: Fit[Any]) -> Any:
    """The model, clipping to its domain with a counter of its own."""
    return replace(fit.model, outside="clip", clips=ClipCounter())


def _transfer_points(transfer: xr.Dataset) -> dict[str, Any]:
    charge = transfer["charge"].values
    return {
        "charge": charge,
        "pulse_width": transfer["pulse_width"].values,
        "held_out": hold_out_every(3, charge.size),
        "netlist_digests": netlist_digests(transfer),
    }
