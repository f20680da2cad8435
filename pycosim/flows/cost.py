"""Latency by phase and energy by block, from the waveforms of the simulated columns."""

from __future__ import annotations

import numpy as np
import xarray as xr

from circuits.benches.cell import CELLS_PER_LINE
from circuits.timing import COUNT_ADD_LATCH
from pycosim.evaluate.cost import PUBLISHED_BLOCKS, PUBLISHED_TILES, Block, Energy, Latency, Phase
from pycosim.flows.columns import N_ROWS, ColumnCheck

N_COLUMNS = CELLS_PER_LINE
"""Columns of a tile [2025 Leroux]."""

_PUBLISHED = dict(PUBLISHED_BLOCKS)


def column_latency(checks: tuple[ColumnCheck, ColumnCheck], transfers: tuple[xr.Dataset, xr.Dataset]) -> Latency:
    """The phases of one token, each the slowest over the simulated columns; full pulses are from the transfers.

    A phase ends when its signal has settled to half a level; beside it stands what the clocks of the simulated deck
    grant it. The wake-up and reset of each converter run under the phase before and cost no time of their own.
    """
    first, second = checks
    plan, signed_plan = first.column.timing, second.column.timing

    def simulated(name: str, reads: xr.Dataset, quantity: str, scheduled: float, detail: str) -> Phase:
        seconds, digest = _slowest(reads, quantity)
        return Phase(
            name=name, duration=seconds, source="simulated", detail=detail, scheduled=scheduled, netlist=digest
        )

    phases = (
        simulated(
            "write K and V",
            first.reads,
            "write_time",
            plan.write_time,
            "slowest cell, from the opposite rail, to half a stored level",
        ),
        Phase(
            name="close write gates, open word lines",
            duration=plan.input_start - plan.write_start - plan.write_time,
            source="protocol",
            detail="non-overlap of write and read; conveyor wake-up and reset end here",
            scheduled=plan.input_start - plan.write_start - plan.write_time,
        ),
        Phase(
            name="integrate query (array 1)",
            duration=plan.input_window,
            source="protocol",
            detail="longest of 16 pulse widths",
            scheduled=plan.input_window,
        ),
        simulated(
            "settle 1",
            first.reads,
            "settle_time",
            plan.settle_time,
            "integration node to half a count after the last input edge",
        ),
        simulated(
            "start pulse",
            first.reads,
            "start_delay",
            plan.gap + plan.window_delay,
            "release of the bit line to the rising edge of phi",
        ),
        simulated(
            "phi pulse = integrate (array 2)",
            transfers[0],
            "pulse_width",
            plan.max_pulse_width,
            "widest pulse; it is the input of array 2",
        ),
        simulated(
            "settle 2",
            second.reads,
            "settle_time",
            signed_plan.settle_time,
            "integration node to half a count after the last input edge",
        ),
        simulated(
            "latch sign, start pulse",
            second.reads,
            "start_delay",
            signed_plan.gap + signed_plan.sign_time + signed_plan.window_delay,
            "release of the bit line to the rising edge of the signed pulse",
        ),
        simulated(
            "signed pulse, counted",
            transfers[1],
            "pulse_width",
            signed_plan.max_pulse_width,
            "widest pulse; the counter runs meanwhile",
        ),
        Phase(
            name="add tiles, latch",
            duration=COUNT_ADD_LATCH,
            source="assumed",
            detail="digital, not simulated: three cycles of 1 GHz",
            scheduled=COUNT_ADD_LATCH,
        ),
    )
    return Latency(phases=phases)


def column_energy(checks: tuple[ColumnCheck, ColumnCheck], n_tiles: int) -> Energy:
    """Energy of one token in one head of `n_tiles` tiles: mean over the simulated columns, times the columns.

    Every column is read for every token; one column of K and one of V are written. The published blocks stand beside
    as they are, for 16 tiles; where a published block takes the place of one that is not simulated, it is scaled to
    `n_tiles`, but for the DACs, which write one token whatever the window. The deck linked to a mean is the one nearest
    to it.
    """
    first, second = checks
    columns = N_COLUMNS * n_tiles

    def simulated(name: str, energy: float, detail: str, check: ColumnCheck, published: float | None = None) -> Block:
        return Block(
            name=name,
            energy=energy,
            source="simulated",
            detail=detail,
            published=published,
            netlist=_typical(check.reads),
        )

    def assumed(name: str, energy: float, detail: str) -> Block:
        return Block(name=name, energy=energy, source="assumed", detail=detail, published=_PUBLISHED[name])

    def read(check: ColumnCheck) -> float:
        return _mean(check, "energy_converter") + _mean(check, "energy_word_lines")

    return Energy(
        n_tiles=n_tiles,
        blocks=(
            simulated(
                "array 1 and charge-to-pulse",
                columns * read(first),
                f"{columns} columns; mean of {first.simulated.size} simulated ones, supply, reference and word lines",
                first,
                _PUBLISHED["array 1 and charge-to-pulse"],
            ),
            simulated(
                "array 2 and signed charge-to-pulse",
                columns * read(second),
                f"{columns} columns; mean of {second.simulated.size} simulated ones, supply, reference and word lines",
                second,
                _PUBLISHED["array 2 and signed charge-to-pulse"],
            ),
            simulated(
                "bias of the converters",
                n_tiles * (_mean(first, "energy_bias") + _mean(second, "energy_bias")),
                f"bias diodes, drawn once per column in the deck, counted once per array of {N_COLUMNS} columns",
                first,
            ),
            simulated(
                "write lines",
                _mean(first, "energy_write") + _mean(second, "energy_write"),
                f"one column of {N_ROWS} cells of K and one of V; data lines and write word lines, drivers ideal",
                first,
            ),
            assumed(
                "DACs",
                _PUBLISHED["DACs"],
                f"not simulated: the published figure for one written token, here borne by {n_tiles} tiles instead of "
                f"{PUBLISHED_TILES}",
            ),
            assumed(
                "digital control and routing",
                _PUBLISHED["digital control and routing"] * n_tiles / PUBLISHED_TILES,
                f"not simulated: the published figure, {n_tiles} of {PUBLISHED_TILES} tiles",
            ),
        ),
    )


def _slowest(reads: xr.Dataset, quantity: str) -> tuple[float, str]:
    """Largest magnitude (s) over the decks that have the phase, and the digest of the deck that showed it.

    A column without a pulse has no start of one: its value is NaN and takes no part.
    """
    sample = int(np.nanargmax(np.abs(reads[quantity].values)))
    return abs(float(reads[quantity].values[sample])), str(reads["netlist_digest"].values[sample])


def _typical(reads: xr.Dataset) -> str:
    """Digest of the deck whose converter energy is nearest to the mean."""
    energy = reads["energy_converter"].values
    return str(reads["netlist_digest"].values[int(np.argmin(np.abs(energy - energy.mean())))])


def _mean(check: ColumnCheck, name: str) -> float:
    return float(check.reads[name].values.mean())
