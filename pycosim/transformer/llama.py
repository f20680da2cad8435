"""Llama with its attention as an argument: tokens -> logits.

    x = embed_tokens[tokens]
    for each block:  x = x + o_proj(attend(rotate(q), rotate(k), v));  x = x + down(silu(gate(x)) * up(x))
    logits = norm(x) @ lm_head.T

[2023 Touvron, "LLaMA: open and efficient foundation language models"]: RMS norms before each part, rotary positions,
a gated MLP, no biases. Heads of keys and values that several heads of queries share [2023 Ainslie, "GQA"] are
repeated before ``attend``, so that it sees equal shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pycosim.transformer.attend import Attend, Tokens, attended, check_tokens, one_per_layer, wanted_rows
from pycosim.transformer.layers import Array, gate, merge_heads, project, rms_norm, rotate, split_heads
from pycosim.transformer.llama_parameters import LlamaConfig, LlamaWeights
from pycosim.transformer.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Llama:
    """A Llama with its tokenizer: see `pycosim.transformer.model.LanguageModel`.

    Attributes:
        weights: from `pycosim.transformer.load.load_model`.
        tokenizer: text <-> tokens.
    """

    weights: LlamaWeights
    tokenizer: Tokenizer

    @property
    def config(self) -> LlamaConfig:
        """The sizes."""
        return self.weights.config

    def hidden(self, tokens: Tokens, attend: Attend | Sequence[Attend], *, start: int = 0) -> Array:
        """See `llama_hidden_states`."""
        return llama_hidden_states(tokens, self.weights, attend, start=start)

    def head(self, hidden: Array) -> Array:
        """See `llama_head`."""
        return llama_head(hidden, self.weights)

    def logits(
        self, tokens: Tokens, attend: Attend | Sequence[Attend], *, start: int = 0, last: int | None = None
    ) -> Array:
        """See `llama`."""
        return llama(tokens, self.weights, attend, start=start, last=last)


def llama(
    tokens: Tokens,
    weights: LlamaWeights,
    attend: Attend | Sequence[Attend],
    *,
    start: int = 0,
    last: int | None = None,
) -> Array:
    """Run a Llama and return the logits of the token that follows each token.

    Args:
        tokens: ids 0 .. n_vocab-1, (batch?, n_tokens), with 1 <= n_tokens <= n_ctx.
        weights: checked arrays.
        attend: ``attend(q, k, v)`` of arrays (batch?, n_head, n_tokens, d_head), float32, positions already in q and
            k, that returns the same shape; one for all layers, or a sequence with one per layer.
        start: position of the first token; more than 0 only where ``attend`` remembers the tokens before.
        last: of how many tokens, from the end, the logits are wanted; None for all.

    Returns:
        Logits, (batch?, last, n_vocab), float32.

    Raises:
        InputError: if a token id or the number of tokens is out of range (encode with the tokenizer of the
            weights, cut into chunks), or ``attend`` does not fit.
    """
    x = llama_hidden_states(tokens, weights, attend, start=start)  # (batch?, n_tokens, d_model)
    return llama_head(wanted_rows(x, last), weights)


def llama_head(hidden: Array, weights: LlamaWeights) -> Array:
    """Return the logits of hidden states: (..., d_model) -> (..., n_vocab)."""
    return project(hidden, weights["embed_tokens.weight" if weights.config.tied_head else "lm_head.weight"].T)


def llama_hidden_states(
    tokens: Tokens, weights: LlamaWeights, attend: Attend | Sequence[Attend], *, start: int = 0
) -> Array:
    """Return what the head sees: `llama` without its last product.

    Args:
        tokens: as in `llama`.
        weights: as in `llama`.
        attend: as in `llama`.
        start: as in `llama`.

    Returns:
        The output of the last norm, (batch?, n_tokens, d_model), float32.

    Raises:
        InputError: as in `llama`.
    """
    config = weights.config
    tokens = np.asarray(tokens)
    check_tokens(tokens, config.n_ctx, config.n_vocab, start)
    x: Array = weights["embed_tokens.weight"][tokens]
    for layer, attend_here in enumerate(one_per_layer(attend, config.n_layer)):
        x = llama_block(x, layer, weights, attend_here, start=start)
    return rms_norm(x, weights["norm.weight"], config.epsilon)


def llama_block(x: Array, layer: int, weights: LlamaWeights, attend: Attend, *, start: int = 0) -> Array:
    """One block: (batch?, n_tokens, d_model) -> the same shape.

    Args:
        x: the residual stream.
        layer: 0 .. n_layer-1.
        weights: as in `llama`.
        attend: this layer's attention.
        start: as in `llama`.

    Raises:
        InputError: if ``attend`` returns another shape than that of ``q``.
    """
    of_layer, epsilon = f"layers.{layer}", weights.config.epsilon
    seen = rms_norm(x, weights[f"{of_layer}.input_layernorm.weight"], epsilon)
    middle = _attention(seen, layer, weights, attend, start)
    middle += x
    seen = rms_norm(middle, weights[f"{of_layer}.post_attention_layernorm.weight"], epsilon)
    inner = gate(
        _project(seen, weights, f"{of_layer}.mlp.gate_proj"), _project(seen, weights, f"{of_layer}.mlp.up_proj")
    )
    after = _project(inner, weights, f"{of_layer}.mlp.down_proj")  # (..., d_mlp) -> (..., d_model)
    after += middle
    return after


def _attention(x: Array, layer: int, weights: LlamaWeights, attend: Attend, start: int) -> Array:
    config, of_layer = weights.config, f"layers.{layer}.self_attn"
    q = split_heads(_project(x, weights, f"{of_layer}.q_proj"), config.n_head)
    k, v = (split_heads(_project(x, weights, f"{of_layer}.{name}"), config.n_kv_head) for name in ("k_proj", "v_proj"))
    q, k = (rotate(operand, start, config.rotary_base) for operand in (q, k))
    shared = config.n_head // config.n_kv_head
    k, v = (np.repeat(operand, shared, axis=-3) for operand in (k, v))  # (..., n_kv_head, ...) -> (..., n_head, ...)
    return _project(merge_heads(attended(attend, q, k, v, layer)), weights, f"{of_layer}.o_proj")


def _project(x: Array, weights: LlamaWeights, name: str) -> Array:
    return project(x, weights[f"{name}.weight"].T)  # stored as (out, in)
