"""Softmax attention in exact arithmetic: what analog attention stands in for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.window import causal_window
from pycosim.errors import InputError

Operand = NDArray[Any]
Attend = Callable[[Operand, Operand, Operand], Operand]


def check_operands(q: Operand, k: Operand, v: Operand) -> None:
    """Raise InputError unless q, k, v are alike, (..., head, token, d_head)."""
    if q.ndim < 3 or not q.shape == k.shape == v.shape:
        raise InputError(
            f"q, k and v must have one shape (..., n_heads, n_tokens, d_head), found {q.shape}, {k.shape}, {v.shape}"
        )


def masked_softmax(scores: Operand, mask: NDArray[np.bool_]) -> Operand:
    """Return softmax over the last axis of the scores where mask is True, 0 elsewhere.

    The largest score is subtracted first, so that no exponential overflows.

    Args:
        scores: (..., t, tau), any unit-free numbers.
        mask: (t, tau), at least one True per row.
    """
    shown = np.where(mask, scores, -np.inf)
    shown = np.exp(shown - shown.max(axis=-1, keepdims=True))
    return np.asarray(shown / shown.sum(axis=-1, keepdims=True))


def exact_attention(q: Operand, k: Operand, v: Operand, *, window: int | None = None) -> Operand:
    """Return causal softmax attention, softmax(q k^T / sqrt(d_head)) v  [2017 Vaswani, eq. 1].

    Args:
        q: queries (..., head, token, d_head).
        k: keys, the same shape.
        v: values, the same shape.
        window: attend to the last ``window`` tokens only; None for all.

    Returns:
        (..., head, token, d_head), of the operands' type.
    """
    check_operands(q, k, v)
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])  # (..., head, t, tau)
    weights = masked_softmax(scores, causal_window(q.shape[-2], window))
    return np.asarray(weights @ v, dtype=q.dtype)
