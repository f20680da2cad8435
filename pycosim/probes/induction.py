"""Induction: a passage that repeats; wanted is what followed the present token when it came last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import at_least
from pycosim.errors import InputError
from pycosim.probes.task import UNSCORED, ProbeBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Induction:
    """A passage of different symbols, repeated to the end; its length differs from sequence to sequence.

    ``b d a c b d a c b ...``: from the first repeated symbol on, the answer is what followed the symbol one passage
    ago. As the passage's length is not known, no fixed distance tells it: the head must find the symbol
    [2022 Olsson, "In-context learning and induction heads"].

    Args:
        n_tokens: length of every sequence.
        n_vocab: symbols, at least the longest passage.
        shortest: passage, at least 2.
        longest: passage, less than n_tokens.
    """

    n_tokens: int = 64
    n_vocab: int = 48
    shortest: int = 8
    longest: int = 40

    def __post_init__(self) -> None:
        at_least("shortest", self.shortest, 2)
        if not self.shortest <= self.longest <= min(self.n_tokens - 1, self.n_vocab):
            raise InputError(
                f"the longest passage must be at least the shortest, {self.shortest}, shorter than the sequence of "
                f"{self.n_tokens} and no longer than the {self.n_vocab} symbols, found {self.longest}"
            )

    @property
    def name(self) -> str:
        """The task's name."""
        return "induction"

    @property
    def chance(self) -> float:
        """Any symbol but the present one."""
        return 1 / (self.n_vocab - 1)

    def draw(self, n_sequences: int, seed: int) -> ProbeBatch:
        """Return sequences that follow from the seed alone."""
        random = np.random.default_rng(seed)
        symbols = random.random((n_sequences, self.n_vocab)).argsort(axis=-1)
        length = random.integers(self.shortest, self.longest + 1, size=(n_sequences, 1))
        place = np.arange(self.n_tokens + 1) % length
        text = np.take_along_axis(symbols, place, axis=-1)
        answers = np.where(np.arange(self.n_tokens) >= length, text[:, 1:], UNSCORED)
        return ProbeBatch(tokens=text[:, :-1], answers=answers)
