"""Noise that a switch or a leak leaves on a capacitor: after reset, after write, and while a cell holds its voltage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from circuits.analyses import Frequencies, Noise
from circuits.benches.converter import charge_to_pulse_bench
from circuits.benches.noise import CLAMP, CLAMPED_CURRENT, STIMULUS, Frozen, frozen_bench
from circuits.testbench import Testbench, render_netlist
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import characterize
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise import FREQUENCIES
from pycosim.waveforms import integrated_noise

SLOW = Frequencies(start=1.0, stop=10.0, per_decade=1)
"""Where a leak's noise is looked at: it is white."""


def reset_noise(column: Column, simulator: Simulator) -> float:
    """Standard deviation (V) that the open reset switch leaves on the integration node."""
    bench = frozen_bench(
        charge_to_pulse_bench(
            column.converter, column.technology, column.timing, charge=0.0, cell=column.cell, name=column.name
        ),
        Frozen(time=column.timing.reset_end - 0.1e-9, input_node="rbl"),
        analysis=Noise(output="integral", source=STIMULUS, frequencies=FREQUENCIES),
        probes=("onoise_spectrum",),
        name=f"noise_{column.name}_reset",
    )
    return _voltage(bench, simulator)


def write_noise(column: Column, simulator: Simulator, *, level: float) -> float:
    """Standard deviation (V) that a closed write gate leaves on the storage node at this level (V)."""
    timing = column.timing
    bench = frozen_bench(
        column.bench(np.array([level]), np.array([0.0])),
        Frozen(time=timing.write_start + timing.write_time - 0.5e-9, input_node="wbl0"),
        analysis=Noise(output="sn0", source=STIMULUS, frequencies=FREQUENCIES),
        probes=("onoise_spectrum",),
        name=f"noise_{column.name}_write",
    )
    return _voltage(bench, simulator)


def leak_noise(column: Column, simulator: Simulator, *, levels: Sequence[float]) -> xr.Dataset:
    """Noise of the leak of a storage node that is held: `density` (A^2/Hz, white) over "stored_voltage" (V).

    Electrons leak one by one, so that a voltage that stands for a time t wanders by sqrt(density t / 2) / C.
    """

    def bench(level: float) -> Testbench:
        return frozen_bench(
            column.bench(np.array([level]), np.array([0.0])),
            Frozen(time=column.timing.stop, clamp=("sn0", level)),
            analysis=Noise(output=CLAMPED_CURRENT, source=CLAMP, frequencies=SLOW),
            probes=("onoise_spectrum",),
            name=f"noise_{column.name}_leak",
        )

    def measure(waves: Waveforms, one: Testbench) -> dict[str, float]:
        return {"density": float(np.real(waves.signals["onoise_spectrum"][0]) ** 2)}

    return characterize(
        {"stored_voltage": list(levels)},
        lambda point: bench(point["stored_voltage"]),
        measure,
        simulator,
        units={"stored_voltage": "V", "density": "A^2/Hz"},
    )


def _voltage(bench: Testbench, simulator: Simulator) -> float:
    waves = simulator.run(render_netlist(bench))
    return float(np.sqrt(integrated_noise(waves.axis, np.real(waves.signals["onoise_spectrum"]) ** 2)))
