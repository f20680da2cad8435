"""A model with softmax attention -> the same model on the gain-cell hardware: what `pycosim finetune` does.

    scalers from statistics (or those that the model has) -> training through the hardware -> a folder with the model

The folder is one that `pycosim evaluate --model` and `pycosim adapt` read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from pycosim.attention.analog import factored_arrays
from pycosim.attention.hardware import Scalers
from pycosim.attention.linear_law import HALF_SUPPLY, TRANSCONDUCTANCE
from pycosim.attention.published import linear_models
from pycosim.errors import ConfigurationError
from pycosim.evaluate.write import write_text
from pycosim.flows.adaptation import adapt_scalers
from pycosim.flows.hardware_scalers import Spread, initial_scalers, scalers_of
from pycosim.flows.progress import Progress
from pycosim.training.build import torch_model, trained_model
from pycosim.training.checkpoint import Settings, Standing
from pycosim.training.context import with_context
from pycosim.training.gradient_check import check_gradients
from pycosim.training.hardware import HardwareAttention
from pycosim.training.linear import LinearRead
from pycosim.training.loop import draws_of_step, train
from pycosim.training.losses import Distillation, held_out_loss, training_loss
from pycosim.training.measured import MeasuredRead
from pycosim.training.recipe import Recipe
from pycosim.training.softmax import SoftmaxAttention
from pycosim.training.text import Texts, Tokens, drawn_windows, windows_in_a_row
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.save import save_model

CHECKPOINT: Final = "checkpoint.pt"
Trainee = TypeVar("Trainee", Gpt2, Llama)
RECORD: Final = "training.json"
CALIBRATION_TEXTS: Final = 16
ADAPTED_TEXTS: Final = 4
"""Of the calibration texts, for a start that training moves on from."""
MOST_JUDGED: Final = 32
"""Windows of held-out text that are measured on the way; all are at the end."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finetuned:
    """What a fine-tuning came to.

    Attributes:
        model: with trained weights and scalers, and calibration tokens.
        standing: losses on the way.
        last_loss: on all of the held-out text, as the hardware is (nats).
        n_tokens: of the held-out text that both were measured on.
        folder: where the model lies.
    """

    model: Gpt2 | Llama
    standing: Standing
    last_loss: float
    n_tokens: int
    folder: Path


def finetune(
    model: Gpt2 | Llama,
    texts: Texts,
    recipe: Recipe,
    folder: Path,
    progress: Progress,
    *,
    minutes: float | None = None,
) -> Finetuned:
    """Fine-tune a model for the hardware and write it into a folder.

    Args:
        model: from `load_model`.
        texts: from `read_texts`.
        recipe: what is asked for.
        folder: of the model, its record and the checkpoint, from which the same call goes on.
        progress: told of everything.
        minutes: stop after so many, with what is learnt until then; None for all steps.

    Raises:
        ConfigurationError: a recipe that does not fit the model, or a checkpoint of another.
        InputError: a text that is too short, or a training that diverges.
        StoreError: a folder that cannot be written.
    """
    plan = recipe.plan
    if plan.context > model.config.n_ctx:
        raise ConfigurationError(
            f"the context must be at most that of the model, {model.config.n_ctx} tokens, found {plan.context}"
        )
    progress.stage("check of the gradients")
    progress.note(str(check_gradients(recipe.hardware)))
    calibration = _calibration_tokens(texts.training, plan.context, plan.seed)
    settings = recipe.settings(model, texts)
    model = with_context(model, plan.context)
    checkpoint = folder / CHECKPOINT
    if checkpoint.is_file():  # which has better ones
        scalers: tuple[Scalers, ...] = (Scalers.initial(model.config.n_head),) * model.config.n_layer
    else:
        scalers = starting_scalers(model, recipe, calibration, progress)
    module = torch_model(model, attentions(recipe, scalers))
    distillation = _distillation(model, recipe)
    tokens, judged = (torch.from_numpy(part) for part in (texts.training, texts.held_out))
    rows = windows_in_a_row(judged, plan.context)

    def loss_of(draws: torch.Generator) -> Tensor:
        return training_loss(module, drawn_windows(tokens, plan.context, plan.batch, draws), distillation)

    def judge(whole: bool) -> float:
        return held_out_loss(module, rows if whole else rows[:MOST_JUDGED])

    standing = train(module, plan, loss_of, judge, checkpoint, settings, progress, minutes=minutes)
    progress.stage("held-out loss after training")
    last_loss = judge(True)
    progress.note(f"{last_loss:.4f} nat")
    result = Finetuned(
        model=_trained(model, calibration, module),
        standing=standing,
        last_loss=last_loss,
        n_tokens=rows[:, 1:].numel(),
        folder=folder,
    )
    _write(result, recipe, settings)
    return result


