"""How many answers are right, and how sure that share is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.probes.task import ProbeBatch
from pycosim.transformer.attend import Attend
from pycosim.transformer.gpt2 import gpt2
from pycosim.transformer.weights import Weights

BATCH = 64
"""Sequences that run together: their activations stay in the processor's cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """Answers of a model, counted by sequence.

    Attributes:
        right: (group, sequence) right answers; the groups are the dies of hardware that differs, or one.
        asked: (sequence,) answers asked for.
    """

    right: NDArray[np.int64]
    asked: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.right.ndim != 2 or self.right.shape[1:] != self.asked.shape or not self.asked.sum():
            raise InputError(
                f"right must be (group, sequence) and asked (sequence,), some above 0, found {self.right.shape} "
                f"and {self.asked.shape} with {int(self.asked.sum())} answers; draw more sequences"
            )

    @classmethod
    def of_dies(cls, scores: Sequence[Score]) -> Score:
        """Return one score of several dies that answered the same sequences."""
        return cls(right=np.concatenate([score.right for score in scores]), asked=scores[0].asked)

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(self.right.sum() / (len(self.right) * self.asked.sum()))

    @property
    def standard_error(self) -> float:
        """Of the accuracy: the largest of three.

        Binomial, of all answers; between sequences, whose answers stand or fall together; between dies, where there are
        several. The binomial one counts an answer more of each kind [1998 Agresti, "plus four"], so that no error is 0.
        """
        n_dies = len(self.right)
        n = n_dies * int(self.asked.sum())
        share = (self.right.sum() + 2) / (n + 4)
        binomial = np.sqrt(share * (1 - share) / (n + 4))
        rest = self.right.mean(axis=0) - self.accuracy * self.asked  # of a ratio of sums over sequences
        between = np.sqrt(np.sum(rest**2)) / self.asked.sum() if rest.size > 1 else 0.0
        dies = self.right.sum(axis=1) / self.asked.sum()
        among = np.std(dies, ddof=1) / np.sqrt(n_dies) if n_dies > 1 else 0.0
        return float(max(binomial, between, among))


def score(weights: Weights, attend: Attend | Sequence[Attend], batch: ProbeBatch) -> Score:
    """Let a model answer.

    Args:
        weights: of a GPT-2 that knows the task.
        attend: one for all layers, or one per layer.
        batch: sequences and answers.

    Raises:
        InputError: tokens that the model does not know, or more than it can read.
    """
    right = np.zeros(len(batch.tokens), dtype=np.int64)
    for first in range(0, len(right), BATCH):
        some = slice(first, first + BATCH)
        said = gpt2(batch.tokens[some], weights, attend).argmax(axis=-1)
        right[some] = np.count_nonzero((said == batch.answers[some]) & batch.scored[some], axis=-1)
    return Score(right=right[None], asked=np.count_nonzero(batch.scored, axis=-1))
