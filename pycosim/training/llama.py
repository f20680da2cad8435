"""Llama in PyTorch, its parameters named and shaped as the arrays of `pycosim.transformer.llama_parameters`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pycosim.training.heads import merge_heads, split_heads
from pycosim.transformer.llama_parameters import LlamaConfig


def rotate(x: Tensor, base: float) -> Tensor:
    """Turn the features of heads (batch, head, token, d_head), as `pycosim.transformer.layers` does."""
    half = x.shape[-1] // 2
    slopes = base ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * slopes  # (token, half)
    cosine, sine = angles.cos().to(x), angles.sin().to(x)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


class LlamaAttention(nn.Module):
    """Projections and rotary positions around ``attend(q, k, v)``; shared keys and values are repeated before it."""

    def __init__(self, config: LlamaConfig, attend: nn.Module) -> None:
        super().__init__()
        self.config = config
        self.attend = attend
        queries, keys = config.n_head * config.d_head, config.n_kv_head * config.d_head
        self.q_proj = nn.Linear(config.d_model, queries, bias=False)
        self.k_proj = nn.Linear(config.d_model, keys, bias=False)
        self.v_proj = nn.Linear(config.d_model, keys, bias=False)
        self.o_proj = nn.Linear(queries, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens; (batch, token, d_model)."""
        config = self.config
        q = rotate(split_heads(self.q_proj(x), config.n_head), config.rotary_base)
        k = rotate(split_heads(self.k_proj(x), config.n_kv_head), config.rotary_base)
        v = split_heads(self.v_proj(x), config.n_kv_head)
        shared = config.n_head // config.n_kv_head
        if shared > 1:
            k, v = k.repeat_interleave(shared, dim=1), v.repeat_interleave(shared, dim=1)
        return self.o_proj(merge_heads(self.attend(q, k, v)))


class LlamaMlp(nn.Module):
    """SwiGLU."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.d_model, config.d_mlp, bias=False)
        self.up_proj = nn.Linear(config.d_model, config.d_mlp, bias=False)
        self.down_proj = nn.Linear(config.d_mlp, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map each token; (batch, token, d_model)."""
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaBlock(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, config: LlamaConfig, attend: nn.Module) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(config.d_model, eps=config.epsilon)
        self.self_attn = LlamaAttention(config, attend)
        self.post_attention_layernorm = nn.RMSNorm(config.d_model, eps=config.epsilon)
        self.mlp = LlamaMlp(config)

    def forward(self, x: Tensor) -> Tensor:
        """Add attention, then the MLP; (batch, token, d_model)."""
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class TorchLlama(nn.Module):
    """Tokens (batch, token) -> logits (batch, token, n_vocab).

    Args:
        config: the sizes.
        attentions: one module per layer, ``attend(q, k, v)`` of arrays (batch, head, token, d_head).
    """

    def __init__(self, config: LlamaConfig, attentions: Sequence[nn.Module]) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.n_vocab, config.d_model)
        self.layers = nn.ModuleList(LlamaBlock(config, attend) for attend in attentions)
        self.norm = nn.RMSNorm(config.d_model, eps=config.epsilon)
        if not config.tied_head:
            self.lm_head = nn.Linear(config.d_model, config.n_vocab, bias=False)
        self.tied_head = config.tied_head

    def attention_parts(self) -> list[nn.Module]:
        """The module of each layer that has ``attend``."""
        return [block.self_attn for block in self.layers]

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits."""
        x = self.embed_tokens(tokens)
        for block in self.layers:
            x = block(x)
        return functional.linear(self.norm(x), self.embed_tokens.weight if self.tied_head else self.lm_head.weight)