def attentions(recipe: Recipe, scalers: Sequence[Scalers]) -> list[HardwareAttention]:
    """Return the attention of every layer.

    Args:
        recipe: says which hardware.
        scalers: start, one set per layer.
    """
    if recipe.measured is None:
        return [
            HardwareAttention(own, LinearRead(recipe.hardware, variation=recipe.variation, unrest=recipe.unrest))
            for own in scalers
        ]
    arrays = factored_arrays(recipe.measured, recipe.hardware)
    return [HardwareAttention(own, MeasuredRead(arrays, own.n_heads, layer)) for layer, own in enumerate(scalers)]


def starting_scalers(
    model: Gpt2 | Llama, recipe: Recipe, calibration: Tokens, progress: Progress
) -> tuple[Scalers, ...]:
    """Return the model's own scalers or a first guess from the statistics of exact attention, adapted where wanted.

    Args:
        model: with or without scalers.
        recipe: says which hardware.
        calibration: tokens for the statistics.
        progress: told of the stage.
    """
    hardware = recipe.hardware
    ideal = factored_arrays(linear_models(), hardware)
    if model.weights.has_scalers:
        scalers = scalers_of(model)
    else:
        progress.stage("first scalers from the statistics of exact attention")
        low, high = hardware.query_range
        spread = Spread(query_centre=(low + high) / 2, query_deviation=(high - low) / 4)
        scalers = initial_scalers(model, calibration, arrays=ideal, spread=spread)
    if recipe.measured is None or not recipe.adaptation_steps:
        return scalers
    progress.stage("adaptation of the scalers", total=recipe.adaptation_steps)
    analog = factored_arrays(recipe.measured, hardware)
    found, _ = adapt_scalers(
        ideal, analog, model, scalers, recipe.adaptation_steps, progress, tokens=calibration[:ADAPTED_TEXTS]
    )
    return found.scalers


def _calibration_tokens(tokens: Tokens, context: int, seed: int) -> Tokens:
    """Windows of the training text, drawn before its first step, (text, context)."""
    windows = drawn_windows(torch.from_numpy(tokens), context, CALIBRATION_TEXTS, draws_of_step(seed, -1))
    return windows[:, :-1].numpy().astype(np.int64)


def _distillation(model: Gpt2 | Llama, recipe: Recipe) -> Distillation | None:
    teacher = recipe.teacher
    if teacher is None:
        return None
    own, other = model.config.n_vocab, teacher.model.config.n_vocab
    if own != other or teacher.model.config.n_ctx < recipe.plan.context:
        raise ConfigurationError(
            f"the teacher must have the vocabulary of the model, {own} ids, and a context of {recipe.plan.context}, "
            f"found {other} ids and {teacher.model.config.n_ctx}; take the model that this one was made of"
        )
    assert isinstance(teacher.model, Gpt2 | Llama)
    exact: list[nn.Module] = [SoftmaxAttention() for _ in range(teacher.model.config.n_layer)]
    module = torch_model(teacher.model, exact).requires_grad_(False)
    return Distillation(teacher=module, share=teacher.share, temperature=teacher.temperature)


def _trained(model: Gpt2 | Llama, calibration: Tokens, module: nn.Module) -> Gpt2 | Llama:
    if isinstance(model, Gpt2):
        return trained_model(_bare(model, calibration), module)
    return trained_model(_bare(model, calibration), module)


def _bare(model: Trainee, calibration: Tokens) -> Trainee:
    """The model with calibration tokens, and without the statistics of what it was before."""
    recorded = (".mean", ".std")
    arrays = {name: array for name, array in model.weights.arrays.items() if not name.endswith(recorded)}
    return replace(model, weights=replace(model.weights, arrays=arrays, calibration_tokens=calibration))


def _write(result: Finetuned, recipe: Recipe, settings: Settings) -> None:
    standing = result.standing
    record = {
        "settings": dict(settings),
        "steps": standing.step,
        "losses": standing.losses,
        "held_out": {str(step): loss for step, loss in standing.held_out.items()},
        "held_out_before": standing.first_loss,
        "held_out_after": result.last_loss,
        "held_out_tokens": result.n_tokens,
    }
    save_model(result.folder, result.model, metadata=_metadata(recipe, standing))
    write_text(result.folder / RECORD, json.dumps(record, indent=1, allow_nan=False) + "\n")


def _metadata(recipe: Recipe, standing: Standing) -> dict[str, str]:
    """What a reader of the weights must know of the hardware, and how they were made."""
    hardware = recipe.hardware
    return {
        "attention": recipe.measured_name,
        "trained": f"pycosim finetune, {standing.step} steps",
        "window": str(hardware.window),
        "tile": str(hardware.tile),
        "query_levels": str(hardware.n_input_levels or 0),
        "stored_levels": str(hardware.n_stored_levels or 0),
        "output_counts": str(hardware.n_output_counts or 0),
        "signed_queries": str(hardware.signed_queries).lower(),
        "rows_per_feature": str(hardware.rows_per_feature),
        "centre_v": f"{HALF_SUPPLY:g}",
        "transconductance_a_per_v": f"{TRANSCONDUCTANCE:g}",
    }
