"""What a write does to a cell: time to its level, charge injected by closing the gate, energy drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import gain_cell_read_bench
from circuits.gain_cell import GainCellParameters
from circuits.stimuli import EDGE_TIME
from circuits.technology import Technology
from circuits.testbench import Testbench
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import characterize
from pycosim.waveforms import settling_time

Array = NDArray[np.float64]

UNITS = {
    "stored_voltage": "V",
    "temperature": "deg C",
    "written_error": "V",
    "injection": "V",
    "write_time": "s",
    "line_energy": "J",
    "gate_energy": "J",
}
SETTLED_AFTER = 0.2e-9
"""When charge injection is over, after the gate began to close (s): four edges; the data line is still at its level."""


def cell_writes(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    tolerance: float,
    temperatures: Sequence[float] | None = None,
    write_time: float = 8e-9,
) -> xr.Dataset:
    """Write every level from the rail that is farther away.

    Args:
        cell: sizes.
        technology: process.
        simulator: any.
        stored_voltages: levels (V), one cell each.
        tolerance: half-width of the band in which a level is reached (V).
        temperatures: deg C, default the technology's.
        write_time: how long the gate is on (s).

    Returns:
        Over temperature and stored_voltage: `written_error` (V) when the gate begins to close, `injection` (V) by
        closing it, `write_time` (s) until the level stays within the tolerance (NaN: not within the time), and the
        energies (J) that the drivers of the data line and of the write word lines draw for one cell, each between its
        two rails.
    """
    celsius = [technology.temperature] if temperatures is None else list(temperatures)
    cells, swings = range(len(stored_voltages)), cell.write_levels(technology)

    def at(temperature: float) -> Testbench:
        plain = gain_cell_read_bench(
            cell,
            technology.at(temperature=temperature),
            stored_voltages=stored_voltages,
            pulse_width=1e-9,
            write_time=write_time,
        )
        drivers = ("i(vwwl)", "i(vwwlb)", *(f"i(vwbl{k})" for k in cells))
        return replace(plain, probes=(*plain.probes, *drivers))

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, Array]:
        start = bench.parameters["write_start"]
        stop = start + write_time
        rows = [
            _one(waves, k, float(level), start, stop, tolerance, technology.supply_voltage)
            for k, level in enumerate(stored_voltages)
        ]
        gates = sum(_drawn(waves, f"i(v{line})", min(levels), max(levels)) for line, levels in swings.items())
        found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        return {**found, "gate_energy": np.full(len(rows), gates / len(rows))}

    return characterize(
        {"temperature": celsius},
        lambda point: at(point["temperature"]),
        measure,
        simulator,
        units=UNITS,
        inner={"stored_voltage": list(stored_voltages)},
    )


def _one(
    waves: Waveforms, k: int, level: float, start: float, stop: float, tolerance: float, supply: float
) -> dict[str, float]:
    stored = np.real(waves.signals[f"v(sn{k})"])
    before = float(np.interp(stop, waves.time, stored))
    after = float(np.interp(stop + EDGE_TIME + SETTLED_AFTER, waves.time, stored))
    reached = abs(before - level) < tolerance
    return {
        "written_error": before - level,
        "injection": after - before,
        "write_time": settling_time(waves.time, stored, start, stop, tolerance, final=level) if reached else np.nan,
        "line_energy": _drawn(waves, f"i(vwbl{k})", 0.0, supply),
    }


def _drawn(waves: Waveforms, current: str, low: float, high: float) -> float:
    """Energy that a driver between two rails (V) draws: the charge that its line takes up, over the whole swing (J)."""
    taken = np.maximum(-np.real(waves.signals[current]), 0.0)
    return float(np.trapezoid(taken, waves.time)) * (high - low)
