"""Analyses around an operating point: the point itself, the response to a small signal, and the noise.

All of them linearise the circuit at its DC solution, with every source at its value at time 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.quantities import check_count, check_quantity

NOISE_PROBE = re.compile(r"[io]noise_spectrum\Z|onoise\.[a-z0-9_.#]+\Z")
"""What a noise analysis records: the density at the output or referred to the source, or one device's part of it."""

LARGEST_FREQUENCY = 1e15
"""Highest frequency (Hz); a higher one was written in another unit than hertz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """The DC solution: one value of every probe."""

    def line(self) -> str:
        """The analysis line of the deck."""
        return "op"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequencies:
    """A logarithmic grid of frequencies.

    Attributes:
        start, stop: first and last frequency (Hz).
        per_decade: points in each decade.
    """

    start: float
    stop: float
    per_decade: int = 10

    def __post_init__(self) -> None:
        """Check that the grid rises and has points."""
        check_quantity("frequencies: start", self.start, "Hz", 1e-9, LARGEST_FREQUENCY)
        check_quantity("frequencies: stop", self.stop, "Hz", 1e-9, LARGEST_FREQUENCY)
        check_count("frequencies: points per decade", self.per_decade, 10_000)
        if not self.stop > self.start:
            raise CircuitError(f"frequencies must rise, found {self.start:g} to {self.stop:g} Hz: swap start and stop")

    def text(self) -> str:
        """The grid as ngspice reads it."""
        return f"dec {self.per_decade} {self.start:.9g} {self.stop:.9g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcSweep:
    """The small-signal response to the sources that have an AC value; signals are complex."""

    frequencies: Frequencies

    def line(self) -> str:
        """The analysis line of the deck."""
        return f"ac {self.frequencies.text()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The noise of every device at one node, as a density over frequency.

    Attributes:
        output: node whose voltage is looked at.
        source: element name of the source that the noise is referred to; it must have an AC value.
        frequencies: the grid.
        contributions: also give every device's part, as probes ``onoise.<device>`` and ``onoise.<device>.<mechanism>``
            (``onoise.m.x1.m1.1overf``).

    Densities are in V/sqrt(Hz) at the output, and per unit of the source referred to it.
    """

    output: str
    source: str
    frequencies: Frequencies
    contributions: bool = False

    def __post_init__(self) -> None:
        """Check the names."""
        check_identifier(self.output, "noise: output node")
        check_identifier(self.source, "noise: source")

    def line(self) -> str:
        """The analysis line of the deck."""
        summary = " 1" if self.contributions else ""
        return f"noise v({self.output}) {self.source} {self.frequencies.text()}{summary}"
