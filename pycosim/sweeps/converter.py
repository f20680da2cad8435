"""Characterise the charge-to-pulse circuit: pulse width against a known charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from circuits.benches.cell import CELLS_PER_LINE
from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from circuits.timing import ColumnTiming
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import charge, pulse_width


def signed_pulse_width(
    waves: Waveforms, *, threshold: float, sign_time: float | None, prefix: str = "", suffix: str = ""
) -> float:
    """Width of the output pulse (s), negative where a signed converter's sign bit is low.

    Args:
        waves: of a bench with one converter or many.
        threshold: half the supply (V).
        sign_time: when the sign bit is valid (s); None for an unsigned converter.
        prefix: of the nodes `pulse` and `sign` of this converter.
        suffix: of these nodes.
    """
    width = pulse_width(waves.time, np.real(waves.signals[f"v({prefix}pulse{suffix})"]), threshold)
    if sign_time is None:
        return width
    positive = np.interp(sign_time, waves.time, np.real(waves.signals[f"v({prefix}sign{suffix})"])) > threshold
    return width if positive else -width


def bit_line_error(waves: Waveforms, *, timing: ColumnTiming, mid_voltage: float) -> float:
    """Mean of the bit line over the second half of the input window, over mid-supply (V).

    Args:
        waves: of a converter or column bench.
        timing: its plan.
        mid_voltage: half the supply (V).
    """
    half = timing.input_window / 2
    start = timing.input_start + half
    return charge(waves.time, np.real(waves.signals["v(rbl)"]), start, start + half) / half - mid_voltage


def converter_transfer(
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    charges: Sequence[float],
    cell: GainCellParameters | None = None,
    n_rows: int = CELLS_PER_LINE,
    progress: Advance | None = None,
) -> xr.Dataset:
    """The transfer: `pulse_width` (s, signed for a signed converter) over `charge` (C), with a bit line of `n_rows`."""
    kind = "signed_charge_to_pulse" if converter.signed else "charge_to_pulse"

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, float]:
        sign_time = timing.window_start if converter.signed else None
        width = signed_pulse_width(waves, threshold=technology.mid_voltage, sign_time=sign_time)
        return {"pulse_width": width}

    return characterize(
        {"charge": list(charges)},
        lambda point: charge_to_pulse_bench(
            converter, technology, timing, charge=point["charge"], cell=cell, n_rows=n_rows, name=kind
        ),
        measure,
        simulator,
        units={"charge": "C", "pulse_width": "s"},
        progress=progress,
    )


def hold_droop(
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    charges: Sequence[float],
    hold_time: float = 20e-9,
) -> xr.Dataset:
    """What the integration node does while nothing should move it: released, and not yet discharged.

    Args:
        converter: sizes of the circuit.
        technology: its process.
        timing: the plan; its gap is stretched by the hold.
        simulator: any.
        charges: C.
        hold_time: from the release to the discharge (s); the slope is taken from its middle until 1 ns before the
            comparator wakes, which couples into the node.

    Returns:
        Over "charge": `held_voltage` in the middle of the hold (V), `droop` (V/s).
    """
    held = replace(timing, gap=timing.gap + hold_time)

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, float]:
        moments = np.array([held.release + hold_time / 2, held.discharge_start - held.comparator_wake - 1e-9])
        early, late = np.interp(moments, waves.time, np.real(waves.signals["v(integral)"]))
        return {"held_voltage": float(early), "droop": float((late - early) / (moments[1] - moments[0]))}

    return characterize(
        {"charge": list(charges)},
        lambda point: charge_to_pulse_bench(converter, technology, held, charge=point["charge"]),
        measure,
        simulator,
        units={"charge": "C", "held_voltage": "V", "droop": "V/s"},
    )


def bit_line_hold(
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    currents: Sequence[float],
) -> xr.Dataset:
    """How well the conveyor holds the bit line under a constant current.

    Args:
        converter: sizes of the circuit.
        technology: its process.
        timing: the plan.
        simulator: any.
        currents: sunk from the bit line through the input window (A).

    Returns:
        Over "current": `bit_line_error` (V), mean of the bit line over the second half of the window, over V_DD/2;
        `supply_current` (A), mean of the converter's own supply over the same time.
    """
    half = timing.input_window / 2
    middle = timing.input_start + half

    return characterize(
        {"current": list(currents)},
        lambda point: charge_to_pulse_bench(
            converter, technology, timing, charge=point["current"] * timing.input_window
        ),
        lambda waves, bench: {
            "bit_line_error": bit_line_error(waves, timing=timing, mid_voltage=technology.mid_voltage),
            "supply_current": -charge(waves.time, np.real(waves.signals["i(vdd)"]), middle, middle + half) / half,
        },
        simulator,
        units={"current": "A", "bit_line_error": "V", "supply_current": "A"},
    )
