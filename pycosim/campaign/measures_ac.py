"""MEASURES OF FREQUENCY: gain, phase, bandwidth of an .ac analysis, and the noise of a .noise analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.campaign.measure import Level, Measure, RealArray
from pycosim.campaign.signals import SignalText, read_signal
from pycosim.campaign.task import Point
from pycosim.errors import ConfigurationError, InputError, MeasurementError
from pycosim.spice.simulator import AxisName, Waveforms
from pycosim.waveforms import fall_frequency, integrated_noise, magnitude_at, phase_at

_FREQUENCY: frozenset[AxisName] = frozenset({"frequency"})
HALF_POWER: float = 10 * float(np.log10(2.0))
"""Fall of the gain at which half of the power is left (dB): 3.0103."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Measure):
    """Something of a small-signal response H = signal / reference.

    Attributes:
        signal: the output.
        reference: the input; None where the source has `ac 1`, so that the output is the response.
    """

    axes: ClassVar[frozenset[AxisName]] = _FREQUENCY

    signal: SignalText
    reference: SignalText | None = None

    def response(self, waves: Waveforms, point: Point) -> tuple[RealArray, NDArray[np.complex128]]:
        """Frequencies (Hz) and H within the window, at points of the analysis.

        Raises:
            InputError: a signal that was not recorded, no response, an input that is 0, or a window without points.
        """
        values = read_signal(self.signal).of(waves)
        if not np.iscomplexobj(values):
            raise InputError(f"{self.kind} measures a response (.ac), found real values: of .noise take noise")
        if self.reference is not None:
            below = read_signal(self.reference).of(waves)
            if not np.abs(below).min() > 0:
                raise InputError(f"the reference {self.reference} is 0 at some frequency; give its source 'ac 1'")
            values = values / below
        start, stop = self.level("start", point), self.level("stop", point)
        inside = np.full(waves.axis.shape, True)
        inside &= waves.axis >= (0.0 if start is None else start * (1 - 1e-9))
        inside &= waves.axis <= (np.inf if stop is None else stop * (1 + 1e-9))
        if inside.sum() < 2:
            raise InputError(
                f"the window from {start} to {stop} Hz holds {inside.sum()} points of the analysis, which goes from "
                f"{waves.axis[0]:g} to {waves.axis[-1]:g} Hz; two are needed"
            )
        return waves.axis[inside], np.asarray(values[inside], dtype=np.complex128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain(Response):
    """|H| at a frequency.

    Attributes:
        at: frequency (Hz); None for the lowest of the analysis.
        scale: "linear", or "db" for 20 log10 |H|.
    """

    kind: ClassVar[str] = "gain"

    at: Level | None = None
    scale: Literal["linear", "db"] = "linear"

    def natural_unit(self) -> str:
        """Decibel, or what the signal has where there is no reference."""
        return "dB" if self.scale == "db" else ""

    def take(self, waves: Waveforms, point: Point) -> float:
        """The gain."""
        frequency, response = self.response(waves, point)
        at = self.level("at", point)
        size = magnitude_at(frequency, response, float(frequency[0]) if at is None else at)
        return 20.0 * float(np.log10(size)) if self.scale == "db" else size


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase(Response):
    """Phase of H at a frequency (deg), unwrapped from the lowest frequency on.

    Attributes:
        at: frequency (Hz).
    """

    kind: ClassVar[str] = "phase"
    own_unit: ClassVar[str] = "deg"

    at: Level

    def take(self, waves: Waveforms, point: Point) -> float:
        """The phase (deg)."""
        frequency, response = self.response(waves, point)
        return phase_at(frequency, response, self.required("at", point))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth(Response):
    """Lowest frequency at which |H| is some decibels below its value at the lowest frequency.

    Attributes:
        drop: how far below (dB).
    """

    kind: ClassVar[str] = "bandwidth"
    own_unit: ClassVar[str] = "Hz"

    drop: Level = HALF_POWER

    def take(self, waves: Waveforms, point: Point) -> float:
        """The frequency (Hz)."""
        frequency, response = self.response(waves, point)
        drop = self.required("drop", point)
        if not drop > 0:
            raise ConfigurationError(f"drop must be above 0 dB, found {drop:g}")
        return _fall(self.signal, frequency, response, abs(response[0]) * 10 ** (-drop / 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnityGainFrequency(Response):
    """Lowest frequency at which |H| falls below 1."""

    kind: ClassVar[str] = "unity_gain_frequency"
    own_unit: ClassVar[str] = "Hz"

    def take(self, waves: Waveforms, point: Point) -> float:
        """The frequency (Hz)."""
        frequency, response = self.response(waves, point)
        return _fall(self.signal, frequency, response, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseMargin(Response):
    """180 deg more than the phase where |H| falls below 1; H is the loop gain, positive at low frequency."""

    kind: ClassVar[str] = "phase_margin"
    own_unit: ClassVar[str] = "deg"

    def take(self, waves: Waveforms, point: Point) -> float:
        """The margin (deg)."""
        frequency, response = self.response(waves, point)
        return 180.0 + phase_at(frequency, response, _fall(self.signal, frequency, response, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseLevel(Measure):
    """Root mean square of the noise within a band, from the density of a .noise analysis.

    Attributes:
        signal: "onoise_spectrum" at the output, "inoise_spectrum" referred to the input.
    """

    kind: ClassVar[str] = "noise"
    axes: ClassVar[frozenset[AxisName]] = _FREQUENCY

    signal: SignalText = "onoise_spectrum"

    def natural_unit(self) -> str:
        """V at the output; referred to the input it is the source's."""
        return "V" if self.signal.startswith("onoise") else ""

    def take(self, waves: Waveforms, point: Point) -> float:
        """The noise, in the unit of the output or of the source."""
        density = read_signal(self.signal).of(waves)
        if np.iscomplexobj(density):
            raise InputError("noise measures a .noise analysis, found a response (.ac): take gain or bandwidth")
        start, stop = self.level("start", point), self.level("stop", point)
        low, high = 0.0 if start is None else start, np.inf if stop is None else stop
        return float(np.sqrt(integrated_noise(waves.axis, np.asarray(density, dtype=np.float64) ** 2, low, high)))


def _fall(name: str, frequency: RealArray, response: NDArray[np.complex128], level: float) -> float:
    found = fall_frequency(frequency, response, level)
    if found is None:
        size = np.abs(response)
        raise MeasurementError(
            f"|{name}| does not fall below {level:g} from {frequency[0]:g} to {frequency[-1]:g} Hz: it begins with "
            f"{size[0]:g} and ends with {size[-1]:g}; widen the analysis"
        )
    return found
