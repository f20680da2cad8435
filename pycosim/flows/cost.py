"""Latency by phase and energy by block, from the waveforms of the simulated columns."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from pycosim.evaluate.cost import PUBLISHED_BLOCKS, PUBLISHED_TILES, Block, Energy, Latency, Phase
from pycosim.flows.columns import N_ROWS, ColumnCheck

N_COLUMNS = 64
"""Columns of a tile [2025 Leroux]."""

COUNT_ADD_LATCH = 3e-9
"""Digital sum of the tiles and output latch after the last pulse (s). Ours, assumed: three cycles of 1 GHz."""

_PUBLISHED = dict(PUBLISHED_BLOCKS)


def column_latency(checks: tuple[ColumnCheck, ColumnCheck], transfers: tuple[xr.Dataset, xr.Dataset]) -> Latency:
    """The phases of one token, each the slowest over the simulated columns; full pulses are from the transfers.

    A phase ends when its signal has settled to half a level; beside it stands what the clocks of the simulated deck
    grant it. The wake-up and reset of each converter run under the phase before and cost no time of their own.
    """
    first, second = checks
    plan, signed_plan = first.column.timing, second.column.timing
    full, signed_full = (float(np.abs(transfer["pulse_width"].values).max()) for transfer in transfers)

    def simulated(name: str, check: ColumnCheck, seconds: float, scheduled: float, detail: str) -> Phase:
        return Phase(
            name=name,
            duration=seconds,
            source="simulated",
            detail=detail,
            scheduled=scheduled,
            netlist=str(check.reads["netlist_digest"].values[0]),
        )

    phases = (
        simulated(
            "write K and V",
            first,
            _slowest(first, "write_time"),
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
        simulated(
            "integrate query (array 1)",
            first,
            _slowest(first, "input_time"),
            plan.input_window,
            "longest of 16 pulse widths, first edge to last edge",
        ),
        simulated(
            "settle 1",
            first,
            _slowest(first, "settle_time"),
            plan.settle_time,
            "integration node to half a count after the last input edge",
        ),
        simulated(
            "start pulse",
            first,
            _slowest(first, "start_delay"),
            plan.gap + plan.window_delay,
            "release of the bit line to the rising edge of phi",
        ),
        simulated(
            "phi pulse = integrate (array 2)",
            first,
            full,
            plan.max_pulse_width,
            "widest pulse; it is the input of array 2",
        ),
        simulated(
            "settle 2",
            second,
            _slowest(second, "settle_time"),
            signed_plan.settle_time,
            "integration node to half a count after the last input edge",
        ),
        simulated(
            "latch sign, start pulse",
            second,
            _slowest(second, "start_delay"),
            signed_plan.gap + signed_plan.sign_time + signed_plan.window_delay,
            "release of the bit line to the rising edge of the signed pulse",
        ),
        simulated(
            "signed pulse, counted",
            second,
            signed_full,
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
    `n_tiles`, but for the DACs, which write one token whatever the window.
    """
    first, second = checks
    columns = N_COLUMNS * n_tiles
    share = n_tiles / PUBLISHED_TILES

    def block(
        name: str,
        energy: float,
        detail: str,
        check: ColumnCheck | None = None,
        published: float | None = None,
        source: Literal["simulated", "assumed"] = "simulated",
    ) -> Block:
        digest = None if check is None else str(check.reads["netlist_digest"].values[0])
        return Block(name=name, energy=energy, source=source, detail=detail, published=published, netlist=digest)

    scaled = f"{n_tiles} of {PUBLISHED_TILES} tiles"
    return Energy(
        n_tiles=n_tiles,
        blocks=(
            block(
                "array 1 and charge-to-pulse",
                columns * (_mean(first, "energy_converter") + _mean(first, "energy_word_lines")),
                f"{columns} columns: supply, reference and word lines of {first.simulated.size} simulated columns",
                first,
                _PUBLISHED["array 1 and charge-to-pulse"],
            ),
            block(
                "array 2 and signed charge-to-pulse",
                columns * (_mean(second, "energy_converter") + _mean(second, "energy_word_lines")),
                f"{columns} columns: supply, reference and word lines of {second.simulated.size} simulated columns",
                second,
                _PUBLISHED["array 2 and signed charge-to-pulse"],
            ),
            block(
                "bias of the converters",
                2 * n_tiles * (_mean(first, "energy_bias") + _mean(second, "energy_bias")) / 2,
                f"bias diodes, drawn once per column in the deck, counted once per array of {N_COLUMNS} columns",
                first,
            ),
            block(
                "write lines",
                _mean(first, "energy_write") + _mean(second, "energy_write"),
                f"one column of {N_ROWS} cells of K and one of V; data lines and write word lines, drivers ideal",
                first,
            ),
            block(
                "DACs",
                _PUBLISHED["DACs"],
                "not simulated: the published 330 pJ for one written token, whatever the number of tiles",
                source="assumed",
            ),
            block(
                "digital control and routing",
                _PUBLISHED["digital control and routing"] * share,
                f"not simulated: the published figure, {scaled}",
                None,
                _PUBLISHED["digital control and routing"],
                "assumed",
            ),
        ),
    )


def _slowest(check: ColumnCheck, name: str) -> float:
    """Largest over the columns that have the phase (a column without a pulse has no start of one)."""
    return float(np.nanmax(check.reads[name].values))


def _mean(check: ColumnCheck, name: str) -> float:
    return float(check.reads[name].values.mean())
