"""What the tile solver is made of, measured: currents of floating cells, clamp and transfer of a converter, lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.array import BIT_LINE_REACH, word_line_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.benches.read_pair import floating_read_pair_bench
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import ArrayWires, wire_load
from circuits.stimuli import EDGE_TIME
from circuits.technology import Technology
from circuits.testbench import Testbench, render_netlist
from pycosim.models.array_solver import ArrayLines, ArraySolver
from pycosim.models.bit_line_clamp import BitLineClamp
from pycosim.models.converter import PulseTable
from pycosim.models.pulse_edges import line_time_constants
from pycosim.models.resistive_array import ReadPairTable
from pycosim.models.tile_solver import TileSolver
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.array import CellArray, flat_waves
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.sweeps.column import Column
from pycosim.sweeps.column_charge import AFTER_RESET
from pycosim.sweeps.converter import bit_line_error
from pycosim.sweeps.tile import TileCircuit
from pycosim.waveforms import charge

Array = NDArray[np.float64]

N_STORED, N_DROPS, N_BIT_LINES = 15, 31, 11
"""Points of the table of currents: the eight levels and what lies half-way, 15 mV, 40 mV."""

LOAD_COLUMNS, LOAD_WIDTH = 48, 0.1
"""Row on which the load of a cell is measured, and the width of its word lines: so narrow that their delay is as long
as an edge."""

HELD = 0.15
"""Droop up to which a measured clamp is used (V): beyond it the bit line is lost; the cells' table ends at 0.2 V."""


def floating_pair_table(cell: GainCellParameters, technology: Technology, simulator: Simulator) -> ReadPairTable:
    """Both read currents of cells whose storage nodes float, over level, drop of the word lines and bit line."""
    stored = np.linspace(0.0, technology.supply_voltage, N_STORED)
    errors = np.linspace(-BIT_LINE_REACH, BIT_LINE_REACH, N_BIT_LINES)
    drops = np.linspace(0.0, technology.mid_voltage, N_DROPS)
    bench = floating_read_pair_bench(cell, technology, stored_voltages=stored.tolist(), bit_line_errors=errors.tolist())
    waves = simulator.run(render_netlist(bench))
    swept = waves.time >= bench.parameters["sweep_start"]
    drop = np.real(waves.signals["v(rwln)"])[swept][::-1]

    def currents(line: str) -> Array:
        names = [[f"i(v{line}{k}_{b})" for b in range(errors.size)] for k in range(stored.size)]
        table = [[np.interp(drops, drop, np.real(waves.signals[n])[swept][::-1]) for n in row] for row in names]
        return np.moveaxis(np.array(table), 1, 2)

    return ReadPairTable(
        stored_voltages=stored,
        drops=drops,
        bit_line_voltages=technology.mid_voltage + errors,
        upper=currents("rwlp"),
        lower=-currents("rwln"),
    )


def read_out_transfer(
    column: Column, simulator: Simulator, *, n_rows: int, largest_current: float, progress: Advance | None = None
) -> xr.Dataset:
    """Converter of a column of `n_rows` with known charges, each drawn as a constant current over the input window.

    Args:
        column: gives converter, plan, cell.
        simulator: any.
        n_rows: of the column, whose capacitance is on the bit line.
        largest_current: that its cells draw or give together (A).
        progress: called with (done, total).

    Returns:
        Over "charge" (C): `pulse_width` (s, signed for a signed converter) and `droop` (V), how far the bit line is
        below mid-supply on average over the second half of the window.
    """
    technology, timing, converter = column.technology, column.timing, column.converter
    full = converter.saturation_current * timing.max_pulse_width
    knees = np.array([0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.99, 1.0, 1.01, 1.03, 1.2])
    far = largest_current * timing.input_window * np.array([0.25, 0.45, 0.6, 0.7, 0.8, 0.9, 1.0])
    below = -knees if converter.signed else -np.array([0.01, 0.03, 0.1, 0.3, 1.0])
    charges = np.concatenate([full * knees, full * below, far, -far])
    charges = np.unique(np.rint(charges / full * 1e4)) * 1e-4 * full

    def measure(waves: Waveforms, bench: Testbench) -> dict[str, float]:
        return {
            "pulse_width": column.converted_width(waves),
            "droop": -bit_line_error(waves, timing=timing, mid_voltage=technology.mid_voltage),
        }

    return characterize(
        {"charge": charges.tolist()},
        lambda point: charge_to_pulse_bench(
            converter, technology, timing, charge=point["charge"], cell=column.cell, n_rows=n_rows, name="read_out"
        ),
        measure,
        simulator,
        units={"charge": "C", "pulse_width": "s", "droop": "V"},
        progress=progress,
    )


def clamp_and_converter(transfer: xr.Dataset, input_window: float) -> tuple[BitLineClamp, PulseTable]:
    """Models of what `read_out_transfer` measured; the converter clips to the charges that were."""
    charges, droops = transfer["charge"].values, transfer["droop"].values
    held = np.abs(droops) < HELD
    clamp = BitLineClamp(
        currents=charges[held] / input_window,
        # where the clamp is stiffest, its measured droop wavers by microvolts
        droops=np.maximum.accumulate(droops[held]),
    )
    return clamp, PulseTable(charges=charges, pulse_widths=transfer["pulse_width"].values, outside="clip")


