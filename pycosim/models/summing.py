"""A summing stage: a current or a voltage in, a voltage out, with finite gain, offset, clip and bandwidth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, frozen_array, ordered, positive
from pycosim.errors import InputError
from pycosim.models.domain import EVERYWHERE, ClipCounter, Domain, Outside, Range, check_outside


@dataclass(frozen=True, slots=True, kw_only=True)
class SummingStage:
    """v = clip(gain * input + offset, low, high), about the reference; settles with one pole.

    Args:
        gain: ohm for a current, a ratio for a voltage; may be negative.
        offset: output at no input (V).
        low, high: where the output clips (V, about the reference).
        bandwidth: of the pole (Hz); inf for a stage that is at once there.
        unit: of the input, "A" or "V".
        input_range: on which the model holds.
        outside: "raise" or "clip", for inputs outside that range.
        clips: counts inputs moved into that range (not outputs that the law clips).
    """

    gain: float
    offset: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    bandwidth: float = np.inf
    unit: str = "A"
    input_range: Range = EVERYWHERE
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        frozen_array("gain", self.gain, ndim=0)
        frozen_array("offset", self.offset, ndim=0)
        ordered("output of the summing stage", self.low, self.high, "V")
        if not self.bandwidth > 0:
            raise InputError(f"bandwidth must be greater than 0 Hz, found {self.bandwidth:g}")
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The range of the input."""
        return (Domain(quantity="input", unit=self.unit, low=self.input_range[0], high=self.input_range[1]),)

    def voltage(self, value: ArrayLike) -> Array:
        """Return the settled output, V about the reference, for inputs in `unit`."""
        admitted = self.domain[0].admit(value, self.outside, self.clips)
        return np.asarray(np.clip(self.gain * admitted + self.offset, self.low, self.high))

    def slope(self, value: ArrayLike) -> Array:
        """Return the derivative of the output, V per `unit`: 0 where it clips."""
        linear = self.gain * np.asarray(value, dtype=np.float64) + self.offset
        return np.asarray(self.gain * ((linear >= self.low) & (linear <= self.high)))

    def settled(self, tolerance: float) -> float:
        """Return how long a step takes to come within a share `tolerance` of itself (s)."""
        positive("tolerance", tolerance)
        return 0.0 if np.isinf(self.bandwidth) else float(-np.log(tolerance) / (2 * np.pi * self.bandwidth))


def summer_law(
    weights: ArrayLike, *, open_loop_gain: float, gain_bandwidth: float, offset: float, low: float, high: float
) -> SummingStage:
    """The closed form of an inverting summer whose inputs all carry one signal.

    gain = -sum(w) / (1 + N / A_0) with the noise gain N = 1 + sum(w); bandwidth GBW / N; offset N V_os  [textbook].

    Args:
        weights: R_f / R_i of every input.
        open_loop_gain: A_0 of the amplifier.
        gain_bandwidth: GBW (Hz).
        offset: of the amplifier, input-referred (V).
        low: where the output clips, below (V, about the reference).
        high: above.

    Raises:
        InputError: a weight, gain or bandwidth that is not above 0.
    """
    shares = frozen_array("weights", weights, ndim=1)
    if not shares.size or (shares <= 0).any():
        raise InputError(f"weights of a summer must be above 0, found {shares.tolist()}")
    positive("open_loop_gain", open_loop_gain)
    positive("gain_bandwidth", gain_bandwidth, "Hz")
    noise_gain = 1.0 + float(shares.sum())
    return SummingStage(
        gain=-float(shares.sum()) / (1 + noise_gain / open_loop_gain),
        offset=noise_gain * offset,
        low=low,
        high=high,
        bandwidth=gain_bandwidth / noise_gain,
        unit="V",
    )
