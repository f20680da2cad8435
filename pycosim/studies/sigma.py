"""How well a standard deviation from few samples is known, told under every table that has one."""

from __future__ import annotations

import math


def sigma_note(n: int) -> str:
    """How well a standard deviation of `n` samples of a normal distribution is known, as a sentence."""
    if n < 2:
        return "One sample has no standard deviation."
    return f"A standard deviation of {n} samples is known to {100 / math.sqrt(2 * (n - 1)):.0f} %."
