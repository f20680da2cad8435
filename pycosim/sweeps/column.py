"""Whole columns in ngspice with given operands: pulse width, energy by supply, and when each phase has settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.column import WordLinePulse, column_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.die import Die
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import ArrayWires
from circuits.technology import Technology
from circuits.testbench import Testbench
from circuits.timing import ColumnTiming
from pycosim.errors import InputError
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.sweeps.column_charge import CHARGE_UNITS, column_charges
from pycosim.sweeps.converter import signed_pulse_width
from pycosim.waveforms import crossing_times, settling_time, supply_energy

Array = NDArray[np.float64]

UNITS = {
    "sample": "",
    "pulse_width": "s",
    "energy_converter": "J",
    "energy_bias": "J",
    "energy_word_lines": "J",
    "energy_write": "J",
    "write_time": "s",
    "settle_time": "s",
    "start_delay": "s",
    "input_time": "s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What one column is made of, and its plan.

    Attributes:
        cell: the gain cell.
        converter: the charge-to-pulse circuit, signed or not.
        technology: their process.
        timing: when its clocks move.
        n_levels: stored levels; half a level is the tolerance of the write (V).
        n_counts: levels of the pulse; half a level is the tolerance of the integration.
        period: time from token to token (s): what the supplies draw at the end of the deck they go on drawing until
            then. None ends the energy with the deck. The converter's discharge current and its bias never stop; where
            a column waits for other layers meanwhile, one period takes them as switched off for the rest.
        die: a sample of mismatch; None for the circuit as drawn.
        wires: widths of the lines, for a bit line with resistance and an ammeter at its foot; None for a lumped one.
        written: False for a column that holds its levels from the start and is only read.
    """

    cell: GainCellParameters
    converter: ChargeToPulseParameters
    technology: Technology
    timing: ColumnTiming
    n_levels: int = 8
    n_counts: int = 15
    period: float | None = None
    die: Die | None = None
    wires: ArrayWires | None = None
    written: bool = True

    @property
    def name(self) -> str:
        """Name of its netlists."""
        return "signed_column" if self.converter.signed else "column"

    def bench(
        self, stored_voltages: Array, pulse_widths: Array, word_lines: Sequence[WordLinePulse] | None = None
    ) -> Testbench:
        """The bench of one read, operands (n_rows,) in V and s; `word_lines` as `column_bench` takes them."""
        bench = column_bench(
            self.cell,
            self.converter,
            self.technology,
            self.timing,
            stored_voltages=[float(v) for v in stored_voltages],
            pulse_widths=[float(w) for w in pulse_widths],
            wires=self.wires,
            word_lines=word_lines,
            written=self.written,
            name=self.name,
        )
        return bench if self.die is None else replace(bench, die=self.die)

    def converted_width(self, waves: Waveforms, *, prefix: str = "", suffix: str = "") -> float:
        """Pulse width (s, signed for a signed converter) of its converter; see `signed_pulse_width`."""
        return signed_pulse_width(
            waves,
            threshold=self.technology.mid_voltage,
            sign_time=self.timing.window_start if self.converter.signed else None,
            prefix=prefix,
            suffix=suffix,
        )


