"""Any language model on any text with a chosen attention: perplexity, speed, agreement with exact attention, tasks."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.published import linear_models
from pycosim.errors import ConfigurationError, InputError
from pycosim.evaluate.accuracy import Accuracy, accuracy_of_losses, token_losses
from pycosim.evaluate.agreement import Agreement, agreement, agreement_by_head, output_errors
from pycosim.evaluate.choices import ChoiceResult, answer_choices, read_choices
from pycosim.flows.adaptation import calibration_of
from pycosim.flows.evaluate import Attention, AttentionKind, check_scalers, on_hardware, wanted_run
from pycosim.flows.hardware_scalers import initial_scalers, linear_hardware, scalers_of, whole_tiles
from pycosim.flows.progress import Progress, advancing
from pycosim.flows.saved_attention import SavedAttention
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.model import LanguageModel
from pycosim.transformer.weights import load_weights

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
        by_head: whether to say what each head costs alone.
    """

    text: Path | None
    n_tokens: int
    stride: int | None = None
    compare: bool = False
    choices: Path | None = None
    by_head: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ByHead:
    """What each head costs alone, all others being computed by the reference.

    Attributes:
        reference: exact attention; the linear hardware for weights that were trained for it.
        top_1: see `Agreement`, (n_layer, n_head).
        kl_nats: see `Agreement`, (n_layer, n_head).
        output_error: root mean square of the difference of a head's output, over the deviation of the reference's,
            for the operands of the reference, (n_layer, n_head).
    """

    reference: AttentionKind
    top_1: NDArray[np.float64]
    kl_nats: NDArray[np.float64]
    output_error: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What was found.

    Attributes:
        accuracy: on the text.
        tokens_per_second: predicted, with this attention.
        agreement: with exact attention; None where not asked for.
        choices: None where there were no tasks.
        by_head: None where not asked for.
    """

    accuracy: Accuracy
    tokens_per_second: float
    agreement: Agreement | None
    choices: ChoiceResult | None
    by_head: ByHead | None = None


def attention_of(model: Gpt2 | Llama, kind: AttentionKind, saved: SavedAttention | None) -> Attention:
    """The attention of every layer of a model.

    Linear and analog attention take the model's own scalers where it has some; analog attention takes those of the
    run where they are for this very model. The linear hardware of a model without scalers gets a first guess from the
    calibration text that it carries.

    Args:
        model: from `load_model`.
        kind: what computes the attention.
        saved: of an earlier run or adaptation; analog attention needs it.

    Raises:
        ConfigurationError: analog attention without a run, or a model without scalers for the hardware.
    """
    config, weights = model.config, model.weights
    if kind is AttentionKind.exact:
        return Attention(kind=kind, layers=[exact_attention] * config.n_layer)
    if kind is AttentionKind.linear:
        hardware = linear_hardware(weights, config.n_ctx)
        if not weights.has_scalers and weights.calibration_tokens is None:
            raise ConfigurationError(_no_scalers(kind))
        own = scalers_of(model) if weights.has_scalers else initial_scalers(model, calibration_of(weights))
        return on_hardware(kind, linear_models(), hardware, own)
    if saved is None and not weights.has_scalers:
        raise ConfigurationError(_no_scalers(kind))
    found = wanted_run(saved)
    if weights.digest() == (found.model or load_weights("linear").digest()):
        check_scalers(found, config.n_layer, config.n_head)
        return on_hardware(kind, found.models, found.hardware, found.scalers)
    if not weights.has_scalers:
        raise ConfigurationError(f"the scalers of {found.run} are for another model; {_no_scalers(kind)}")
    return on_hardware(kind, found.models, hardware_of_run(found, model), scalers_of(model))


def hardware_of_run(saved: SavedAttention, model: Gpt2 | Llama, *, window: int | None = None) -> AttentionHardware:
    """Return the hardware of a run in the size that a model needs.

    Args:
        saved: the run.
        model: its context gives the window, its layers the time between two tokens: they run one after the other; its
            metadata whether queries are signed and how many rows a feature has.
        window: tokens that a head holds; None for the model's context.
    """
    hardware, trained = saved.hardware, linear_hardware(model.weights, model.config.n_ctx)
    return replace(
        hardware,
        signed_queries=trained.signed_queries,
        rows_per_feature=trained.rows_per_feature,
        window=whole_tiles(window or model.config.n_ctx, hardware.tile),
        token_period=hardware.token_period * model.config.n_layer / len(saved.scalers),
    )


def _no_scalers(kind: AttentionKind) -> str:
    return (
        f"{kind} attention needs a model that was trained for the hardware or adapted to it; find scalers with: "
        "pycosim adapt --model MODEL --cell linear --text FILE --out DIR, then evaluate with --attention analog "
        "--models DIR"
    )


def evaluate_model(
    model: Gpt2 | Llama,
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
        ConfigurationError: heads compared with the very attention that is asked for.
    """
    tasks = None if question.choices is None else read_choices(question.choices)
    beside = _beside(model, attention.kind) if question.by_head else None
    tokens = read_tokens(model, question.text)[: question.n_tokens + 1]
    progress.stage(f"transformer: {attention.kind} attention", total=tokens.size - 1)
    batch = max(1, BATCH_TOKENS // model.config.n_ctx)
    start = time.perf_counter()
    losses = token_losses(
        tokens, model, attention.layers, batch=batch, stride=question.stride, progress=advancing(progress)
    )
    seconds = time.perf_counter() - start
    alike = None
    if question.compare:
        progress.stage("comparison with exact attention", total=1)
        alike = agreement(tokens, model, attention.layers, exact_attention, batch=batch, reference_model=reference)
    heads = None if beside is None else _by_head(model, attention, beside, tokens, batch, progress)
    answered = None
    if tasks is not None:
        progress.stage("tasks", total=len(tasks))
        answered = answer_choices(tasks, model, attention.layers, progress=advancing(progress))
    return Answer(
        accuracy=accuracy_of_losses(losses, model.config.n_ctx),
        tokens_per_second=losses.size / seconds,
        agreement=alike,
        choices=answered,
        by_head=heads,
    )


def by_head_document(found: ByHead) -> dict[str, object]:
    """Return it for JSON: lists of layers of heads."""
    figures = {name: getattr(found, name).tolist() for name in ("top_1", "kl_nats", "output_error")}
    return {"reference": str(found.reference), **figures}


def _beside(model: Gpt2 | Llama, kind: AttentionKind) -> Attention:
    """What computes all heads but one: what the weights were trained for."""
    trained = AttentionKind.linear if model.weights.has_scalers else AttentionKind.exact
    if trained is kind:
        raise ConfigurationError(
            f"{kind} attention is what the heads of this model are compared with; ask for another with --attention"
        )
    return attention_of(model, trained, None)


def _by_head(
    model: Gpt2 | Llama,
    attention: Attention,
    beside: Attention,
    tokens: NDArray[np.int64],
    batch: int,
    progress: Progress,
) -> ByHead:
    progress.stage("every head alone", total=1)
    alone = agreement_by_head(tokens, model, attention.layers, beside.layers, batch=batch)

    def of(name: str) -> NDArray[np.float64]:
        return np.array([[getattr(each, name) for each in layer] for layer in alone])

    return ByHead(
        reference=beside.kind,
        top_1=of("top_1"),
        kl_nats=of("kl_nats"),
        output_error=output_errors(tokens, model, attention.layers, beside.layers, batch=batch),
    )


def read_text_file(path: Path) -> str:
    """Return a text.

    Args:
        path: of a file in UTF-8.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the text {path}: {error}; give a file in UTF-8") from None


def read_tokens(model: LanguageModel, text: Path | None) -> NDArray[np.int64]:
    """The ids of a text, (n_tokens,): of a file in UTF-8, or of the held-out text for None.

    Raises:
        InputError: it cannot be read, or has less than two tokens.
    """
    content = load_held_out_text() if text is None else read_text_file(text)
    tokens = np.asarray(model.tokenizer.encode(content), dtype=np.int64)
    if tokens.size < 2:
        raise InputError(f"the text {text} has {tokens.size} tokens, a prediction needs 2; give a longer one")
    return tokens
