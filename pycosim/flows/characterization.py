"""Stages 1 to 5 of the gain-cell flow: technology and circuits -> datasets -> behavioural models."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology, load_technology
from circuits.timing import ColumnTiming, signed_timing, token_period
from pycosim.errors import ConfigurationError
from pycosim.evaluate import published
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import Progress
from pycosim.spice import Simulator
from pycosim.sweeps.cell import read_charges, read_current_table, storage_drift
from pycosim.sweeps.column import Column
from pycosim.sweeps.converter import converter_transfer

Array = NDArray[np.float64]

SUPPLY_VOLTAGE = 0.9
"""Supply that the gain-cell system is drawn for (V) [2025 Leroux]."""

N_LEVELS = 8
"""Stored levels [2025 Leroux]."""

FAR_BELOW, FAR_ABOVE = np.array([-5.0, -4.0, -3.0, -2.0, -1.0, -0.5]), np.array([2.0, 2.5, 3.0, 4.0])
"""Charges far outside the first converter's range, over its full charge. A trained head sends most of its scores
there: that they are saturated must be seen, not assumed. Beyond -5 the column would exceed the clamp's 400 uA."""

N_INPUTS = 16
"""Input pulse widths, 0 to 15 ns in 1 ns steps [2025 Leroux]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The circuits of one run: cell, both converters with their plans, technology."""

    technology: Technology
    cell: GainCellParameters
    first: Column
    second: Column

    def at(
        self, *, corner: str | None = None, temperature: float | None = None, supply_voltage: float | None = None
    ) -> Design:
        """The same circuits at another corner, temperature (deg C) or supply (V)."""
        technology = self.technology.at(corner=corner, temperature=temperature, supply_voltage=supply_voltage)
        return self.made_in(technology)

    def made_in(self, technology: Technology) -> Design:
        """The same circuits in another technology."""
        return replace(
            self,
            technology=technology,
            first=replace(self.first, technology=technology),
            second=replace(self.second, technology=technology),
        )

    @property
    def levels(self) -> Array:
        """The stored levels (V)."""
        return np.linspace(0.0, self.technology.supply_voltage, N_LEVELS)

    @property
    def max_pulse_width(self) -> float:
        """T_max (s)."""
        return self.first.timing.max_pulse_width

    @property
    def unit_time(self) -> float:
        """What a code adds to an input pulse, and a count to an output pulse (s)."""
        return self.max_pulse_width / (N_INPUTS - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellData:
    """What was measured of the cell.

    Attributes:
        read_current: DC table on the published grid.
        pulse_table: charge of a full pulse on the published grid, over its width (A).
        charges: charges for the fits, over pulse width and stored voltage; held-out points are those off the grid
            of levels and codes, see `held_out`.
        held_out: (n_widths, n_voltages) true where no fit may look.
        drift: stored voltage against age.
    """

    read_current: xr.Dataset
    pulse_table: Array
    charges: xr.Dataset
    held_out: NDArray[np.bool_]
    drift: xr.Dataset


def make_design(config: GainCellConfig) -> Design:
    """The shipped circuits in the configured technology, corner and temperature.

    Raises:
        CircuitError: no such technology or corner, or a temperature out of its range.
        ConfigurationError: a technology with another supply than the circuits are drawn for.
    """
    technology = load_technology(config.technology).at(corner=config.corner, temperature=config.temperature)
    if technology.supply_voltage != SUPPLY_VOLTAGE:
        raise ConfigurationError(
            f"the shipped gain cell, its levels and the published table are for a supply of {SUPPLY_VOLTAGE} V, "
            f"technology {technology.name} has {technology.supply_voltage:g} V; set supply_voltage = "
            f"{SUPPLY_VOLTAGE} in {technology.source}, or measure your own circuit with circuits/ and pycosim.sweeps"
        )
    cell = GainCellParameters()
    period = token_period(ColumnTiming(), signed_timing())

    def column(converter: ChargeToPulseParameters, timing: ColumnTiming) -> Column:
        return Column(cell=cell, converter=converter, technology=technology, timing=timing, period=period)

    return Design(
        technology=technology,
        cell=cell,
        first=column(ChargeToPulseParameters(), ColumnTiming()),
        second=column(signed_parameters(), signed_timing()),
    )


def measure_cell(design: Design, config: GainCellConfig, simulator: Simulator, progress: Progress) -> CellData:
    """Read current, charges and drift of the cell."""
    fitted_widths, held_widths = _pulse_grid(config.quick)
    widths = np.sort(np.concatenate([fitted_widths, held_widths]))
    grid = published.WORD_LINE_VOLTAGES[1:]
    progress.stage("gain cell: DC, pulses, retention", total=2 + len(grid) + len(widths))
    static = read_current_table(
        design.cell,
        design.technology,
        simulator,
        stored_voltages=published.STORED_VOLTAGES,
        word_line_voltages=published.WORD_LINE_VOLTAGES,
    )
    progress.advance()
    pulsed = read_charges(
        design.cell,
        design.technology,
        simulator,
        stored_voltages=published.STORED_VOLTAGES,
        pulse_widths=[design.max_pulse_width],
        word_line_voltages=grid,
        progress=lambda done, total: progress.advance(),
    )
    table = np.zeros((len(published.STORED_VOLTAGES), len(published.WORD_LINE_VOLTAGES)))
    table[:, 1:] = pulsed["charge"].values[:, 0, :].T / design.max_pulse_width
    levels = design.levels
    between = (levels[1:] + levels[:-1]) / 2
    quarters = levels[:-1] + (levels[1] - levels[0]) / 4
    voltages = np.sort(np.concatenate([levels, between, quarters]))
    charges = read_charges(
        design.cell,
        design.technology,
        simulator,
        stored_voltages=[float(v) for v in voltages],
        pulse_widths=[float(w) for w in widths],
        progress=lambda done, total: progress.advance(),
    ).isel(word_line_voltage=0)
    drift = storage_drift(
        design.cell,
        design.technology,
        simulator,
        stored_voltages=[float(v) for v in levels],
        hold_time=5e-3,
    )
    progress.advance()
    off_level = np.isclose(voltages[:, None], quarters[None, :]).any(axis=1)
    off_code = np.isclose(widths[:, None], held_widths[None, :], atol=1e-13).any(axis=1)
    return CellData(
        read_current=static,
        pulse_table=table,
        charges=charges,
        held_out=off_level[None, :] | off_code[:, None],
        drift=drift,
    )


def measure_transfers(
    design: Design, config: GainCellConfig, simulator: Simulator, progress: Progress
) -> tuple[xr.Dataset, xr.Dataset]:
    """Pulse width against charge of both converters; every third point is for the fits not to see."""
    n_coarse = 21 if config.quick else 37
    full = design.first.converter.saturation_current * design.max_pulse_width
    signed_full = design.second.converter.saturation_current * design.max_pulse_width
    grids = (
        np.concatenate([FAR_BELOW, _with_knees(np.linspace(-0.25, 1.75, n_coarse), knees=(0.0, 1.0)), FAR_ABOVE])
        * full,
        _with_knees(np.linspace(-1.5, 1.5, n_coarse), knees=(-1.0, 0.0, 1.0)) * signed_full,
    )
    progress.stage("charge-to-pulse circuits: transfer", total=sum(grid.size for grid in grids))
    first, second = (
        converter_transfer(
            column.converter,
            design.technology,
            column.timing,
            simulator,
            charges=[float(q) for q in grid],
            cell=design.cell,
            progress=lambda done, total: progress.advance(),
        )
        for column, grid in zip((design.first, design.second), grids, strict=True)
    )
    return first, second


def _with_knees(grid: Array, knees: tuple[float, ...]) -> Array:
    """The grid, finer around the knees of the transfer, where a table would else cut the corner."""
    offsets = np.array([-0.02, -0.008, -0.003, 0.003, 0.008, 0.02])
    return np.unique(np.concatenate([grid, *(knee + offsets for knee in knees)]).round(6))


def _pulse_grid(quick: bool) -> tuple[Array, Array]:
    """Pulse widths for the fits, and those held out (s)."""
    fitted = [0.1, 0.25, 0.5, *range(1, N_INPUTS)]
    held = [0.35, 0.75, 2.5, 5.5, 8.5, 11.5, 14.5]
    if quick:
        fitted, held = [0.1, 0.25, 0.5, 1, 2, 3, 5, 7, 9, 11, 13, 15], [0.35, 0.75, 4.5, 10.5, 14.5]
    return 1e-9 * np.array(fitted, dtype=float), 1e-9 * np.array(held, dtype=float)
