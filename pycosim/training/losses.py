"""What training makes small: the loss of the next token, the distance from a teacher's prediction, or a mix of both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pycosim.checks import positive
from pycosim.errors import InputError

MEASURED_TOGETHER = 16
"""Windows of held-out text that run together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distillation:
    """A teacher, and how much it counts.

    Args:
        teacher: tokens -> logits, on the student's vocabulary.
        share: of the loss that is the distance from the teacher; the rest is that of the next token.
        temperature: both logits are divided by it, and the distance multiplied by its square  [2015 Hinton].
    """

    teacher: nn.Module
    share: float = 1.0
    temperature: float = 2.0

    def __post_init__(self) -> None:
        positive("temperature", self.temperature)
        if not 0 < self.share <= 1:
            raise InputError(f"the teacher's share of the loss must lie above 0 and be at most 1, found {self.share:g}")


def next_token_loss(model: nn.Module, windows: Tensor) -> Tensor:
    """Return the mean loss in nats per token of windows (batch, context + 1)."""
    return functional.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


def training_loss(model: nn.Module, windows: Tensor, distillation: Distillation | None) -> Tensor:
    """Return what a step makes smaller, nats per token, for windows (batch, context + 1)."""
    if distillation is None:
        return next_token_loss(model, windows)
    inputs, targets = windows[:, :-1], windows[:, 1:].flatten()
    logits = model(inputs).flatten(0, 1)
    with torch.no_grad():
        wanted = distillation.teacher(inputs).flatten(0, 1)
    temperature, share = distillation.temperature, distillation.share
    found, wanted = (functional.log_softmax(x / temperature, dim=-1) for x in (logits, wanted))
    distance = functional.kl_div(found, wanted, reduction="batchmean", log_target=True) * temperature**2
    return distance if share == 1 else share * distance + (1 - share) * functional.cross_entropy(logits, targets)


@torch.no_grad()
def held_out_loss(model: nn.Module, windows: Tensor) -> float:
    """Return the mean loss in nats per token over windows (window, context + 1)."""
    parts = windows.split(MEASURED_TOGETHER)
    return float(sum(next_token_loss(model, part).double() * len(part) for part in parts) / len(windows))
