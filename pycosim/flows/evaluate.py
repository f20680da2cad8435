"""The transformer on a text with a chosen attention, and with ngspice in its loop."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.analog import AttentionArrays, analog_layers, factored_arrays
from pycosim.attention.exact import Attend, exact_attention
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scalers
from pycosim.attention.published import linear_models
from pycosim.errors import ConfigurationError
from pycosim.evaluate.accuracy import Accuracy, accuracy_of_losses, loss_difference, next_token_losses, token_losses
from pycosim.flows.hardware_scalers import linear_hardware
from pycosim.flows.in_the_loop import InTheLoop, Simulate
from pycosim.flows.in_the_loop_draw import ReadPopulation
from pycosim.flows.in_the_loop_reads import SpiceRead
from pycosim.flows.progress import Progress
from pycosim.flows.saved_attention import SavedAttention
from pycosim.flows.workload import load_workload
from pycosim.transformer.gpt2 import gpt2
from pycosim.transformer.weights import Weights

Tokens = NDArray[np.int64]

BATCH = 16
"""Chunks of text that run together."""


class AttentionKind(enum.StrEnum):
    """What computes the attention."""

    exact = "exact"
    linear = "linear"
    analog = "analog"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """A transformer with its text.

    Attributes:
        name: of model and text, for a reader.
        weights: those that belong to the attention.
        scalers: of the linear hardware that the weights were trained on, one set per layer.
        tokens: (n_tokens + 1,) the text's ids.
    """

    name: str
    weights: Weights
    scalers: Sequence[Scalers]
    tokens: Tokens


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attention:
    """A chosen attention.

    Attributes:
        kind: which.
        layers: one per layer.
        arrays: the hardware; None for the exact attention.
        scalers: one set per layer; empty for the exact attention.
    """

    kind: AttentionKind
    layers: Sequence[Attend]
    arrays: AttentionArrays | None = None
    scalers: Sequence[Scalers] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """What it does to the logits that ngspice's pulses take the place of the model's.

    Attributes:
        n_replaced: pulses.
        cross_entropy_change: of the text, with ngspice minus without (nats).
        standard_error: of it, between chunks (nats).
        largest_logit_change: over all tokens and ids.
        logit_deviation: of the logits of one token from their mean, mean over tokens: a scale for the change.
        n_changed_tokens: tokens of which any logit changed.
    """

    n_replaced: int
    cross_entropy_change: float
    standard_error: float
    largest_logit_change: float
    logit_deviation: float
    n_changed_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoopResult:
    """A text with ngspice in the loop.

    Attributes:
        accuracy: of the model alone.
        population: reads that the text causes.
        reads: those that went through ngspice.
        effect: None where nothing was replaced.
    """

    accuracy: Accuracy
    population: ReadPopulation
    reads: Sequence[SpiceRead]
    effect: Effect | None


def shipped_subject(kind: AttentionKind, n_tokens: int) -> Subject:
    """The shipped transformer that belongs to an attention, and the first n_tokens of the held-out text.

    Raises:
        ConfigurationError: the text is shorter.
    """
    workload = load_workload(n_tokens)
    weights = workload.softmax if kind is AttentionKind.exact else workload.linear
    name = f"shipped transformer, first {n_tokens} bytes of the held-out text"
    return Subject(name=name, weights=weights, scalers=workload.scalers, tokens=workload.tokens)


def choose_attention(kind: AttentionKind, subject: Subject, saved: SavedAttention | None) -> Attention:
    """The attention of every layer.

    Args:
        kind: exact softmax, the linear hardware with the scalers of the training, or the analog hardware with those
            adapted to it.
        subject: the transformer.
        saved: models, hardware and scalers of an earlier run; analog attention needs it.

    Raises:
        ConfigurationError: analog attention without a run, or a run of another transformer.
    """
    weights = subject.weights
    config = weights.config
    if kind is AttentionKind.exact:
        return Attention(kind=kind, layers=[exact_attention] * config.n_layer)
    if kind is AttentionKind.linear:
        return on_hardware(kind, linear_models(), linear_hardware(weights, config.n_ctx), subject.scalers)
    found = wanted_run(saved)
    check_scalers(found, config.n_layer, config.n_head)
    return on_hardware(kind, found.models, found.hardware, found.scalers)


def wanted_run(saved: SavedAttention | None) -> SavedAttention:
    """Return what analog attention needs.

    Raises:
        ConfigurationError: there is none.
    """
    if saved is None:
        raise ConfigurationError(
            "analog attention needs the models of a run: give its folder with --models; "
            "make one with: pycosim run --out FOLDER"
        )
    return saved


def check_scalers(saved: SavedAttention, n_layer: int, n_head: int) -> None:
    """Raise ConfigurationError unless the scalers of a run are for so many layers and heads."""
    if len(saved.scalers) != n_layer or saved.scalers[0].n_heads != n_head:
        raise ConfigurationError(
            f"the scalers of {saved.run} are for {len(saved.scalers)} layers of {saved.scalers[0].n_heads} heads, "
            f"the transformer has {n_layer} of {n_head}; give a run of this transformer"
        )


def on_hardware(
    kind: AttentionKind, models: AttentionModels, hardware: AttentionHardware, scalers: Sequence[Scalers]
) -> Attention:
    """The attention of every layer on one hardware."""
    arrays = factored_arrays(models, hardware)
    return Attention(kind=kind, layers=analog_layers(arrays, scalers), arrays=arrays, scalers=scalers)


def evaluate_attention(subject: Subject, attention: Attention, progress: Progress) -> Accuracy:
    """Perplexity of a text."""
    total = subject.tokens.size - 1
    progress.stage(f"transformer: {attention.kind} attention", total=total)
    done = 0

    def advance(n: int, _: int) -> None:
        nonlocal done
        progress.advance(n - done)
        done = n

    losses = token_losses(subject.tokens, subject.weights, attention.layers, batch=BATCH, progress=advance)
    return accuracy_of_losses(losses, subject.weights.config.n_ctx)


def read_population(subject: Subject, hardware: AttentionHardware) -> ReadPopulation:
    """All reads that a text causes.

    Raises:
        ConfigurationError: hardware whose columns are not those of the decks, or not read for every token.
    """
    shared = hardware.query_group > 1 or hardware.rows_per_feature > 1
    if hardware.signed_queries or hardware.digital is not None or not hardware.causal or shared:
        raise ConfigurationError(
            "reads in ngspice are those of causal attention with unsigned queries, every token in the cells, a tile "
            "per head and a row per feature; take hardware without causal=False, signed_queries, digital, query_group "
            "and rows_per_feature"
        )
    config = subject.weights.config
    return ReadPopulation(
        n_tokens=subject.tokens.size - 1,
        n_ctx=config.n_ctx,
        n_layers=config.n_layer,
        n_heads=config.n_head,
        d_head=config.d_head,
        window=hardware.window,
        tile=hardware.tile,
    )


def evaluate_in_the_loop(
    subject: Subject,
    attention: Attention,
    simulate: Simulate,
    progress: Progress,
    *,
    n_reads: int,
    seed: int,
    replace: bool,
) -> LoopResult:
    """Run a text with reads in ngspice as they happen.

    Args:
        subject: transformer and text.
        attention: analog.
        simulate: runs reads, and tells `progress` of each.
        progress: told of the stage.
        n_reads: drawn evenly over all reads.
        seed: of the draw.
        replace: whether ngspice's pulses take the place of the model's in a second pass of every batch.

    Raises:
        ConfigurationError: an attention without circuits.
        InputError: the text causes fewer reads.
    """
    if attention.kind is not AttentionKind.analog or attention.arrays is None:
        raise ConfigurationError(
            f"{attention.kind} attention has no circuits whose reads ngspice could take; "
            "use --attention analog with --models, or leave --spice-sample out"
        )
    population = read_population(subject, attention.arrays.hardware)
    places = population.draw(n_reads, seed)
    loop = InTheLoop(attention.arrays, attention.scalers, places, simulate, replace=replace)
    progress.stage(f"transformer with {n_reads} reads in ngspice", total=n_reads)
    weights = subject.weights
    plain, found = [], []
    largest, deviations, n_changed = 0.0, [], 0
    for inputs, targets in _batches(subject.tokens, weights.config.n_ctx):
        logits = gpt2(inputs, weights, loop.attends)
        found.append(next_token_losses(logits, targets).ravel())
        if replace:
            model = gpt2(inputs, weights, attention.layers)
            plain.append(next_token_losses(model, targets).ravel())
            change = np.abs(logits - model).max(axis=-1)
            largest, n_changed = max(largest, float(change.max())), n_changed + int(np.count_nonzero(change))
            deviations.append(model.std(axis=-1).ravel())
    losses = np.concatenate(plain if replace else found)
    effect = None
    if replace:
        mean, error = loss_difference(np.concatenate(found), losses, weights.config.n_ctx)
        effect = Effect(
            n_replaced=sum(read.width is not None for read in loop.reads),
            cross_entropy_change=mean,
            standard_error=error,
            largest_logit_change=largest,
            logit_deviation=float(np.concatenate(deviations).mean()),
            n_changed_tokens=n_changed,
        )
    accuracy = accuracy_of_losses(losses, weights.config.n_ctx)
    return LoopResult(accuracy=accuracy, population=population, reads=tuple(loop.reads), effect=effect)


def _batches(tokens: Tokens, n_ctx: int) -> Iterator[tuple[Tokens, Tokens]]:
    """Inputs and targets, (chunk, token): whole chunks, `BATCH` at a time, then the shorter rest."""
    total = tokens.size - 1
    whole = total // n_ctx * n_ctx
    for first in range(0, whole, BATCH * n_ctx):
        last = min(first + BATCH * n_ctx, whole)
        yield tokens[first:last].reshape(-1, n_ctx), tokens[first + 1 : last + 1].reshape(-1, n_ctx)
    if whole < total:
        yield tokens[None, whole:total], tokens[None, whole + 1 :]
