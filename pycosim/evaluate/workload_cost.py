"""COST OF THE TEXT: energy and times of the reads that the transformer really made, by the laws of both columns.

Beside each stands what it is against: the mean over columns that are spread evenly over the converters' range, and the
worst case that the plan clocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

SHARES = (0.05, 0.5, 0.95)
"""Quantiles of a spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A quantity over many reads or tokens, in SI units.

    Attributes:
        mean, deviation: of them.
        low, median, high: quantiles at `SHARES`.
    """

    mean: float
    deviation: float
    low: float
    median: float
    high: float


def spread_of(values: ArrayLike) -> Spread:
    """Summarise values of any shape, at least one."""
    every = np.asarray(values, dtype=np.float64)
    low, median, high = (float(value) for value in np.quantile(every, SHARES))
    return Spread(mean=float(np.mean(every)), deviation=float(np.std(every)), low=low, median=median, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPart:
    """One simulated block of the head, on this text.

    Args:
        name: as of the block.
        token: joule per token and head, over tokens and heads.
        read: joule per column that is read; None for a part that is not of reads.
        planned: joule per token and head of the block, from random columns.
        error: mean of |law - ngspice| / ngspice on columns that no fit saw; None for a part without a law.
        n_held_out: those columns.
    """

    name: str
    token: Spread
    read: Spread | None
    planned: float
    error: float | None = None
    n_held_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePart:
    """One phase whose length depends on the operands.

    Args:
        name: of the phase.
        token: seconds until the last column of a token is ready, over tokens and heads.
        read: seconds until one column is, over columns; None where all have the same.
        pulses: share of the columns that make a pulse; None where there is none to make.
        planned: seconds that the clocks of the decks grant.
        error: mean of |law - ngspice| / ngspice on columns that no fit saw; None for a phase that is no law.
        n_held_out: those columns.
    """

    name: str
    token: Spread
    read: Spread | None
    pulses: float | None
    planned: float
    error: float | None = None
    n_held_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCost:
    """Means over the tokens of one head: joule of the simulated parts, seconds of the token."""

    layer: int
    head: int
    energy: float
    latency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadCost:
    """What one token costs in one head on this text.

    Args:
        n_tokens: tokens times heads that were drawn, each with a full window.
        n_reads: columns that they read, in both arrays.
        energy: the simulated parts; assumed blocks depend on no operand.
        total: joule per token and head of all parts together.
        times: the phases that depend on operands.
        latency: seconds per token and head, were each of these phases to end with its last column, and everything else
            as clocked.
        planned_latency: seconds as clocked.
        heads: means of each head.
        clipped: share of the laws' terms outside twice the range that they were fitted to.
    """

    n_tokens: int
    n_reads: int
    energy: tuple[EnergyPart, ...]
    total: Spread
    times: tuple[TimePart, ...]
    latency: Spread
    planned_latency: float
    heads: tuple[HeadCost, ...]
    clipped: float

    @property
    def planned_total(self) -> float:
        """Joule per token and head of the same blocks, from random columns."""
        return math.fsum(part.planned for part in self.energy)
