"""What the models of whole columns are made of: the reads, dies and noisy runs that ngspice simulates for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import CELLS_PER_LINE
from circuits.die import Die
from circuits.interconnect import ArrayWires
from pycosim.flows.characterization import Design, measure_transfers
from pycosim.flows.conditions import cell_table
from pycosim.flows.config import GainCellConfig
from pycosim.flows.operand_kinds import operand_kinds
from pycosim.flows.read_operands import transformer_operands
from pycosim.flows.sampled_parts import budget_deviations
from pycosim.flows.surrogates import measure_reads
from pycosim.studies.study import Laboratory
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise_budget import Operands, noise_budget
from pycosim.sweeps.noise_groups import noise_groups
from pycosim.sweeps.transient_noise import noisy_pulses
from pycosim.sweeps.variation import cell_current_spread, column_spread, converter_spread

Array = NDArray[np.float64]

CELL_WIDTHS = (0.1e-9, 0.25e-9, 0.5e-9, 1e-9, 2e-9, 4e-9, 8e-9, 12e-9, 15e-9, 15.5e-9)
"""Pulse widths of the cell's table (s)."""

UNSIGNED_SHARES, SIGNED_SHARES = (0.2, 0.5, 0.8), (-0.8, -0.4, 0.4, 0.8)
"""Charges at which dies convert, over the full charge: two on each line, one more to see whether it is one."""

COLUMN_PARTS: Mapping[str, tuple[str, ...]] = {"cells": tuple(f"c{k}" for k in range(CELLS_PER_LINE)), "all": ()}
"""Whose transistors deviate in the columns of dies."""


def wired_columns(design: Design) -> tuple[Column, Column]:
    """The columns of both arrays with the resistance of their bit lines, as their models are fitted to."""
    return replace(design.first, wires=ArrayWires()), replace(design.second, wires=ArrayWires())


def measure_surrogate_data(lab: Laboratory, kept: Path | None = None) -> dict[str, xr.Dataset]:
    """Simulate everything that the models of columns are fitted to and judged by.

    Args:
        lab: circuits, simulator, seed.
        kept: folder of NetCDF files: what is there is taken from there, what is not is simulated and written there.

    Returns:
        "cell"; "transfer_1", "transfer_2"; "reads_1", "reads_2"; "cells_of_a_die"; "converters_1", "converters_2";
        "columns_of_dies"; "noisy_reads".

    Raises:
        SimulationError: a deck failed.
    """
    found: dict[str, xr.Dataset] = {}

    def take(name: str, measure: Callable[[], xr.Dataset]) -> None:
        path = None if kept is None else kept / f"{name}.nc"
        if path is not None and path.is_file():
            with xr.open_dataset(path, engine="scipy") as file:
                found[name] = file.load()
            return
        found[name] = measure()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            found[name].to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")

    design, columns = lab.design, wired_columns(lab.design)
    take("cell", lambda: _cell(lab))
    transfers: list[xr.Dataset] = []

    def transfer(index: int) -> xr.Dataset:
        if not transfers:
            transfers.extend(measure_transfers(design, GainCellConfig(quick=True), lab.simulator, lab.progress))
        return transfers[index]

    take("transfer_1", lambda: transfer(0))
    take("transfer_2", lambda: transfer(1))
    for index in (0, 1):
        take(f"reads_{index + 1}", partial(_reads, lab, columns[index], index, found["cell"]))
    take("cells_of_a_die", lambda: _cells(lab))
    for index in (0, 1):
        take(f"converters_{index + 1}", partial(_converters, lab, columns[index]))
    take("columns_of_dies", lambda: _columns(lab, columns[0]))
    take("noisy_reads", lambda: _noisy(lab, columns[0]))
    return found


def die_seeds(lab: Laboratory) -> tuple[list[int], list[int]]:
    """Seeds of the dies that models are fitted to, and of those by which they are judged."""
    n_judged, n_fitted = (4, 10) if lab.quick else (60, 60)
    judged = [lab.seed + k for k in range(n_judged)]
    return [judged[-1] + 1 + k for k in range(n_fitted)], judged


