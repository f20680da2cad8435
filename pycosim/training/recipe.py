"""What a fine-tuning is asked for, and what its checkpoint is known by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from pycosim.attention.hardware import AttentionHardware, AttentionModels
from pycosim.errors import ConfigurationError
from pycosim.training.cells import CellVariation
from pycosim.training.checkpoint import Settings
from pycosim.training.linear import Unrest
from pycosim.training.loop import Plan
from pycosim.training.text import Texts
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.model import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Teacher:
    """A model with exact attention whose predictions the student learns.

    Attributes:
        model: with the student's vocabulary.
        share: of the loss; the rest is the next token's.
        temperature: of both predictions.
    """

    model: LanguageModel
    share: float = 1.0
    temperature: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recipe:
    """A fine-tuning.

    Attributes:
        hardware: sizes and levels.
        measured: models of the circuits, for the forward pass; None for the linear hardware.
        measured_name: what tells them from others.
        plan: how long and how fast.
        variation: of the cells of the linear hardware; None for none.
        unrest: deviations of every step, of the linear hardware; None for none.
        teacher: None for the text alone.
        adaptation_steps: of the scalers to the measured hardware before training, at most; 0 for none.
    """

    hardware: AttentionHardware
    plan: Plan
    measured: AttentionModels | None = None
    measured_name: str = "linear"
    variation: CellVariation | None = None
    unrest: Unrest | None = None
    teacher: Teacher | None = None
    adaptation_steps: int = 0

    def __post_init__(self) -> None:
        if self.measured is not None and (self.variation is not None or self.unrest is not None):
            raise ConfigurationError(
                "variation and noise are drawn for linear cells, measured hardware is taken as it was measured; leave "
                "--variation and --noise out with --attention analog"
            )

    def settings(self, model: LanguageModel, texts: Texts) -> Settings:
        """Return all that the result depends on, by name."""
        named: dict[str, str | int | float | bool | None] = {
            "model": digest_of_model(model),
            "training text": digest([texts.training.tobytes()]),
            "held-out text": digest([texts.held_out.tobytes()]),
            "attention": self.measured_name,
            "adaptation steps": self.adaptation_steps,
            "teacher": None if self.teacher is None else digest_of_model(self.teacher.model),
        }
        if self.teacher is not None:
            named |= {"teacher's share": self.teacher.share, "temperature": self.teacher.temperature}
        for what, part in (
            ("", self.plan),
            ("", self.hardware),
            ("variation ", self.variation),
            ("noise ", self.unrest),
        ):
            if part is not None:
                named |= {
                    f"{what}{field.name.replace('_', ' ')}": _plain(getattr(part, field.name)) for field in fields(part)
                }
        return named


def digest_of_model(model: LanguageModel) -> str:
    """Return what tells the arrays of a model from those of another."""
    assert isinstance(model, Gpt2 | Llama)
    arrays = model.weights.arrays
    return digest(part for name in sorted(arrays) for part in (name.encode(), np.ascontiguousarray(arrays[name]).data))


def digest_of_folder(folder: Path) -> str:
    """Return what tells the files of a folder from those of another."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return digest(part for path in files for part in (path.name.encode(), path.read_bytes()))


def digest(parts: Iterable[bytes | memoryview]) -> str:
    """Return the first half of the parts' SHA-256 in hexadecimal: enough to tell two apart."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()[:32]


def _plain(value: object) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
