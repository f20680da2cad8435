"""GPT-2 in PyTorch, with its attention as an argument, for training only.

The architecture and the parameter names are those of the public GPT-2 checkpoints: pre-norm blocks, tanh
GELU, learned positions, tied head, weights stored as (in, out).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of the model. Bytes are the tokens."""

    n_layer: int = 4
    n_head: int = 2
    d_head: int = 64
    n_ctx: int = 256
    n_vocab: int = 256

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return self.n_head * self.d_head

    @property
    def layers(self) -> range:
        """The layers' numbers."""
        return range(self.n_layer)


class Projection(nn.Module):
    """``x @ weight + bias`` with weight (in, out), as GPT-2 stores it."""

    def __init__(self, n_in: int, n_out: int, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_in, n_out) * gain * n_in**-0.5)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Project the last axis."""
        return functional.linear(x, self.weight.T, self.bias)


class SoftmaxAttention(nn.Module):
    """Causal softmax attention with scale 1/sqrt(d_head)."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)


class Attention(nn.Module):
    """Projections around a function ``attend(q, k, v)`` of arrays (batch, head, token, d_head)."""

    def __init__(self, shape: Shape, attend: nn.Module) -> None:
        super().__init__()
        self.n_head = shape.n_head
        self.attend = attend
        self.c_attn = Projection(shape.d_model, 3 * shape.d_model)
        self.c_proj = Projection(shape.d_model, shape.d_model, (2 * shape.n_layer) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens; (batch, token, d_model)."""
        q, k, v = (
            part.unflatten(-1, (self.n_head, -1)).transpose(1, 2) for part in self.c_attn(x).chunk(3, dim=-1)
        )  # (batch, token, d_model) -> (batch, head, token, d_head)
        return self.c_proj(self.attend(q, k, v).transpose(1, 2).flatten(-2))


class MLP(nn.Module):
    """Two projections and the tanh form of GELU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.c_fc = Projection(shape.d_model, 4 * shape.d_model)
        self.c_proj = Projection(4 * shape.d_model, shape.d_model, (2 * shape.n_layer) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Map each token; (batch, token, d_model)."""
        return self.c_proj(functional.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, shape: Shape, attend: nn.Module) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(shape.d_model)
        self.attn = Attention(shape, attend)
        self.ln_2 = nn.LayerNorm(shape.d_model)
        self.mlp = MLP(shape)

    def forward(self, x: Tensor) -> Tensor:
        """Add attention, then the MLP; (batch, token, d_model)."""
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    """Tokens (batch, token) -> logits (batch, token, n_vocab), one attention module per layer."""

    def __init__(self, shape: Shape, attentions: list[nn.Module]) -> None:
        super().__init__()
        self.wte = nn.Embedding(shape.n_vocab, shape.d_model)
        self.wpe = nn.Embedding(shape.n_ctx, shape.d_model)
        self.h = nn.ModuleList(Block(shape, attend) for attend in attentions)
        self.ln_f = nn.LayerNorm(shape.d_model)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.01)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits."""
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[-1]]
        for block in self.h:
            x = block(x)
        return functional.linear(self.ln_f(x), self.wte.weight)
