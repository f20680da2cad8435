"""Noise in the time domain: pulses of a converter into which currents with a given spectrum are drawn.

Transistors make no noise in a transient of ngspice. So each run adds currents that were drawn beforehand from the
densities of a `.noise` analysis, as piece-wise linear sources: the deck says the noise, and a seed gives the same bytes
every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.converter import charge_to_pulse_bench
from circuits.benches.noise import with_currents
from circuits.testbench import Testbench, render_netlist
from pycosim.checks import at_least
from pycosim.spice import Simulator
from pycosim.sweeps.characterize import Advance, Point, characterize
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise import LOWEST_FREQUENCY
from pycosim.waveforms import crossing_times, noise_samples, pulse_width

Array = NDArray[np.float64]

STEP = 50e-12
"""Between the points of an added current (s). Ours: at 1 GHz, above the comparator's bandwidth, straight lines between
such points lose 1 % of amplitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedNoise:
    """A noise current that flows between a node and ground for a while.

    Attributes:
        node: which node.
        density: over "frequency" (A^2/Hz).
        start, stop: when it flows (s).
        response: by how much a charge that is drawn from the node moves the end of the pulse (s/C); over "time" (s)
            where it depends on when.
    """

    node: str
    density: xr.DataArray
    start: float
    stop: float
    response: float | xr.DataArray


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedCharge:
    """A random charge that is drawn from a node at one time, as the noise that a switch has left.

    Attributes:
        node: which node.
        deviation: standard deviation (C).
        time: when (s).
        response: by how much a charge that is drawn from the node moves the end of the pulse (s/C).
    """

    node: str
    deviation: float
    time: float
    response: float


def noisy_pulses(
    column: Column,
    simulator: Simulator,
    added: Sequence[AddedNoise | AddedCharge],
    *,
    charge: float,
    n_runs: int,
    seed: int,
    progress: Advance | None = None,
) -> xr.Dataset:
    """Pulses of a converter with noise added.

    Args:
        column: circuit and plan.
        simulator: any.
        added: the noise, independent of each other.
        charge: drawn from the bit line in every run (C).
        n_runs: noisy runs; one without noise comes first.
        seed: of the noise; run k takes the generator of (seed, k).
        progress: called with (done, total).

    Returns:
        `pulse_width` and `expected_shift` (s) over "run"; run 0 is the quiet one. The shift is what the drawn currents
        should do by their responses.

    Raises:
        InputError: fewer than two runs.
    """
    at_least("n_runs", n_runs, 2)

    def bench(point: Point) -> Testbench:
        plain = charge_to_pulse_bench(
            column.converter,
            column.technology,
            column.timing,
            charge=charge,
            cell=column.cell,
            name=f"{column.name}_noisy",
        )
        run = int(point["run"])
        if run == 0:
            return plain
        time, drawn = _draw(added, column.timing.stop, seed, run)
        return with_currents(plain, _sources(added, time, drawn))

    found = characterize(
        {"run": [float(k) for k in range(n_runs + 1)]},
        bench,
        lambda waves, one: {"pulse_width": column.converted_width(waves)},
        simulator,
        units={"run": "", "pulse_width": "s"},
        progress=progress,
    )
    shifts = [_shift(added, *_draw(added, column.timing.stop, seed, run)) for run in range(1, n_runs + 1)]
    found["expected_shift"] = ("run", np.array([0.0, *shifts]), {"unit": "s"})
    return found


