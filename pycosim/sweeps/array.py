"""Arrays in ngspice: flat, or cut into rows and columns that are simulated one by one.

The cut: a row is its word-line pair with its cells, whose bit lines are held at mid-supply; that gives the word lines'
voltage at every column. A column is its bit line with its cells and its converter, driven by these voltages. What the
cut leaves out: that a bit line does not stand still while a row is simulated (its effect on the row's currents), and
the coupling between neighbouring bit lines and neighbouring rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.array import (
    WORD_LINE_DRIVER_RESISTANCE,
    array_bench,
    read_pair_bench,
    word_line_bench,
)
from circuits.benches.column import WordLinePulse
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import ArrayWires
from circuits.stimuli import EDGE_TIME, TIME_STEP
from circuits.technology import Technology
from circuits.testbench import Testbench, render_netlist
from pycosim.errors import InputError, SimulationError
from pycosim.models.resistive_array import ReadPairTable
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance
from pycosim.sweeps.column import Column, column_reads
from pycosim.waveforms import settling_time

Array = NDArray[np.float64]

SETTLED = 4 * EDGE_TIME
"""When a word line of 64 columns has got to its level (s after the beginning of its edge), but for a few millivolt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellArray:
    """An array: its columns, with wires, and the drivers of its word lines.

    Attributes:
        column: cell, converter, plan, and widths of the wires, which must be given.
        driver_resistance: of each word line's source (ohm).
    """

    column: Column
    driver_resistance: float = WORD_LINE_DRIVER_RESISTANCE

    def __post_init__(self) -> None:
        """Check that it has wires."""
        if self.column.wires is None:
            raise InputError("an array needs a column with wires, found wires = None; give ArrayWires()")

    @property
    def wires(self) -> ArrayWires:
        """Widths of the lines."""
        assert self.column.wires is not None
        return self.column.wires


def flat_reads(
    array: CellArray, simulator: Simulator, *, stored_voltages: Array, pulse_widths: Array
) -> tuple[Array, Testbench]:
    """Simulate a whole array in one netlist; it holds its levels from the start.

    Args:
        array: the circuit; its column must not be written.
        simulator: any.
        stored_voltages: (n_rows, n_columns) in V.
        pulse_widths: (n_rows,) in s.

    Returns:
        (n_columns,) pulse widths (s, signed for a signed converter), and the bench.

    Raises:
        InputError: a column that is written.
    """
    waves, bench = flat_waves(array, simulator, stored_voltages=stored_voltages, pulse_widths=pulse_widths)
    widths = [array.column.converted_width(waves, suffix=str(j)) for j in range(stored_voltages.shape[1])]
    return np.array(widths), bench


def flat_waves(
    array: CellArray, simulator: Simulator, *, stored_voltages: Array, pulse_widths: Array
) -> tuple[Waveforms, Testbench]:
    """What `flat_reads` simulates, and its bench."""
    column = array.column
    if column.written:
        raise InputError("a flat array holds its levels from the start; give a column with written = False")
    bench = array_bench(
        column.cell,
        column.converter,
        column.technology,
        column.timing,
        array.wires,
        stored_voltages=stored_voltages.tolist(),
        pulse_widths=pulse_widths.tolist(),
        driver_resistance=array.driver_resistance,
    )
    return simulator.run(render_netlist(bench)), bench


