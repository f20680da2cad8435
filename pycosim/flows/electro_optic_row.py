"""Stage 5 of the electro-optic flow: a whole row in ngspice, against the models; its latency and energy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.testbench import Testbench
from pycosim.evaluate.cost import Block, Energy, Latency, Phase
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.electro_optic_models import Operators
from pycosim.flows.progress import Progress
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.electro_optic import ElectroOpticHardware, symbol_waveforms
from pycosim.waveforms import mean_value

Array = NDArray[np.float64]

PUBLISHED_LATENCY = {"optmax": 13e-9, "optmoid": 6.5e-9}
"""Seconds for n = 64 at 10 GBaud [2026 Mickeler, second hand]."""

PUBLISHED_SYMBOL = 73e-12
"""Joule a symbol [2026 Mickeler, second hand: 0.75 W over 10 GBaud]."""

PUBLISHED_ROW = 64
"""Symbols of the row behind the published figures."""

DEVIATION = 1.5
"""Standard deviation of the scores of the row (nats). Ours: between the 1 and 2 of usual heads."""

WALL_PLUG = 0.2
"""Optical over electrical power of a laser. Ours: usual for a cooled 1.55 um laser."""

DRIVER_EFFICIENCY = 0.25
"""Signal over supply power of a linear driver. Ours: class A at best."""

CONVERTER_ENERGY = {"digital-to-analog converters": 5e-12, "analog-to-digital converter": 5e-12}
"""Joule a sample. Ours: class of published 10 GS/s converters of 6 to 8 bits, 50 mW."""

RECEIVER_POWER = 20e-3
"""Supply of the transimpedance amplifier (W). Ours: a macromodel has none; class of published 10 GBaud receivers."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One row through a unit.

    Attributes:
        name: "optmax" or "optmoid".
        n_symbols: of the row.
        predicted: (n_symbols,) outputs of the last pass over full scale, by the models.
        simulated: (n_symbols,) the same from ngspice.
        weights: (n_symbols,) of the row, from the simulated outputs.
        exact: (n_symbols,) softmax, or the sigmoid, of the same scores.
        latency: from the first symbol's edge to the last sample, in phases.
        energy: of the row, in blocks.
        waves: of the deck with all passes.
        digest: of that deck.
    """

    name: str
    n_symbols: int
    predicted: Array
    simulated: Array
    weights: Array
    exact: Array
    latency: Latency
    energy: Energy
    waves: Waveforms
    digest: str

    @property
    def error_rms(self) -> float:
        """Root mean square of simulated less predicted, over full scale."""
        return float(np.sqrt(np.mean((self.simulated - self.predicted) ** 2)))


def optmax_row(operators: Operators, config: ElectroOpticConfig, simulator: Simulator, progress: Progress) -> Row:
    """A row of random scores through Optmax: the first pass alone gives the sum, then both passes in one deck."""
    progress.stage("a whole row of Optmax", total=2)
    hardware, period = operators.units.optmax[1], 1.0 / config.baud
    scores = np.random.default_rng([config.seed, 100]).normal(0.0, DEVIATION, config.n_row)
    path, divide = operators.operand("exp_1", sigma=0.0), operators.divisor()
    scale, divisor = operators.scales["exp_1"], operators.scales["divisor"]
    delay = operators.fits.sampling["exp_1", config.baud].delay
    levels = scale.level(scores - scores.max())
    one = float(divisor.origin)
    waves, bench = symbol_waveforms(hardware, simulator, levels=levels.tolist(), baud=config.baud, divisors=(one,))
    progress.advance()
    first = _sampled(operators, "exp_1", waves, bench, delay, 0, config.n_row)
    total = float(first.sum())
    power = 2.0 ** math.floor(math.log2(total))
    wait = max(0, math.ceil(delay / period - 1.0 - 1e-9))  # symbols from the end of the first pass to its last sample
    idle = [float(levels[-1])] * wait
    twice = [*levels.tolist(), *idle, *levels.tolist()]
    divided = float(divisor.level(np.array(total / power - 1.0)))
    divisors = [one] * (config.n_row + wait) + [divided] * config.n_row
    waves, bench = symbol_waveforms(hardware, simulator, levels=twice, baud=config.baud, divisors=divisors)
    progress.advance()
    second = _sampled(operators, "exp_1", waves, bench, delay, config.n_row + wait, config.n_row)
    settled = path.settled(scores - scores.max())
    assert path.memory is not None
    predicted = path.memory.apply(settled * float(divide.settled(np.array(total / power))))
    exact = np.exp(scores - scores.max())
    n = config.n_row
    last = delay - period
    phases = [
        _phase("first pass, one symbol for each score", n * period, "n symbols at the rate of the deck", waves),
        _phase("last symbol to its sample", last, "delay of driver, modulator, photodiode and amplifier", waves),
        _phase("wait for the next symbol's edge", wait * period - last, "the converters have one clock", waves),
        _phase("second pass, divided", n * period, "n symbols at the rate of the deck", waves),
        _phase("last symbol to its sample, again", last, "from the same waveforms", waves),
    ]
    return Row(
        name="optmax",
        n_symbols=n,
        predicted=predicted,
        simulated=second,
        weights=second * divisor.gain / power,
        exact=exact / exact.sum(),
        latency=_latency("optmax", phases),
        energy=_energy(hardware, waves, bench, 2 * n, config.baud),
        waves=waves,
        digest=waves.netlist_digest,
    )


def optmoid_row(operators: Operators, config: ElectroOpticConfig, simulator: Simulator, progress: Progress) -> Row:
    """A row of random scores through Optmoid, with a bias of -ln(n)."""
    progress.stage("a whole row of Optmoid", total=1)
    hardware, period = operators.units.optmoid, 1.0 / config.baud
    scores = np.random.default_rng([config.seed, 101]).normal(0.0, DEVIATION, config.n_row)
    shifted = scores - math.log(config.n_row)
    levels = operators.scales["swing"].level(shifted)
    delay = operators.fits.sampling["swing", config.baud].delay
    waves, bench = symbol_waveforms(hardware, simulator, levels=levels.tolist(), baud=config.baud)
    progress.advance()
    found = _sampled(operators, "swing", waves, bench, delay, 0, config.n_row)
    path = operators.operand("swing", sigma=0.0)
    assert path.memory is not None
    n = config.n_row
    phases = [
        _phase("one pass, one symbol for each score", n * period, "n symbols at the rate of the deck", waves),
        _phase("last symbol to its sample", delay - period, "delay of the unit, best sampling", waves),
    ]
    return Row(
        name="optmoid",
        n_symbols=n,
        predicted=path.memory.apply(path.settled(shifted)),
        simulated=found,
        weights=found,
        exact=1.0 / (1.0 + np.exp(-shifted)),
        latency=_latency("optmoid", phases),
        energy=_energy(hardware, waves, bench, n, config.baud),
        waves=waves,
        digest=waves.netlist_digest,
    )


def _sampled(
    operators: Operators, name: str, waves: Waveforms, bench: Testbench, delay: float, start: int, count: int
) -> Array:
    """Outputs over full scale at the samples of `count` symbols from the one at place `start` on."""
    scale, edge = operators.scales[name], operators.fits.edges[name].model
    ends = edge.output([scale.low, scale.high])
    times = bench.parameters["first_symbol"] + (start + np.arange(count)) / bench.parameters["baud"] + delay
    output = np.interp(times, waves.time, np.real(waves.signals["v(out)"]))
    return np.asarray((output - ends.min()) / np.ptp(ends))


def _phase(name: str, duration: float, detail: str, waves: Waveforms) -> Phase:
    return Phase(name=name, duration=duration, source="simulated", detail=detail, netlist=waves.netlist_digest)


def _latency(name: str, phases: list[Phase]) -> Latency:
    passes = 2 if name == "optmax" else 1
    rest = PUBLISHED_LATENCY[name] - passes * PUBLISHED_ROW / 10e9
    return Latency(
        phases=tuple(phases),
        published_total=PUBLISHED_LATENCY[name],
        published_phases=(("symbols", passes * PUBLISHED_ROW / 10e9), ("fixed", rest)),
        work=f"row of {name.capitalize()}",
    )


def _energy(hardware: ElectroOpticHardware, waves: Waveforms, bench: Testbench, n_symbols: int, baud: float) -> Energy:
    """Blocks of one row: what the drivers give to their lines is simulated, their supply and the rest assumed."""
    unit, lines = hardware.unit, [probe for probe in bench.probes if probe.endswith("_line)")]
    power = 0.0
    for line in lines:
        level = np.real(waves.signals[line])
        force = np.real(waves.signals[line.replace("_line)", "_driver_emf)")])
        given = force * (force - level) / unit.driver.output_resistance
        power += mean_value(waves.time, given)
    span = n_symbols / baud
    laser = bench.parameters["laser_power"] * span
    symbol = PUBLISHED_SYMBOL * n_symbols
    blocks = [
        Block(
            name="drivers, into their lines",
            energy=power * span,
            source="simulated",
            detail=f"{len(lines)} drivers, both matched ends; mean over the row's deck",
            netlist=waves.netlist_digest,
        ),
        Block(
            name="drivers, lost in their supply",
            energy=power * span * (1.0 / DRIVER_EFFICIENCY - 1.0),
            source="assumed",
            detail=f"a driver has no supply in the deck: {100 * DRIVER_EFFICIENCY:g} % efficient",
        ),
        Block(
            name="laser, light",
            energy=laser,
            source="simulated",
            detail="its power in the deck",
            netlist=waves.netlist_digest,
        ),
        Block(
            name="laser, lost",
            energy=laser * (1.0 / WALL_PLUG - 1.0),
            source="assumed",
            detail=f"wall plug {100 * WALL_PLUG:g} %",
        ),
        Block(
            name="transimpedance amplifier",
            energy=RECEIVER_POWER * span,
            source="assumed",
            detail="20 mW, a macromodel here",
        ),
    ]
    converters = {name: energy * n_symbols for name, energy in CONVERTER_ENERGY.items()}
    blocks += [
        Block(name=name, energy=energy, source="assumed", detail="5 pJ a sample, class of published converters")
        for name, energy in converters.items()
    ]
    return Energy(
        blocks=tuple(blocks),
        n_tiles=n_symbols,
        published_blocks=(("the whole unit", symbol),),
        published_tiles=n_symbols,
        work="row and head",
        part="symbol",
    )
