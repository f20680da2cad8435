"""The behavioural models of the circuits at one corner, temperature and supply, from few points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from pycosim.attention.hardware import AttentionModels
from pycosim.flows.characterization import FAR_ABOVE, FAR_BELOW, SUPPLY_VOLTAGE, Design
from pycosim.models.cell import LookupCell
from pycosim.models.converter import PulseTable
from pycosim.models.decay import DriftTable
from pycosim.models.domain import ClipCounter
from pycosim.spice import Simulator
from pycosim.sweeps.cell import read_charges, storage_drift
from pycosim.sweeps.column import Column
from pycosim.sweeps.converter import converter_transfer

HOLD_TIME = 0.5
"""How long the drift is followed, s. Ours: a hundred times the published time constant of 5 ms [2025 Leroux], when the
levels of the drawn cell have all but met."""


def measure_models(design: Design, simulator: Simulator, *, quick: bool = False) -> AttentionModels:
    """Measure cell, drift and both converters, and return their tables.

    Voltages of the models are the levels that were meant at the nominal supply: the levels are shares of the supply, so
    that a lower supply stores lower voltages for the same codes.

    Args:
        design: circuits at the wanted condition.
        simulator: any.
        quick: half of the points.

    Raises:
        SimulationError: a deck failed.
    """
    # the last width is for pulses that a real driver makes longer than they were meant
    widths = 1e-9 * np.array([1.0, 15.0, 15.5] if quick else [0.25, 0.5, 1.0, 4.0, 8.0, 15.0, 15.5])
    levels = design.levels
    voltages = levels if quick else np.linspace(levels[0], levels[-1], 2 * levels.size - 1)
    charges = read_charges(
        design.cell,
        design.technology,
        simulator,
        stored_voltages=[float(v) for v in voltages],
        pulse_widths=[float(w) for w in widths],
    ).isel(word_line_voltage=0)
    cell = cell_table(charges)
    drift = storage_drift(
        design.cell,
        design.technology,
        simulator,
        stored_voltages=[float(v) for v in levels],
        hold_time=HOLD_TIME,
    )
    first, second = (_transfer(design, column, simulator, quick) for column in (design.first, design.second))
    meant = SUPPLY_VOLTAGE / design.technology.supply_voltage
    cell = replace(cell, stored_voltages=cell.stored_voltages * meant, clips=ClipCounter())
    return AttentionModels(
        cell_k=cell,
        cell_v=cell,
        charge_to_pulse=first,
        signed_charge_to_pulse=second,
        decay=DriftTable(
            ages=drift["age"].values,
            stored_voltages=drift["stored_voltage"].values * meant,
            voltages=drift["voltage"].values * meant,
        ),
    )


def cell_table(charges: xr.Dataset) -> LookupCell:
    """The table of measured charges over pulse width and stored voltage; without a pulse there is no charge."""
    voltages = charges["stored_voltage"].values
    return LookupCell(
        pulse_widths=np.concatenate([[0.0], charges["pulse_width"].values]),
        stored_voltages=voltages,
        charges=np.vstack([np.zeros(voltages.size), charges["charge"].values]),
        outside="clip",
    )


def _transfer(design: Design, column: Column, simulator: Simulator, quick: bool) -> PulseTable:
    """Pulse width over charge, fine where it may have its knees at any condition; clipped outside, where it is flat."""
    full = column.converter.saturation_current * column.timing.max_pulse_width
    knee = np.linspace(-0.1, 0.1, 3 if quick else 9)
    inside = np.linspace(0.2, 0.8, 2 if quick else 4)
    if column.converter.signed:
        grid = np.concatenate([[-1.5], knee - 1.0, -inside, knee, inside, 1.0 + knee, [1.5]])
    else:
        grid = np.concatenate([FAR_BELOW[[0, -1]], knee, inside, 1.0 + knee, FAR_ABOVE[[0, -1]]])
    found = converter_transfer(
        column.converter,
        design.technology,
        column.timing,
        simulator,
        charges=[float(q) for q in np.sort(grid) * full],
        cell=design.cell,
    )
    return PulseTable(charges=found["charge"].values, pulse_widths=found["pulse_width"].values, outside="clip")