def separate_reads(
    array: CellArray,
    simulator: Simulator,
    *,
    stored_voltages: Array,
    pulse_widths: Array,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Simulate an array row by row and then column by column: `column_reads` over its columns.

    Args:
        array: the circuit.
        simulator: any.
        stored_voltages: (n_rows, n_columns) in V.
        pulse_widths: (n_rows,) in s.
        progress: called with (done, total) of the columns.
    """
    word_lines = word_line_pulses(array, simulator, stored_voltages=stored_voltages, pulse_widths=pulse_widths)
    return column_reads(
        array.column,
        simulator,
        stored_voltages=stored_voltages.T,
        pulse_widths=np.broadcast_to(pulse_widths, stored_voltages.T.shape),
        word_lines=word_lines,
        progress=progress,
    )


def word_line_pulses(
    array: CellArray, simulator: Simulator, *, stored_voltages: Array, pulse_widths: Array
) -> list[list[WordLinePulse]]:
    """Simulate every row: what the word lines of each do at each column, [column][row].

    Raises:
        SimulationError: the first row that failed.
    """
    column, mid = array.column, array.column.technology.mid_voltage
    start = column.timing.input_start
    driven = np.flatnonzero(pulse_widths > 0)
    benches = [_row(array, stored_voltages[i], float(pulse_widths[i])) for i in driven]
    outcomes = simulator.run_many([render_netlist(bench) for bench in benches])
    idle = WordLinePulse(time=(0.0,), upper=(mid,), lower=(mid,))
    pulses = [[idle] * len(stored_voltages) for _ in range(stored_voltages.shape[1])]
    for i, bench, outcome in zip(driven, benches, outcomes, strict=True):
        if isinstance(outcome, SimulationError):
            raise outcome
        for j in range(stored_voltages.shape[1]):
            pulses[j][i] = _at_column(outcome, bench, j, start, mid)
    return pulses


def _at_column(waves: Waveforms, bench: Testbench, column: int, start: float, mid: float) -> WordLinePulse:
    """A row's word lines at one column: the driver's edges, and the level that they have settled to.

    As few points as an ideal pulse has, because ngspice halts at each. What is lost is the delay of the edges, a few
    picoseconds and the same for both.
    """
    begin, width = bench.parameters["input_start"], bench.parameters["pulse_width"]
    end = begin + max(width, EDGE_TIME)
    level_times = [min(begin + max(SETTLED, EDGE_TIME), end), end]
    times = [0.0, start, start + EDGE_TIME, start + width, start + width + EDGE_TIME]
    levels = [
        [mid, mid, *np.interp(level_times, waves.time, np.real(waves.signals[f"v({line}_{column})"])).tolist(), mid]
        for line in ("rwlp", "rwln")
    ]
    if width <= EDGE_TIME + TIME_STEP:  # a triangle
        del times[3], levels[0][3], levels[1][3]
    return WordLinePulse(time=tuple(times), upper=tuple(levels[0]), lower=tuple(levels[1]))


def _row(array: CellArray, stored_voltages: Array, pulse_width: float) -> Testbench:
    column = array.column
    return word_line_bench(
        column.cell,
        column.technology,
        array.wires,
        stored_voltages=stored_voltages.tolist(),
        pulse_width=pulse_width,
        window=pulse_width + 2 * SETTLED,
        driver_resistance=array.driver_resistance,
    )


def word_line_settling(
    array: CellArray, simulator: Simulator, *, n_columns: int, stored_voltage: float, tolerance: float
) -> tuple[float, float]:
    """How fast and how far the far end of a word-line pair follows its driver, all cells at one level.

    Args:
        array: the circuit.
        simulator: any.
        n_columns: length of the row.
        stored_voltage: of all cells (V).
        tolerance: of the level (V).

    Returns:
        Time from the beginning of the edge until both lines stay within the tolerance of their final level (s), and how
        far the worse of both stays from its rail (V).
    """
    width = 5e-9
    bench = _row(array, np.full(n_columns, stored_voltage), width)
    waves = simulator.run(render_netlist(bench))
    start, supply = bench.parameters["input_start"], array.column.technology.supply_voltage
    ends = {line: np.real(waves.signals[f"v({line}_{n_columns - 1})"]) for line in ("rwlp", "rwln")}
    times = [settling_time(waves.time, end, start, start + width, tolerance) for end in ends.values()]
    upper, lower = (float(np.interp(start + width, waves.time, ends[line])) for line in ("rwlp", "rwln"))
    return max(times), max(supply - upper, lower)


def read_pair_table(
    cell: GainCellParameters, technology: Technology, simulator: Simulator, *, stored_voltages: Sequence[float]
) -> ReadPairTable:
    """Both read currents at DC, over level, drop of the word lines and voltage of the bit line."""
    bench = read_pair_bench(cell, technology, stored_voltages=stored_voltages)
    waves = simulator.run(render_netlist(bench))
    drops, steps = (np.real(waves.signals[name]) for name in ("v(rwln)", "v(rbl)"))
    n_drops = int(np.argmax(np.abs(steps - steps[0]) > 1e-6))
    shape = (-1, n_drops)
    currents = {
        line: np.stack([np.real(waves.signals[f"i(v{line}{k})"]).reshape(shape).T for k in range(len(stored_voltages))])
        for line in ("rwlp", "rwln")
    }
    return ReadPairTable(
        stored_voltages=np.asarray(stored_voltages, dtype=np.float64),
        drops=drops[:n_drops],
        bit_line_voltages=steps.reshape(shape)[:, 0],
        upper=currents["rwlp"],
        lower=-currents["rwln"],
    )


def with_wires(column: Column, wires: ArrayWires, *, written: bool = True) -> Column:
    """The same column with wires."""
    return replace(column, wires=wires, written=written)
