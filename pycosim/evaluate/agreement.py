"""How far a model with one attention says the same as with another, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.evaluate.accuracy import MOST_LOGITS
from pycosim.transformer.attend import Attend, Tokens, one_per_layer
from pycosim.transformer.layers import Array
from pycosim.transformer.model import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How alike two predictions of one text are.

    Attributes:
        top_1: share of the tokens whose most probable successor is the same.
        kl_nats: mean of the divergence sum p log(p / q) of the second prediction q from the reference p.
        n_tokens: so many successors were predicted.
    """

    top_1: float
    kl_nats: float
    n_tokens: int

    def __str__(self) -> str:
        return (
            f"top-1 agreement {100 * self.top_1:.2f} %, KL divergence {self.kl_nats:.4g} nats, {self.n_tokens} tokens"
        )


def agreement(
    tokens: Tokens,
    model: LanguageModel,
    attend: Attend | Sequence[Attend],
    reference: Attend | Sequence[Attend],
    *,
    batch: int = 16,
    reference_model: LanguageModel | None = None,
) -> Agreement:
    """Compare two attentions on a text, cut into chunks of n_ctx tokens that do not overlap; a rest is left out.

    Args:
        tokens: the text's ids, (n_text,); a text shorter than a chunk is one.
        model: from `load_model`.
        attend: one for all layers, or one per layer.
        reference: that it is compared with: usually `exact_attention`.
        batch: chunks that run together.
        reference_model: where the reference has other weights; of the same vocabulary and context.

    Raises:
        InputError: the text is empty, or the models do not fit together.
    """
    other = reference_model or model
    ours, theirs = ((m.config.n_ctx, m.config.n_vocab) for m in (model, other))
    if ours != theirs:
        raise InputError(f"both models must have one context and vocabulary, found {ours} and {theirs}")
    same, divergence = [], []
    for chunk in _chunks(np.asarray(tokens), ours[0], batch):
        q, p = model.hidden(chunk, attend), other.hidden(chunk, reference)
        rows_q, rows_p = (x.reshape(-1, x.shape[-1]) for x in (q, p))
        step = max(1, MOST_LOGITS // ours[1])
        for start in range(0, len(rows_q), step):
            rows = slice(start, start + step)
            found, wanted = model.head(rows_q[rows]), other.head(rows_p[rows])
            same.append(found.argmax(axis=-1) == wanted.argmax(axis=-1))
            divergence.append(kl_divergence(wanted, found))
    return Agreement(
        top_1=float(np.concatenate(same).mean()),
        kl_nats=float(np.concatenate(divergence).mean()),
        n_tokens=sum(part.size for part in same),
    )


def agreement_by_head(
    tokens: Tokens,
    model: LanguageModel,
    attend: Sequence[Attend],
    reference: Attend | Sequence[Attend],
    *,
    batch: int = 16,
    by_layer: bool = False,
) -> NDArray[np.object_]:
    """Return what each head, or layer, does alone: all others have the reference attention.

    Args:
        tokens: as in `agreement`.
        model: as in `agreement`.
        attend: one per layer.
        reference: for all other heads, one for all layers or one per layer.
        batch: as in `agreement`.
        by_layer: all heads of a layer at once.

    Returns:
        `Agreement` of each, (n_layer, n_head), or (n_layer, 1).

    Raises:
        InputError: as in `agreement`.
    """
    n_layer, n_head = model.config.n_layer, model.config.n_head
    groups = [slice(0, n_head)] if by_layer else [slice(head, head + 1) for head in range(n_head)]
    found = np.empty((n_layer, len(groups)), dtype=object)
    for layer in range(n_layer):
        for group, heads in enumerate(groups):
            mixed = one_per_layer(reference, n_layer)
            mixed[layer] = some_heads(attend[layer], mixed[layer], heads)
            found[layer, group] = agreement(tokens, model, mixed, reference, batch=batch)
    return found


def output_errors(
    tokens: Tokens, model: LanguageModel, attend: Sequence[Attend], reference: Sequence[Attend], *, batch: int = 16
) -> NDArray[np.float64]:
    """Return how far each head's output is from the reference's for the same operands, those of the reference.

    Args:
        tokens: as in `agreement`.
        model: as in `agreement`.
        attend: one per layer.
        reference: one per layer.
        batch: as in `agreement`.

    Returns:
        Root mean square of the difference over the deviation of the reference's output, (n_layer, n_head); 0 where a
        reference does not vary and nothing differs.
    """
    n_layer, n_head = model.config.n_layer, model.config.n_head
    sums = np.zeros((4, n_layer, n_head))  # of the squared difference, the output, its square, and their number

    def watching(layer: int) -> Attend:
        def compared(q: Array, k: Array, v: Array) -> Array:
            wanted = np.asarray(reference[layer](q, k, v), dtype=np.float64)
            difference = np.asarray(attend[layer](q, k, v), dtype=np.float64) - wanted
            axes = tuple(axis for axis in range(wanted.ndim) if axis != wanted.ndim - 3)
            found = (difference**2, wanted, wanted**2, np.ones_like(wanted))
            sums[:, layer] += [x.sum(axis=axes) for x in found]
            return wanted.astype(np.float32)

        return compared

    layers = [watching(layer) for layer in range(n_layer)]
    for chunk in _chunks(np.asarray(tokens), model.config.n_ctx, batch):
        model.hidden(chunk, layers)
    squared, first, second, n = sums
    variance = second / n - (first / n) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):  # a constant output: 0, or infinitely far
        return np.where(squared > 0, np.sqrt(squared / n / variance), 0.0)


def some_heads(attend: Attend, reference: Attend, heads: slice) -> Attend:
    """Return an attention that takes some heads from one and all others from another.

    Args:
        attend: for these heads.
        reference: for the others.
        heads: which.
    """

    def mixed(q: Array, k: Array, v: Array) -> Array:
        out = np.array(reference(q, k, v), dtype=np.float32)
        out[..., heads, :, :] = attend(q, k, v)[..., heads, :, :]
        return out

    return mixed


def kl_divergence(wanted: Array, found: Array) -> NDArray[np.float64]:
    """Return sum p log(p / q) of p = softmax(wanted) and q = softmax(found), nats: (..., n_vocab) -> (...).

    Args:
        wanted: logits of the reference.
        found: logits that are compared with it, the same shape.
    """
    log_p, log_q = _log_softmax(wanted), _log_softmax(found)
    divergence: NDArray[np.float64] = (np.exp(log_p) * (log_p - log_q)).sum(axis=-1)
    return divergence


def _log_softmax(logits: Array) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def _chunks(tokens: Tokens, n_ctx: int, batch: int) -> list[Tokens]:
    if tokens.ndim != 1 or not tokens.size or batch < 1:
        raise InputError(
            f"wanted the ids of one text, (n_text,), and a batch of at least 1, found {tokens.shape}, {batch}"
        )
    n_whole = tokens.size // n_ctx
    if not n_whole:
        return [tokens[None]]
    whole = tokens[: n_whole * n_ctx].reshape(n_whole, n_ctx)
    return [whole[start : start + batch] for start in range(0, n_whole, batch)]