def die_operands(lab: Laboratory) -> tuple[Array, Array]:
    """Operands of the column that is read on many dies, as in the study of Monte Carlo: levels (V) and pulses (s)."""
    rng = np.random.default_rng([lab.seed, 77])
    stored = lab.design.levels[rng.choice([2, 4, 5, 6, 7], CELLS_PER_LINE)]
    return stored, np.asarray(lab.design.unit_time * rng.integers(0, 9, CELLS_PER_LINE), dtype=np.float64)


def _cell(lab: Laboratory) -> xr.Dataset:
    return read_charges(
        lab.design.cell,
        lab.design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in lab.design.levels],
        pulse_widths=CELL_WIDTHS,
    ).isel(word_line_voltage=0)


def _reads(lab: Laboratory, column: Column, array: int, cell: xr.Dataset) -> xr.Dataset:
    n_reads = 4 if lab.quick else 24
    kinds = operand_kinds(lab.design, column, cell_table(cell), n_reads, lab.seed)
    real = transformer_operands(lab.design, n_reads, np.random.default_rng([lab.seed, 71]))[array]
    operands = {**kinds, "transformer": (real.stored_voltages, real.pulse_widths)}
    lab.progress.stage(f"surrogates: reads of array {array + 1}", total=n_reads * len(operands))
    return measure_reads(column, lab.simulator, operands, lab.advance)


def _cells(lab: Laboratory) -> xr.Dataset:
    lab.progress.stage("surrogates: cells of a die", total=lab.design.levels.size)
    return cell_current_spread(
        lab.design.cell,
        lab.design.technology,
        lab.simulator,
        stored_voltages=[float(v) for v in lab.design.levels],
        n_cells=40 if lab.quick else 400,
        die=Die(seed=lab.seed),
        progress=lab.advance,
    )


def _converters(lab: Laboratory, column: Column) -> xr.Dataset:
    seeds = [seed for part in die_seeds(lab) for seed in part]
    full = column.converter.saturation_current * column.timing.max_pulse_width
    shares = SIGNED_SHARES if column.converter.signed else UNSIGNED_SHARES
    lab.progress.stage(f"surrogates: dies, {column.name.replace('_', ' ')}", total=len(seeds) * len(shares))
    return converter_spread(
        column, lab.simulator, charges=[share * full for share in shares], seeds=seeds, progress=lab.advance
    )


def _columns(lab: Laboratory, column: Column) -> xr.Dataset:
    stored, widths = die_operands(lab)
    _, judged = die_seeds(lab)
    dies = [(name, Die(seed=seed, parts=parts)) for name, parts in COLUMN_PARTS.items() for seed in judged]
    lab.progress.stage("surrogates: whole columns of dies", total=len(dies))
    reads = column_spread(
        column,
        lab.simulator,
        stored_voltages=stored,
        pulse_widths=widths,
        dies=[die for _, die in dies],
        progress=lab.advance,
    )
    return reads.assign_coords(part=("deck", [name for name, _ in dies]))


def _noisy(lab: Laboratory, column: Column) -> xr.Dataset:
    """`pulse_width` over charge and run, and the budget's `deviation` over width."""
    n_runs = 4 if lab.quick else 40
    shares = (0.5,) if lab.quick else (0.2, 0.5)
    stored, _ = die_operands(lab)
    half = np.where(np.arange(CELLS_PER_LINE) % 2 == 0, lab.design.max_pulse_width, 0.0)
    lab.progress.stage("surrogates: noisy reads", total=len(shares) * (n_runs + 1))
    budget = noise_budget(column, lab.simulator, Operands(stored_voltages=stored, pulse_widths=half))
    added = [one for group in noise_groups(column, budget).values() for one in group]
    full = column.converter.saturation_current * column.timing.max_pulse_width
    runs = [
        noisy_pulses(
            column,
            lab.simulator,
            added,
            charge=share * full,
            n_runs=n_runs,
            seed=lab.seed + k,
            progress=lab.advance,
        )
        for k, share in enumerate(shares)
    ]
    widths = np.linspace(0.0, lab.design.max_pulse_width, 16)
    return (
        xr.concat(runs, "charge")
        .assign_coords(charge=[share * full for share in shares], width=widths)
        .assign(deviation=("width", budget_deviations(budget, widths.tolist()), {"unit": "s"}))
    )