def column_reads(
    column: Column,
    simulator: Simulator,
    *,
    stored_voltages: Array,
    pulse_widths: Array,
    word_lines: Sequence[Sequence[WordLinePulse]] | None = None,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Simulate one column per sample.

    Args:
        column: circuit and plan.
        simulator: any.
        stored_voltages: (n_samples, n_rows) levels written (V).
        pulse_widths: (n_samples, n_rows) input pulses (s).
        word_lines: of each sample, what each row's word lines do at the column's position; None for ideal pulses.
        progress: called with (done, total).

    Returns:
        Over "sample": `pulse_width` (s, signed for a signed converter); the energies of one write and read (J) from the
        converter's supply, its bias supply, the word lines and the write lines; and the time (s) that the write, the
        longest input, the settling of the integration and the start of the pulse took (NaN for a column whose pulse
        has no width). A column with `wires` adds the charges (C) of `column_charges`.

    Raises:
        InputError: operands of different shapes, or not (n_samples, n_rows).
        CircuitError: an operand that the column cannot take.
    """
    stored_voltages, pulse_widths = np.asarray(stored_voltages), np.asarray(pulse_widths)
    if stored_voltages.ndim != 2 or stored_voltages.shape != pulse_widths.shape:
        raise InputError(
            "stored_voltages and pulse_widths must both be (n_samples, n_rows), found shapes "
            f"{stored_voltages.shape} and {pulse_widths.shape}"
        )

    if word_lines is not None and len(word_lines) != len(stored_voltages):
        raise InputError(f"word_lines must be one per sample, {len(stored_voltages)}, found {len(word_lines)}")

    def bench(point: Mapping[str, float]) -> Testbench:
        k = int(point["sample"])
        return column.bench(stored_voltages[k], pulse_widths[k], None if word_lines is None else word_lines[k])

    def measure(waves: Waveforms, bench: Testbench) -> Mapping[str, float]:
        charges = {} if column.wires is None else column_charges(waves, column.converter, column.timing)
        return {**read_figures(waves, column), **charges}

    return characterize(
        {"sample": [float(i) for i in range(len(stored_voltages))]},
        bench,
        measure,
        simulator,
        units=UNITS if column.wires is None else {**UNITS, **CHARGE_UNITS},
        progress=progress,
    )


def read_figures(waves: Waveforms, column: Column) -> dict[str, float]:
    """Pulse width, energies and times of one read, as `column_reads` gives them; `UNITS` has their units.

    Args:
        waves: of `column.bench`.
        column: circuit and plan.
    """
    return {**_energies(waves, column), **_phases(waves, column)}


def _n_rows(waves: Waveforms) -> int:
    """Rows of the recorded column: each has one data line."""
    return sum(name.startswith("i(vwbl") for name in waves.signals)


def _energies(waves: Waveforms, column: Column) -> dict[str, float]:
    supply, mid = column.technology.supply_voltage, column.technology.mid_voltage
    time, rows = waves.time, _n_rows(waves)
    idle = max(0.0, (column.period or 0.0) - float(time[-1]))

    def delivered(source: str, voltage: Array | float) -> float:
        return supply_energy(time, np.real(waves.signals[f"i({source})"]), voltage)

    def held(source: str, voltage: float) -> float:
        """Of a supply that is always on; a reference that is pushed back into gives nothing back."""
        last = -float(np.real(waves.signals[f"i({source})"])[-1]) * voltage
        return max(0.0, delivered(source, voltage) + last * idle)

    def word_lines() -> float:
        total = 0.0
        for k in range(rows):
            upper = np.real(waves.signals[f"v(rwlp{k})"])
            total += delivered(f"vrwlp{k}", upper) + delivered(f"vrwln{k}", supply - upper)
        return total

    write_lines = delivered("vwwl", np.real(waves.signals["v(wwl)"])) + delivered(
        "vwwlb", np.real(waves.signals["v(wwlb)"])
    )
    return {
        "energy_converter": held("vdd", supply)
        + held("vref", mid)
        + held("vvrst", column.converter.reset_voltage(column.technology)),
        "energy_bias": held("vddb", supply),
        "energy_word_lines": word_lines(),
        "energy_write": write_lines
        + sum(delivered(f"vwbl{k}", np.real(waves.signals[f"v(dac{k})"])) for k in range(rows)),
    }


def _phases(waves: Waveforms, column: Column) -> dict[str, float]:
    timing, mid = column.timing, column.technology.mid_voltage
    time = waves.time
    width = column.converted_width(waves)
    half_level = column.technology.supply_voltage / (column.n_levels - 1) / 2
    write_end = timing.write_start + timing.write_time
    rows = _n_rows(waves)
    write = max(
        settling_time(
            time,
            np.real(waves.signals[f"v(sn{k})"]),
            timing.write_start,
            write_end,
            half_level,
            final=float(np.interp(write_end, time, np.real(waves.signals[f"v(dac{k})"]))),
        )
        for k in range(rows)
    )
    last_input = max(
        (
            float(edges[-1])
            for k in range(rows)
            if (edges := crossing_times(time, np.real(waves.signals[f"v(rwlp{k})"]), 1.5 * mid, "fall")).size
        ),
        default=timing.input_start,
    )
    full_charge = column.converter.saturation_current * timing.max_pulse_width
    half_count = (
        full_charge
        / column.n_counts
        / 2
        / column.converter.conveyor.copy_ratio
        / column.converter.integration_capacitance
    )
    integral = np.real(waves.signals["v(integral)"])
    settle = settling_time(time, integral, last_input, timing.release, half_count)
    rises = crossing_times(time, np.real(waves.signals["v(pulse)"]), mid, "rise")
    start = float(rises[0]) - timing.release if width else float("nan")
    return {
        "pulse_width": width,
        "write_time": write,
        "input_time": last_input - timing.input_start,
        "settle_time": settle,
        "start_delay": start,
    }
