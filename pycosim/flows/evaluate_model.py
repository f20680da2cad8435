"""Any language model on any text with a chosen attention: perplexity, speed, agreement with exact attention, tasks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.exact import exact_attention
from pycosim.errors import ConfigurationError, InputError
from pycosim.evaluate.accuracy import Accuracy, accuracy_of_losses, token_losses
from pycosim.evaluate.agreement import Agreement, agreement
from pycosim.evaluate.choices import ChoiceResult, answer_choices, read_choices
from pycosim.flows.evaluate import Attention, AttentionKind, Subject, choose_attention
from pycosim.flows.progress import Progress
from pycosim.flows.saved_attention import SavedAttention
from pycosim.flows.workload import shipped_scalers
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.model import LanguageModel

BATCH_TOKENS = 4096
"""Tokens that run together: chunks of a small model fill the processor, those of a large one its memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What is asked of a model.

    Attributes:
        text: file in UTF-8; None for the held-out text that no shipped weights have seen.
        n_tokens: to predict, at most.
        stride: tokens from one window to the next; None for the model's context, so that windows do not overlap.
        compare: whether to compare with exact attention, too.
        choices: file of multiple-choice tasks, JSON lines; None for none.
    """

    text: Path | None
    n_tokens: int
    stride: int | None = None
    compare: bool = False
    choices: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What was found.

    Attributes:
        accuracy: on the text.
        tokens_per_second: predicted, with this attention.
        agreement: with exact attention; None where not asked for.
        choices: None where there were no tasks.
    """

    accuracy: Accuracy
    tokens_per_second: float
    agreement: Agreement | None
    choices: ChoiceResult | None


def attention_of(model: LanguageModel, kind: AttentionKind, saved: SavedAttention | None) -> Attention:
    """The attention of every layer of a model.

    Args:
        model: from `load_model`.
        kind: what computes the attention.
        saved: of an earlier run; analog attention needs it.

    Raises:
        ConfigurationError: analog attention without a run, or a model that was not trained for the hardware.
    """
    if kind is AttentionKind.exact:
        return Attention(kind=kind, layers=[exact_attention] * model.config.n_layer)
    if not isinstance(model, Gpt2) or not model.weights.has_scalers:
        raise ConfigurationError(
            f"{kind} attention needs a model that was trained for the hardware and has its scalers; "
            "take the shipped one (--model linear), or --attention exact"
        )
    subject = Subject(name="", weights=model.weights, scalers=shipped_scalers(model.weights), tokens=np.zeros(0, int))
    return choose_attention(kind, subject, saved)


def evaluate_model(
    model: LanguageModel,
    attention: Attention,
    question: Question,
    progress: Progress,
    *,
    reference: LanguageModel | None = None,
) -> Answer:
    """Let a model predict a text, and answer tasks.

    Args:
        model: from `load_model`.
        attention: from `attention_of`.
        question: what is asked.
        progress: told of every stage.
        reference: what a comparison runs with exact attention, where the model's own weights are not meant for it.

    Raises:
        InputError: a text or a file of tasks that cannot be read, or too short a text.
    """
    tasks = None if question.choices is None else read_choices(question.choices)
    tokens = read_tokens(model, question.text)[: question.n_tokens + 1]
    progress.stage(f"transformer: {attention.kind} attention", total=tokens.size - 1)
    batch = max(1, BATCH_TOKENS // model.config.n_ctx)
    start = time.perf_counter()
    losses = token_losses(
        tokens, model, attention.layers, batch=batch, stride=question.stride, progress=_advancing(progress)
    )
    seconds = time.perf_counter() - start
    alike = None
    if question.compare:
        progress.stage("comparison with exact attention", total=1)
        alike = agreement(tokens, model, attention.layers, exact_attention, batch=batch, reference_model=reference)
    answered = None
    if tasks is not None:
        progress.stage("tasks", total=len(tasks))
        answered = answer_choices(tasks, model, attention.layers, progress=_advancing(progress))
    return Answer(
        accuracy=accuracy_of_losses(losses, model.config.n_ctx),
        tokens_per_second=losses.size / seconds,
        agreement=alike,
        choices=answered,
    )


def _advancing(progress: Progress) -> Callable[[int, int], None]:
    """Called with (done, all), tell of what is new."""
    before = 0

    def advance(done: int, _: int) -> None:
        nonlocal before
        progress.advance(done - before)
        before = done

    return advance


def read_tokens(model: LanguageModel, text: Path | None) -> NDArray[np.int64]:
    """The ids of a text, (n_tokens,): of a file in UTF-8, or of the held-out text for None.

    Raises:
        InputError: it cannot be read, or has less than two tokens.
    """
    if text is None:
        content = load_held_out_text()
    else:
        try:
            content = text.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read the text {text}: {error}; give a file in UTF-8") from None
    tokens = np.asarray(model.tokenizer.encode(content), dtype=np.int64)
    if tokens.size < 2:
        raise InputError(f"the text {text} has {tokens.size} tokens, a prediction needs 2; give a longer one")
    return tokens
