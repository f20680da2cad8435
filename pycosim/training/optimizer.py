"""AdamW as GPT-2 was trained with, and how its rate goes up and down."""

from __future__ import annotations

import math

import torch
from torch import nn

LAST_RATE = 0.01
"""Rate of the last step over the highest."""
DECAY = 0.1
"""Of matrices; nothing else decays."""


def optimizer_of(model: nn.Module) -> torch.optim.AdamW:
    """Return AdamW over all parameters."""
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)


def learning_rate(step: int, steps: int, peak: float, warm_up: int) -> float:
    """Return the rate of a step: a straight line up, then a cosine down to a hundredth of the peak.

    Args:
        step: counted from 0.
        steps: of the whole training.
        peak: highest rate.
        warm_up: steps of the way up.
    """
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return peak * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done)))
