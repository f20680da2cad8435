"""Does energy add up: a circuit known in closed form, and a column at a shorter and shorter time step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.balance import charging_bench
from circuits.benches.column import column_bench
from circuits.technology import Technology
from circuits.testbench import Testbench
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.sweeps.column import Column
from pycosim.waveforms import charging_balance, supply_energy

Array = NDArray[np.float64]

RESISTANCE, CAPACITANCE = 1e3, 700e-15
"""Of the check (ohm, F). Ours: the integration capacitor through about the resistance of its reset switch, 0.7 ns."""


CHARGING_UNITS = {
    "max_step": "s",
    "drawn": "J",
    "stored": "J",
    "dissipated": "J",
    "error": "",
    "stored_closed_form": "J",
    "dissipated_closed_form": "J",
}


def charging_energies(technology: Technology, simulator: Simulator, *, max_steps: Sequence[float]) -> xr.Dataset:
    """Energies (J) of a capacitor that is charged through a resistor, over "max_step" (s).

    `drawn`, `stored` and `dissipated` are measured, each from other waveforms; `error` is what is missing over what was
    drawn. In closed form C V^2 / 2 is stored, and for a source that rises to V within x time constants
    C V^2 (1 - (1 - exp(-x)) / x) / x is dissipated.
    """

    def measure(waves: Waveforms, bench: Testbench) -> Mapping[str, float]:
        signals = {probe: np.asarray(np.real(values), dtype=np.float64) for probe, values in waves.signals.items()}
        found = charging_balance(
            waves.time,
            signals["i(vin)"],
            signals["v(source)"],
            signals["v(out)"],
            resistance=RESISTANCE,
            capacitance=CAPACITANCE,
        )
        full = CAPACITANCE * technology.supply_voltage**2
        rise = bench.parameters["edge"] / (RESISTANCE * CAPACITANCE)
        return {
            "drawn": found.drawn,
            "stored": found.stored,
            "dissipated": found.dissipated,
            "error": found.error,
            "stored_closed_form": full / 2,
            "dissipated_closed_form": full / rise * (1 + np.expm1(-rise) / rise),
        }

    return characterize(
        {"max_step": list(max_steps)},
        lambda point: charging_bench(
            technology, resistance=RESISTANCE, capacitance=CAPACITANCE, max_step=point["max_step"]
        ),
        measure,
        simulator,
        units=CHARGING_UNITS,
    )


def column_by_step(
    column: Column,
    simulator: Simulator,
    *,
    stored_voltages: Array,
    pulse_widths: Array,
    max_steps: Sequence[float],
    progress: Advance | None = None,
) -> xr.Dataset:
    """What a column's supplies deliver (J) and how wide its pulse is (s), over the largest time step (s).

    Returns:
        `energy_converter` (vdd), `energy_bias` (vddb) and `pulse_width` over "max_step".
    """
    supply = column.technology.supply_voltage

    def bench(point: Mapping[str, float]) -> Testbench:
        return column_bench(
            column.cell,
            column.converter,
            column.technology,
            column.timing,
            stored_voltages=[float(v) for v in stored_voltages],
            pulse_widths=[float(w) for w in pulse_widths],
            max_step=point["max_step"],
            name=f"{column.name}_step",
        )

    def measure(waves: Waveforms, one: Testbench) -> Mapping[str, float]:
        return {
            "energy_converter": supply_energy(waves.time, np.real(waves.signals["i(vdd)"]), supply),
            "energy_bias": supply_energy(waves.time, np.real(waves.signals["i(vddb)"]), supply),
            "pulse_width": column.converted_width(waves),
        }

    return characterize(
        {"max_step": list(max_steps)},
        bench,
        measure,
        simulator,
        units={"max_step": "s", "energy_converter": "J", "energy_bias": "J", "pulse_width": "s"},
        progress=progress,
    )
