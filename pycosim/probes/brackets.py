"""Bracket matching: brackets of several kinds open, one sign closes them all; wanted is the kind that it closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import at_least
from pycosim.probes.task import UNSCORED, ProbeBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Brackets:
    """``( [ x { x x``: at every x the answer is the kind of the last bracket that is still open.

    Ids 0 .. n_kinds-1 open, n_kinds closes. A sequence opens and closes with equal probability where it may do both; it
    need not end with all closed [2021 Yao, "Self-attention networks can process bounded hierarchical languages"].

    Args:
        n_tokens: length of every sequence.
        n_kinds: of brackets, at least 2.
        max_depth: brackets that are open at once, at most.
    """

    n_tokens: int = 64
    n_kinds: int = 8
    max_depth: int = 4

    def __post_init__(self) -> None:
        at_least("n_tokens", self.n_tokens, 2)
        at_least("n_kinds", self.n_kinds, 2)
        at_least("max_depth", self.max_depth, 1)

    @property
    def name(self) -> str:
        """The task's name."""
        return "brackets"

    @property
    def n_vocab(self) -> int:
        """Kinds, and the sign that closes."""
        return self.n_kinds + 1

    @property
    def chance(self) -> float:
        """One kind in n_kinds."""
        return 1 / self.n_kinds

    def draw(self, n_sequences: int, seed: int) -> ProbeBatch:
        """Return sequences that follow from the seed alone."""
        random = np.random.default_rng(seed)
        kinds = random.integers(self.n_kinds, size=(n_sequences, self.n_tokens))
        coins = random.random((n_sequences, self.n_tokens)) < 0.5
        tokens, answers = kinds.copy(), np.full_like(kinds, UNSCORED)
        still_open = np.zeros((n_sequences, self.max_depth), dtype=np.int64)
        depth, every = np.zeros(n_sequences, dtype=np.int64), np.arange(n_sequences)
        for t in range(self.n_tokens):
            opens = (depth == 0) | (coins[:, t] & (depth < self.max_depth))
            up, down = every[opens], every[~opens]
            still_open[up, depth[up]] = kinds[up, t]
            answers[down, t] = still_open[down, depth[down] - 1]
            tokens[down, t] = self.n_kinds
            depth += np.where(opens, 1, -1)
        return ProbeBatch(tokens=tokens, answers=answers)
