"""Characterise a cell that holds: drift of its storage node, and the leak and capacitance that it follows from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import gain_cell_read_bench
from circuits.benches.retention import BEYOND_THE_RAILS, hold_bench, leak_bench, storage_capacitance_bench
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Point, characterize
from pycosim.waveforms import charge

Array = NDArray[np.float64]

DRIFT_UNITS = {"age": "s", "stored_voltage": "V", "voltage": "V", "write_line": "V"}
FIRST_AGE = 1e-5
"""First age after 0, over the time held: below it a node has moved by less than a solver can tell."""


def hold_drift(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    hold_time: float,
    idle_write_lines: Sequence[float] | None = None,
    n_ages: int = 49,
) -> xr.Dataset:
    """Stored voltage against age of cells that hold from time 0.

    Args:
        cell: sizes.
        technology: process, corner and temperature.
        simulator: any.
        stored_voltages: held from age 0 (V).
        hold_time: how long (s).
        idle_write_lines: levels of the write bit line while holding (V), default mid-supply.
        n_ages: age 0 and the others evenly in the logarithm up to `hold_time`.

    Returns:
        `voltage` (V) over write_line, age and stored_voltage.
    """
    ages = np.concatenate([[0.0], np.geomspace(FIRST_AGE * hold_time, hold_time, n_ages - 1)])
    lines = [technology.mid_voltage] if idle_write_lines is None else list(idle_write_lines)

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, Array]:
        nodes = range(len(stored_voltages))
        found = [np.interp(ages, waves.time, np.real(waves.signals[f"v(sn{k})"])) for k in nodes]
        return {"voltage": np.stack(found, axis=1)}

    return characterize(
        {"write_line": lines},
        lambda point: hold_bench(
            cell,
            technology,
            stored_voltages=stored_voltages,
            hold_time=hold_time,
            idle_write_line=point["write_line"],
        ),
        measure,
        simulator,
        units=DRIFT_UNITS,
        inner={"age": [float(age) for age in ages], "stored_voltage": list(stored_voltages)},
    )


def leak_rates(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    corners: Sequence[str] | None = None,
    temperatures: Sequence[float] | None = None,
    idle_write_lines: Sequence[float] | None = None,
) -> xr.Dataset:
    """Leak current and capacitance of a holding storage node, and the drift that follows from them.

    Args:
        cell: sizes.
        technology: process; gives what is left out below.
        simulator: any.
        corners: of the process.
        temperatures: deg C.
        idle_write_lines: levels of the write bit line while holding (V), default mid-supply.

    Returns:
        Over corner, temperature, write_line and stored_voltage (V): `leak` (A, out of the node), `capacitance` (F) and
        `rate` (V/s), minus leak over capacitance.
    """
    names = [technology.corner] if corners is None else list(corners)
    celsius = [technology.temperature] if temperatures is None else list(temperatures)
    lines = [technology.mid_voltage] if idle_write_lines is None else list(idle_write_lines)
    voltage = np.linspace(
        -BEYOND_THE_RAILS, technology.supply_voltage + BEYOND_THE_RAILS, round(technology.supply_voltage / 0.01) + 21
    )
    axes = {"corner": [float(k) for k in range(len(names))], "temperature": celsius}
    inner = {"stored_voltage": [float(v) for v in voltage]}

    def place(point: Point) -> Technology:
        return technology.at(corner=names[int(point["corner"])], temperature=point["temperature"])

    def current(waves: Waveforms, bench: Testbench) -> dict[str, Array]:
        forced = np.real(waves.signals["v(sn)"])
        return {"leak": np.interp(voltage, forced, -np.real(waves.signals["i(vsn)"]))}

    def displacement(waves: Waveforms, bench: Testbench) -> dict[str, Array]:
        forced = np.real(waves.signals["v(sn)"])
        ramp = np.flatnonzero(np.diff(forced) > 0)[1:]  # the first step still begins
        found = -np.real(waves.signals["i(vsn)"])[ramp + 1] / bench.parameters["ramp_slope"]
        return {"capacitance": np.interp(voltage, forced[ramp + 1], found)}

    leaking = characterize(
        {**axes, "write_line": lines},
        lambda point: leak_bench(cell, place(point), idle_write_line=point["write_line"]),
        current,
        simulator,
        units={"leak": "A", "stored_voltage": "V", "temperature": "deg C", "write_line": "V"},
        inner=inner,
    )
    ramped = characterize(
        axes,
        lambda point: storage_capacitance_bench(cell, place(point)),
        displacement,
        simulator,
        units={"capacitance": "F"},
        inner=inner,
    )
    found = leaking.assign(capacitance=ramped["capacitance"], capacitance_digest=ramped["netlist_digest"])
    found["rate"] = -found["leak"] / found["capacitance"]
    found["rate"].attrs["unit"] = "V/s"
    return found.assign_coords(corner=names)


def full_pulse_charges(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    pulse_width: float,
    corners: Sequence[str],
    temperatures: Sequence[float],
) -> xr.Dataset:
    """Charge (C, sunk) of one read with the longest pulse, after a real write: over corner, temperature and level (V).

    Args:
        cell: sizes.
        technology: process.
        simulator: any.
        stored_voltages: levels written (V).
        pulse_width: of the read (s).
        corners: of the process.
        temperatures: deg C.
    """

    def bench(point: Point) -> Testbench:
        place = technology.at(corner=corners[int(point["corner"])], temperature=point["temperature"])
        return gain_cell_read_bench(
            cell, place, stored_voltages=stored_voltages, pulse_width=pulse_width, max_step=100e-12
        )

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, Array]:
        start = bench.parameters["read_start"] - 0.2e-9
        lines = [np.real(waves.signals[f"i(vbl{k})"]) for k in range(len(stored_voltages))]
        return {"charge": np.array([-charge(waves.time, line, start) for line in lines])}

    found = characterize(
        {"corner": [float(k) for k in range(len(corners))], "temperature": list(temperatures)},
        bench,
        measure,
        simulator,
        units={"charge": "C", "stored_voltage": "V", "temperature": "deg C"},
        inner={"stored_voltage": list(stored_voltages)},
    )
    return found.assign_coords(corner=list(corners))
