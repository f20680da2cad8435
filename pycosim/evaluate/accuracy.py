"""Logits -> accuracy: how well the next token is predicted, with any attention.

The text is cut into chunks of n_ctx tokens that do not overlap; each next token is predicted from the tokens
of its chunk that come before it. With a stride below n_ctx the chunks overlap, and only the last tokens of each are
predicted, from at least n_ctx - stride others. The loss of a token is ``logsumexp(logits) - logits[token]``, in
nats; cross-entropy is the mean and perplexity its exponential. Logits are float32, losses float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.attend import Attend, Tokens
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.layers import Array
from pycosim.transformer.model import LanguageModel
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.weights import Weights

Losses = NDArray[np.float64]
Progress = Callable[[int, int], None]

LARGEST_EXPONENT = 709.0  # exp of more overflows float64
MOST_LOGITS = 1 << 22
"""Logits that are computed together: 16 MiB, whatever the vocabulary."""


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
    model: LanguageModel | Weights,
    attend: Attend | Sequence[Attend],
    *,
    batch: int = 16,
    n_tokens: int | None = None,
    stride: int | None = None,
    progress: Progress | None = None,
) -> Accuracy:
    """Measure how well a language model with this attention predicts a text.

    Args:
        tokens: the text's ids, (n_text,), at least two.
        model: from `load_model`; or the weights of a GPT-2, from `load_weights`.
        attend: as in `gpt2`.
        batch: chunks that run together, at least 1: more is faster until they fill the cache.
        n_tokens: how many tokens to predict, from the start of the text; None for all, n_text - 1.
        stride: tokens from one chunk to the next, 1 .. n_ctx; None for n_ctx: chunks do not overlap.
        progress: called after each batch with (tokens predicted so far, tokens in all).

    Returns:
        The accuracy over ``n_tokens`` tokens.

    Raises:
        InputError: if the text is too short, or the logits are not finite (look at what ``attend`` returns).
    """
    losses = token_losses(
        tokens, model, attend, batch=batch, n_tokens=n_tokens, stride=stride, progress=progress
    )  # (n_tokens,)
    return accuracy_of_losses(losses, model.config.n_ctx)


def token_losses(
    tokens: Tokens,
    model: LanguageModel | Weights,
    attend: Attend | Sequence[Attend],
    *,
    batch: int = 16,
    n_tokens: int | None = None,
    stride: int | None = None,
    progress: Progress | None = None,
) -> Losses:
    """Return the loss of every predicted token, for instance to compare two attentions token by token.

    Args:
        tokens: as in `perplexity`.
        model: as in `perplexity`.
        attend: as in `perplexity`.
        batch: as in `perplexity`.
        n_tokens: as in `perplexity`.
        stride: as in `perplexity`.
        progress: as in `perplexity`.

    Returns:
        Losses of tokens 1 .. n_tokens of the text, nats, (n_tokens,).

    Raises:
        InputError: as in `perplexity`.
    """
    tokens, language = np.asarray(tokens), as_language_model(model)
    n_ctx = language.config.n_ctx
    total = _check_text(tokens, batch, n_tokens)
    losses = np.empty(total)
    for first, last, n_inputs, n_chunks in _batches(total, n_ctx, _check_stride(stride, n_ctx), batch):
        n_predicted = (last - first) // n_chunks
        ends = first + n_predicted * np.arange(1, n_chunks + 1)
        inputs = tokens[ends[:, None] - np.arange(n_inputs, 0, -1)]  # (chunk, token)
        targets = tokens[first + 1 : last + 1].reshape(n_chunks, -1)
        hidden = language.hidden(inputs, attend)[:, n_inputs - n_predicted :]  # (chunk, predicted, d_model)
        losses[first:last] = losses_of_hidden(hidden, targets, language).ravel()
        if progress is not None:
            progress(last, total)
    return losses


def as_language_model(model: LanguageModel | Weights) -> LanguageModel:
    """Return the model of weights; text is not needed, so that its tokenizer is that of bytes."""
    return Gpt2(weights=model, tokenizer=ByteTokenizer()) if isinstance(model, Weights) else model


def losses_of_hidden(hidden: Array, targets: Tokens, model: LanguageModel) -> Losses:
    """Return the losses of hidden states, some rows at a time: all logits of a long text would fill the memory.

    Args:
        hidden: what the model's head sees, (..., d_model).
        targets: the ids that came, (...).
        model: has the head.

    Returns:
        Losses, nats, (...).

    Raises:
        InputError: as in `next_token_losses`.
    """
    rows, wanted = hidden.reshape(-1, hidden.shape[-1]), targets.reshape(-1)
    step = max(1, MOST_LOGITS // model.config.n_vocab)
    parts = [
        next_token_losses(model.head(rows[start : start + step]), wanted[start : start + step])
        for start in range(0, len(rows), step)
    ]
    return np.concatenate(parts).reshape(targets.shape)


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


def _batches(total: int, n_ctx: int, stride: int, batch: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (first, last, n_inputs, n_chunks): tokens first .. last - 1 are predicted from chunks of n_inputs.

    First the beginning of the text, which has not more before it; then whole strides, `batch` at a time; then the rest.
    """
    head = 0 if stride == n_ctx else min(n_ctx, total)
    if head:
        yield 0, head, head, 1
    whole = (total - head) // stride
    for chunk in range(0, whole, batch):
        n_chunks = min(batch, whole - chunk)
        yield head + chunk * stride, head + (chunk + n_chunks) * stride, n_ctx, n_chunks
    done = head + whole * stride
    if done < total:
        yield done, total, total - done if stride == n_ctx else n_ctx, 1


def _check_stride(stride: int | None, n_ctx: int) -> int:
    if stride is None:
        return n_ctx
    if not 1 <= stride <= n_ctx:
        raise InputError(f"stride must be 1 to {n_ctx} tokens (n_ctx of the model), found {stride}")
    return stride


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
