"""Levels with gradients, straight-through: only the forward pass rounds  [2013 Bengio, eq. 13]."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

LEAK: Final = 0.1
"""Gradient of a clipped value, so that a saturated head can come back."""


class _Levels(torch.autograd.Function):
    """Clip to a range and round to its levels; the gradient passes, times LEAK where clipped."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, low: float, high: float, n_levels: int | None, origin: float, gain: float
    ) -> Tensor:
        """Return gain times the distance of the nearest levels from the origin."""
        ctx.save_for_backward(x)
        ctx.limits, ctx.gain = (low, high), gain
        held = x.clamp(low, high)
        if n_levels is None:
            return held.sub_(origin).mul_(gain)
        step = (high - low) / (n_levels - 1)
        return held.sub_(low).mul_(1 / step).round_().mul_(step * gain).add_((low - origin) * gain)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Pass the gradient straight through the rounding."""
        (x,) = ctx.saved_tensors
        low, high = ctx.limits
        return leaky(gradient, x, low, high, ctx.gain), None, None, None, None, None


def leaky(gradient: Tensor, x: Tensor, low: float, high: float, gain: float = 1.0) -> Tensor:
    """Return gain times a gradient where x lies between low and high, and LEAK of that elsewhere."""
    within = torch.ops.aten.hardtanh_backward(gradient, x, low, high)
    return within.mul_(gain * (1 - LEAK)).add_(gradient, alpha=gain * LEAK)


def levels(
    x: Tensor, low: float, high: float, n_levels: int | None, *, origin: float = 0.0, gain: float = 1.0
) -> Tensor:
    """Clip to low .. high, round to the nearest of evenly spaced levels, and return gain * (level - origin).

    Args:
        x: any shape.
        low: first level.
        high: last level.
        n_levels: how many; None clips alone.
        origin: level that gives 0.
        gain: of the result.

    Returns:
        The shape of x.
    """
    nearest: Tensor = _Levels.apply(x, low, high, n_levels, origin, gain)
    return nearest
