"""Characterise the active integrator: transfer, dies, whole columns; and a column that integrates without amplifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.active_integrator import ActiveIntegratorParameters
from circuits.benches.active_integrator import active_integrator_bench, active_integrator_column_bench
from circuits.benches.passive_column import passive_column_bench
from circuits.die import Die
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from circuits.timing import ColumnTiming
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import pulse_width, supply_energy

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratorColumn:
    """What one column with the active integrator is made of, and its plan.

    Attributes:
        cell: the gain cell.
        integrator: the charge-to-pulse circuit.
        technology: their process.
        timing: when its clocks move.
        period: time from token to token (s): what the supplies draw at the end of the deck they go on drawing until
            then. None ends the energy with the deck.
    """

    cell: GainCellParameters
    integrator: ActiveIntegratorParameters
    technology: Technology
    timing: ColumnTiming
    period: float | None = None


def integrator_transfer(
    column: IntegratorColumn,
    simulator: Simulator,
    *,
    charges: Sequence[float],
    dies: Sequence[Die | None] = (None,),
    progress: Advance | None = None,
) -> xr.Dataset:
    """The transfer with a known charge: `pulse_width` (s) over `die` (position in `dies`) and `charge` (C).

    A die deviates in the instances that it names ("integrator", "ramp"); None is the circuit as drawn.
    """

    def bench(point: Mapping[str, float]) -> Testbench:
        drawn = active_integrator_bench(
            column.integrator, column.technology, column.timing, charge=point["charge"], cell=column.cell
        )
        return replace(drawn, die=dies[int(point["die"])])

    return characterize(
        {"die": [float(k) for k in range(len(dies))], "charge": list(charges)},
        bench,
        lambda waves, bench: {"pulse_width": _width(waves, column.technology)},
        simulator,
        units={"charge": "C", "pulse_width": "s"},
        progress=progress,
    )


def integrator_column_reads(
    column: IntegratorColumn,
    simulator: Simulator,
    *,
    stored_voltages: Array,
    pulse_widths: Array,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Simulate one column per sample.

    Args:
        column: circuit and plan.
        simulator: any.
        stored_voltages: (n_samples, n_rows) levels that the cells hold (V).
        pulse_widths: (n_samples, n_rows) input pulses (s).
        progress: called with (done, total).

    Returns:
        Over "sample": `pulse_width` (s) and the energies (J) from supply and references of the integrator, its bias,
        one column's share of the ramp, and the word lines; `energy_conversion` is the part of the integrator's that is
        drawn after the amplifier is off: sample, comparator, output.
    """

    def measure(waves: Waveforms, bench: Testbench) -> Mapping[str, float]:
        return {"pulse_width": _width(waves, column.technology), **_energies(waves, column)}

    return characterize(
        {"sample": [float(k) for k in range(len(stored_voltages))]},
        lambda point: active_integrator_column_bench(
            column.cell,
            column.integrator,
            column.technology,
            column.timing,
            stored_voltages=[float(v) for v in stored_voltages[int(point["sample"])]],
            pulse_widths=[float(w) for w in pulse_widths[int(point["sample"])]],
        ),
        measure,
        simulator,
        units={
            "pulse_width": "s",
            "energy_conversion": "J",
            "energy_converter": "J",
            "energy_bias": "J",
            "energy_ramp": "J",
            "energy_word_lines": "J",
        },
        progress=progress,
    )


def passive_charges(
    cell: GainCellParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    capacitances: Sequence[float],
    stored_voltages: Array,
    pulse_widths: Array,
    progress: Advance | None = None,
) -> xr.Dataset:
    """What a bare capacitor at the bit line takes in one read, over `capacitance` (F) and `sample`.

    Returns:
        `charge` (C) on the capacitor, without what junctions and wire hold; `energy_word_lines` (J); and
        `energy_recharge` (J), what the V_DD/2 supply gives to bring the capacitor back, 0 where it gets charge.
    """

    def measure(waves: Waveforms, bench: Testbench) -> Mapping[str, float]:
        moved = technology.mid_voltage - float(np.real(waves.signals["v(rbl)"])[-1])
        charge = moved * bench.parameters["capacitance"]
        return {
            "charge": charge,
            "energy_word_lines": word_line_energy(waves, technology.supply_voltage),
            "energy_recharge": max(0.0, charge) * technology.mid_voltage,
        }

    return characterize(
        {"capacitance": list(capacitances), "sample": [float(k) for k in range(len(stored_voltages))]},
        lambda point: passive_column_bench(
            cell,
            technology,
            timing,
            capacitance=point["capacitance"],
            stored_voltages=[float(v) for v in stored_voltages[int(point["sample"])]],
            pulse_widths=[float(w) for w in pulse_widths[int(point["sample"])]],
        ),
        measure,
        simulator,
        units={"capacitance": "F", "charge": "C", "energy_word_lines": "J", "energy_recharge": "J"},
        progress=progress,
    )


def word_line_energy(waves: Waveforms, supply: float) -> float:
    """Energy (J) that the sources of all recorded read word lines deliver, with `supply` in V."""
    total = 0.0
    for name in waves.signals:
        if name.startswith("v(rwlp"):
            row, upper = name[len("v(rwlp") : -1], np.real(waves.signals[name])
            total += supply_energy(waves.time, np.real(waves.signals[f"i(vrwlp{row})"]), upper)
            total += supply_energy(waves.time, np.real(waves.signals[f"i(vrwln{row})"]), supply - upper)
    return total


def _width(waves: Waveforms, technology: Technology) -> float:
    return pulse_width(waves.time, np.real(waves.signals["v(pulse)"]), technology.mid_voltage)


def _energies(waves: Waveforms, column: IntegratorColumn) -> dict[str, float]:
    technology, idle = column.technology, max(0.0, (column.period or 0.0) - float(waves.time[-1]))
    supply = technology.supply_voltage

    def held(source: str, voltage: float) -> float:
        """Of a supply that is always on; a reference that is pushed back into gives nothing back."""
        current = np.real(waves.signals[f"i({source})"])
        return max(0.0, supply_energy(waves.time, current, voltage) - float(current[-1]) * voltage * idle)

    reset = column.integrator.reset_voltage(technology)
    return {
        "energy_conversion": supply_energy(
            waves.time, np.real(waves.signals["i(vdd)"]), supply, start=column.timing.release
        ),
        "energy_converter": held("vdd", supply) + held("vref", technology.mid_voltage) + held("vvrst", reset),
        "energy_bias": held("vddb", supply),
        "energy_ramp": held("vddr", supply) / column.integrator.ramp.n_columns,
        "energy_word_lines": word_line_energy(waves, supply),
    }