def word_line_load(cell: GainCellParameters, technology: Technology, simulator: Simulator) -> float:
    """Capacitance with which the transistors of a cell load each of its word lines (F).

    From the mean delay of the far end of a row, which for a ladder is Elmore's time constant.
    """
    wires = ArrayWires(word_line=LOAD_WIDTH)
    bench = word_line_bench(
        cell,
        technology,
        wires,
        stored_voltages=[technology.mid_voltage] * LOAD_COLUMNS,
        pulse_width=3e-9,
        window=3.5e-9,
        max_step=10e-12,
        name="word_line_load",
    )
    waves = simulator.run(render_netlist(bench))
    start = bench.parameters["input_start"]
    end = start + bench.parameters["pulse_width"]
    delays = []
    for line in ("rwlp", "rwln"):
        far = np.real(waves.signals[f"v({line}_{LOAD_COLUMNS - 1})"])
        rest, last = np.interp([start, end], waves.time, far)
        delays.append(charge(waves.time, (last - far) / (last - rest), start, end) - EDGE_TIME / 2)
    section = wire_load(technology, cell.pitch, LOAD_WIDTH)
    per_farad = line_time_constants(LOAD_COLUMNS, section=section.resistance, source=0.0, capacitance=1.0)[-1]
    return max(0.0, float(np.mean(delays)) / float(per_farad) - section.capacitance)


def array_lines(array: CellArray, *, cell_load: float, resistance_scale: float = 1.0) -> ArrayLines:
    """The lines of an array, the resistance of its wires scaled."""
    column, wires = array.column, array.wires
    word_line, bit_line = (
        wire_load(column.technology, column.cell.pitch, width) for width in (wires.word_line, wires.bit_line)
    )
    return ArrayLines(
        word_line_resistance=resistance_scale * word_line.resistance,
        bit_line_resistance=resistance_scale * bit_line.resistance,
        driver_resistance=array.driver_resistance,
        word_line_capacitance=word_line.capacitance + cell_load,
        edge_time=EDGE_TIME,
    )


def measure_tile_solver(
    tile: TileCircuit,
    simulator: Simulator,
    *,
    n_features: int,
    n_tokens: int,
    resistance_scale: float = 1.0,
    progress: Advance | None = None,
) -> TileSolver:
    """Measure everything that a tile of this size needs, in some fifty short decks.

    Args:
        tile: the circuits, their converters for these numbers of rows.
        simulator: any.
        n_features: rows of the first array and columns of the second.
        n_tokens: columns of the first array and rows of the second.
        resistance_scale: of all wires.
        progress: called with (done, total) of each converter.
    """
    cell, technology = tile.first.column.cell, tile.first.column.technology
    table = floating_pair_table(cell, technology, simulator)
    load = word_line_load(cell, technology, simulator)
    (first, charge_to_pulse), (second, signed_charge_to_pulse) = (
        measure_array_solver(
            array,
            simulator,
            table=table,
            cell_load=load,
            n_rows=n_rows,
            resistance_scale=resistance_scale,
            progress=progress,
        )
        for array, n_rows in ((tile.first, n_features), (tile.second, n_tokens))
    )
    return TileSolver(
        first=first,
        second=second,
        charge_to_pulse=charge_to_pulse,
        signed_charge_to_pulse=signed_charge_to_pulse,
        longest_pulse=tile.second.column.timing.input_window,
    )


def measure_array_solver(
    array: CellArray,
    simulator: Simulator,
    *,
    table: ReadPairTable,
    cell_load: float,
    n_rows: int,
    resistance_scale: float = 1.0,
    progress: Advance | None = None,
) -> tuple[ArraySolver, PulseTable]:
    """Measure clamp and converter of one array, and set it up with its lines.

    Args:
        array: the circuit.
        simulator: any.
        table: of `floating_pair_table`.
        cell_load: of `word_line_load` (F).
        n_rows: cells of a column.
        resistance_scale: of all wires.
        progress: called with (done, total).
    """
    column = array.column
    largest = n_rows * cell_current(table)
    transfer = read_out_transfer(column, simulator, n_rows=n_rows, largest_current=largest, progress=progress)
    clamp, converter = clamp_and_converter(transfer, column.timing.input_window)
    solver = ArraySolver(
        table=table,
        lines=array_lines(array, cell_load=cell_load, resistance_scale=resistance_scale),
        clamp=clamp,
        window=column.timing.release - column.timing.reset_end,
    )
    return solver, converter


def flat_read(
    array: CellArray, simulator: Simulator, *, stored_voltages: Array, pulse_widths: Array
) -> tuple[Array, Array]:
    """Simulate a whole array in one netlist, as `flat_reads`.

    Returns:
        Pulse of every column (s), and the charge at the foot of its bit line (C), from the opening of the reset switch
        to the release of the conveyor.
    """
    waves, _ = flat_waves(array, simulator, stored_voltages=stored_voltages, pulse_widths=pulse_widths)
    timing = array.column.timing
    columns = range(stored_voltages.shape[1])
    pulses = [array.column.converted_width(waves, suffix=str(j)) for j in columns]
    window = (timing.reset_end + AFTER_RESET, timing.release)
    feet = [-charge(waves.time, np.real(waves.signals[f"i(vfoot{j})"]), *window) for j in columns]
    return np.array(pulses), np.array(feet)


def cell_current(table: ReadPairTable) -> float:
    """Largest current that a cell sinks or gives (A)."""
    return float(np.abs(table.lower - table.upper).max())


def without_lines(solver: ArraySolver) -> ArraySolver:
    """The same array with lines and clamps that are ideal."""
    return replace(
        solver,
        lines=ArrayLines(edge_time=solver.lines.edge_time),
        clamp=BitLineClamp.resistor(0.0),
    )
