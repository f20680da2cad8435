"""Logits -> the next token."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from pycosim.errors import InputError
from pycosim.transformer.layers import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a token is drawn from the distribution ``softmax(logits / temperature)``.

    Args:
        temperature: 0 takes the most probable token always; 1 draws as the model says.
        top_k: draw from the so many most probable only; None for all.
        top_p: draw from the fewest most probable that have at least this probability together; 1 for all
            [2020 Holtzman, "The curious case of neural text degeneration"].
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < np.inf:
            raise InputError(f"temperature must be at least 0 and finite, found {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise InputError(f"top_k must be at least 1, found {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p must be above 0 and at most 1, found {self.top_p}")

    def choose(self, logits: Array, random: Generator) -> int:
        """Return the id of the next token.

        Args:
            logits: (n_vocab,).
            random: draws one number, unless the temperature is 0.

        Raises:
            InputError: if a logit is not finite.
        """
        if not np.isfinite(logits).all():
            raise InputError(
                f"{np.count_nonzero(~np.isfinite(logits))} of {logits.size} logits are not finite; "
                "look at what attend returns, layer by layer"
            )
        if self.temperature == 0:
            return int(logits.argmax())
        order = np.argsort(-logits, kind="stable")[: self.top_k]
        scaled = logits[order].astype(np.float64) / self.temperature
        shares = np.exp(scaled - scaled[0])
        shares /= shares.sum()
        sums = np.cumsum(shares)
        kept = int(np.searchsorted(sums, self.top_p)) + 1  # the last of them reaches top_p
        sums = sums[:kept]
        return int(order[np.searchsorted(sums, random.random() * sums[-1], side="right")])
