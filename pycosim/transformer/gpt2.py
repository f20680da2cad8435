"""GPT-2 with its attention as an argument: tokens -> logits.

    x = wte[tokens] + wpe
    for each block:  x = x + c_proj(attend(q, k, v));  x = x + mlp(ln_2(x))
    logits = ln_f(x) @ wte.T

[2019 Radford, "Language models are unsupervised multitask learners"]. The same loop serves exact attention
and any circuit, because ``attend`` has one signature; this package imports no attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pycosim.transformer.attend import Attend, Tokens, attended, check_tokens, one_per_layer, wanted_rows
from pycosim.transformer.layers import Array, gelu, layer_norm, linear, merge_heads, project, split_heads
from pycosim.transformer.parameters import Gpt2Config, Weights
from pycosim.transformer.tokenizer import Tokenizer

__all__ = ["Attend", "Gpt2", "Tokens", "attention", "block", "embed", "gpt2", "head", "hidden_states", "mlp"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gpt2:
    """A GPT-2 with the tokenizer that its weights were trained with: see `pycosim.transformer.model.LanguageModel`.

    Attributes:
        weights: from `load_weights` or `load_model`.
        tokenizer: text <-> tokens.
    """

    weights: Weights
    tokenizer: Tokenizer

    @property
    def config(self) -> Gpt2Config:
        """The sizes."""
        return self.weights.config

    def hidden(self, tokens: Tokens, attend: Attend | Sequence[Attend], *, start: int = 0) -> Array:
        """See `hidden_states`."""
        return hidden_states(tokens, self.weights, attend, start=start)

    def head(self, hidden: Array) -> Array:
        """See `head`."""
        return head(hidden, self.weights)

    def logits(
        self, tokens: Tokens, attend: Attend | Sequence[Attend], *, start: int = 0, last: int | None = None
    ) -> Array:
        """See `gpt2`."""
        return gpt2(tokens, self.weights, attend, start=start, last=last)


def gpt2(
    tokens: Tokens,
    weights: Weights,
    attend: Attend | Sequence[Attend],
    *,
    start: int = 0,
    last: int | None = None,
) -> Array:
    """Run GPT-2 and return the logits of the token that follows each token.

    Args:
        tokens: ids 0 .. n_vocab-1, (batch?, n_tokens), with 1 <= n_tokens <= n_ctx.
        weights: from `load_weights`.
        attend: ``attend(q, k, v)`` of arrays (batch?, n_head, n_tokens, d_head), float32, that returns the
            same shape; one for all layers, or a sequence with one per layer.
        start: position of the first token; more than 0 only where ``attend`` remembers the tokens before.
        last: of how many tokens, from the end, the logits are wanted; None for all.

    Returns:
        Logits, (batch?, last, n_vocab), float32.

    Raises:
        InputError: if a token id or the number of tokens is out of range (encode with the tokenizer of the
            weights, cut into chunks), or ``attend`` does not fit.
    """
    x = hidden_states(tokens, weights, attend, start=start)  # (batch?, n_tokens, d_model)
    return head(wanted_rows(x, last), weights)


def head(hidden: Array, weights: Weights) -> Array:
    """Return the logits of hidden states: (..., d_model) -> (..., n_vocab), the weights those of the embedding."""
    return project(hidden, weights["wte.weight"].T)


def hidden_states(tokens: Tokens, weights: Weights, attend: Attend | Sequence[Attend], *, start: int = 0) -> Array:
    """Return what the head sees: `gpt2` without its last product.

    Args:
        tokens: as in `gpt2`.
        weights: as in `gpt2`.
        attend: as in `gpt2`.
        start: as in `gpt2`.

    Returns:
        The output of ``ln_f``, (batch?, n_tokens, d_model), float32.

    Raises:
        InputError: as in `gpt2`.
    """
    attend_of_layer = one_per_layer(attend, weights.config.n_layer)
    x = embed(tokens, weights, start=start)
    for layer, attend_here in enumerate(attend_of_layer):
        x = block(x, layer, weights, attend_here)
    return layer_norm(x, *weights.pair("ln_f"))


def embed(tokens: Tokens, weights: Weights, *, start: int = 0) -> Array:
    """Add token and position embeddings: (batch?, n_tokens) -> (batch?, n_tokens, d_model).

    Args:
        tokens: as in `gpt2`.
        weights: as in `gpt2`.
        start: as in `gpt2`.

    Returns:
        The residual stream before the first block, float32.

    Raises:
        InputError: if a token id or the number of tokens is out of range.
    """
    tokens = np.asarray(tokens)
    check_tokens(tokens, weights.config.n_ctx, weights.config.n_vocab, start)
    x: Array = weights["wte.weight"][tokens]
    x += weights["wpe.weight"][start : start + tokens.shape[-1]]
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
    middle = attention(layer_norm(x, *weights.pair(f"h.{layer}.ln_1")), layer, weights, attend)
    middle += x
    after = mlp(layer_norm(middle, *weights.pair(f"h.{layer}.ln_2")), layer, weights)
    after += middle
    return after


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
    mixed = attended(attend, q, k, v, layer)  # (..., n_head, n_tokens, d_head)
    return linear(merge_heads(mixed), *weights.pair(f"h.{layer}.attn.c_proj"))


def mlp(x: Array, layer: int, weights: Weights) -> Array:
    """Two projections with GELU between: (batch?, n_tokens, d_model) -> the same shape.

    Args:
        x: the normalised residual stream.
        layer: 0 .. n_layer-1.
        weights: as in `gpt2`.

    Returns:
        What the block adds to the residual stream.
    """
    hidden = linear(x, *weights.pair(f"h.{layer}.mlp.c_fc"))  # (..., d_model) -> (..., 4 d_model)
    return linear(gelu(hidden, out=hidden), *weights.pair(f"h.{layer}.mlp.c_proj"))
