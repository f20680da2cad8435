"""Characterise the charge-to-pulse circuit: pulse width against a known charge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from circuits.timing import ColumnTiming
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import pulse_width


def signed_pulse_width(waves: Waveforms, *, threshold: float, sign_time: float | None) -> float:
    """Width of the output pulse (s), negative where a signed converter's sign bit is low.

    Args:
        waves: of a converter or column bench.
        threshold: half the supply (V).
        sign_time: when the sign bit is valid (s); None for an unsigned converter.
    """
    width = pulse_width(waves.time, np.real(waves.signals["v(pulse)"]), threshold)
    if sign_time is None:
        return width
    positive = np.interp(sign_time, waves.time, np.real(waves.signals["v(sign)"])) > threshold
    return width if positive else -width


def converter_transfer(
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    charges: Sequence[float],
    cell: GainCellParameters | None = None,
    progress: Advance | None = None,
) -> xr.Dataset:
    """The transfer: `pulse_width` (s, signed for a signed converter) over `charge` (C)."""
    kind = "signed_charge_to_pulse" if converter.signed else "charge_to_pulse"

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, float]:
        sign_time = timing.window_start if converter.signed else None
        width = signed_pulse_width(waves, threshold=technology.mid_voltage, sign_time=sign_time)
        return {"pulse_width": width}

    return characterize(
        {"charge": list(charges)},
        lambda point: charge_to_pulse_bench(
            converter, technology, timing, charge=point["charge"], cell=cell, name=kind
        ),
        measure,
        simulator,
        units={"charge": "C", "pulse_width": "s"},
        progress=progress,
    )
