"""Associative recall: pairs of a key and a value, then the keys again in another order; wanted is each one's value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import at_least
from pycosim.errors import InputError
from pycosim.probes.task import UNSCORED, ProbeBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """``k1 v1 k2 v2 ... | k2 v2 k1 v1 ...``: at every key of the second half the value that followed it in the first.

    Ids 0 .. n_keys-1 are keys, the n_values after them values. Keys do not repeat, values may
    [2023 Arora, "Zoology", multi-query associative recall].

    Args:
        n_pairs: in the first half; as many questions are in the second.
        n_keys: keys to draw from, at least n_pairs.
        n_values: values to draw from, at least 2.
    """

    n_pairs: int = 16
    n_keys: int = 32
    n_values: int = 16

    def __post_init__(self) -> None:
        at_least("n_pairs", self.n_pairs, 1)
        at_least("n_values", self.n_values, 2)
        if self.n_keys < self.n_pairs:
            raise InputError(f"n_keys must be at least n_pairs, {self.n_pairs}, found {self.n_keys}")

    @property
    def name(self) -> str:
        """The task's name."""
        return "recall"

    @property
    def n_tokens(self) -> int:
        """Length of every sequence."""
        return 4 * self.n_pairs

    @property
    def n_vocab(self) -> int:
        """Keys and values."""
        return self.n_keys + self.n_values

    @property
    def chance(self) -> float:
        """One value in n_values."""
        return 1 / self.n_values

    def draw(self, n_sequences: int, seed: int) -> ProbeBatch:
        """Return sequences that follow from the seed alone."""
        random = np.random.default_rng(seed)
        keys = random.random((n_sequences, self.n_keys)).argsort(axis=-1)[:, : self.n_pairs]
        values = random.integers(self.n_keys, self.n_vocab, size=keys.shape)
        order = random.random(keys.shape).argsort(axis=-1)
        asked = np.take_along_axis(keys, order, axis=-1), np.take_along_axis(values, order, axis=-1)
        tokens = np.concatenate([_interleaved(keys, values), _interleaved(*asked)], axis=-1)
        answers = np.full_like(tokens, UNSCORED)
        answers[:, 2 * self.n_pairs :: 2] = asked[1]
        return ProbeBatch(tokens=tokens, answers=answers)


def _interleaved(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(sequence, n) and (sequence, n) -> (sequence, 2 n)."""
    return np.stack([first, second], axis=-1).reshape(len(first), -1)
