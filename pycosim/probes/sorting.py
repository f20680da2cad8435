"""Sorting: different numbers in any order, a separator, then the same numbers in rising order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import at_least
from pycosim.errors import InputError
from pycosim.probes.task import UNSCORED, ProbeBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """``7 2 9 | 2 7 9``: from the separator on, the answer is the least number of the list above the present one.

    Ids 0 .. n_values-1 are numbers, n_values is the separator. The last answer is asked for and not shown.

    Args:
        n_numbers: in a list, no two alike.
        n_values: numbers to draw from, more than n_numbers.
    """

    n_numbers: int = 32
    n_values: int = 96

    def __post_init__(self) -> None:
        at_least("n_numbers", self.n_numbers, 1)
        if self.n_values <= self.n_numbers:
            raise InputError(f"n_values must be more than n_numbers, {self.n_numbers}, found {self.n_values}")

    @property
    def name(self) -> str:
        """The task's name."""
        return "sorting"

    @property
    def n_tokens(self) -> int:
        """Length of every sequence."""
        return 2 * self.n_numbers

    @property
    def n_vocab(self) -> int:
        """Numbers and the separator."""
        return self.n_values + 1

    @property
    def chance(self) -> float:
        """The number above the present one, and 0 after the separator, are the best blind guesses.

        Of the n_values - 1 pairs of neighbours a list has n (n - 1) / n_values on average, and it has 0 with
        n / n_values: of n answers the share n / n_values in all.
        """
        return self.n_numbers / self.n_values

    def draw(self, n_sequences: int, seed: int) -> ProbeBatch:
        """Return sequences that follow from the seed alone."""
        random = np.random.default_rng(seed)
        numbers = random.random((n_sequences, self.n_values)).argsort(axis=-1)[:, : self.n_numbers]
        ordered = np.sort(numbers, axis=-1)
        separator = np.full((n_sequences, 1), self.n_values)
        tokens = np.concatenate([numbers, separator, ordered[:, :-1]], axis=-1)
        answers = np.concatenate([np.full_like(numbers, UNSCORED), ordered], axis=-1)
        return ProbeBatch(tokens=tokens, answers=answers)
