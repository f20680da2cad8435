"""A layer whose products are made by interference: amplitudes from mirrors, weights from phases, a homodyne sum.

    y_j = sum_i a(x_i) cos(phi_ji + error_ji) + noise,   a(x) = x + (1 - x) / sqrt(contrast),   cos(phi_ji) = W_ji /
    w_max

in units of the largest input times the largest weight; the bias and the scales are digital. Shot noise of a strong
local
oscillator: with p signal photons launched for every multiplication and detectors without loss, the sum of n products
has a standard deviation of sqrt(n / p) / 2  [textbook: 1 / (2 sqrt(N)) of the field's full scale with N photons in
all].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, positive
from pycosim.errors import InputError
from pycosim.models.rectifier import Rectifier


def mask_weights(weights: Array, bits: int | None) -> Array:
    """Cosines of the mask's phases nearest to weights of -1 to 1: of 2^bits equally spaced phases, or of any.

    Raises:
        InputError: weights outside, or bits below 1.
    """
    if np.abs(weights).max(initial=0.0) > 1 + 1e-9:
        raise InputError(f"weights of a mask lie between -1 and 1, found {np.abs(weights).max():g}; scale them first")
    if bits is None:
        return np.clip(weights, -1.0, 1.0)
    if bits < 1:
        raise InputError(f"a mask has 1 bit or more, found {bits}")
    levels = np.unique(np.round(np.cos(2 * np.pi * np.arange(2**bits) / 2**bits), 15))
    place = np.clip(np.searchsorted((levels[1:] + levels[:-1]) / 2, weights), 0, levels.size - 1)
    return np.asarray(levels[place])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InterferenceLayer:
    """One layer of an optical perceptron, to be run and not to be trained.

    Attributes:
        largest_input: activation that is full amplitude; what is beyond is clipped, what is below 0 too.
        rectifier: the analog ReLU behind the detectors; None for scores.
        largest_output: output that is full scale of the rectifier.
        rectifier_range: that full scale (V).
        bits: of the phase mask; None for any phase.
        phase_error: standard deviation of every path's phase (rad).
        contrast: of the mirrors; inf for dark ones.
        level_bits: of the grey levels of the mirrors; None for any.
        photons: signal photons launched for every multiplication; inf without shot noise.
        quadratic: read by a single detector, |sum|^2, in place of the homodyne sum.
        seed: of the phase errors: which mask this is.
        frame: of the noise: which reading with this mask.
    """

    largest_input: float
    rectifier: Rectifier | None
    largest_output: float = 1.0
    rectifier_range: float = 1.0
    bits: int | None = None
    phase_error: float = 0.0
    contrast: float = np.inf
    level_bits: int | None = None
    photons: float = np.inf
    quadratic: bool = False
    seed: int = 0
    frame: int = 0

    def __post_init__(self) -> None:
        positive("largest_input", self.largest_input)
        positive("largest_output", self.largest_output)
        positive("rectifier_range", self.rectifier_range, "V")
        if not (self.contrast >= 1 and self.photons > 0 and self.phase_error >= 0):
            raise InputError(
                f"contrast must be 1 or more, photons above 0 and the phase error 0 or more, found {self.contrast:g}, "
                f"{self.photons:g} and {self.phase_error:g}"
            )

    def forward(self, inputs: Array, weights: Array, biases: Array) -> Array:
        """Outputs (n, n_outputs) for inputs (n, n_inputs)."""
        rng = np.random.default_rng(self.seed)
        largest = float(np.abs(weights).max()) or 1.0
        phases = np.arccos(mask_weights(weights / largest, self.bits))
        phases = phases + self.phase_error * rng.standard_normal(phases.shape)
        levels = np.clip(inputs / self.largest_input, 0.0, 1.0)
        if self.level_bits is not None:
            steps = 2**self.level_bits - 1
            levels = np.round(levels * steps) / steps
        amplitudes = levels + (1.0 - levels) / np.sqrt(self.contrast)
        sums = amplitudes @ np.cos(phases).T
        if self.quadratic:
            sums = sums**2 + (amplitudes @ np.sin(phases).T) ** 2
            sums = sums / inputs.shape[1]
        if np.isfinite(self.photons):
            noise = np.random.default_rng([self.seed, self.frame, sums.shape[0]])
            sums = sums + noise.standard_normal(sums.shape) * np.sqrt(inputs.shape[1] / self.photons) / 2
        found = np.asarray(sums * self.largest_input * largest + biases)
        if self.rectifier is None:
            return found
        scale = self.rectifier_range / self.largest_output
        return np.asarray(self.rectifier.voltage(found * scale) / scale)

    def backward(self, upstream: Array, inputs: Array, weights: Array, biases: Array) -> tuple[Array, Array, Array]:
        """Refused: an optical layer is run with weights of the exact one.

        Raises:
            InputError: always.
        """
        raise InputError("an InterferenceLayer has no gradients; train with ExactLayer and run its weights here")
