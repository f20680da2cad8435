"""Exact attention as a torch module."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class SoftmaxAttention(nn.Module):
    """Softmax attention with scale 1/sqrt(d_head).

    Args:
        causal: whether a token attends to itself and those before alone.
    """

    def __init__(self, *, causal: bool = True) -> None:
        super().__init__()
        self.causal = causal

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        return functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
