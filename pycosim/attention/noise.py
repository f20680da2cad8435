"""Noise that depends on what it is for and on nothing else: not on batches, blocks or the order of computing.

Every write and every conversion of a token has a stream of its own, addressed by (purpose, sequence, token) with
a counter-based generator [2011 Salmon, "Parallel random numbers: as easy as 1, 2, 3", Philox4x64-10]. So a text that is
generated token by token meets the noise that it meets as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseStreams:
    """The streams of some sequences.

    Args:
        seed: words that tell runs and layers apart.
        sequences: numbers of the sequences, in the order of the leading axes.
        lead: shape of the leading axes.
    """

    seed: tuple[int, ...]
    sequences: Sequence[int]
    lead: tuple[int, ...]

    def draw(self, purpose: int, tokens: range, n: int, n_heads: int) -> Array:
        """Return standard normal numbers, (..., head, token, n); more of them begin with fewer.

        Args:
            purpose: what they are for.
            tokens: places in the sequence.
            n: numbers per token and head.
            n_heads: heads.
        """
        key = np.random.SeedSequence((*self.seed, purpose)).generate_state(2, np.uint64)
        source = np.random.Philox(key=key)
        generator, state = np.random.Generator(source), source.state
        numbers = np.empty((len(self.sequences), len(tokens), n, n_heads))
        for own, sequence in zip(numbers, self.sequences, strict=True):
            for row, token in zip(own, tokens, strict=True):
                state["state"]["counter"][:] = 0, token, sequence, 0
                source.state = state
                generator.standard_normal(out=row)
        return np.moveaxis(numbers, -1, 1).reshape(*self.lead, n_heads, len(tokens), n)
