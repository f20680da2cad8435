"""The loop of training: steps, checkpoints, progress. What is random in a step follows from the seed and its number."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from pycosim.checks import at_least, positive
from pycosim.errors import InputError
from pycosim.flows.progress import Progress
from pycosim.training.checkpoint import Settings, Standing, load_checkpoint, save_checkpoint
from pycosim.training.hardware import begin_step
from pycosim.training.interruption import Interruption
from pycosim.training.optimizer import learning_rate, optimizer_of

SECONDS_TO_LOSE = 30.0
"""A kill loses no more than the steps of so long."""
REPORTS = 12
"""How often a training tells where it stands."""
STRIDE = 1_000_003
"""Between the seeds of two trainings; the steps of one lie between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast to learn.

    Args:
        steps: of the whole training.
        batch: windows of a step.
        context: tokens of a window.
        peak: highest learning rate.
        warm_up: steps until it is reached.
        seed: of all that is random.
        largest_gradient: a longer gradient of all parameters is scaled to this length.
    """

    steps: int
    batch: int = 16
    context: int = 256
    peak: float = 1e-3
    warm_up: int = 200
    seed: int = 0
    largest_gradient: float = 1.0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "context"):
            at_least(name, getattr(self, name), 1)
        for name in ("warm_up", "seed"):
            at_least(name, getattr(self, name), 0)
        for name in ("peak", "largest_gradient"):
            positive(name, getattr(self, name))


def draws_of_step(seed: int, step: int) -> torch.Generator:
    """Return the random numbers of one step, counted from 0."""
    return torch.Generator().manual_seed(seed * STRIDE + step)


def train(
    model: nn.Module,
    plan: Plan,
    loss_of: Callable[[torch.Generator], Tensor],
    judge: Callable[[bool], float],
    checkpoint: Path,
    settings: Settings,
    progress: Progress,
    *,
    minutes: float | None = None,
) -> Standing:
    """Train a model, going on from its checkpoint where there is one.

    Args:
        model: its parameters are changed.
        plan: how long and how fast.
        loss_of: the loss of a batch drawn with the generator.
        judge: the loss on held-out text, as the hardware is; of all of it if asked, or of a part.
        checkpoint: file that holds where it stands; its folder is made.
        settings: all that the result depends on besides the plan: another training's checkpoint is refused.
        progress: told of every step, and of losses and the time left now and then.
        minutes: stop after so many, with a checkpoint; None for all steps.

    Returns:
        What was done; fewer steps than planned where the minutes were over.

    Raises:
        ConfigurationError: a checkpoint of other settings.
        StoreError: a checkpoint that cannot be written.
        KeyboardInterrupt: after Ctrl-C, with a checkpoint.
        InputError: a loss that is not finite.
    """
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    optimizer = optimizer_of(model)
    found = load_checkpoint(checkpoint, model, optimizer, settings)
    standing = found or Standing(first_loss=_first_loss(judge, progress))
    first, begun, saved = standing.step, time.monotonic(), time.monotonic()
    progress.stage(f"training, {plan.steps} steps", total=plan.steps)
    if found is not None:
        progress.note(f"going on from step {first}")
        progress.advance(first)
    with Interruption() as interruption:
        while standing.step < plan.steps:
            step_loss(model, plan, optimizer, loss_of, standing)
            progress.advance()
            is_last = standing.step == plan.steps
            if standing.step % max(1, plan.steps // REPORTS) == 0 or is_last:
                standing.held_out[standing.step] = judge(False)
                progress.note(_report(standing, plan, (time.monotonic() - begun) / (standing.step - first)))
            over = minutes is not None and time.monotonic() - begun > 60 * minutes
            if is_last or over or interruption.wanted or time.monotonic() - saved > SECONDS_TO_LOSE:
                save_checkpoint(checkpoint, standing, model, optimizer, settings)
                saved = time.monotonic()
            if interruption.wanted:
                progress.note(f"step {standing.step} is kept in {checkpoint}; the same command goes on from there")
                raise KeyboardInterrupt
            if over:
                break
    return standing


def _first_loss(judge: Callable[[bool], float], progress: Progress) -> float:
    progress.stage("held-out loss before training")
    loss = judge(True)
    progress.note(f"{loss:.4f} nat")
    return loss


def step_loss(
    model: nn.Module,
    plan: Plan,
    optimizer: torch.optim.Optimizer,
    loss_of: Callable[[torch.Generator], Tensor],
    standing: Standing,
) -> None:
    """Do one step and note its loss."""
    draws = draws_of_step(plan.seed, standing.step)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(standing.step, plan.steps, plan.peak, plan.warm_up)
    begin_step(model, draws)
    loss = loss_of(draws)
    begin_step(model, None)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise InputError(f"the loss of step {standing.step + 1} is {value}; try a smaller --peak")
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), plan.largest_gradient)
    optimizer.step()
    standing.losses.append(value)


def _report(standing: Standing, plan: Plan, seconds: float) -> str:
    last = standing.losses[-max(1, plan.steps // REPORTS) :]
    left = (plan.steps - standing.step) * seconds / 60
    return (
        f"step {standing.step} of {plan.steps}: loss {sum(last) / len(last):.4f}, held-out "
        f"{standing.held_out[standing.step]:.4f} nat, {left:.1f} min left"
    )
