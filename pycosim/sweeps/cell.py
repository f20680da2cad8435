"""Characterise the gain cell: read current at DC, charge per pulse, settling and drift of the stored voltage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import gain_cell_dc_bench, gain_cell_read_bench, retention_bench
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench, render_netlist
from pycosim.checks import finite_array
from pycosim.errors import InputError
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import charge

Array = NDArray[np.float64]

ROUNDING = 1e-9
"""What a voltage may miss its bounds by through arithmetic (V)."""

READ_LEAD = 0.2e-9
"""How long before a read pulse its charge is counted from (s)."""

CHARGE_UNITS = {"stored_voltage": "V", "pulse_width": "s", "charge": "C"}


def read_current_table(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    word_line_voltages: Sequence[float],
) -> xr.Dataset:
    """Read current at DC: `read_current` (A, sunk from the bit line) over stored and word-line voltage (V).

    Raises:
        InputError: a word-line voltage outside the sweep, which goes from mid-supply to the supply.
    """
    wanted = finite_array("word_line_voltages", word_line_voltages, ndim=1)
    low, high = technology.mid_voltage, technology.supply_voltage
    if not wanted.size or wanted.min() < low - ROUNDING or wanted.max() > high + ROUNDING:
        raise InputError(
            f"word_line_voltages must lie between {low:g} and {high:g} V, found {list(word_line_voltages)}"
        )
    netlist = render_netlist(gain_cell_dc_bench(cell, technology, stored_voltages=stored_voltages))
    waves = simulator.run(netlist)
    sweep = np.asarray(waves.signals["v(rwlp)"], dtype=np.float64)
    current = np.stack(
        [
            np.interp(word_line_voltages, sweep, -np.asarray(waves.signals[f"i(vbl{k})"], dtype=np.float64))
            for k in range(len(stored_voltages))
        ]
    )
    return xr.Dataset(
        {
            "read_current": (("stored_voltage", "word_line_voltage"), current, {"unit": "A"}),
            "netlist_digest": ((), netlist.digest),
        },
        coords={
            "stored_voltage": ("stored_voltage", list(stored_voltages), {"unit": "V"}),
            "word_line_voltage": ("word_line_voltage", list(word_line_voltages), {"unit": "V"}),
        },
        attrs={"bench": "gain_cell_dc"},
    )


def read_charges(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    pulse_widths: Sequence[float],
    word_line_voltages: Sequence[float] | None = None,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Charge of one read after a real write: `charge` (C, sunk) over word-line voltage, pulse width and level.

    Args:
        cell: sizes.
        technology: process.
        simulator: any.
        stored_voltages: levels written (V); all in one deck.
        pulse_widths: read pulses (s), one deck each.
        word_line_voltages: amplitudes of the upper word line (V), default the supply.
        progress: called with (done, total).
    """
    amplitudes = [technology.supply_voltage] if word_line_voltages is None else list(word_line_voltages)

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, Array]:
        start = bench.parameters["read_start"] - READ_LEAD
        charges = [
            -charge(waves.time, np.real(waves.signals[f"i(vbl{k})"]), start) for k in range(len(stored_voltages))
        ]
        return {"charge": np.array(charges)}

    return characterize(
        {"word_line_voltage": amplitudes, "pulse_width": list(pulse_widths)},
        lambda point: gain_cell_read_bench(
            cell,
            technology,
            stored_voltages=stored_voltages,
            pulse_width=point["pulse_width"],
            word_line_voltage=point["word_line_voltage"],
        ),
        measure,
        simulator,
        units={**CHARGE_UNITS, "word_line_voltage": "V"},
        inner={"stored_voltage": list(stored_voltages)},
        progress=progress,
    )


def storage_drift(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    hold_time: float,
    n_ages: int = 41,
) -> xr.Dataset:
    """Stored voltage against age: `voltage` (V) over age (s) and the voltage at age 0 (V).

    Age 0 is 10 ns after the write gates began to close, when their charge injection is over: drift is separate from
    injection, which the read charges contain. The other ages are spaced evenly in the logarithm.
    """
    netlist = render_netlist(retention_bench(cell, technology, stored_voltages=stored_voltages, hold_time=hold_time))
    waves = simulator.run(netlist)
    first = 11e-9
    ages = np.concatenate([[0.0], np.geomspace(1e-7, hold_time - first, n_ages - 1)])
    voltage = np.stack(
        [np.interp(first + ages, waves.time, np.real(waves.signals[f"v(sn{k})"])) for k in range(len(stored_voltages))],
        axis=1,
    )
    # the level's name is what was written; what is kept is written + (drifted - voltage at age 0)
    drifted = np.asarray(stored_voltages)[None, :] + voltage - voltage[:1]
    return xr.Dataset(
        {
            "voltage": (("age", "stored_voltage"), drifted, {"unit": "V"}),
            "netlist_digest": ((), netlist.digest),
            "injection": (("stored_voltage",), voltage[0] - np.asarray(stored_voltages), {"unit": "V"}),
        },
        coords={
            "age": ("age", ages, {"unit": "s"}),
            "stored_voltage": ("stored_voltage", list(stored_voltages), {"unit": "V"}),
        },
        attrs={"bench": "retention"},
    )
