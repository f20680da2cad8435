"""Softmax attention in exact arithmetic: what analog attention stands in for."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from array_api_compat import device

from pycosim.attention.blocks import MOST_ROWS, head_groups
from pycosim.attention.window import row_ages
from pycosim.errors import InputError
from pycosim.namespace import AnyArray, like, namespace_of, transposed

Attend = Callable[[AnyArray, AnyArray, AnyArray], AnyArray]


def check_operands(q: AnyArray, k: AnyArray, v: AnyArray, *, last: bool = False) -> None:
    """Raise InputError unless q, k, v are alike, (..., head, token, d_head).

    Args:
        q: queries.
        k: keys.
        v: values.
        last: whether there may be fewer queries, those of the last tokens.
    """
    fits = q.ndim >= 3 and k.shape == v.shape and (*q.shape[:-2], q.shape[-1]) == (*k.shape[:-2], k.shape[-1])
    if not fits or q.shape[-2] > k.shape[-2] or (q.shape[-2] < k.shape[-2] and not last):
        raise InputError(
            f"q, k and v must have one shape (..., n_heads, n_tokens, d_head), found {q.shape}, {k.shape}, {v.shape}"
        )


def masked_softmax(scores: AnyArray, mask: AnyArray) -> AnyArray:
    """Return softmax over the last axis of the scores where mask is True, 0 elsewhere.

    The largest score is subtracted first, so that no exponential overflows.

    Args:
        scores: (..., t, tau), any unit-free numbers.
        mask: (t, tau), at least one True per row.
    """
    xp = namespace_of(scores)
    shown, sums = _exponentials(xp.where(mask, scores, -math.inf))
    return shown / sums


def exact_attention(
    q: AnyArray, k: AnyArray, v: AnyArray, *, window: int | None = None, causal: bool = True
) -> AnyArray:
    """Return softmax attention, softmax(q k^T / sqrt(d_head)) v  [2017 Vaswani, eq. 1].

    A block of tokens at a time, so that no array is larger than heads x block x tokens.

    Args:
        q: queries (..., head, token, d_head); those of the last tokens are enough.
        k: keys, the same shape, of all tokens.
        v: values, like k.
        window: attend to the last ``window`` tokens only; None for all.
        causal: False where every token attends to all, as in a vision transformer:
            ``functools.partial(exact_attention, causal=False)``.

    Returns:
        The shape of q, of the operands' library, device and type.
    """
    check_operands(q, k, v, last=True)
    if not causal and window is not None:
        raise InputError(f"a window of {window} tokens looks back: leave it out, or attend causally")
    xp = namespace_of(q)
    n_old, n_rows = k.shape[-2] - q.shape[-2], q.shape[-2]
    scale = 1 / math.sqrt(q.shape[-1])
    out = xp.zeros(q.shape, dtype=q.dtype, device=device(q))
    for start in range(0, n_rows, MOST_ROWS):
        rows = slice(start, min(start + MOST_ROWS, n_rows))
        tokens = slice(n_old + rows.start, n_old + rows.stop)
        columns = slice(0 if window is None else max(0, tokens.start - window + 1), tokens.stop)
        if not causal:
            columns = slice(0, k.shape[-2])
        is_cut = window is not None and tokens.stop - columns.start > window
        masked = columns if is_cut else tokens  # the others are attended to by all rows
        bias = like(np.where(row_ages(tokens, masked, window) >= 0, 0.0, -np.inf), q)
        for heads in head_groups(q, (rows.stop - rows.start) * (columns.stop - columns.start)):
            scores = (q[..., heads, rows, :] * scale) @ transposed(k[..., heads, columns, :])
            if causal:
                scores[..., masked.start - columns.start :] += bias
            shown, sums = _exponentials(scores)
            out[..., heads, rows, :] = (shown @ v[..., heads, columns, :]) / sums
    return out


def _exponentials(scores: AnyArray) -> tuple[AnyArray, AnyArray]:
    """exp(scores - largest) and its sums over the last axis."""
    xp = namespace_of(scores)
    shown = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    return shown, xp.sum(shown, axis=-1, keepdims=True)
