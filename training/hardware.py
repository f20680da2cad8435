"""The gain-cell attention in PyTorch, differentiable by straight-through estimators [2025 Leroux].

One head, in units of current (microampere) x relative pulse width, stored voltages w relative to 0.45 V:

    q' = 16 levels of clip(a_q q + b_q, 0, 1)
    K', V' = 8 levels of clip(a k + b, 0, 0.9 V)
    S[t, tau] = sum_d q'[t, d] g(K'[tau, d] - 0.45),  g(w) = 19.3 w
    phi = clip(S / 80, 0, 1)
    A_tile = clip(sum over the tile's 64 tokens of phi g(V' - 0.45) / 40, -1, 1), then sign and 16-level count
    out = a_o (sum of A_tile) + b_o

The window is the context (256 tokens), so that token tau lies in tile tau // 64.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

HALF_SUPPLY = 0.45  # V, zero weight [2025 Leroux]
TRANSCONDUCTANCE = 19.3  # uA/V, linear cell [2025 Leroux, authors' code]
SCORE_SATURATION = 80.0  # uA at full pulse width [2025 Leroux, authors' code]
OUTPUT_SATURATION = 40.0  # uA at full pulse width [2025 Leroux, authors' code]
QUERY_STEPS, STORED_STEPS, COUNT_STEPS = 15, 7, 15  # levels - 1
TILE = 64  # tokens
LEAK = 0.1  # gradient of a clipped value, so that a saturated head can come back

Cell = Callable[[Tensor], Tensor]  # V relative to 0.45 V -> uA at full pulse width, (batch, head, token, d_head)


def linear_cell(w: Tensor) -> Tensor:
    """The read current of the linear cell."""
    return TRANSCONDUCTANCE * w


def cubic_cell(w: Tensor) -> Tensor:
    """The read current of the authors' cubic [2025 Leroux, authors' code], summed over the constant V_in."""
    return 0.521364 + w * (13.612261 + w * (-2.620446 + w * 46.054838))


@dataclass(frozen=True, slots=True, kw_only=True)
class VariedCell:
    """A cell whose smooth response differs from head to head and from call to call.

    ``r = w + e_2 w^2 + e_3 w^3``: e_2 is normal, e_3 uniform from 0 to `cubic`, for a push-pull pair's
    current grows faster than its gate voltage. r is shifted and scaled to the mean and deviation of w, as the
    adaptation of the scalers does it for a real cell; what that leaves, a gain and an offset, is normal.
    The read current is 19.3 r.
    """

    quadratic: float  # deviation of e_2, 1/V
    cubic: float  # largest e_3, 1/V^2
    gain: float  # deviation of the gain error
    offset: float  # deviation of the offset, V

    def __call__(self, w: Tensor) -> Tensor:
        """Return the read current of a fresh draw of cells, one per head."""
        n_head = w.shape[1]
        e_2, gain, offset = torch.randn(3, n_head, 1, 1)
        e_3 = torch.rand(n_head, 1, 1)
        response = w * (1 + w * (self.quadratic * e_2 + w * self.cubic * e_3))
        deviation, mean = torch.std_mean(response.detach(), dim=(0, 2, 3), keepdim=True)
        target_deviation, target_mean = torch.std_mean(w.detach(), dim=(0, 2, 3), keepdim=True)
        matched = (response - mean) * (target_deviation / (deviation + 1e-6)) + target_mean
        return linear_cell(matched * (1 + self.gain * gain) + self.offset * offset)


class _Count(torch.autograd.Function):
    """Round to whole counts within [low, high]; the gradient passes, times LEAK where clipped."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        """Return the counts."""
        ctx.save_for_backward(x)
        ctx.limits = low, high
        return x.clamp(low, high).round_()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Pass the gradient straight through the rounding."""
        (x,) = ctx.saved_tensors
        within = torch.ops.aten.hardtanh_backward(gradient, x, *ctx.limits)
        return within.mul_(1 - LEAK).add_(gradient, alpha=LEAK), None, None


def count(x: Tensor, low: float, high: float) -> Tensor:
    """Round x to whole numbers within [low, high], straight-through."""
    counts: Tensor = _Count.apply(x, low, high)
    return counts


def query_width(q: Tensor) -> Tensor:
    """Relative pulse width of a query, 16 levels in [0, 1]."""
    return count(q * QUERY_STEPS, 0, QUERY_STEPS) / QUERY_STEPS


def stored_weight(x: Tensor) -> Tensor:
    """Stored voltage relative to 0.45 V, 8 levels in [-0.45, 0.45] V."""
    step = 2 * HALF_SUPPLY / STORED_STEPS
    return count(x / step, 0, STORED_STEPS) * step - HALF_SUPPLY


class Scaler(nn.Module):
    """``a x + b`` per head."""

    def __init__(self, n_head: int, gain: float, offset: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.full((n_head,), gain))
        self.b = nn.Parameter(torch.full((n_head,), offset))

    def forward(self, x: Tensor) -> Tensor:
        """Scale x (batch, head, token, d_head)."""
        return x * self.a[:, None, None] + self.b[:, None, None]


class HardwareAttention(nn.Module):
    """Tiled attention of gain cells; a drop-in for softmax attention with four scalers."""

    def __init__(self, n_head: int, cell: Cell = linear_cell) -> None:
        super().__init__()
        self.cell = cell
        self.scale_q = Scaler(n_head, 1.0, 0.5)
        self.scale_k = Scaler(n_head, 1.0, HALF_SUPPLY)
        self.scale_v = Scaler(n_head, 1.0, HALF_SUPPLY)
        self.scale_out = Scaler(n_head, 1.0, 0.0)
        self.watch: Callable[..., None] = lambda **signals: None

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend; arrays (batch, head, token, d_head)."""
        q, k, v = self.scale_q(q), self.scale_k(k), self.scale_v(v)
        key_current, value_current = self.cell(stored_weight(k)), self.cell(stored_weight(v))
        out = self.scale_out(tiles(query_width(q), key_current, value_current))
        self.watch(scale_q=q, scale_k=k, scale_v=v, scale_out=out, read_k=key_current, read_v=value_current)
        return out


def tiles(q: Tensor, key_current: Tensor, value_current: Tensor) -> Tensor:
    """Sum of the tiles' read-outs, (batch, head, token, d_head); causal."""
    keys = key_current / SCORE_SATURATION
    values = value_current * (COUNT_STEPS / OUTPUT_SATURATION)
    counts = torch.zeros_like(q)
    for first in range(0, q.shape[-2], TILE):
        tile = slice(first, first + TILE)
        scores = q[..., first:, :] @ keys[..., tile, :].transpose(-1, -2)  # (batch, head, token >= first, TILE)
        phi = scores.clamp(0.0, 1.0).tril()
        read = count(phi @ values[..., tile, :], -COUNT_STEPS, COUNT_STEPS)
        counts = counts + functional.pad(read, (0, 0, first, 0))
    return counts / COUNT_STEPS
