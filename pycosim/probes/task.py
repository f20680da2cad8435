"""What every probe is: sequences, and the answers that attention must find in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError

Tokens = NDArray[np.int64]

UNSCORED = -1
"""Stands in `ProbeBatch.answers` where no answer is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProbeBatch:
    """Some sequences of a probe.

    Attributes:
        tokens: (sequence, token) ids.
        answers: (sequence, token) the id that must be the most probable one after this token, or `UNSCORED`.
    """

    tokens: Tokens
    answers: Tokens

    def __post_init__(self) -> None:
        if self.tokens.ndim != 2 or self.tokens.shape != self.answers.shape:
            raise InputError(
                f"tokens and answers must both be (sequence, token), found {self.tokens.shape} and {self.answers.shape}"
            )

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Where an answer is asked for, (sequence, token)."""
        return np.not_equal(self.answers, UNSCORED)

    @property
    def n_answers(self) -> int:
        """How many answers are asked for."""
        return int(np.count_nonzero(self.scored))


class ProbeTask(Protocol):
    """A family of sequences of one length and vocabulary."""

    @property
    def name(self) -> str:
        """One word: recall, induction, sorting or brackets."""
        ...

    @property
    def n_tokens(self) -> int:
        """Length of every sequence."""
        ...

    @property
    def n_vocab(self) -> int:
        """Ids are 0 .. n_vocab-1."""
        ...

    @property
    def chance(self) -> float:
        """Share of right answers of who knows the rules and the token at hand, and has seen no other."""
        ...

    def draw(self, n_sequences: int, seed: int) -> ProbeBatch:
        """Return sequences that follow from the seed alone."""
        ...
