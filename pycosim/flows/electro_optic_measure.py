"""Stage 1 to 3 of the electro-optic flow: units, their decks in ngspice, what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.electro_optic import DAC_RANGE
from circuits.electro_optic import ElectroOpticParameters, optmax_unit, optmoid_unit
from circuits.photonic_platform import PhotonicPlatform, load_platform
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.progress import Progress
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.electro_optic import (
    ElectroOpticHardware,
    output_noise,
    settled_transfer,
    small_signal,
    static_transfer,
    symbol_waveforms,
)
from pycosim.sweeps.electro_optic_theory import NOISE_BANDWIDTH, RECEIVER_SHARE, drawn_edge, noise_budget, receiver_for

Array = NDArray[np.float64]

BAUDS = (1e9, 2.5e9, 5e9, 10e9)
"""Symbol rates of eyes and noise (1/s)."""

POWERS = (1e-3, 0.3e-3, 0.1e-3)
"""Full scales at the photodiode for noise (W)."""

DRIFTS = (0.0, 0.01, 0.02, 0.05)
"""Errors of the bias, in V_pi."""

N_LEVELS = 41
"""Levels of a transfer from a transient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The hardware of a run.

    Attributes:
        optmax: number of operand modulators -> unit of Optmax; 1, 2, 3.
        optmoid: unit of Optmoid.
        platform: what they are made in.
    """

    optmax: Mapping[int, ElectroOpticHardware]
    optmoid: ElectroOpticHardware
    platform: PhotonicPlatform

    def named(self) -> dict[str, ElectroOpticHardware]:
        """Name -> unit."""
        return {**{f"exp_{n}": unit for n, unit in self.optmax.items()}, "swing": self.optmoid}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sent:
    """Random symbols that were sent at one rate.

    Attributes:
        levels: (n_symbols,) V.
        waves: what ngspice gave.
        first_symbol: beginning of the first one (s).
        baud: 1/s.
    """

    levels: Array
    waves: Waveforms
    first_symbol: float
    baud: float

    @property
    def output(self) -> Array:
        """Output over time (V)."""
        return np.asarray(np.real(self.waves.signals["v(out)"]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """What ngspice said of the units.

    Attributes:
        static: name -> transfer at rest, over bias error and level.
        settled: name -> transfer from a transient; "divisor" too.
        sent: (name, rate) -> random symbols.
        bandwidths: of modulator and unit (Hz).
        noise: name -> deviation over level (V).
        budgets: rows of `noise` of the results: rate, power, simulated and closed-form deviation over full scale.
    """

    static: Mapping[str, xr.Dataset]
    settled: Mapping[str, xr.Dataset]
    sent: Mapping[tuple[str, float], Sent]
    bandwidths: Mapping[str, float]
    noise: Mapping[str, xr.Dataset]
    budgets: tuple[dict[str, float], ...]


def make_units(config: ElectroOpticConfig) -> Units:
    """The units of a run, each with a receiver for its symbol rate.

    Raises:
        CircuitError: an unknown platform.
    """
    platform = load_platform(config.technology)

    def hardware(unit: ElectroOpticParameters) -> ElectroOpticHardware:
        fitted = replace(unit, full_scale_power=config.power, receiver=receiver_for(config.baud, platform))
        return ElectroOpticHardware(unit=fitted, platform=platform)

    return Units(
        optmax={n: hardware(optmax_unit(n)) for n in (1, 2, 3)}, optmoid=hardware(optmoid_unit()), platform=platform
    )


def working_levels(hardware: ElectroOpticHardware) -> tuple[float, float]:
    """Levels of the dark point, and of the brightest operand: half transmission, or all of it for a full swing (V)."""
    edge = drawn_edge(hardware.unit, hardware.platform)
    return edge.level_of_phase(0.0), edge.level_of_phase(np.pi * hardware.unit.bias)


def measure_units(units: Units, config: ElectroOpticConfig, simulator: Simulator, progress: Progress) -> Measured:
    """Run every deck but those of whole rows.

    Raises:
        SimulationError: a deck failed.
    """
    named, first = units.named(), units.optmax[1]
    progress.stage("electro-optic transfers at rest", total=len(named) + 1)
    static = {}
    for name, hardware in named.items():
        errors = DRIFTS if name == "exp_1" else (0.0,)
        static[name] = static_transfer(hardware, simulator, bias_errors=errors)
        progress.advance()
    static["divisor"] = static_transfer(first, simulator, swept="divisor")
    progress.stage("electro-optic transfers from transients", total=len(named) + 1)
    levels = np.linspace(-DAC_RANGE, DAC_RANGE, N_LEVELS).tolist()
    settled = {}
    for name, hardware in (*named.items(), ("divisor", first)):
        swept = "divisor" if name == "divisor" else "data"
        settled[name] = settled_transfer(hardware, simulator, levels=levels, swept=swept)
        progress.advance()
    sent = _send(units, config, simulator, progress)
    progress.stage("response and noise", total=None)
    bandwidths = small_signal(first, simulator)
    noise = {}
    for name in ("exp_1", "swing"):
        low, high = working_levels(named[name])
        noise[name] = output_noise(named[name], simulator, levels=np.linspace(low, high, 9).tolist())
    return Measured(
        static=static,
        settled=settled,
        sent=sent,
        bandwidths=bandwidths,
        noise=noise,
        budgets=_budgets(first, config, simulator),
    )


def _send(
    units: Units, config: ElectroOpticConfig, simulator: Simulator, progress: Progress
) -> dict[tuple[str, float], Sent]:
    rates = (config.baud,) if config.quick else tuple(sorted({*BAUDS, config.baud}))
    wanted = [("exp_1", units.optmax[1], rate) for rate in rates] + [("swing", units.optmoid, config.baud)]
    progress.stage("random symbols", total=len(wanted))
    sent = {}
    for place, (name, hardware, rate) in enumerate(wanted):
        generator = np.random.default_rng([config.seed, place])
        levels = generator.uniform(*working_levels(hardware), config.n_symbols)
        waves, bench = symbol_waveforms(hardware, simulator, levels=levels.tolist(), baud=rate)
        sent[name, rate] = Sent(levels=levels, waves=waves, first_symbol=bench.parameters["first_symbol"], baud=rate)
        progress.advance()
    return sent


def _budgets(
    hardware: ElectroOpticHardware, config: ElectroOpticConfig, simulator: Simulator
) -> tuple[dict[str, float], ...]:
    """Noise at full scale over rate and power, each with the receiver of its rate, beside the closed form."""
    rows = []
    for baud in (config.baud,) if config.quick else BAUDS:
        for power in POWERS[:1] if config.quick else POWERS:
            unit = replace(hardware.unit, full_scale_power=power, receiver=receiver_for(baud, hardware.platform))
            here = ElectroOpticHardware(unit=unit, platform=hardware.platform)
            dark, top = working_levels(here)
            found = float(output_noise(here, simulator, levels=[top])["deviation"].values[0])
            edge = drawn_edge(unit, hardware.platform)
            ends = edge.output([dark, top])
            shares = noise_budget(unit, hardware.platform, level=top, bandwidth=RECEIVER_SHARE * baud)
            full_current = hardware.platform.responsivity * power
            rows.append(
                {
                    "baud": baud,
                    "power_w": power,
                    "sigma": found / float(ends[1] - ends[0]),
                    "closed_form": shares.total / full_current,
                    "noise_bandwidth_hz": NOISE_BANDWIDTH * RECEIVER_SHARE * baud,
                }
            )
    return tuple(rows)
