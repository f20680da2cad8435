"""MEASURES OF LEVEL: extremes, averages, integrals and single values over time or a swept source."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pycosim.campaign.measure import Level, Measure, RealArray
from pycosim.campaign.signals import SignalText, read_signal
from pycosim.campaign.task import Point
from pycosim.errors import InputError
from pycosim.spice.simulator import AxisName, Waveforms
from pycosim.waveforms import charge, mean_value, rms_value, supply_energy, windowed

_BOTH: frozenset[AxisName] = frozenset({"time", "sweep"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSignal(Measure):
    """A number in the unit of its signal.

    Attributes:
        signal: what is looked at.
    """

    axes: ClassVar[frozenset[AxisName]] = _BOTH

    signal: SignalText

    def natural_unit(self) -> str:
        """The signal's unit."""
        return read_signal(self.signal).unit

    def take(self, waves: Waveforms, point: Point) -> float:
        """The number, in the signal's unit."""
        return self.of_samples(*self.samples(self.signal, waves, point))

    @abstractmethod
    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """The number of the samples in the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(OfSignal):
    """Mean over the window, by area."""

    kind: ClassVar[str] = "mean"

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """Integral over length."""
        return mean_value(axis, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rms(OfSignal):
    """Root of the mean square over the window."""

    kind: ClassVar[str] = "rms"

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """Root of the integral of the square over length."""
        return rms_value(axis, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum(OfSignal):
    """Least value in the window."""

    kind: ClassVar[str] = "minimum"

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """The least."""
        return float(values.min())


@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum(OfSignal):
    """Greatest value in the window."""

    kind: ClassVar[str] = "maximum"

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """The greatest."""
        return float(values.max())


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakToPeak(OfSignal):
    """Greatest less least value in the window."""

    kind: ClassVar[str] = "peak_to_peak"

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """The difference."""
        return float(np.ptp(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Final(OfSignal):
    """Value at the end of the window; of an operating point (.op) the value."""

    kind: ClassVar[str] = "final"

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """The last."""
        return float(values[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(OfSignal):
    """Value at a time or at a swept value, linear between samples.

    Attributes:
        at: where (s, or the swept unit).
    """

    kind: ClassVar[str] = "value"

    at: Level

    def take(self, waves: Waveforms, point: Point) -> float:
        """The value there."""
        place = self.required("at", point)
        axis, values = self.samples(self.signal, waves, point)
        return float(windowed(axis, values, place, place)[1][0])

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """Never asked for: `take` knows where."""
        raise InputError("a value needs to know where")


@dataclass(frozen=True, slots=True, kw_only=True)
class Integral(OfSignal):
    """Integral over the window: of a current over time a charge.

    Positive where the signal is; ngspice counts a current that a source delivers as negative: write "-i(vdd)".
    """

    kind: ClassVar[str] = "integral"

    def natural_unit(self) -> str:
        """C of a current, V s of a voltage."""
        return {"A": "C", "V": "V s"}.get(read_signal(self.signal).unit, "")

    def of_samples(self, axis: RealArray, values: RealArray) -> float:
        """By the trapezoidal rule."""
        return charge(axis, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Integral):
    """Integral of a current over the window (C); signs as of `Integral`."""

    kind: ClassVar[str] = "charge"
    axes: ClassVar[frozenset[AxisName]] = frozenset({"time"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy(Measure):
    """Energy that a voltage source delivers within the window.

    Attributes:
        current: of the source, "i(vdd)", with ngspice's sign: negative while it delivers.
        voltage: over the source, "v(vdd)".
    """

    kind: ClassVar[str] = "energy"
    own_unit: ClassVar[str] = "J"

    current: SignalText
    voltage: SignalText

    def take(self, waves: Waveforms, point: Point) -> float:
        """The energy (J)."""
        time, current = self.samples(self.current, waves, point)
        _, voltage = self.samples(self.voltage, waves, point)
        return supply_energy(time, current, voltage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Power(Energy):
    """Mean power that a voltage source delivers within the window; fields as of `Energy`."""

    kind: ClassVar[str] = "power"
    own_unit: ClassVar[str] = "W"

    def take(self, waves: Waveforms, point: Point) -> float:
        """The power (W)."""
        time, current = self.samples(self.current, waves, point)
        _, voltage = self.samples(self.voltage, waves, point)
        return -mean_value(time, current * voltage)
