"""What is measured of a cell that holds, and how long each level lives by it: shared by the studies of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.cell_variants import CellVariant
from circuits.technology import Technology, load_technology
from pycosim.evaluate.retention import read_drift, retention_times
from pycosim.models.cell import LookupCell
from pycosim.models.leak import LeakDecay
from pycosim.studies.study import Laboratory
from pycosim.sweeps.retention import full_pulse_charges, leak_rates

Array = NDArray[np.float64]

AGES = np.geomspace(1e-7, 1e10, 409)
"""Ages (s), 24 a decade: from below one token to above any level's life."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What was measured of one cell.

    Attributes:
        variant: the cell.
        technology: its process.
        levels: the stored levels (V).
        pulse_width: of the longest read (s).
        leaks: rates over corner, temperature, write line and voltage.
        charges: of the longest read over corner, temperature and level.
        drifts: temperature -> transient of the levels and of the voltages between them, at the first corner.
    """

    variant: CellVariant
    technology: Technology
    levels: Array
    pulse_width: float
    leaks: xr.Dataset
    charges: xr.Dataset
    drifts: Mapping[float, xr.Dataset] = field(default_factory=dict)

    def decay(self, corner: str, temperature: float, line: float | None = None) -> LeakDecay:
        """Drift with the write bit line idle at a level (V), default mid-supply."""
        place = self.leaks["rate"].sel(corner=corner, temperature=temperature)
        rates = place.sel(write_line=self.technology.mid_voltage if line is None else line)
        return LeakDecay.measured(rates["stored_voltage"].values, rates.values, outside="clip")

    def cell(self, corner: str, temperature: float) -> LookupCell:
        """Charge of a read; in proportion to the pulse width."""
        full = self.charges["charge"].sel(corner=corner, temperature=temperature)
        return LookupCell(
            pulse_widths=np.array([0.0, self.pulse_width]),
            stored_voltages=full["stored_voltage"].values,
            charges=np.stack([np.zeros(full.size), full.values]),
            outside="clip",
        )

    def retention(self, corner: str, temperature: float, line: float | None = None) -> tuple[Array, Array]:
        """Age (s) of each level at which its read, and its voltage, is off by half a level."""
        decay = self.decay(corner, temperature, line)
        moved, limit = read_drift(
            self.cell(corner, temperature), decay, levels=self.levels, ages=AGES, pulse_width=self.pulse_width
        )
        shift = decay.voltage(self.levels, AGES[:, None]) - self.levels
        half = (self.levels[1] - self.levels[0]) / 2
        return retention_times(AGES, moved, limit), retention_times(AGES, shift, half)


def measure_held(
    lab: Laboratory, variant: CellVariant, *, corners: Sequence[str], temperatures: Sequence[float]
) -> Held:
    """Leak, capacitance and full reads of a cell at every corner and temperature (deg C), without transients.

    The write bit line rests at either rail and at mid-supply. The shipped technology is the laboratory's, so that a
    user's own takes its place; other variants bring theirs.
    """
    shipped = variant.technology == "generic28"
    technology = lab.design.technology if shipped else load_technology(variant.technology)
    supply = technology.supply_voltage
    leaks = leak_rates(
        variant.parameters,
        technology,
        lab.simulator,
        corners=corners,
        temperatures=temperatures,
        idle_write_lines=[0.0, technology.mid_voltage, supply],
    )
    charges = full_pulse_charges(
        variant.parameters,
        technology,
        lab.simulator,
        stored_voltages=[float(v) for v in np.linspace(0.0, supply, 22)],
        pulse_width=lab.design.max_pulse_width,
        corners=corners,
        temperatures=temperatures,
    )
    return Held(
        variant=variant,
        technology=technology,
        levels=np.asarray(lab.design.levels),
        pulse_width=lab.design.max_pulse_width,
        leaks=leaks,
        charges=charges,
    )
