"""GPT-2 in PyTorch, its parameters named and shaped as the arrays of `pycosim.transformer.parameters`.

What attention has of its own lies in the module ``attend`` of each layer; see `pycosim.training.build`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pycosim.training.heads import merge_heads, split_heads
from pycosim.transformer.layers import LAYER_NORM_EPSILON
from pycosim.transformer.parameters import Gpt2Config


class Projection(nn.Module):
    """``x @ weight + bias`` with weight (in, out), as GPT-2 stores it; begins as normal numbers over sqrt(n_in).

    Args:
        n_in: features in.
        n_out: features out.
        gain: factor of the beginning.
    """

    def __init__(self, n_in: int, n_out: int, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_in, n_out) * gain * n_in**-0.5)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Project the last axis."""
        return functional.linear(x, self.weight.T, self.bias)


class Gpt2Attention(nn.Module):
    """Projections around ``attend(q, k, v)`` of arrays (batch, head, token, d_head)."""

    def __init__(self, config: Gpt2Config, attend: nn.Module) -> None:
        super().__init__()
        self.n_head = config.n_head
        self.attend = attend
        self.c_attn = Projection(config.d_model, 3 * config.d_model)
        self.c_proj = Projection(config.d_model, config.d_model, (2 * config.n_layer) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens; (batch, token, d_model)."""
        q, k, v = (split_heads(part, self.n_head) for part in self.c_attn(x).chunk(3, dim=-1))
        return self.c_proj(merge_heads(self.attend(q, k, v)))


class Gpt2Mlp(nn.Module):
    """Two projections and the tanh form of GELU."""

    def __init__(self, config: Gpt2Config) -> None:
        super().__init__()
        self.c_fc = Projection(config.d_model, 4 * config.d_model)
        self.c_proj = Projection(4 * config.d_model, config.d_model, (2 * config.n_layer) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Map each token; (batch, token, d_model)."""
        return self.c_proj(functional.gelu(self.c_fc(x), approximate="tanh"))


class Gpt2Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, config: Gpt2Config, attend: nn.Module) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.d_model, eps=LAYER_NORM_EPSILON)
        self.attn = Gpt2Attention(config, attend)
        self.ln_2 = nn.LayerNorm(config.d_model, eps=LAYER_NORM_EPSILON)
        self.mlp = Gpt2Mlp(config)

    def forward(self, x: Tensor) -> Tensor:
        """Add attention, then the MLP; (batch, token, d_model)."""
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class TorchGpt2(nn.Module):
    """Tokens (batch, token) -> logits (batch, token, n_vocab).

    Args:
        config: the sizes.
        attentions: one module per layer, ``attend(q, k, v)`` of arrays (batch, head, token, d_head).
    """

    def __init__(self, config: Gpt2Config, attentions: Sequence[nn.Module]) -> None:
        super().__init__()
        self.wte = nn.Embedding(config.n_vocab, config.d_model)
        self.wpe = nn.Embedding(config.n_ctx, config.d_model)
        self.h = nn.ModuleList(Gpt2Block(config, attend) for attend in attentions)
        self.ln_f = nn.LayerNorm(config.d_model, eps=LAYER_NORM_EPSILON)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.01)

    def attention_parts(self) -> list[nn.Module]:
        """The module of each layer that has ``attend``."""
        return [block.attn for block in self.h]

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits."""
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[-1]]
        for block in self.h:
            x = block(x)
        return functional.linear(self.ln_f(x), self.wte.weight)
