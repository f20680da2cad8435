"""The four probes by name, as the shipped models know them, and these models."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pycosim.errors import ConfigurationError, InputError
from pycosim.probes.brackets import Brackets
from pycosim.probes.induction import Induction
from pycosim.probes.recall import Recall
from pycosim.probes.sorting import Sorting
from pycosim.probes.task import ProbeTask
from pycosim.transformer.weights import Weights, load_weights

TASKS: Final = MappingProxyType({task.name: task for task in (Recall(), Induction(), Sorting(), Brackets())})
"""Name -> task, with the sizes that the shipped models were trained on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Probe:
    """A task with two models of it.

    Attributes:
        task: draws sequences.
        softmax: weights trained with softmax attention.
        linear: the same, fine-tuned for the linear gain-cell hardware, with scalers and calibration tokens.
    """

    task: ProbeTask
    softmax: Weights
    linear: Weights

    def __post_init__(self) -> None:
        for weights in (self.softmax, self.linear):
            config = weights.config
            if config.n_vocab != self.task.n_vocab or config.n_ctx < self.task.n_tokens:
                raise InputError(
                    f"the task {self.task.name} has {self.task.n_vocab} ids and {self.task.n_tokens} tokens, found "
                    f"weights for {config.n_vocab} ids and {config.n_ctx} tokens; train weights of this task"
                )
            trained = weights.metadata.get("task", repr(self.task))
            if trained != repr(self.task):
                raise InputError(
                    f"wanted weights of {self.task!r}, found those of {trained}; give the files of this task"
                )
        if not self.linear.has_scalers or self.linear.calibration_tokens is None:
            raise InputError(
                f"the weights for the linear hardware of {self.task.name} must carry scalers and calibration tokens, "
                "found none; export them again"
            )


def find_task(name: str) -> ProbeTask:
    """Return a task by its name.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if name not in TASKS:
        raise ConfigurationError(f"there is no probe {name!r}; take one of {', '.join(TASKS)}, or all")
    return TASKS[name]


def load_probe(name: str, folder: Path | None = None) -> Probe:
    """Load a task with its two models.

    Args:
        name: of the task.
        folder: with NAME_softmax.safetensors and NAME_linear.safetensors; None for those that come with the package.

    Raises:
        ConfigurationError: there is no task of that name.
        InputError: a file is missing or damaged, or is not of this task.
    """
    task = find_task(name)
    if folder is not None:
        return _probe(task, folder)
    with as_file(files("pycosim.probes").joinpath("shipped")) as shipped:
        return _probe(task, shipped)


def _probe(task: ProbeTask, folder: Path) -> Probe:
    softmax, linear = (load_weights(folder / f"{task.name}_{kind}.safetensors") for kind in ("softmax", "linear"))
    return Probe(task=task, softmax=softmax, linear=linear)
