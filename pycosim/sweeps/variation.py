"""Monte Carlo over dies: read current of cells, transfer of converters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import gain_cell_dc_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.die import Die
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from circuits.trim import TrimCodes
from pycosim.errors import InputError
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.sweeps.column import Column

Array = NDArray[np.float64]


def cell_current_spread(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    n_cells: int,
    die: Die,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Read current at full input of many cells of one die: `read_current` (A, sunk) over level (V) and cell.

    Cell k is the same sample at every level, because a transistor's deviation belongs to its name.
    """

    def measure(waves: Waveforms, bench: Testbench) -> Mapping[str, Array]:
        return {"read_current": np.array([-np.real(waves.signals[f"i(vbl{k})"])[-1] for k in range(n_cells)])}

    return characterize(
        {"stored_voltage": list(stored_voltages)},
        lambda point: replace(
            gain_cell_dc_bench(
                cell,
                technology,
                stored_voltages=[point["stored_voltage"]] * n_cells,
                word_line_step=technology.mid_voltage,
            ),
            die=die,
        ),
        measure,
        simulator,
        units={"stored_voltage": "V", "read_current": "A", "cell": ""},
        inner={"cell": [float(k) for k in range(n_cells)]},
        progress=progress,
    )


def converter_spread(
    column: Column,
    simulator: Simulator,
    *,
    charges: Sequence[float],
    seeds: Sequence[int],
    codes: Sequence[TrimCodes] | None = None,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Transfer on many dies: `pulse_width` (s, signed for a signed converter) over seed and charge.

    Args:
        column: circuit and plan.
        simulator: any.
        charges: C.
        seeds: (n_dies,) of the mismatch, all different.
        codes: (n_dies,) trim of each die; None for the column's own codes on all.
        progress: called with (done, total).

    Raises:
        InputError: not one set of codes for each seed, or a seed that comes twice.
    """
    codes = [column.converter.codes] * len(seeds) if codes is None else codes
    n_seeds = len(set(seeds))
    if not n_seeds == len(seeds) == len(codes):
        raise InputError(
            f"each die needs a seed of its own and one set of codes, found {len(seeds)} seeds, {n_seeds} different, "
            f"and {len(codes)} sets of codes"
        )
    trimmed = {float(seed): replace(column.converter, codes=own) for seed, own in zip(seeds, codes, strict=True)}

    def bench(point: Mapping[str, float]) -> Testbench:
        drawn = charge_to_pulse_bench(
            trimmed[point["seed"]],
            column.technology,
            column.timing,
            charge=point["charge"],
            cell=column.cell,
            name="signed_charge_to_pulse" if column.converter.signed else "charge_to_pulse",
        )
        return replace(drawn, die=Die(seed=int(point["seed"])))

    return characterize(
        {"seed": list(trimmed), "charge": list(charges)},
        bench,
        lambda waves, bench: {"pulse_width": column.converted_width(waves)},
        simulator,
        units={"seed": "", "charge": "C", "pulse_width": "s"},
        progress=progress,
    )


def column_spread(
    column: Column,
    simulator: Simulator,
    *,
    stored_voltages: Array,
    pulse_widths: Array,
    dies: Sequence[Die | None],
    progress: Advance | None = None,
) -> xr.Dataset:
    """One column with the same operands on many dies: `pulse_width` (s) over "deck", in the order of `dies`.

    Args:
        column: circuit and plan.
        simulator: any.
        stored_voltages: (n_rows,) levels written (V).
        pulse_widths: (n_rows,) input pulses (s).
        dies: samples of mismatch; None is the circuit as drawn.
        progress: called with (done, total).
    """
    return characterize(
        {"deck": [float(k) for k in range(len(dies))]},
        lambda point: replace(column, die=dies[int(point["deck"])]).bench(stored_voltages, pulse_widths),
        lambda waves, bench: {"pulse_width": column.converted_width(waves)},
        simulator,
        units={"deck": "", "pulse_width": "s"},
        progress=progress,
    )
