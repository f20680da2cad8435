"""Logits -> accuracy: how well the next token is predicted, with any attention.

The text is cut into chunks of n_ctx tokens that do not overlap; each next token is predicted from the tokens
of its chunk that come before it. Its loss is ``logsumexp(logits) - logits[token]``, in nats; cross-entropy is
the mean and perplexity its exponential. Logits are float32, losses float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.gpt2 import Attend, Tokens, gpt2
from pycosim.transformer.layers import Array
from pycosim.transformer.weights import Weights

Losses = NDArray[np.float64]
Progress = Callable[[int, int], None]

LARGEST_EXPONENT = 709.0  # exp of more overflows float64


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How well a transformer predicts a text.

    Attributes:
        perplexity: ``exp(cross_entropy_nats)``: n_vocab for a model that knows nothing, 1 for a perfect one.
        cross_entropy_nats: mean loss of a predicted token, nats.
        n_tokens: number of predicted tokens.
        standard_error: of ``cross_entropy_nats``, nats: from the scatter between chunks, because losses in
            one chunk are correlated; from the scatter between tokens if there is one chunk only; infinite for
            one token. Two attentions on one text share most of it: compare them by `token_losses`.
    """

    perplexity: float
    cross_entropy_nats: float
    n_tokens: int
    standard_error: float

    def __str__(self) -> str:
        return (
            f"perplexity {self.perplexity:.4g} (cross-entropy {self.cross_entropy_nats:.4f} "
            f"+- {self.standard_error:.4f} nats, {self.n_tokens} tokens)"
        )


def perplexity(
    tokens: Tokens,
    weights: Weights,
    attend: Attend | Sequence[Attend],
    *,
    batch: int = 16,
    n_tokens: int | None = None,
    progress: Progress | None = None,
) -> Accuracy:
    """Measure how well GPT-2 with this attention predicts a text.

    Args:
        tokens: the text's ids, (n_text,), at least two.
        weights: from `load_weights`.
        attend: as in `gpt2`.
        batch: chunks that run together, at least 1: more is faster until the logits fill the cache.
        n_tokens: how many tokens to predict, from the start of the text; None for all, n_text - 1.
        progress: called after each batch with (tokens predicted so far, tokens in all).

    Returns:
        The accuracy over ``n_tokens`` tokens.

    Raises:
        InputError: if the text is too short, or the logits are not finite (look at what ``attend`` returns).
    """
    losses = token_losses(tokens, weights, attend, batch=batch, n_tokens=n_tokens, progress=progress)  # (n_tokens,)
    return accuracy_of_losses(losses, weights.config.n_ctx)


def token_losses(
    tokens: Tokens,
    weights: Weights,
    attend: Attend | Sequence[Attend],
    *,
    batch: int = 16,
    n_tokens: int | None = None,
    progress: Progress | None = None,
) -> Losses:
    """Return the loss of every predicted token, for instance to compare two attentions token by token.

    Args:
        tokens: as in `perplexity`.
        weights: as in `perplexity`.
        attend: as in `perplexity`.
        batch: as in `perplexity`.
        n_tokens: as in `perplexity`.
        progress: as in `perplexity`.

    Returns:
        Losses of tokens 1 .. n_tokens of the text, nats, (n_tokens,).

    Raises:
        InputError: as in `perplexity`.
    """
    tokens = np.asarray(tokens)
    total = _check_text(tokens, batch, n_tokens)
    losses = np.empty(total)
    for first, last, n_chunks in _batches(total, weights.config.n_ctx, batch):
        inputs = tokens[first:last].reshape(n_chunks, -1)  # (token,) -> (chunk, token)
        targets = tokens[first + 1 : last + 1].reshape(n_chunks, -1)
        losses[first:last] = next_token_losses(gpt2(inputs, weights, attend), targets).ravel()
        if progress is not None:
            progress(last, total)
    return losses


