"""MEASURES OF TIME: pulses, delays, periods, edges and settling of a transient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from pycosim.campaign.measure import Edge, Level, Measure, RealArray
from pycosim.campaign.signals import SignalText
from pycosim.campaign.task import Point
from pycosim.errors import ConfigurationError, MeasurementError
from pycosim.spice.simulator import AxisName, Waveforms
from pycosim.waveforms import crossing_times, pulse_width, settling_time, transition_times
from pycosim.waveforms.windows import windowed


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseWidth(Measure):
    """Total time above a threshold, 0 where it is never reached; every excursion counts.

    Attributes:
        signal: what is looked at.
        threshold: level, in the signal's unit.
    """

    kind: ClassVar[str] = "pulse_width"
    own_unit: ClassVar[str] = "s"

    signal: SignalText
    threshold: Level

    def take(self, waves: Waveforms, point: Point) -> float:
        """The width (s)."""
        time, values = self.samples(self.signal, waves, point)
        return pulse_width(time, values, self.required("threshold", point))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing(Measure):
    """Where a signal crosses a threshold: a time, or the swept value of a .dc analysis.

    Attributes:
        signal: what is looked at.
        threshold: level, in the signal's unit.
        edge: which crossings count.
        number: which of them, from 1.
        over: axis that it is a point of; with "sweep", say its `unit`.
    """

    kind: ClassVar[str] = "crossing"
    axes: ClassVar[frozenset[AxisName]] = frozenset({"time", "sweep"})

    signal: SignalText
    threshold: Level
    edge: Edge = "both"
    number: int = 1
    over: Literal["time", "sweep"] = "time"

    def natural_unit(self) -> str:
        """Seconds over time."""
        return "s" if self.over == "time" else ""

    def check_axis(self, axis_name: AxisName, analysis: str) -> None:
        """Refuse an analysis over another axis than `over`.

        Raises:
            ConfigurationError: naming what to write.
        """
        Measure.check_axis(self, axis_name, analysis)
        if axis_name != self.over:
            raise ConfigurationError(f'crossing finds {analysis}: write over = "{axis_name}"')

    def take(self, waves: Waveforms, point: Point) -> float:
        """The point of the axis."""
        self.check_axis(waves.axis_name, f"waveforms over {waves.axis_name!r}")
        axis, values = self.samples(self.signal, waves, point)
        threshold = self.required("threshold", point)
        return _nth(self.signal, axis, values, threshold, self.edge, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(Measure):
    """Time from a crossing of a reference to the first crossing of a signal at or after it.

    Attributes:
        reference: the earlier signal.
        signal: the later one.
        threshold: level that the signal crosses.
        reference_threshold: level that the reference crosses; None for `threshold`.
        edge: which crossings of the signal count.
        reference_edge: which of the reference.
        number: which crossing of the signal after that of the reference, from 1.
        reference_number: which crossing of the reference, from 1.
    """

    kind: ClassVar[str] = "delay"
    own_unit: ClassVar[str] = "s"

    reference: SignalText
    signal: SignalText
    threshold: Level
    reference_threshold: Level | None = None
    edge: Edge = "both"
    reference_edge: Edge = "both"
    number: int = 1
    reference_number: int = 1

    def take(self, waves: Waveforms, point: Point) -> float:
        """The delay (s)."""
        threshold = self.required("threshold", point)
        from_level = self.level("reference_threshold", point)
        time, reference = self.samples(self.reference, waves, point)
        begin = _nth(
            self.reference,
            time,
            reference,
            threshold if from_level is None else from_level,
            self.reference_edge,
            self.reference_number,
        )
        later, values = windowed(*self.samples(self.signal, waves, point), start=begin)
        return _nth(self.signal, later, values, threshold, self.edge, self.number) - begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(Measure):
    """Mean time between equal edges: from the first to the last in the window, over the periods between them.

    Attributes:
        signal: what oscillates.
        threshold: level, in the signal's unit.
        edge: which edges count.
        number: periods that there must be at least.
    """

    kind: ClassVar[str] = "period"
    own_unit: ClassVar[str] = "s"

    signal: SignalText
    threshold: Level
    edge: Literal["rise", "fall"] = "rise"
    number: int = 1

    def take(self, waves: Waveforms, point: Point) -> float:
        """The period (s)."""
        time, values = self.samples(self.signal, waves, point)
        threshold = self.required("threshold", point)
        edges = crossing_times(time, values, threshold, self.edge)
        if edges.size <= self.number:
            raise MeasurementError(
                f"{self.signal} has {edges.size} {self.edge}s through {threshold:g}, {self.number + 1} are needed for "
                f"{self.number} periods; it lies between {values.min():g} and {values.max():g}: does it oscillate, and "
                "is the window long enough?"
            )
        return float(edges[-1] - edges[0]) / (edges.size - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency(Period):
    """One over the mean time between equal edges; fields as of `Period`."""

    kind: ClassVar[str] = "frequency"
    own_unit: ClassVar[str] = "Hz"

    def take(self, waves: Waveforms, point: Point) -> float:
        """The frequency (Hz)."""
        return 1.0 / Period.take(self, waves, point)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiseTime(Measure):
    """Time of a rise between two fractions of the swing.

    Attributes:
        signal: what is looked at.
        low: lower fraction of the swing.
        high: upper fraction.
        bottom: level of fraction 0; None for the least value in the window.
        top: level of fraction 1; None for the greatest.
        number: which complete transition, from 1.
    """

    kind: ClassVar[str] = "rise_time"
    own_unit: ClassVar[str] = "s"
    edge: ClassVar[Literal["rise", "fall"]] = "rise"

    signal: SignalText
    low: Level = 0.1
    high: Level = 0.9
    bottom: Level | None = None
    top: Level | None = None
    number: int = 1

    def take(self, waves: Waveforms, point: Point) -> float:
        """The time (s)."""
        time, values = self.samples(self.signal, waves, point)
        bottom, top = self.level("bottom", point), self.level("top", point)
        bottom = float(values.min()) if bottom is None else bottom
        swing = (float(values.max()) if top is None else top) - bottom
        low, high = (bottom + self.required(name, point) * swing for name in ("low", "high"))
        if not low < high:
            raise MeasurementError(f"{self.signal} has no swing: its levels are {low:g} and {high:g}")
        found = transition_times(time, values, low, high, self.edge)
        if found.size < self.number:
            raise MeasurementError(
                f"{self.signal} has {found.size} complete {self.edge}s between {low:g} and {high:g}, wanted number "
                f"{self.number}; widen the window or lower the number"
            )
        return float(found[self.number - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class FallTime(RiseTime):
    """Time of a fall between two fractions of the swing; fields as of `RiseTime`."""

    kind: ClassVar[str] = "fall_time"
    edge: ClassVar[Literal["rise", "fall"]] = "fall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling(Measure):
    """Time from the window's start until a signal stays near its final value.

    Attributes:
        signal: what settles.
        tolerance: half-width of the band around the final value, in the signal's unit.
        final: the final value; None for the one at the window's end.
    """

    kind: ClassVar[str] = "settling"
    own_unit: ClassVar[str] = "s"

    signal: SignalText
    tolerance: Level
    final: Level | None = None

    def take(self, waves: Waveforms, point: Point) -> float:
        """The time (s)."""
        time, values = self.samples(self.signal, waves, point)
        tolerance, final = self.required("tolerance", point), self.level("final", point)
        start, stop = float(time[0]), float(time[-1])
        if final is not None and abs(float(values[-1]) - final) > tolerance:
            raise MeasurementError(
                f"{self.signal} has not settled to {final:g} +- {tolerance:g} at {stop:g} s, where it is {values[-1]:g}"
            )
        return settling_time(time, values, start, stop, tolerance, final)


def _nth(name: str, axis: RealArray, values: RealArray, threshold: float, edge: Edge, number: int) -> float:
    found = crossing_times(axis, values, threshold, edge)
    if found.size < number:
        what = "crossing" if edge == "both" else edge
        raise MeasurementError(
            f"{name} has {found.size} {what}s of {threshold:g} from {axis[0]:g} to {axis[-1]:g}, wanted number "
            f"{number}; it lies between {np.min(values):g} and {np.max(values):g} there"
        )
    return float(found[number - 1])
