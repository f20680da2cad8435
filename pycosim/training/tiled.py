"""Read-outs of tiles of linear cells, with a backward pass written by hand: nothing is kept but what it needs.

    S[t, tau] = sum_d q[t, d] keys[tau, d]            shares of the first converter's saturation charge
    phi       = clip(S, 0, 1)
    A[t, d]   = sum over the tile's tokens of phi values[tau, d]     shares of the second's
    out[t, d] = sum over tiles of round(N clip(A, -1, 1)) / N

The backward pass takes the rounding for the identity and lets LEAK of the gradient through where A is clipped. A text
longer than the window overwrites its oldest tile token by token: what of it is left is read with what replaced it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pycosim.attention.hardware import AttentionHardware
from pycosim.training.quantise import leaky


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNoise:
    """Normal noise of the converters, drawn anew in every call.

    Args:
        scores: deviation of the first converter's charge, in shares of its saturation charge.
        read_outs: the same of the second.
        draws: where the numbers come from.
    """

    scores: float
    read_outs: float
    draws: torch.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class TileFull:
    """Some tokens that are written to one tile, and the tokens that read them.

    Args:
        columns: tokens tau.
        rows: tokens t that attend to some of them.
        n_late: how many of the rows, at their end, find the tile being overwritten.
        causal: whether a row sees only what came before.
    """

    columns: slice
    rows: slice
    n_late: int
    causal: bool

    def hide(self, phi: Tensor) -> None:
        """Set what rows do not attend to to zero, in place, (..., t, tau)."""
        if not self.causal:
            return
        n_rows, n_columns = phi.shape[-2:]
        own = min(n_rows, n_columns)
        phi[..., :own, :].mul_(torch.ones(own, n_columns, dtype=phi.dtype, device=phi.device).tril())
        if self.n_late:
            kept = torch.ones(self.n_late, n_columns, dtype=phi.dtype, device=phi.device).triu(1)
            phi[..., n_rows - self.n_late :, :].mul_(kept)


def tile_fulls(n_tokens: int, hardware: AttentionHardware) -> Iterator[TileFull]:
    """Yield the tile-fulls of a text, first to last."""
    tile, window = hardware.tile, hardware.window
    for first in range(0, n_tokens, tile):
        columns = slice(first, min(first + tile, n_tokens))
        if not hardware.causal:
            yield TileFull(columns=columns, rows=slice(0, n_tokens), n_late=0, causal=False)
            continue
        end = min(first + window + tile, n_tokens)
        yield TileFull(columns=columns, rows=slice(first, end), n_late=max(0, end - first - window), causal=True)


class _TiledRead(torch.autograd.Function):
    """See the module; operands (matrix, token, d_head), contiguous."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, keys: Tensor, values: Tensor, hardware: AttentionHardware, noise: ReadNoise | None
    ) -> Tensor:
        """Return the sum of the tiles' read-outs, (matrix, token, d_head)."""
        total = torch.zeros_like(q)
        late: dict[int, Tensor] = {}
        kept: list[Tensor] = []
        for index, part in enumerate(tile_fulls(q.shape[-2], hardware)):
            phi = torch.bmm(q[:, part.rows], keys[:, part.columns].mT)
            if noise is not None and noise.scores:
                phi.add_(_normal(phi, noise.draws), alpha=noise.scores)
            phi.clamp_(0.0, 1.0)
            part.hide(phi)
            charge = torch.bmm(phi, values[:, part.columns])
            if (oldest := late.pop(index, None)) is not None:
                charge[:, : oldest.shape[1]] += oldest
            n_whole = charge.shape[1] - part.n_late
            if part.n_late:
                late[index + hardware.n_tiles] = charge[:, n_whole:]
                charge = charge[:, :n_whole]
            if noise is not None and noise.read_outs:
                charge = charge.add(_normal(charge, noise.draws), alpha=noise.read_outs)
            start = part.rows.start
            total[:, start : start + n_whole] += _counted(charge, hardware.n_output_counts)
            kept += [phi, charge]
        ctx.save_for_backward(q, keys, values, *kept)
        ctx.hardware = hardware
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """Pass the gradient through the read-outs, last tile first."""
        q, keys, values, *kept = ctx.saved_tensors
        hardware = ctx.hardware
        to_q, to_keys, to_values = torch.zeros_like(q), torch.empty_like(keys), torch.empty_like(values)
        parts = list(tile_fulls(q.shape[-2], hardware))
        late: dict[int, Tensor] = {}
        for index in reversed(range(len(parts))):
            part, phi, charge = parts[index], kept[2 * index], kept[2 * index + 1]
            start, n_whole = part.rows.start, charge.shape[1]
            to_charge = leaky(gradient[:, start : start + n_whole], charge, -1.0, 1.0)
            late[index] = to_charge
            if part.n_late:
                to_charge = torch.cat([to_charge, late.pop(index + hardware.n_tiles)[:, : part.n_late]], dim=1)
            to_values[:, part.columns] = torch.bmm(phi.mT, to_charge)
            to_phi = torch.bmm(to_charge, values[:, part.columns].mT)
            to_scores = torch.ops.aten.hardtanh_backward(to_phi, phi, 0.0, 1.0)
            to_q[:, part.rows] += torch.bmm(to_scores, keys[:, part.columns])
            to_keys[:, part.columns] = torch.bmm(to_scores.mT, q[:, part.rows])
        return to_q, to_keys, to_values, None, None


def _counted(charge: Tensor, n_counts: int | None) -> Tensor:
    if n_counts is None:
        return charge.clamp(-1.0, 1.0)
    return (charge * n_counts).clamp_(-n_counts, n_counts).round_().div_(n_counts)


def _normal(like: Tensor, draws: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=draws, dtype=like.dtype, device=like.device)


def tiled_read(
    q: Tensor, keys: Tensor, values: Tensor, hardware: AttentionHardware, noise: ReadNoise | None = None
) -> Tensor:
    """Return the sums of the tiles' read-outs as shares of the full count.

    Args:
        q: shares of the longest pulse, (batch, head, token, d_head).
        keys: what a cell adds at the longest pulse, in shares of the first converter's saturation charge; same shape.
        values: the same in shares of the second's.
        hardware: sizes and counts.
        noise: of the converters; None for none.

    Returns:
        (batch, head, token, d_head).
    """
    rows = [x.contiguous().flatten(0, 1) for x in (q, keys, values)]
    shares: Tensor = _TiledRead.apply(*rows, hardware, noise)
    return shares.view(q.shape)
