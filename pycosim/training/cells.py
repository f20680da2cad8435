"""Cells that vary in training, so that the weights suit many cells before a real one is known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from pycosim.checks import not_negative


@dataclass(frozen=True, slots=True, kw_only=True)
class CellVariation:
    """Cells whose smooth response differs from head to head and from call to call.

    ``r = w + e_2 w^2 + e_3 w^3`` for a stored voltage w from that of zero weight: e_2 is normal, e_3 uniform from 0 to
    `cubic`, for a push-pull pair's current grows faster than its gate voltage. r is shifted and scaled to the mean and
    deviation of w, as the adaptation of the scalers does it for a real cell; what that leaves, a gain and an offset, is
    normal.

    Args:
        quadratic: deviation of e_2, 1/V.
        cubic: largest e_3, 1/V^2.
        gain: deviation of the gain's error.
        offset: deviation of the offset, V.
    """

    quadratic: float
    cubic: float
    gain: float
    offset: float

    def __post_init__(self) -> None:
        for name in ("quadratic", "cubic", "gain", "offset"):
            not_negative(name, getattr(self, name))

    @classmethod
    def spread(cls, share: float) -> CellVariation:
        """Return a share of the variation that the shipped weights were trained with."""
        return cls(quadratic=0.3 * share, cubic=5.0 * share, gain=0.03 * share, offset=0.005 * share)

    def response(self, w: Tensor, draws: torch.Generator) -> Tensor:
        """Return what a fresh draw of cells, one per head, makes of stored voltages, V from that of zero weight.

        Args:
            w: (batch, head, token, d_head), V.
            draws: where the numbers come from.
        """
        n_head = w.shape[1]
        e_2, gain, offset = torch.randn(3, n_head, 1, 1, generator=draws).to(w)
        e_3 = torch.rand(n_head, 1, 1, generator=draws).to(w)
        response = w * (1 + w * (self.quadratic * e_2 + w * self.cubic * e_3))
        deviation, mean = torch.std_mean(response.detach(), dim=(0, 2, 3), keepdim=True)
        wanted_deviation, wanted_mean = torch.std_mean(w.detach(), dim=(0, 2, 3), keepdim=True)
        matched = (response - mean) * (wanted_deviation / (deviation + 1e-6)) + wanted_mean
        return matched * (1 + self.gain * gain) + self.offset * offset
