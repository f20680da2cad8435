"""Any language model onto any gain-cell hardware without a gradient: first scalers, adaptation, what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.adaptation import Adaptation, Measurement, Schedule, tied
from pycosim.attention.analog import AttentionArrays, analog_layers, factored_arrays
from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scalers
from pycosim.attention.published import linear_models
from pycosim.checks import at_least
from pycosim.errors import ConfigurationError, InputError
from pycosim.evaluate.accuracy import Accuracy, perplexity
from pycosim.flows.adaptation import Match, adapt_to, calibration_of, exact_signals, measure_signals
from pycosim.flows.hardware_scalers import initial_scalers, scalers_of
from pycosim.flows.progress import Progress, advancing
from pycosim.flows.scaler_search import Search, search_scalers
from pycosim.transformer.attend import Attend
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.llama_parameters import LlamaConfig

BATCH_TOKENS = 4096
"""Tokens of the held-out text that run together."""
Reference = Literal["linear", "exact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptSettings:
    """How a model is adapted.

    Attributes:
        steps: of the adaptation, at most; the scalers with the lowest loss on the calibration text are taken.
        n_trials: of the search of first scalers, for each layer, for models that have none; 0 for none.
        share: whether heads that share keys and values share their scalers, too (grouped-query attention).
        match: whose moments of k and v are matched.
        reference: whose signals are to be restored: those of the linear hardware, or of the exact attention. None takes
            the linear hardware's for a model with scalers of its own, and else the exact one's.
    """

    steps: int = 50
    n_trials: int = 0
    share: bool = False
    match: Match = "read"
    reference: Reference | None = None

    def __post_init__(self) -> None:
        at_least("steps", self.steps, 1)
        at_least("n_trials", self.n_trials, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdaptedModel:
    """What an adaptation of a model came to.

    Attributes:
        scalers: adapted, one set per layer.
        initial: what it began with.
        search: where these come from, if they were searched.
        adaptation: step by step; of the calibration text.
        reference: whose signals were restored.
        calibration_losses: by attention (``exact`` for a model of exact attention, ``linear``), on the calibration
            text, nats.
        accuracy: by attention (``exact``, ``linear``, ``analog``, ``adapted``), on the held-out text; empty without.
        n_shared: heads of a layer that share the scalers of k and v.
    """

    scalers: tuple[Scalers, ...]
    initial: tuple[Scalers, ...]
    search: Search | None
    adaptation: Adaptation
    reference: Reference
    calibration_losses: dict[str, float]
    accuracy: dict[str, Accuracy]
    n_shared: int


def adapt_model(
    model: Gpt2 | Llama,
    models: AttentionModels,
    hardware: AttentionHardware,
    tokens: NDArray[np.int64],
    settings: AdaptSettings,
    progress: Progress,
    *,
    held_out: NDArray[np.int64] | None = None,
) -> AdaptedModel:
    """Find the scalers with which a model runs on a hardware.

    Args:
        model: with scalers for the linear hardware, or without any.
        models: cells and converters.
        hardware: sizes and levels.
        tokens: the calibration text, (n_texts, n_tokens).
        settings: how.
        progress: told of every step.
        held_out: ids of a text that perplexities are measured on, (n_text,); None for none.

    Raises:
        InputError: ids or sizes that do not fit.
        DomainError: where the hardware can produce operands outside a model's domain.
    """
    n_shared = shared_heads(model) if settings.share else 1
    ideal, analog = factored_arrays(linear_models(), hardware), factored_arrays(models, hardware)
    search: Search | None = None
    is_trained = model.weights.has_scalers
    if is_trained:
        initial = scalers_of(model)
    else:
        progress.stage("first scalers, from the statistics of exact attention")
        initial = initial_scalers(model, _some(tokens), arrays=ideal)
        if settings.n_trials:
            progress.stage("search of first scalers", total=model.config.n_layer)
            found = search_scalers(model, ideal, initial, _some(tokens), settings.n_trials, progress, n_shared=n_shared)
            search, initial = found, found.scalers
    initial = tuple(tied(own, n_shared) for own in initial)
    reference = settings.reference or ("linear" if is_trained else "exact")
    progress.stage("signals that are wanted")
    by_kind = _wanted(model, ideal, initial, tokens, settings.match, exact=reference == "exact" or not is_trained)
    progress.stage("adaptation of the scalers", total=settings.steps)
    adaptation = adapt_to(
        by_kind[reference],
        ideal,
        analog,
        model,
        initial,
        tokens,
        progress=progress,
        schedule=Schedule(n_steps=settings.steps, max_steps=settings.steps, patience=settings.steps),
        match=settings.match,
        n_shared=n_shared,
    )
    accuracy = {}
    if held_out is not None:
        attentions: dict[str, Attend | Sequence[Attend]] = {} if is_trained else {"exact": exact_attention}
        attentions["linear"] = analog_layers(ideal, initial)
        attentions["analog"] = analog_layers(analog, initial)
        attentions["adapted"] = analog_layers(analog, adaptation.scalers)
        accuracy = _accuracies(model, held_out, attentions, progress)
    losses = {str(name): found.loss for name, found in by_kind.items() if found.loss is not None}
    return AdaptedModel(
        scalers=adaptation.scalers,
        initial=initial,
        search=search,
        adaptation=adaptation,
        reference=reference,
        calibration_losses=losses,
        accuracy=accuracy,
        n_shared=n_shared,
    )


def shared_heads(model: Gpt2 | Llama) -> int:
    """Return how many heads of queries share one of keys and values; 1 where none do."""
    config = model.config
    return config.n_head // config.n_kv_head if isinstance(config, LlamaConfig) else 1


def calibration_windows(
    model: Gpt2 | Llama, text: NDArray[np.int64] | None, n_sequences: int, n_tokens: int | None
) -> NDArray[np.int64]:
    """Return the calibration text, (n_texts, n_tokens): windows spread evenly over a text, or what the weights carry.

    Args:
        model: gives its context.
        text: ids, (n_text,); None for the text that the weights carry.
        n_sequences: windows, at most.
        n_tokens: of one window; None for the model's context.

    Raises:
        ConfigurationError: there is no text.
        InputError: it is shorter than two tokens, or a window longer than the model's context.
    """
    length = n_tokens or model.config.n_ctx
    if not 2 <= length <= model.config.n_ctx:
        raise InputError(f"a calibration window must have 2 to {model.config.n_ctx} tokens, found {length}")
    at_least("n_sequences", n_sequences, 1)
    if text is None:
        return calibration_of(model.weights)[:n_sequences, :length]
    if text.size < 2:
        raise InputError(f"the calibration text has {text.size} tokens, wanted at least 2; give a longer one")
    length = min(length, int(text.size))
    n_windows = min(n_sequences, int(text.size) // length)
    starts = np.linspace(0, text.size - length, n_windows).astype(np.intp)
    return np.asarray(text[starts[:, None] + np.arange(length)])


def _some(tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """As many texts as run together."""
    return tokens[: max(1, BATCH_TOKENS // tokens.shape[1])]


def _wanted(
    model: Gpt2 | Llama,
    ideal: AttentionArrays,
    initial: Sequence[Scalers],
    tokens: NDArray[np.int64],
    match: Match,
    *,
    exact: bool,
) -> dict[Reference, Measurement]:
    line = ideal.models.cell_k
    found: dict[Reference, Measurement] = {
        "linear": measure_signals(ideal, model, tokens, line=line, match=match)(list(initial))
    }
    if exact:
        found["exact"] = exact_signals(ideal, model, initial, tokens, match=match)
    return found


def _accuracies(
    model: Gpt2 | Llama,
    tokens: NDArray[np.int64],
    attentions: dict[str, Attend | Sequence[Attend]],
    progress: Progress,
) -> dict[str, Accuracy]:
    if tokens.size < 2:
        raise ConfigurationError(
            f"the held-out text has {tokens.size} tokens, a prediction needs 2; give a longer text"
        )
    batch = max(1, BATCH_TOKENS // model.config.n_ctx)
    found = {}
    for name, attend in attentions.items():
        progress.stage(f"held-out text: {name} attention", total=tokens.size - 1)
        found[name] = perplexity(tokens, model, attend, batch=batch, progress=advancing(progress))
    return found
