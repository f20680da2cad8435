"""What happens to symbols on their way: they smear into the next ones, and noise is added.

Outputs are in volts, or in any unit that all have alike; the last axis is the order in which symbols were sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, finite_array, frozen_array, not_negative
from pycosim.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolMemory:
    """Linear memory of the symbols before: y_k = sum_j taps_j s_(k-j), with taps that sum to 1.

    Args:
        taps: (n,), the symbol's own first.
        idle: output before the first symbol.
    """

    taps: Array
    idle: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "taps", frozen_array("taps", self.taps, ndim=1))
        if not self.taps.size or abs(self.taps.sum() - 1.0) > 1e-6:
            raise InputError(f"the taps of a memory must sum to 1, found {self.taps.sum():.6g} of {self.taps.size}")
        finite_array("idle", self.idle, ndim=0)

    @property
    def interference(self) -> float:
        """Largest share of a symbol that can come from others: the sum of the other taps' magnitudes."""
        return float(np.abs(self.taps[1:]).sum())

    def apply(self, outputs: ArrayLike) -> Array:
        """Return what is sampled, for settled outputs (..., n_symbols)."""
        settled = np.asarray(outputs)
        found = self.taps[0] * settled
        for j in range(1, min(self.taps.size, settled.shape[-1] + 1)):
            found[..., :j] += self.taps[j] * self.idle
            found[..., j:] += self.taps[j] * settled[..., :-j]
        for j in range(settled.shape[-1] + 1, self.taps.size):
            found += self.taps[j] * self.idle
        return np.asarray(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputNoise:
    """Gaussian noise of a sample: variance additive^2 + shot y + (multiplicative y)^2.

    Args:
        additive: at no light: the amplifier's and the dark current's, in the output's unit.
        shot: variance over output, in the output's unit.
        multiplicative: deviation over output: the laser's, and what the driver's noise moves.
    """

    additive: float = 0.0
    shot: float = 0.0
    multiplicative: float = 0.0

    def __post_init__(self) -> None:
        for name in ("additive", "shot", "multiplicative"):
            not_negative(name, getattr(self, name))

    @property
    def silent(self) -> bool:
        """Whether there is none."""
        return not (self.additive or self.shot or self.multiplicative)

    def deviation(self, outputs: ArrayLike) -> Array:
        """Return the standard deviation at outputs; those below 0 have no shot noise."""
        y = np.asarray(outputs)
        return np.asarray(np.sqrt(self.additive**2 + self.shot * np.maximum(y, 0.0) + (self.multiplicative * y) ** 2))

    def sample(self, outputs: ArrayLike, generator: np.random.Generator) -> Array:
        """Return outputs with a draw of the noise."""
        y = np.asarray(outputs)
        if self.silent:
            return y
        drawn = generator.standard_normal(y.shape, dtype=np.float32)
        plain = not (self.shot or self.multiplicative)
        return np.asarray(y + drawn * (np.float32(self.additive) if plain else self.deviation(y)), dtype=y.dtype)

    def scaled(self, full_scale: float) -> OutputNoise:
        """The same noise of outputs over a full scale (V)."""
        return OutputNoise(
            additive=self.additive / full_scale,
            shot=self.shot / full_scale,
            multiplicative=self.multiplicative,
        )
