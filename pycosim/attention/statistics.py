"""Mean and deviation of the scaled signals of one layer, per head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pycosim.attention.trace import AttentionTrace
from pycosim.checks import Array, frozen_array
from pycosim.errors import InputError

SIGNALS = ("q", "k", "v", "out")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Mean and standard deviation of one signal.

    Args:
        mean: (n_heads,).
        deviation: (n_heads,), not negative.
    """

    mean: Array
    deviation: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", frozen_array("mean", self.mean, ndim=1))
        object.__setattr__(self, "deviation", frozen_array("deviation", self.deviation, ndim=1))
        if self.mean.shape != self.deviation.shape or (self.deviation < 0).any():
            raise InputError(
                "mean and deviation must have one number per head, deviations not negative, "
                f"found {self.mean.size} and {self.deviation.size}"
            )

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """Return the moments of (..., head, token, d_head) over everything but the head."""
        array = np.asarray(values, dtype=np.float64)
        axes = tuple(axis for axis in range(array.ndim) if axis != array.ndim - 3)
        return cls(mean=array.mean(axis=axes), deviation=array.std(axis=axes))

    @classmethod
    def pooled(cls, parts: Sequence[Moments], sizes: Sequence[int]) -> Moments:
        """Return the moments of several sets of values together.

        Args:
            parts: of each set, at least one.
            sizes: how many values each head has in it.
        """
        if len(parts) == 1:
            return parts[0]
        share = (np.array(sizes) / sum(sizes))[:, None]
        means, deviations = (np.array([getattr(part, name) for part in parts]) for name in ("mean", "deviation"))
        mean = (share * means).sum(axis=0)
        return cls(mean=mean, deviation=np.sqrt((share * (deviations**2 + (means - mean) ** 2)).sum(axis=0)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statistics:
    """Moments of the four scaled signals of one layer."""

    q: Moments
    k: Moments
    v: Moments
    out: Moments

    @classmethod
    def of(
        cls, trace: AttentionTrace, *, seen_as: Mapping[str, Callable[[Array], ArrayLike]] | None = None
    ) -> Statistics:
        """Return the moments of the signals of one call.

        Args:
            trace: what an ``observe`` hook of `analog_attention` got.
            seen_as: by signal name, what to take the moments of instead of the signal; for example the
                current that a stored voltage makes: ``{"k": lambda volts: 1e6 * cell.current(np.clip(volts,
                0, 0.9))}``.
        """
        views = seen_as or {}
        unknown = set(views) - set(SIGNALS)
        if unknown:
            raise InputError(f"seen_as must name signals of {SIGNALS}, found {sorted(unknown)}")
        signals = {name: getattr(trace, name) for name in SIGNALS}
        return cls(**{name: Moments.of(views[name](x) if name in views else x) for name, x in signals.items()})

    @classmethod
    def pooled(cls, parts: Sequence[Statistics], sizes: Sequence[int]) -> Statistics:
        """Return the moments of several calls together; see `Moments.pooled`."""
        return cls(**{name: Moments.pooled([getattr(part, name) for part in parts], sizes) for name in SIGNALS})
