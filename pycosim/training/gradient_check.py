"""Whether the gradients that training goes by are right: against finite differences, and against each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from pycosim.attention.analog import factored_arrays
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import linear_models
from pycosim.errors import InputError
from pycosim.training.linear import LinearRead
from pycosim.training.measured import MeasuredRead

TOLERANCE: Final = 1e-4
"""Largest error of a gradient that may be trained by."""
STEP: Final = 1e-6
N_TOKENS, D_HEAD, SEED = 24, 8, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientCheck:
    """How far gradients are off, relative to the largest of them.

    Attributes:
        linear: of the linear hardware, from finite differences where it is smooth: no levels, nothing clipped.
        measured: of measured hardware whose models are linear, from that of the linear hardware.
    """

    linear: float
    measured: float

    def __str__(self) -> str:
        return (
            f"gradients: linear hardware {self.linear:.1e} from finite differences, measured hardware with linear "
            f"models {self.measured:.1e} from the linear one"
        )


def check_gradients(hardware: AttentionHardware) -> GradientCheck:
    """Compare gradients on a short text, in double precision.

    Args:
        hardware: its tiles hold as many tokens as it says, its window two of them at least.

    Raises:
        InputError: one is off by more than the tolerance.
    """
    tile = min(hardware.tile, N_TOKENS // 3)
    sizes = replace(hardware, tile=tile, window=2 * tile if hardware.causal else 3 * tile)
    smooth = replace(sizes, n_input_levels=None, n_stored_levels=None, n_output_counts=None)
    found = GradientCheck(linear=_from_differences(LinearRead(smooth)), measured=_from_each_other(sizes))
    if max(found.linear, found.measured) > TOLERANCE:
        raise InputError(f"{found}, more than {TOLERANCE:g}; this installation of PyTorch cannot be trained with")
    return found


def _operands(hardware: AttentionHardware) -> list[Tensor]:
    """q, k, v of which nothing is clipped: keys above zero weight, so that scores lie inside the first converter."""
    draws = torch.Generator().manual_seed(SEED)
    low, high = hardware.query_range
    wide, stored = (torch.rand(3, 1, 2, N_TOKENS, D_HEAD, generator=draws, dtype=torch.float64) for _ in range(2))
    middle = (hardware.stored_low + hardware.stored_high) / 2
    reach = hardware.stored_high - middle
    q = 0.5 * (low + high) + (high - low) * (0.1 + 0.3 * wide[0])
    above = reach / hardware.rows_per_feature
    return [q, middle + above * (0.1 + 0.5 * stored[1]), middle + reach * (stored[2] - 0.5)]


def _gradients(read: LinearRead | MeasuredRead, operands: list[Tensor]) -> list[Tensor]:
    leaves = [x.clone().requires_grad_() for x in operands]
    return list(torch.autograd.grad(_value(read, leaves), leaves))


def _value(read: LinearRead | MeasuredRead, operands: list[Tensor]) -> Tensor:
    """A number of all outputs, none of which has the weight of another."""
    out = read(*operands)
    weights = torch.linspace(0.5, 1.5, out.numel(), dtype=out.dtype).view(out.shape)
    return (out * weights).sum()


def _from_differences(read: LinearRead) -> float:
    operands = _operands(read.hardware)
    worst = 0.0
    for index, gradient in enumerate(_gradients(read, operands)):
        flat = gradient.flatten()
        for place in torch.linspace(0, flat.numel() - 1, 12).long().tolist():
            values = []
            for sign in (1, -1):
                moved = [x.clone() for x in operands]
                moved[index].view(-1)[place] += sign * STEP
                values.append(float(_value(read, moved)))
            difference = (values[0] - values[1]) / (2 * STEP)
            worst = max(worst, abs(difference - float(flat[place])) / float(flat.abs().max()))
    return worst


def _from_each_other(hardware: AttentionHardware) -> float:
    operands = _operands(hardware)
    linear = _gradients(LinearRead(hardware), operands)
    arrays = factored_arrays(linear_models(), hardware)
    measured = _gradients(MeasuredRead(arrays, n_heads=2, layer=0), operands)
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(linear, measured, strict=True))
