"""Which tokens a token attends to, and which tile holds them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import at_least


def token_ages(n_tokens: int, window: int | None = None) -> NDArray[np.intp]:
    """Return how many tokens ago each key was written, (t, tau); -1 where token t does not attend to it.

    A causal sliding window of M tokens: t - M < tau <= t.

    Args:
        n_tokens: length of the sequence.
        window: M; None for no limit.
    """
    at_least("n_tokens", n_tokens, 0)
    if window is not None:
        at_least("window", window, 1)
    return row_ages(slice(0, n_tokens), slice(0, n_tokens), window)


def row_ages(rows: slice, columns: slice, window: int | None) -> NDArray[np.intp]:
    """Return how many tokens ago each key was written, (t, tau); -1 where token t does not attend to it.

    Args:
        rows: tokens t.
        columns: tokens tau.
        window: t attends to t - window < tau <= t; None for no limit.
    """
    ages = np.arange(rows.start, rows.stop)[:, None] - np.arange(columns.start, columns.stop)
    return np.where(ages < (window or math.inf), np.maximum(ages, -1), -1)


def causal_window(n_tokens: int, window: int | None = None) -> NDArray[np.bool_]:
    """Return the mask (t, tau), True where token t attends to token tau; see `token_ages`."""
    return token_ages(n_tokens, window) >= 0


def tile_index(n_tokens: int, window: int, tile: int) -> NDArray[np.intp]:
    """Return the tile of each token, (n_tokens,): (tau mod window) // tile; new tokens replace the oldest."""
    return (np.arange(n_tokens) % window) // tile
