"""Attention of the gain-cell hardware as a torch module: four trained scalers around what reads the cells."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pycosim.attention.hardware import Scaler, Scalers
from pycosim.training.linear import LinearRead
from pycosim.training.measured import MeasuredRead

Read = LinearRead | MeasuredRead
SIGNALS = ("q", "k", "v", "out")


class TorchScaler(nn.Module):
    """``a x + b`` per head.

    Args:
        scaler: what it begins as.
    """

    def __init__(self, scaler: Scaler) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(scaler.a, dtype=torch.float32))
        self.b = nn.Parameter(torch.tensor(scaler.b, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Scale x (batch, head, token, d_head)."""
        return torch.addcmul(self.b[:, None, None], x, self.a[:, None, None])

    def value(self) -> Scaler:
        """What it has become."""
        return Scaler(a=self.a.detach().double().numpy(), b=self.b.detach().double().numpy())


class HardwareAttention(nn.Module):
    """A drop-in for softmax attention.

    Args:
        scalers: what the four scalers begin as.
        read: scaled q, k, v -> shares of the full count.
    """

    def __init__(self, scalers: Scalers, read: Read) -> None:
        super().__init__()
        self.scale_q, self.scale_k = TorchScaler(scalers.q), TorchScaler(scalers.k)
        self.scale_v, self.scale_out = TorchScaler(scalers.v), TorchScaler(scalers.out)
        self.read = read

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        return self.scale_out(self.read(self.scale_q(q), self.scale_k(k), self.scale_v(v)))

    def scalers(self) -> Scalers:
        """What the four scalers have become."""
        found = {name: getattr(self, f"scale_{name}").value() for name in SIGNALS}
        return Scalers(**found)


def begin_step(model: nn.Module, draws: torch.Generator | None) -> None:
    """Let the hardware of all layers draw from a generator; None for hardware as it is, without variation and noise."""
    for module in model.modules():
        if isinstance(module, HardwareAttention):
            module.read.draws = draws
