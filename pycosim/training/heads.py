"""Between the residual stream and attention: the features of a token as heads."""

from __future__ import annotations

from torch import Tensor


def split_heads(x: Tensor, n_head: int) -> Tensor:
    """(batch, token, n_head * d_head) -> (batch, head, token, d_head), a view."""
    return x.unflatten(-1, (n_head, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(batch, head, token, d_head) -> (batch, token, n_head * d_head)."""
    return x.transpose(1, 2).flatten(-2)
