"""Where a training stands, on disk: replaced as a whole, so that a kill leaves the last one or the next."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pycosim.errors import ConfigurationError, InputError, StoreError

Settings = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was done so far; the loop appends to it.

    Attributes:
        first_loss: on held-out text before the first, nats.
        losses: of each of them, nats.
        held_out: loss on held-out text after some of them, by step.
    """

    first_loss: float
    losses: list[float] = field(default_factory=list)
    held_out: dict[int, float] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """Steps that are done."""
        return len(self.losses)


def save_checkpoint(
    path: Path, standing: Standing, model: nn.Module, optimizer: torch.optim.Optimizer, settings: Settings
) -> None:
    """Write a checkpoint in place of the last one.

    Args:
        path: of the file; its folder is there.
        standing: what was done.
        model: its parameters are written.
        optimizer: its state is written.
        settings: all that the result depends on.

    Raises:
        StoreError: it cannot be written; the last one is as it was.
    """
    state = {
        "settings": dict(settings),
        "first_loss": standing.first_loss,
        "step": standing.step,
        "losses": standing.losses,
        "held_out": standing.held_out,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch turns what a file raises into a RuntimeError
        with suppress(OSError):
            part.unlink()
        reason = error.__context__ if isinstance(error.__context__, OSError) else error
        raise StoreError(
            f"cannot write the checkpoint of step {standing.step} as {path} ({_in_short(reason)}), "
            "the one before is kept; make room on the disk and give the same command again"
        ) from None


def load_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, settings: Settings
) -> Standing | None:
    """Go back to where a training stood.

    Args:
        path: of the file.
        model: gets the parameters.
        optimizer: gets its state.
        settings: must be those of the checkpoint.

    Returns:
        What was done; None where there is no checkpoint.

    Raises:
        ConfigurationError: a checkpoint of other settings.
        InputError: a checkpoint that is damaged.
    """
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        check_settings(path, state["settings"], settings)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        return Standing(
            first_loss=state["first_loss"],
            losses=list(state["losses"]),
            held_out=dict(state["held_out"]),
        )
    except ConfigurationError:
        raise
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise InputError(
            f"{path} is no whole checkpoint of this training ({_in_short(error)}); delete it to begin "
            "again, or take another --out"
        ) from None


def _in_short(error: BaseException) -> str:
    """The first line of an error, or its kind where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def check_settings(path: Path, saved: Settings, wanted: Settings) -> None:
    """Refuse to go on from a checkpoint of other settings.

    Raises:
        ConfigurationError: names the first that differs.
    """
    for name in sorted(set(saved) | set(wanted)):
        if saved.get(name) != wanted.get(name):
            raise ConfigurationError(
                f"{path} is of a training with {name} {saved.get(name)}, not {wanted.get(name)}; give the settings "
                "that it was begun with, or another --out"
            )