def next_token_losses(logits: Array, targets: Tokens) -> Losses:
    """Return ``logsumexp(logits) - logits[target]`` in float64.

    Args:
        logits: (..., n_vocab).
        targets: the ids that came, (...).

    Returns:
        Losses, nats, (...).

    Raises:
        InputError: if a target is not an id of these logits, or a logit is not finite.
    """
    n_vocab = logits.shape[-1]
    if targets.min() < 0 or targets.max() >= n_vocab:
        raise InputError(
            f"targets must lie in 0 .. {n_vocab - 1}, found ids from {targets.min()} to {targets.max()}; "
            "encode the text with the tokenizer of the weights"
        )
    if not np.isfinite(logits).all():
        raise InputError(
            f"{np.count_nonzero(~np.isfinite(logits))} of {logits.size} logits are not finite; "
            "look at what attend returns, layer by layer"
        )
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)  # the largest exponent is 0
    chosen = np.take_along_axis(shifted, targets[..., None], axis=-1)[..., 0]  # (..., n_vocab) -> (...)
    losses: Losses = np.log(np.exp(shifted).sum(axis=-1)) - chosen
    return losses


def accuracy_of_losses(losses: Losses, n_chunk: int) -> Accuracy:
    """Summarise losses of tokens in the order of the text.

    Args:
        losses: nats, (n_tokens,), at least one.
        n_chunk: tokens per chunk; the last may be shorter.

    Returns:
        Mean, its standard error between chunks, and perplexity.
    """
    mean = float(losses.mean())
    starts = np.arange(0, losses.size, n_chunk if losses.size > n_chunk else 1)
    deviations = np.add.reduceat(losses - mean, starts)  # (n_tokens,) -> (chunk,), or each token by itself
    n = starts.size
    error = math.sqrt(n / (n - 1) * float(np.square(deviations).sum())) / losses.size if n > 1 else math.inf
    return Accuracy(
        perplexity=math.exp(mean) if mean < LARGEST_EXPONENT else math.inf,
        cross_entropy_nats=mean,
        n_tokens=losses.size,
        standard_error=error,
    )


def loss_difference(losses: Losses, reference: Losses, n_chunk: int) -> tuple[float, float]:
    """Compare two attentions on one text.

    Args:
        losses: of the one, nats, (n_tokens,), in the order of the text.
        reference: of the other, on the same tokens.
        n_chunk: tokens per chunk.

    Returns:
        Mean of losses - reference and its standard error between chunks, nats. The text's own scatter, which both
        share, is not in it; exp of the mean is the ratio of the perplexities.

    Raises:
        InputError: losses of unlike texts.
    """
    if losses.shape != reference.shape:
        raise InputError(f"losses must be of the same tokens, found {losses.shape} and {reference.shape}")
    found = accuracy_of_losses(losses - reference, n_chunk)
    return found.cross_entropy_nats, found.standard_error


def _batches(total: int, n_ctx: int, batch: int) -> Iterator[tuple[int, int, int]]:
    """Yield (first, last, n_chunks): whole chunks, `batch` at a time, then the shorter rest."""
    whole = total // n_ctx
    for chunk in range(0, whole, batch):
        n_chunks = min(batch, whole - chunk)
        yield chunk * n_ctx, (chunk + n_chunks) * n_ctx, n_chunks
    if whole * n_ctx < total:
        yield whole * n_ctx, total, 1


def _check_text(tokens: Tokens, batch: int, n_tokens: int | None) -> int:
    if tokens.ndim != 1 or tokens.size < 2 or tokens.dtype.kind not in "iu":
        raise InputError(
            f"wanted the integer ids of one text, (n_text,) with at least 2, found {tokens.dtype} of shape "
            f"{tokens.shape}; encode the text with the tokenizer of the weights"
        )
    if batch < 1:
        raise InputError(f"batch must be at least 1 chunk, found {batch}")
    total = tokens.size - 1 if n_tokens is None else n_tokens
    if not 1 <= total <= tokens.size - 1:
        raise InputError(
            f"cannot predict {total} tokens of a text of {tokens.size}: the first has nothing before it; "
            f"choose n_tokens from 1 to {tokens.size - 1}"
        )
    return total
