"""The gain of the query scaler is a head's temperature: a search for the best one after training, without gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from pycosim.attention.hardware import Scaler, Scalers
from pycosim.checks import Array, at_least, ordered, positive
from pycosim.flows.progress import Progress

GOLDEN: Final = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueryGains:
    """What a search found.

    Attributes:
        scalers: one set per layer, with the gains in them.
        gains: (n_layers, n_heads) factors on the gain of the query scalers; 1 where no other was better.
        loss_before: of the scalers that the search began with.
        loss: of those that it found.
        n_evaluations: runs of the loss.
    """

    scalers: tuple[Scalers, ...]
    gains: Array
    loss_before: float
    loss: float
    n_evaluations: int


def search_query_gains(
    loss: Callable[[Sequence[Scalers]], float],
    scalers: Sequence[Scalers],
    *,
    low: float = 0.5,
    high: float = 2.0,
    n_evaluations: int = 8,
    with_offset: bool = False,
    progress: Progress | None = None,
) -> QueryGains:
    """Search each head's query gain by itself, in the order of layers and heads, by golden section of its logarithm.

    A head keeps its gain unless another gives a lower loss, so that the loss never grows on the text of the search.

    Args:
        loss: scalers, one set per layer -> what is to be small: a loss on a calibration text, or an error of outputs.
        scalers: start.
        low: smallest factor on the gain.
        high: largest factor.
        n_evaluations: runs of the loss per head, at least 2.
        with_offset: scale the offset of the queries with the gain, so that every score scales as a whole; where queries
            are not signed the gain alone moves them about the offset.
        progress: told of each head.
    """
    positive("low", low)
    ordered("factors on the gain", low, high)
    at_least("n_evaluations", n_evaluations, 2)
    best = list(scalers)
    before = lowest = loss(best)
    gains = np.ones((len(best), best[0].n_heads))
    for layer, own in enumerate(list(best)):
        for head in range(own.n_heads):
            with_gain = partial(_with_gain, best, layer, head, with_offset)
            gain, found = _golden(loss, with_gain, (low, high), n_evaluations)
            if found < lowest:
                lowest, gains[layer, head] = found, gain
                best = with_gain(gain)
            if progress is not None:
                progress.advance()
    return QueryGains(
        scalers=tuple(best),
        gains=gains,
        loss_before=before,
        loss=lowest,
        n_evaluations=1 + gains.size * n_evaluations,
    )


def _golden(
    loss: Callable[[Sequence[Scalers]], float],
    with_gain: Callable[[float], Sequence[Scalers]],
    ends: tuple[float, float],
    n_evaluations: int,
) -> tuple[float, float]:
    """Return the best gain that a golden-section search of so many evaluations came by, and its value."""

    def function(log_gain: float) -> float:
        return loss(with_gain(math.exp(log_gain)))

    low, high = map(math.log, ends)
    places = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)]
    values = [function(place) for place in places]
    tried = list(zip(values, places, strict=True))
    for _ in range(n_evaluations - 2):
        if values[0] < values[1]:
            high = places[1]
            places, values = [high - GOLDEN * (high - low), places[0]], [math.nan, values[0]]
            new = 0
        else:
            low = places[0]
            places, values = [places[1], low + GOLDEN * (high - low)], [values[1], math.nan]
            new = 1
        values[new] = function(places[new])
        tried.append((values[new], places[new]))
    value, place = min(tried)
    return math.exp(place), value


def _with_gain(scalers: Sequence[Scalers], layer: int, head: int, with_offset: bool, gain: float) -> list[Scalers]:
    factors = np.ones(scalers[layer].n_heads)
    factors[head] = gain
    old = scalers[layer].q
    q = Scaler(a=old.a * factors, b=old.b * factors if with_offset else old.b)
    return [*scalers[:layer], replace(scalers[layer], q=q), *scalers[layer + 1 :]]
