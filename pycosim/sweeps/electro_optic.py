"""What is measured of an electro-optic unit: transfer, symbols, response and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.electro_optic import (
    DAC_RANGE,
    electro_optic_noise_bench,
    electro_optic_response_bench,
    electro_optic_static_bench,
    electro_optic_symbols_bench,
)
from circuits.electro_optic import ElectroOpticParameters
from circuits.photonic_platform import PhotonicPlatform
from circuits.testbench import Testbench, render_netlist
from pycosim.errors import MeasurementError
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import fall_frequency, integrated_noise

Array = NDArray[np.float64]

DIVIDED_LEVEL = DAC_RANGE / 2
"""Level of the operand while the divisor is swept (V)."""

SLOW_BAUD = 1e9
"""Rate at which every symbol settles before its end (1/s): 7 GHz reach 1e-6 in 0.4 ns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectroOpticHardware:
    """A unit and the platform that it is made in."""

    unit: ElectroOpticParameters
    platform: PhotonicPlatform


def static_transfer(
    hardware: ElectroOpticHardware,
    simulator: Simulator,
    *,
    swept: str = "data",
    n_steps: int = 100,
    bias_errors: Sequence[float] = (0.0,),
    progress: Advance | None = None,
) -> xr.Dataset:
    """Output at rest (V) over `bias_error` (V_pi) and `level` (V), with tightened tolerances.

    Args:
        hardware: the unit.
        simulator: any.
        swept: "data" or "divisor"; the divisor is swept with the operand at `DIVIDED_LEVEL`.
        n_steps: of the level, over the converter's range.
        bias_errors: of the operand modulators.
        progress: called with (done, total).
    """
    step = 2 * DAC_RANGE / n_steps
    levels = np.linspace(-DAC_RANGE, DAC_RANGE, n_steps + 1)
    return characterize(
        {"bias_error": list(bias_errors)},
        lambda point: electro_optic_static_bench(
            hardware.unit,
            hardware.platform,
            step=step,
            swept=swept,
            data=DIVIDED_LEVEL,
            bias_error=point["bias_error"],
            name=f"electro_optic_{swept}",
        ),
        lambda waves, bench: {"output": np.real(waves.signals["v(out)"])},
        simulator,
        units={"bias_error": "V_pi", "level": "V", "output": "V"},
        inner={"level": levels.tolist()},
        progress=progress,
    )


def settled_transfer(
    hardware: ElectroOpticHardware, simulator: Simulator, *, levels: Sequence[float], swept: str = "data"
) -> xr.Dataset:
    """Output (V) at the end of slow symbols, over `level` (V): the transfer as a transient gives it."""

    def bench(point: Mapping[str, float]) -> Testbench:
        steady = [DIVIDED_LEVEL] * len(levels)
        return electro_optic_symbols_bench(
            hardware.unit,
            hardware.platform,
            levels=levels if swept == "data" else steady,
            divisors=(0.0,) if swept == "data" else levels,
            baud=SLOW_BAUD,
            name=f"electro_optic_settled_{swept}",
        )

    def measure(waves: Waveforms, bench: Testbench) -> Mapping[str, Array]:
        ends = bench.parameters["first_symbol"] + (np.arange(len(levels)) + 0.999) / SLOW_BAUD
        return {"output": np.interp(ends, waves.time, np.real(waves.signals["v(out)"]))}

    return characterize(
        {"baud": [SLOW_BAUD]},
        bench,
        measure,
        simulator,
        units={"baud": "1/s", "level": "V", "output": "V"},
        inner={"level": list(levels)},
    ).isel(baud=0)


def symbol_waveforms(
    hardware: ElectroOpticHardware,
    simulator: Simulator,
    *,
    levels: Sequence[float],
    baud: float,
    divisors: Sequence[float] = (0.0,),
    noise_seed: int | None = None,
) -> tuple[Waveforms, Testbench]:
    """Waveforms of symbols (V) sent at a rate (1/s), and their bench."""
    bench = electro_optic_symbols_bench(
        hardware.unit, hardware.platform, levels=levels, baud=baud, divisors=divisors, noise_seed=noise_seed
    )
    return simulator.run(render_netlist(bench)), bench


def small_signal(hardware: ElectroOpticHardware, simulator: Simulator, *, data: float = 0.0) -> dict[str, float]:
    """Bandwidths (Hz, -3 dB) of driver and modulator, and of the whole unit; and noise bandwidth of the latter.

    Raises:
        MeasurementError: a response that does not fall within the analysis.
    """
    waves = simulator.run(render_netlist(electro_optic_response_bench(hardware.unit, hardware.platform, data=data)))
    found = {}
    for name, probe in (("modulator", "v(pd_current)"), ("unit", "v(out)")):
        response = np.asarray(waves.signals[probe], dtype=np.complex128)
        corner = fall_frequency(waves.axis, response, float(abs(response[0])) / np.sqrt(2.0))
        if corner is None:
            raise MeasurementError(
                f"the response of the {name} never falls by 3 dB; raise the analysis' last frequency"
            )
        found[f"bandwidth_{name}"] = corner
    return found


def output_noise(
    hardware: ElectroOpticHardware,
    simulator: Simulator,
    *,
    levels: Sequence[float],
    progress: Advance | None = None,
) -> xr.Dataset:
    """Standard deviation of the output's noise (V) over `level` (V), from `.noise`, all frequencies."""

    def measure(waves: Waveforms, bench: Testbench) -> Mapping[str, float]:
        density = np.real(waves.signals["onoise_spectrum"]) ** 2
        flat = float(density[0]) * float(waves.axis[0])  # below the grid all is white
        return {"deviation": float(np.sqrt(integrated_noise(waves.axis, density) + flat))}

    return characterize(
        {"level": list(levels)},
        lambda point: electro_optic_noise_bench(hardware.unit, hardware.platform, data=point["level"]),
        measure,
        simulator,
        units={"level": "V", "deviation": "V"},
        progress=progress,
    )
