"""Size a cell and a converter for a technology: what a designer does with the sweeps, one function per step.

The order is that of the circuit: `size_read_pair` gives the read current; `written_levels` says whether the write gate
settles; `trim_converter` sets the discharge current and the window delay; `judge_transfer` says what the converter
then makes of known charges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from circuits.benches.cell import gain_cell_read_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import render_netlist
from circuits.timing import ColumnTiming
from pycosim.checks import finite_array
from pycosim.errors import InputError
from pycosim.spice import Simulator
from pycosim.sweeps.cell import read_charges
from pycosim.sweeps.converter import converter_transfer

Array = NDArray[np.float64]

LENGTH_GRID = 10e-9
"""Found lengths are rounded to it (m). Ours: twice the layout grid of most processes, so that a centre stays on it."""

STRAIGHT = (0.05, 0.95)
"""Shares of the full scale between which a transfer is compared with a line. Ours: below and above it is clipped."""

TRIM_SHARES = (0.2, 0.5, 0.8)
"""Charges, of the full scale, that the trim looks at. Ours: three within the straight part."""

CLOSED_AFTER = 0.8e-9
"""When a closed write gate has injected its charge (s). Ours: its edge takes 50 ps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What a converter makes of known charges.

    Attributes:
        shares: charges over the full scale, rising.
        pulse_widths: over the longest pulse, negative where the sign is.
        gain, offset: of the straight line through the points of the straight part, both signs folded onto one; 1 and 0
            are ideal.
        residual: largest distance from this line, over the full scale.
    """

    shares: Array
    pulse_widths: Array
    gain: float
    offset: float
    residual: float


def size_read_pair(
    start: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    full_current: float,
    pulse_width: float,
    rounds: int = 6,
) -> GainCellParameters:
    """Choose the channel lengths of the read pair, so that the rails give +-`full_current`.

    The current is the charge of a pulse over its width, so that what the word-line edges couple into the storage node
    is in it. Widths and flavours stay as they are: where the current is given, they set the noise, the area and where
    the current is zero.

    Args:
        start: a cell with a push-pull pair; its lengths are where the search begins.
        technology: its process.
        simulator: any.
        full_current: read current at a stored supply, and minus it at a stored 0 V (A).
        pulse_width: longest read pulse (s).
        rounds: most steps of the search, three simulations each.

    Raises:
        InputError: a cell with one read transistor only, or a current or pulse that is not positive.
    """
    if start.read_pmos is None:
        raise InputError("a signed read current needs a read PMOS; give the cell one")
    if not (full_current > 0 and pulse_width > 0):
        raise InputError(
            f"full_current and pulse_width must be positive, found {full_current:g} A and {pulse_width:g} s"
        )
    nmos, pmos = start.read_nmos, start.read_pmos
    drawn = np.array([nmos.length, pmos.length])

    def sized(lengths: Array) -> GainCellParameters:
        first, second = (max(technology.minimum_length, float(length)) for length in lengths)
        return replace(start, read_nmos=replace(nmos, length=first), read_pmos=replace(pmos, length=second))

    def misses(factors: Array) -> Array:
        found = read_charges(
            sized(drawn * np.exp(factors - 1.0)),
            technology,
            simulator,
            stored_voltages=(0.0, technology.supply_voltage),
            pulse_widths=[pulse_width],
        )
        current = found["charge"].values[0, 0] / pulse_width * np.array([-1.0, 1.0])
        return np.asarray(np.log(np.maximum(current / full_current, 1e-3)))

    # the unknowns are near 1, not 0, because the step of the derivative is relative to them
    best = least_squares(misses, np.ones(2), diff_step=0.05, xtol=1e-3, ftol=1e-4, max_nfev=rounds)
    return sized(LENGTH_GRID * np.round(drawn * np.exp(best.x - 1.0) / LENGTH_GRID))


def written_levels(
    cell: GainCellParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    stored_voltages: Sequence[float],
    write_time: float,
) -> tuple[Array, Array]:
    """Stored voltage minus the level that was written from the far rail (V): as the gate closes, and when it is closed.

    Raises:
        CircuitError: a level outside the supply, or a write that is shorter than an edge.
    """
    bench = gain_cell_read_bench(
        cell, technology, stored_voltages=stored_voltages, pulse_width=CLOSED_AFTER, write_time=write_time
    )
    waves = simulator.run(render_netlist(bench))
    closing = bench.parameters["write_start"] + write_time
    nodes = [np.real(waves.signals[f"v(sn{k})"]) for k in range(len(stored_voltages))]
    before, after = (
        np.array([np.interp(time, waves.time, node) for node in nodes]) - np.array(stored_voltages)
        for time in (closing, closing + CLOSED_AFTER)
    )
    return before, after


def judge_transfer(
    converter: ChargeToPulseParameters,
    cell: GainCellParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    shares: Sequence[float],
) -> Transfer:
    """Convert known charges, given as shares of the full scale, and draw a straight line through the widths.

    Raises:
        InputError: fewer than two charges within the straight part.
    """
    given = np.sort(finite_array("shares", shares, ndim=1))
    low, high = STRAIGHT
    inside = (np.abs(given) >= low) & (np.abs(given) <= high) & ((given > 0) | converter.signed)
    if np.unique(np.abs(given[inside])).size < 2:
        raise InputError(f"a straight line needs two or more shares from {low:g} to {high:g}, found {list(shares)}")
    full_scale = converter.saturation_current * timing.max_pulse_width
    found = converter_transfer(
        converter, technology, timing, simulator, charges=(given * full_scale).tolist(), cell=cell
    )
    ratio = found["pulse_width"].values / timing.max_pulse_width
    size, width = np.abs(given[inside]), ratio[inside] * np.sign(given[inside])
    gain, offset = np.polyfit(size, width, 1)
    return Transfer(
        shares=given,
        pulse_widths=ratio,
        gain=float(gain),
        offset=float(offset),
        residual=float(np.abs(width - (gain * size + offset)).max()),
    )


def trim_converter(
    converter: ChargeToPulseParameters,
    cell: GainCellParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    rounds: int = 2,
) -> tuple[ChargeToPulseParameters, ColumnTiming]:
    """Set the discharge current by the gain of the transfer and the window delay by its offset.

    Raises:
        InputError: the converter does not convert, or its window would have to open before the discharge begins.
    """
    shares = (*(-share for share in TRIM_SHARES if converter.signed), *TRIM_SHARES)
    for _ in range(rounds):
        found = judge_transfer(converter, cell, technology, timing, simulator, shares=shares)
        if not 0.5 < found.gain < 2.0:
            raise InputError(
                f"pulses grow by {found.gain:.3g} of their full scale per full scale of charge; a trim starts between "
                "0.5 and 2: look at v(rbl), v(integral) and v(pulse) of charge_to_pulse_bench first"
            )
        delay = timing.window_delay + found.offset * timing.max_pulse_width
        if delay < 0:
            raise InputError(
                f"pulses end {-delay * 1e9:.3g} ns early even with a window that opens with the discharge: the "
                "comparator trips too soon; give its load a smaller width or a larger length"
            )
        converter = replace(converter, discharge_current=converter.discharge_current * found.gain)
        timing = replace(timing, window_delay=delay)
    return converter, timing