def pulse_sensitivity(
    column: Column, simulator: Simulator, *, node: str, charge: float, before_end: Sequence[float], kick: float
) -> xr.Dataset:
    """By how much a charge that is drawn from a node moves the end of the pulse, depending on when it is drawn.

    A small noise current i(t) of the node then moves the end by the integral of this sensitivity times i(t), however
    the circuit's operating point moves meanwhile.

    Args:
        column: circuit and plan.
        simulator: any.
        node: which node.
        charge: drawn from the bit line in every run (C).
        before_end: how long before the end of the quiet pulse (s), multiples of `STEP`.
        kick: charge that is drawn from the node (C); small enough that twice as much moves the end twice as far.

    Returns:
        `sensitivity` (s/C) over "time" (s, rising), and `pulse_width` of the quiet pulse (s).
    """
    timing, mid = column.timing, column.technology.mid_voltage

    def bench(kick_time: float | None) -> Testbench:
        plain = charge_to_pulse_bench(
            column.converter, column.technology, timing, charge=charge, cell=column.cell, name=f"{column.name}_kicked"
        )
        time = np.arange(0.0, timing.stop + STEP, STEP)
        current = np.zeros(time.size)
        if kick_time is not None:
            current[round(kick_time / STEP)] = kick / STEP
        late = time > timing.window_start  # points there in every run, so that ngspice's steps are alike
        return with_currents(plain, {node: _points(time, current, late)})

    quiet = simulator.run(render_netlist(bench(None)))
    end = float(crossing_times(quiet.time, np.real(quiet.signals["v(pulse)"]), mid, "fall")[-1])
    times = np.sort(np.round((end - np.asarray(before_end)) / STEP)) * STEP
    ends = characterize(
        {"time": [float(t) for t in times]},
        lambda point: bench(point["time"]),
        lambda waves, one: {
            "end": float(crossing_times(waves.time, np.real(waves.signals["v(pulse)"]), mid, "fall")[-1])
        },
        simulator,
        units={"time": "s", "end": "s"},
    )
    ends["sensitivity"] = (ends["end"] - end) / kick
    ends["sensitivity"].attrs["unit"] = "s/C"
    ends["pulse_width"] = pulse_width(quiet.time, np.real(quiet.signals["v(pulse)"]), mid)
    return ends


def _draw(added: Sequence[AddedNoise | AddedCharge], stop: float, seed: int, run: int) -> tuple[Array, list[Array]]:
    """Times (s) and the current of each noise (A) at them."""
    generator = np.random.default_rng([seed, run])
    time = np.arange(0.0, stop + STEP, STEP)
    drawn = []
    for one in added:
        if isinstance(one, AddedCharge):
            current = np.zeros(time.size)  # a triangle of one point: its area is its height times the step
            current[round(one.time / STEP)] = generator.standard_normal() * one.deviation / STEP
        else:
            current = noise_samples(
                one.density["frequency"].values,
                one.density.values,
                step=STEP,
                count=time.size,
                lowest=LOWEST_FREQUENCY,
                generator=generator,
            )
            current = np.where((time >= one.start) & (time <= one.stop), current, 0.0)
        drawn.append(current)
    return time, drawn


def _shift(added: Sequence[AddedNoise | AddedCharge], time: Array, drawn: Sequence[Array]) -> float:
    """What the currents do to the pulse's end (s), by their responses."""
    shift = 0.0
    for one, current in zip(added, drawn, strict=True):
        if isinstance(one.response, xr.DataArray):
            weight = np.interp(time, one.response["time"].values, one.response.values, left=0.0, right=0.0)
            shift += float(np.trapezoid(weight * current, time))
        else:
            shift += one.response * float(np.trapezoid(current, time))
    return shift


def _sources(
    added: Sequence[AddedNoise | AddedCharge], time: Array, drawn: Sequence[Array]
) -> dict[str, list[tuple[float, float]]]:
    """Points of the current of each node: noises of one node add up."""
    total: dict[str, Array] = {}
    for one, current in zip(added, drawn, strict=True):
        total[one.node] = total.get(one.node, np.zeros(time.size)) + current
    return {node: _points(time, row, row != 0) for node, row in total.items()}


def _points(time: Array, current: Array, kept: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Points of a source: the kept ones with their neighbours, the first and the last."""
    wanted = np.convolve(kept, np.ones(3), mode="same") > 0
    wanted[[0, -1]] = True
    return [(float(t), float(i)) for t, i in zip(time[wanted], current[wanted], strict=True)]
