"""Measured hardware in training: forward through the models of its circuits, backward through the linear cell.

The forward pass is `pycosim.attention.analog.analog_attention` itself; its gradient is taken to be that of the linear
hardware at the same operands  [2025 Leroux].
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pycosim.attention.analog import AttentionArrays, analog_attention
from pycosim.attention.exact import Attend
from pycosim.attention.hardware import Scalers
from pycosim.training.linear import LinearRead


class _Measured(torch.autograd.Function):
    """Forward of one, backward of another."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, attend: Attend, surrogate: LinearRead) -> Tensor:
        """Return what the measured hardware returns."""
        ctx.save_for_backward(q, k, v)
        ctx.surrogate = surrogate
        if q.device.type == "cpu":  # the same memory as arrays of NumPy, for which reads are cut to fit the cache
            return torch.from_numpy(attend(*(x.detach().numpy() for x in (q, k, v))))
        shares: Tensor = attend(q, k, v)
        return shares

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of the linear hardware."""
        operands = [x.detach().requires_grad_() for x in ctx.saved_tensors]
        with torch.enable_grad():
            shares = ctx.surrogate(*operands)
        return (*torch.autograd.grad(shares, operands, gradient), None, None)


class MeasuredRead:
    """Scaled q, k, v -> shares of the full count, (batch, head, token, d_head).

    Args:
        arrays: the measured hardware, shared by all layers.
        n_heads: heads of the layer.
        layer: which one, where parts differ.
    """

    def __init__(self, arrays: AttentionArrays, n_heads: int, layer: int) -> None:
        self.hardware = arrays.hardware
        self.surrogate = LinearRead(arrays.hardware)
        self.draws: torch.Generator | None = None
        self._attend = analog_attention(
            arrays.models, arrays.hardware, Scalers.identity(n_heads), arrays=arrays, layer=layer
        )

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; q in shares of the longest pulse, k and v in V."""
        shares: Tensor = _Measured.apply(q, k, v, self._attend, self.surrogate)
        return shares
