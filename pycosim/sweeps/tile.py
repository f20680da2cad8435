"""A tile in ngspice: column by column at any size, and flat in one netlist where it is small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.tile import TileTiming, converter_for_rows, tile_bench, tile_timing
from circuits.stimuli import EDGE_TIME
from circuits.testbench import Testbench, render_netlist
from pycosim.errors import InputError
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.array import CellArray, word_line_pulses
from pycosim.sweeps.characterize import Advance
from pycosim.sweeps.column import Column, column_reads
from pycosim.waveforms import pulse_width

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileOperands:
    """What a tile computes with.

    Attributes:
        pulse_widths: (n_features,) pulses of the query (s).
        keys: (n_features, n_tokens) levels of the first array (V).
        values: (n_tokens, n_features) levels of the second array (V).
    """

    pulse_widths: Array
    keys: Array
    values: Array

    def __post_init__(self) -> None:
        """Check that the shapes fit."""
        n_features = self.pulse_widths.size
        if self.keys.shape[0] != n_features or self.values.shape != self.keys.T.shape:
            raise InputError(
                "a tile needs keys (n_features, n_tokens) and values (n_tokens, n_features) for its n_features pulses, "
                f"found {self.keys.shape}, {self.values.shape} and {n_features} pulses"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TileCircuit:
    """Both arrays of a tile.

    Attributes:
        first: array of the keys, with the unsigned converter.
        second: array of the values, with the signed one.
    """

    first: CellArray
    second: CellArray

    def for_rows(self, n_rows: int) -> TileCircuit:
        """The same tile with another number of rows, its converters scaled by `converter_for_rows`."""

        def scaled(array: CellArray) -> CellArray:
            converter = converter_for_rows(array.column.converter, n_rows)
            return replace(array, column=replace(array.column, converter=converter))

        return TileCircuit(first=scaled(self.first), second=scaled(self.second))


def tile_by_columns(
    tile: TileCircuit,
    operands: TileOperands,
    simulator: Simulator,
    *,
    ideal_word_lines: bool = False,
    columns: int | None = None,
    progress: Advance | None = None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Simulate every column of the first array, and with its pulses every column of the second.

    Args:
        tile: the circuits.
        operands: query, keys, values.
        simulator: any.
        ideal_word_lines: word lines without resistance, so that columns need no rows before them.
        columns: how many columns of the second array are simulated, from the first on; None for all.
        progress: called with (done, total) of each array.

    Returns:
        `column_reads` of both arrays: `pulse_width` over "sample" is the weight of each token and the signed output of
        each feature (s). The second array's `input_width` (s) over "row" is what it was driven with.
    """
    first = _array_reads(tile.first, operands.keys, operands.pulse_widths, simulator, ideal_word_lines, None, progress)
    driven = usable_pulses(first["pulse_width"].values, tile.second.column)
    second = _array_reads(tile.second, operands.values, driven, simulator, ideal_word_lines, columns, progress)
    second["input_width"] = ("row", driven, {"unit": "s"})
    return first, second


def _array_reads(
    array: CellArray,
    stored: Array,
    widths: Array,
    simulator: Simulator,
    ideal_word_lines: bool,
    columns: int | None,
    progress: Advance | None,
) -> xr.Dataset:
    lines = None
    if not ideal_word_lines:
        lines = word_line_pulses(array, simulator, stored_voltages=stored, pulse_widths=widths)[:columns]
    wanted = stored.T[:columns]
    return column_reads(
        array.column,
        simulator,
        stored_voltages=wanted,
        pulse_widths=np.broadcast_to(widths, wanted.shape),
        word_lines=lines,
        progress=progress,
    )


def usable_pulses(widths: Array, column: Column) -> Array:
    """Pulses as a word line can carry them (s): none that is shorter than its edge, none longer than the window.

    A converter's longest pulse is some picoseconds longer than its window; a pulse shorter than an edge never gets to
    its level and carries less than 0.3 % of a full one.
    """
    clipped = np.minimum(widths, column.timing.input_window)
    return np.where(clipped < EDGE_TIME, 0.0, clipped)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatTile:
    """What one netlist of a whole tile gave.

    Attributes:
        weights: (n_tokens,) pulses of the first array's converters (s).
        driven: (n_tokens,) pulses on the second array's upper word lines (s).
        outputs: (n_features,) signed pulses (s).
        write_error: (2, n_cells) held voltage minus written level, keys and values (V).
        waves: all that was recorded.
        timing: the plan.
        bench: the bench.
    """

    weights: Array
    driven: Array
    outputs: Array
    write_error: Array
    waves: Waveforms
    timing: TileTiming
    bench: Testbench


def flat_tile(tile: TileCircuit, operands: TileOperands, simulator: Simulator) -> FlatTile:
    """Simulate a tile end to end in one netlist: write, integrate, convert, integrate, convert.

    Args:
        tile: the circuits, scaled to the rows.
        operands: query, keys, values.
        simulator: any.
    """
    n_features, n_tokens = operands.keys.shape
    first, second = tile.first.column, tile.second.column
    timing = tile_timing(first.timing, second.timing, n_tokens)
    bench = tile_bench(
        first.cell,
        (first.converter, second.converter),
        first.technology,
        timing,
        tile.first.wires,
        keys=operands.keys.T.tolist(),
        values=operands.values.tolist(),
        pulse_widths=operands.pulse_widths.tolist(),
        driver_resistance=tile.first.driver_resistance,
    )
    waves = simulator.run(render_netlist(bench))
    supply, mid = first.technology.supply_voltage, first.technology.mid_voltage
    timed = replace(second, timing=timing.second)
    return FlatTile(
        weights=np.array([first.converted_width(waves, prefix="k_", suffix=str(j)) for j in range(n_tokens)]),
        driven=np.array(
            [
                pulse_width(waves.time, np.real(waves.signals[f"v(v_rwlp{i})"]), (supply + mid) / 2)
                for i in range(n_tokens)
            ]
        ),
        outputs=np.array([timed.converted_width(waves, prefix="v_", suffix=str(j)) for j in range(n_features)]),
        write_error=np.stack(
            [
                _held(waves, "k_", timing.first.input_start, operands.keys),
                _held(waves, "v_", timing.second.input_start, operands.values),
            ]
        ),
        waves=waves,
        timing=timing,
        bench=bench,
    )


def _held(waves: Waveforms, prefix: str, when: float, stored: Array) -> Array:
    """Voltage of every cell minus its level just before its array is read (V)."""
    n_rows, n_columns = stored.shape
    signals: Mapping[tuple[int, int], Array] = {
        (i, j): np.real(waves.signals[f"v({prefix}sn{i}_{j})"]) for i in range(n_rows) for j in range(n_columns)
    }
    return np.array([np.interp(when, waves.time, signal) - stored[place] for place, signal in signals.items()])
