"""White noise that `.noise` and transients both contain, for circuits of behavioural sources, which have none.

In `.noise` the origin is a resistor, whose noise the simulator knows. A transient in ngspice has no noise at all; there
a source in series with the resistor plays a realisation that was drawn beforehand from a seed, of the same density. So
a behavioural source that multiplies the node's voltage by sqrt(2 q I) / sqrt(4 k T R) has exactly the shot noise of the
current I, at an operating point and along a waveform.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.errors import CircuitError
from circuits.optical_field import number
from circuits.quantities import check_quantity
from circuits.stimuli import piecewise_linear

BOLTZMANN = 1.380649e-23
"""J/K (exact, SI)."""

ELEMENTARY_CHARGE = 1.602176634e-19
"""C (exact, SI)."""

ZERO_CELSIUS = 273.15
"""K."""

UNIT_RESISTANCE = 1e3
"""Resistor behind a unit of noise (ohm); it cancels."""

MOST_POINTS = 100_000
"""Points of one realisation: more are a step or a time in another unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Realisation:
    """One realisation of every noise in a transient.

    Attributes:
        seed: which one.
        step: time between samples (s); the density is that of white noise up to a fifth of 1 / step.
        stop: end of the transient (s).
    """

    seed: int
    step: float
    stop: float

    def __post_init__(self) -> None:
        """Check that it has a length."""
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise CircuitError(f"the seed of a noise must be a whole number, 0 or more, found {self.seed!r}")
        check_quantity("step of the noise", self.step, "s", 1e-16, 1.0)
        check_quantity("end of the noise", self.stop, "s", self.step, MOST_POINTS * self.step)

    def source(self, name: str, density: float) -> str:
        """A source of this one-sided density (V^2/Hz); every name has noise of its own.

        Between samples it is linear, which leaves sinc(f step)^4 of the density: 0.97 at a twentieth of 1 / step.
        """
        word = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        times = np.arange(0.0, self.stop + self.step, self.step)
        values = np.random.default_rng([self.seed, word]).standard_normal(times.size)
        scaled = values * np.sqrt(density / (2.0 * self.step))
        return piecewise_linear(list(zip(times.tolist(), scaled.tolist(), strict=True)))


def thermal_density(resistance: float, temperature: float) -> float:
    """4 k T R: one-sided density of a resistor's voltage (V^2/Hz); temperature in deg C."""
    return 4.0 * BOLTZMANN * (temperature + ZERO_CELSIUS) * resistance


def add_noisy_resistor(
    scope: SpiceScope,
    name: str,
    nodes: tuple[str, str],
    resistance: float,
    temperature: float,
    realisation: Realisation | None,
) -> None:
    """Add a resistor that has its noise in transients too.

    Args:
        scope: circuit that receives it.
        name: element name without its letter.
        nodes: its ends.
        resistance: ohm.
        temperature: deg C.
        realisation: of the transient's noise; None where the simulator gives it (`.noise`), or for none.

    Raises:
        CircuitError: a resistance that is none.
    """
    check_quantity(f"resistor {name}", resistance, "ohm", 1e-2, 1e12)
    if realisation is None:
        scope.R(name, *nodes, resistance)
        return
    scope.R(name, nodes[0], f"{name}_noise", resistance)
    scope.V(name, f"{name}_noise", nodes[1], realisation.source(name, thermal_density(resistance, temperature)))


def add_noiseless_resistor(scope: SpiceScope, name: str, nodes: tuple[str, str], resistance: float) -> None:
    """Add a resistor that stands for a law and not for a part: without noise.

    Raises:
        CircuitError: a resistance that is none.
    """
    check_quantity(f"resistor {name}", resistance, "ohm", 1e-2, 1e12)
    scope.R(name, *nodes, resistance, raw_spice="noisy=0")


def add_unit_noise(scope: SpiceScope, name: str, temperature: float, realisation: Realisation | None) -> str:
    """Add an origin of white noise; returns an expression of its value, whose one-sided density is 1 per hertz.

    Args:
        scope: circuit that receives it.
        name: of the node, which nothing else may load.
        temperature: deg C; it cancels.
        realisation: as in `add_noisy_resistor`.
    """
    add_noisy_resistor(scope, name, (name, "0"), UNIT_RESISTANCE, temperature, realisation)
    return f"(v({name})*{number(thermal_density(UNIT_RESISTANCE, temperature) ** -0.5)})"
