"""GPT-2 with its attention as an argument: tokens -> logits.

    x = wte[tokens] + wpe
    for each block:  x = x + c_proj(attend(q, k, v));  x = x + mlp(ln_2(x))
    logits = ln_f(x) @ wte.T

[2019 Radford, "Language models are unsupervised multitask learners"]. The same loop serves exact attention
and any circuit, because ``attend`` has one signature; this package imports no attention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.layers import Array, gelu, layer_norm, linear, merge_heads, project, split_heads
from pycosim.transformer.parameters import Weights

Tokens = NDArray[np.integer[Any]]
Attend = Callable[[Array, Array, Array], NDArray[np.floating[Any]]]


def gpt2(tokens: Tokens, weights: Weights, attend: Attend | Sequence[Attend]) -> Array:
    """Run GPT-2 and return the logits of the token that follows each token.

    Args:
        tokens: ids 0 .. n_vocab-1, (batch?, n_tokens), with 1 <= n_tokens <= n_ctx.
        weights: from `load_weights`.
        attend: ``attend(q, k, v)`` of arrays (batch?, n_head, n_tokens, d_head), float32, that returns the
            same shape; one for all layers, or a sequence with one per layer.

    Returns:
        Logits, (batch?, n_tokens, n_vocab), float32.

    Raises:
        InputError: if a token id or the number of tokens is out of range (encode with the tokenizer of the
            weights, cut into chunks), or ``attend`` does not fit.
    """
    x = hidden_states(tokens, weights, attend)  # (batch?, n_tokens, d_model)
    return project(x, weights["wte.weight"].T)  # tied head: (..., d_model) -> (..., n_vocab)


def hidden_states(tokens: Tokens, weights: Weights, attend: Attend | Sequence[Attend]) -> Array:
    """Return what the head sees: `gpt2` without its last product.

    Args:
        tokens: as in `gpt2`.
        weights: as in `gpt2`.
        attend: as in `gpt2`.

    Returns:
        The output of ``ln_f``, (batch?, n_tokens, d_model), float32.

    Raises:
        InputError: as in `gpt2`.
    """
    attend_of_layer = _one_per_layer(attend, weights.config.n_layer)
    x = embed(tokens, weights)
    for layer, attend_here in enumerate(attend_of_layer):
        x = block(x, layer, weights, attend_here)
    return layer_norm(x, *weights.pair("ln_f"))


def embed(tokens: Tokens, weights: Weights) -> Array:
    """Add token and position embeddings: (batch?, n_tokens) -> (batch?, n_tokens, d_model).

    Args:
        tokens: as in `gpt2`.
        weights: as in `gpt2`.

    Returns:
        The residual stream before the first block, float32.

    Raises:
        InputError: if a token id or the number of tokens is out of range.
    """
    tokens = np.asarray(tokens)
    _check_tokens(tokens, weights)
    x: Array = weights["wte.weight"][tokens] + weights["wpe.weight"][: tokens.shape[-1]]
    return x


def block(x: Array, layer: int, weights: Weights, attend: Attend) -> Array:
    """One pre-norm transformer block: (batch?, n_tokens, d_model) -> the same shape.

    Args:
        x: the residual stream.
        layer: 0 .. n_layer-1.
        weights: as in `gpt2`.
        attend: this layer's attention.

    Returns:
        The residual stream after the block.

    Raises:
        InputError: if ``attend`` returns another shape than that of ``q``.
    """
    x = x + attention(layer_norm(x, *weights.pair(f"h.{layer}.ln_1")), layer, weights, attend)
    return x + mlp(layer_norm(x, *weights.pair(f"h.{layer}.ln_2")), layer, weights)


def attention(x: Array, layer: int, weights: Weights, attend: Attend) -> Array:
    """The projections around ``attend``: (batch?, n_tokens, d_model) -> the same shape.

    Args:
        x: the normalised residual stream.
        layer: 0 .. n_layer-1.
        weights: as in `gpt2`.
        attend: this layer's attention.

    Returns:
        What the block adds to the residual stream.

    Raises:
        InputError: if ``attend`` returns another shape than that of ``q``.
    """
    projected = linear(x, *weights.pair(f"h.{layer}.attn.c_attn"))  # (..., d_model) -> (..., 3 d_model)
    q, k, v = (split_heads(part, weights.config.n_head) for part in np.split(projected, 3, axis=-1))
    attended = attend(q, k, v)  # (..., n_head, n_tokens, d_head)
    if np.shape(attended) != q.shape:
        raise InputError(
            f"attend in layer {layer} must return the shape of q, {q.shape} = (batch?, head, token, d_head), "
            f"but returned {np.shape(attended)}; check its last product and any axis it drops"
        )
    return linear(merge_heads(attended), *weights.pair(f"h.{layer}.attn.c_proj"))


def mlp(x: Array, layer: int, weights: Weights) -> Array:
    """Two projections with GELU between: (batch?, n_tokens, d_model) -> the same shape.

    Args:
        x: the normalised residual stream.
        layer: 0 .. n_layer-1.
        weights: as in `gpt2`.

    Returns:
        What the block adds to the residual stream.
    """
    hidden = gelu(linear(x, *weights.pair(f"h.{layer}.mlp.c_fc")))  # (..., d_model) -> (..., 4 d_model)
    return linear(hidden, *weights.pair(f"h.{layer}.mlp.c_proj"))


def _one_per_layer(attend: Attend | Sequence[Attend], n_layer: int) -> list[Attend]:
    if callable(attend):
        return [attend] * n_layer
    if len(attend) != n_layer:
        raise InputError(
            f"wanted one attend for each of the {n_layer} layers, found {len(attend)}; "
            "pass one callable for all layers, or as many as there are layers"
        )
    return list(attend)


def _check_tokens(tokens: Tokens, weights: Weights) -> None:
    n_ctx, n_vocab = weights.config.n_ctx, weights.config.n_vocab
    if tokens.dtype.kind not in "iu" or tokens.ndim == 0:
        raise InputError(
            f"tokens must be integer ids of shape (batch?, n_tokens), found {tokens.dtype} of shape "
            f"{tokens.shape}; encode text with the tokenizer of the weights"
        )
    if not 1 <= tokens.shape[-1] <= n_ctx or tokens.size == 0:
        raise InputError(
            f"wanted 1 to {n_ctx} tokens (n_ctx of these weights), found {tokens.shape[-1]} in shape "
            f"{tokens.shape}; cut the text into chunks"
        )
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= n_vocab:
        raise InputError(
            f"token ids must lie in 0 .. {n_vocab - 1} (n_vocab of these weights is {n_vocab}), "
            f"found ids from {low} to {high}; encode with the tokenizer that belongs to the weights"
        )
