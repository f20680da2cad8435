"""Scalers found by trial, head by head: what the hardware gives is to be closest to the exact attention.

Layer after layer, while one text runs through the model: gain and centre of q, k and v go up and down by steps that
grow where they help and shrink where they do not, all heads of the layer at once; gain and offset of the output follow
from each trial by least squares. Nothing is differentiated. The operands of a layer are those behind the hardware of
the layers before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pycosim.attention.adaptation import tied
from pycosim.attention.analog import AttentionArrays, analog_attention
from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import Scaler, Scalers
from pycosim.checks import Array, at_least
from pycosim.flows.progress import Progress
from pycosim.transformer.attend import Attend, Tokens
from pycosim.transformer.layers import Array as Floats
from pycosim.transformer.model import LanguageModel

FIRST_STEPS = (0.7, 0.25, 0.7, 0.1, 0.7, 0.1)
"""Of the logarithm of a gain and of a centre, for q (share of the longest pulse), k and v (V)."""
GROWTH, SHRINKAGE = 1.2, 0.5
QUIET = 1e-12
"""A variance below this is none: such an output is a constant."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """What a search came to.

    Attributes:
        scalers: one set per layer.
        first_errors: share of the exact output's variance that the hardware misses with the first scalers and the
            output fitted to them, (n_layer, n_head).
        errors: the same with the scalers found.
    """

    scalers: tuple[Scalers, ...]
    first_errors: Array
    errors: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trial:
    scalers: Scalers
    errors: Array
    out: Floats


def search_scalers(
    model: LanguageModel,
    arrays: AttentionArrays,
    initial: Sequence[Scalers],
    tokens: Tokens,
    n_trials: int,
    progress: Progress,
    *,
    n_shared: int = 1,
) -> Search:
    """Search the scalers of every layer in turn.

    Args:
        model: with weights for exact attention.
        arrays: the hardware.
        initial: where the search begins, one set per layer.
        tokens: the text, (n_texts, n_tokens); all of it runs together.
        n_trials: reads of the text for each layer, at least 1: one only fits the output.
        progress: told of every layer.
        n_shared: heads that share keys and values: their scalers of k and v are one, chosen for all of them.
    """
    at_least("n_trials", n_trials, 1)
    found: list[Scalers] = []
    first, last = [], []

    def attend(q: Floats, k: Floats, v: Floats) -> Floats:
        hill = _Hill((q, k, v), arrays, tied(initial[len(found)], n_shared), n_shared)
        first.append(hill.best.errors)
        hill.climb(n_trials - 1)
        last.append(hill.best.errors)
        found.append(hill.best.scalers)
        progress.advance()
        return hill.best.out

    layers: list[Attend] = [attend] * len(initial)
    model.hidden(tokens, layers)
    return Search(scalers=tuple(found), first_errors=np.array(first), errors=np.array(last))


class _Hill:
    """The search of one layer."""

    def __init__(
        self, operands: tuple[Floats, Floats, Floats], arrays: AttentionArrays, initial: Scalers, n_shared: int
    ) -> None:
        self._operands, self._arrays, self._n_shared = operands, arrays, n_shared
        self._wanted = np.asarray(exact_attention(*operands), dtype=np.float64)
        self._means = [_over_tokens(x.astype(np.float64)) for x in operands]
        own = (initial.q, initial.k, initial.v)
        rows = [(s.a, s.a * mean + s.b) for s, mean in zip(own, self._means, strict=True)]
        self._place = np.array([row for pair in rows for row in pair])  # (gain, centre of q, k, v; head)
        self.best = self._tried(self._place)

    def climb(self, n_trials: int) -> None:
        """Try so many places."""
        steps = np.repeat(np.array(FIRST_STEPS)[:, None], self.best.errors.size, axis=1)
        left, row = n_trials, 0
        while left > 0:
            group = self._n_shared if row >= 2 else 1  # rows of k and v move for all heads that share them
            moved = np.zeros(self.best.errors.size, dtype=np.bool_)
            for sign in (1.0, -1.0)[:left]:
                place = self._place.copy()
                step = np.where(moved, 0.0, sign * steps[row])
                place[row] = place[row] * np.exp(step) if row % 2 == 0 else place[row] + step
                trial = self._tried(place)
                better = _grouped(trial.errors, group) < _grouped(self.best.errors, group)
                better &= ~moved
                self._place[:, better] = place[:, better]
                self.best = _mixed(trial, self.best, better)
                moved |= better
                left -= 1
            steps[row] *= np.where(moved, GROWTH, SHRINKAGE)
            row = (row + 1) % len(FIRST_STEPS)

    def _tried(self, place: Array) -> _Trial:
        scalers = [
            Scaler(a=place[2 * i], b=place[2 * i + 1] - place[2 * i] * mean) for i, mean in enumerate(self._means)
        ]
        n_heads = place.shape[1]
        own = Scalers(q=scalers[0], k=scalers[1], v=scalers[2], out=Scaler.constant(n_heads, 1.0, 0.0))
        attend = analog_attention(self._arrays.models, self._arrays.hardware, own, arrays=self._arrays)
        raw = np.asarray(attend(*self._operands), dtype=np.float64)
        mean, wanted = _over_tokens(raw), _over_tokens(self._wanted)
        variance = _over_tokens(raw**2) - mean**2
        shared = _over_tokens(raw * self._wanted) - mean * wanted
        gain = np.divide(shared, variance, out=np.zeros_like(variance), where=variance > QUIET)
        whole = _over_tokens(self._wanted**2) - wanted**2
        missed = np.divide(whole - gain * shared, whole, out=np.zeros_like(whole), where=whole > QUIET)
        out = Scaler(a=gain, b=wanted - gain * mean)
        return _Trial(scalers=replace(own, out=out), errors=missed, out=out(raw).astype(np.float32))


def _over_tokens(values: Array) -> Array:
    """(..., head, token, feature) -> (head,): the mean over all but the head."""
    axes = tuple(axis for axis in range(values.ndim) if axis != values.ndim - 3)
    return np.asarray(values.mean(axis=axes))


def _grouped(errors: Array, n_shared: int) -> Array:
    """The mean of each group of heads, for every one of them."""
    return np.repeat(errors.reshape(-1, n_shared).mean(axis=1), n_shared)


def _mixed(trial: _Trial, best: _Trial, better: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> _Trial:
    """The trial where it is better, head by head."""

    def scaler(name: str) -> Scaler:
        new, old = getattr(trial.scalers, name), getattr(best.scalers, name)
        return Scaler(a=np.where(better, new.a, old.a), b=np.where(better, new.b, old.b))

    return _Trial(
        scalers=Scalers(q=scaler("q"), k=scaler("k"), v=scaler("v"), out=scaler("out")),
        errors=np.where(better, trial.errors, best.errors),
        out=np.where(better[:, None, None], trial.out, best.out),
    )
