"""Where attention goes into a transformer: its signature, and the checks on both sides of it.

Every model of this package takes ``attend(q, k, v) -> out``, each (batch?, n_head, n_tokens, d_head), for one layer.
Queries, keys and values have the same number of heads: a model whose query heads share keys and values (grouped-query
attention) repeats these, so that every head has tiles of its own, as the hardware has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.layers import Array

Tokens = NDArray[np.integer[Any]]
Attend = Callable[[Array, Array, Array], NDArray[np.floating[Any]]]


def one_per_layer(attend: Attend | Sequence[Attend], n_layer: int) -> list[Attend]:
    """Return one attention for each layer.

    Args:
        attend: one for all layers, or a sequence with one per layer.
        n_layer: how many are wanted.

    Raises:
        InputError: if there are more or fewer.
    """
    if callable(attend):
        return [attend] * n_layer
    if len(attend) != n_layer:
        raise InputError(
            f"wanted one attend for each of the {n_layer} layers, found {len(attend)}; "
            "pass one callable for all layers, or as many as there are layers"
        )
    return list(attend)


def attended(attend: Attend, q: Array, k: Array, v: Array, layer: int) -> NDArray[np.floating[Any]]:
    """Return ``attend(q, k, v)``, each (batch?, n_head, n_tokens, d_head).

    Args:
        attend: this layer's attention.
        q: queries.
        k: keys.
        v: values.
        layer: its number, for the message.

    Raises:
        InputError: if ``attend`` returns another shape than that of ``q``.
    """
    found = attend(q, k, v)
    if np.shape(found) != q.shape:
        raise InputError(
            f"attend in layer {layer} must return the shape of q, {q.shape} = (batch?, head, token, d_head), "
            f"but returned {np.shape(found)}; check its last product and any axis it drops"
        )
    return found


def check_tokens(tokens: Tokens, n_ctx: int, n_vocab: int, start: int) -> None:
    """Raise InputError unless tokens are ids of a vocabulary, (batch?, n_tokens), that fit behind ``start`` others."""
    if tokens.dtype.kind not in "iu" or tokens.ndim == 0:
        raise InputError(
            f"tokens must be integer ids of shape (batch?, n_tokens), found {tokens.dtype} of shape "
            f"{tokens.shape}; encode text with the tokenizer of the weights"
        )
    if tokens.size == 0 or not 0 <= start <= n_ctx - tokens.shape[-1]:
        behind = f" behind {start} others" if start else ""
        raise InputError(
            f"wanted 1 to {n_ctx} tokens (n_ctx of these weights), found {tokens.shape[-1]} in shape "
            f"{tokens.shape}{behind}; cut the text into chunks"
        )
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= n_vocab:
        raise InputError(
            f"token ids must lie in 0 .. {n_vocab - 1} (n_vocab of these weights is {n_vocab}), "
            f"found ids from {low} to {high}; encode with the tokenizer that belongs to the weights"
        )


def wanted_rows(hidden: Array, last: int | None) -> Array:
    """Return the last tokens of hidden states (batch?, n_tokens, d_model): all for None.

    Raises:
        InputError: if there are not so many.
    """
    if last is None:
        return hidden
    if not 1 <= last <= hidden.shape[-2]:
        raise InputError(f"wanted the logits of the last {last} tokens, found {hidden.shape[-2]} tokens; ask for fewer")
    return hidden[..., hidden.shape[-2] - last :, :]
