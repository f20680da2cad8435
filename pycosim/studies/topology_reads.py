"""What the study of topologies measures of each charge-to-pulse circuit, the same way for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.active_integrator import ActiveIntegratorParameters, integrator_timing
from circuits.area import Area, AreaRules, circuit_area
from circuits.benches.active_integrator import active_integrator_bench
from circuits.benches.cell import CELLS_PER_LINE
from circuits.benches.converter import charge_to_pulse_bench
from circuits.die import Die
from circuits.flatten import flatten
from circuits.testbench import Testbench, render_netlist
from circuits.timing import ColumnTiming
from pycosim.evaluate.cost import PUBLISHED_BLOCKS, PUBLISHED_TILES
from pycosim.studies.study import Laboratory
from pycosim.sweeps.active_integrator import IntegratorColumn, integrator_column_reads, integrator_transfer
from pycosim.sweeps.characterize import Advance
from pycosim.sweeps.column import column_reads
from pycosim.sweeps.converter import converter_transfer
from pycosim.sweeps.variation import converter_spread

Array = NDArray[np.float64]

PUBLISHED_ENERGY = dict(PUBLISHED_BLOCKS)["array 1 and charge-to-pulse"] / (PUBLISHED_TILES * CELLS_PER_LINE)
"""Of one column's read (J)."""

BURST_CELLS = (16, 32, 48, 64)
"""Cells at the top level that draw together for 1 ns: 160 to 640 uA at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """One circuit, and how it is measured.

    Attributes:
        name: key of the results.
        label: in tables.
        timing: its plan.
        known_charge: the bench with a given charge (C).
        reads: (levels (V), pulses (s), progress) -> dataset with `pulse_width` and energies.
        transfer: charges (C) -> `pulse_width` over charge.
        spread: (seeds, charges) -> `pulse_width` over seed and charge.
        parts: instances that every column has.
        shared_parts: instances that a tile has once.
    """

    name: str
    label: str
    timing: ColumnTiming
    known_charge: Callable[[float], Testbench]
    reads: Callable[[Array, Array, Advance | None], xr.Dataset]
    transfer: Callable[[Sequence[float]], xr.Dataset]
    spread: Callable[[Sequence[int], Sequence[float]], xr.Dataset]
    parts: tuple[str, ...]
    shared_parts: tuple[str, ...] = ()

    @property
    def delay(self) -> float:
        """From the end of the longest input to the pulse (s)."""
        return self.timing.window_start - self.timing.input_start - self.timing.input_window

    def area(self) -> Area:
        """Devices of one column's circuit, by the rules of a 28 nm class process."""
        return _area(self.known_charge(0.0), self.parts)

    def shared_area(self) -> Area | None:
        """Devices that a tile has once."""
        return _area(self.known_charge(0.0), self.shared_parts) if self.shared_parts else None

    def static_current(self, lab: Laboratory) -> float:
        """Supply current (A) while the circuit integrates nothing, in the middle of the input window."""
        waves = lab.simulator.run(render_netlist(self.known_charge(0.0)))
        middle = self.timing.input_start + self.timing.input_window / 2
        return float(np.interp(middle, waves.time, -np.real(waves.signals["i(vdd)"])))


def over_corners(lab: Laboratory, charges: Sequence[float], corners: Sequence[str]) -> tuple[xr.Dataset, ...]:
    """Pulse of a known charge and static current of each topology over corners, nothing trimmed again."""
    found: list[list[xr.Dataset]] = [[], []]
    for corner in corners:
        moved = replace(lab, design=lab.design.at(corner=corner))
        for rows, topology in zip(found, both_topologies(moved), strict=True):
            widths = topology.transfer(charges)[["pulse_width"]]
            rows.append(widths.assign(static_current=topology.static_current(moved)))
    return tuple(xr.concat(rows, dim=xr.Variable("corner", list(corners))) for rows in found)


def both_topologies(lab: Laboratory) -> tuple[Topology, Topology]:
    """The shipped conveyor and the active integrator, at the corner of the laboratory."""
    return _conveyor(lab), _integrator(
        lab,
        IntegratorColumn(
            cell=lab.design.cell,
            integrator=ActiveIntegratorParameters(),
            technology=lab.design.technology,
            timing=integrator_timing(),
            period=lab.design.first.period,
        ),
    )


def _conveyor(lab: Laboratory) -> Topology:
    column, simulator = lab.design.first, lab.simulator
    return Topology(
        name="current_conveyor",
        label="current conveyor, 8:1 copy (shipped)",
        timing=column.timing,
        known_charge=lambda charge: charge_to_pulse_bench(
            column.converter, column.technology, column.timing, charge=charge, cell=column.cell
        ),
        reads=lambda stored, widths, progress: column_reads(
            column, simulator, stored_voltages=stored, pulse_widths=widths, progress=progress
        ),
        transfer=lambda charges: converter_transfer(
            column.converter, column.technology, column.timing, simulator, charges=charges, cell=column.cell
        ),
        spread=lambda seeds, charges: converter_spread(column, simulator, charges=charges, seeds=seeds),
        parts=("converter",),
    )


def _integrator(lab: Laboratory, column: IntegratorColumn) -> Topology:
    simulator = lab.simulator

    def spread(seeds: Sequence[int], charges: Sequence[float]) -> xr.Dataset:
        dies = [Die(seed=seed, parts=("integrator",)) for seed in seeds]
        found = integrator_transfer(column, simulator, charges=charges, dies=dies)
        return found.rename({"die": "seed"}).assign_coords(seed=[float(seed) for seed in seeds])

    return Topology(
        name="active_integrator",
        label="active integrator, auto-zeroed, shared ramp",
        timing=column.timing,
        known_charge=lambda charge: active_integrator_bench(
            column.integrator, column.technology, column.timing, charge=charge, cell=column.cell
        ),
        reads=lambda stored, widths, progress: integrator_column_reads(
            column, simulator, stored_voltages=stored, pulse_widths=widths, progress=progress
        ),
        transfer=lambda charges: integrator_transfer(column, simulator, charges=charges).isel(die=0),
        spread=spread,
        parts=("integrator",),
        shared_parts=("ramp",),
    )


def _area(bench: Testbench, parts: tuple[str, ...]) -> Area:
    return circuit_area(flatten(str(bench.circuit).strip().splitlines()[1:]), AreaRules(), parts=parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What was measured of one topology.

    Attributes:
        topology: which.
        spread, transformer: columns with charges over the range, and with the transformer's operands.
        burst: pulse of `BURST_CELLS` (s).
        transfer: pulse width over a known charge.
        lines: gain and offset of every die, as drawn otherwise.
        static_current: A.
        corners: pulse width (s) over corner and charge, and `static_current` (A) over corner.
        area, shared: of a column's circuit; of what a tile has once.
    """

    topology: Topology
    spread: xr.Dataset
    transformer: xr.Dataset
    burst: Array
    transfer: xr.Dataset
    lines: xr.Dataset
    static_current: float
    corners: xr.Dataset
    area: Area
    shared: Area | None


def column_energy(reads: xr.Dataset) -> dict[str, float]:
    """Energy of one read of one column (J), mean over samples: converter, word lines, shares of bias and ramp, sum."""
    parts = {
        "converter": float(reads["energy_converter"].mean()),
        "word_lines": float(reads["energy_word_lines"].mean()),
        "bias": float(reads["energy_bias"].mean()) / CELLS_PER_LINE,
        "ramp": float(reads["energy_ramp"].mean()) if "energy_ramp" in reads else 0.0,
    }
    return {**parts, "sum": sum(parts.values())}
