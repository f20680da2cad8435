"""The scalers of any model on the gain-cell hardware: those that it was trained with, or a first guess.

Weights of a public model have none. A first guess puts the operands of the exact model where the hardware has its
range: per head, q spread to 0.5 +- 0.25 of the longest pulse, k and v to 0.45 +- 0.2 V, and the result to the mean and
deviation of the exact one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from pycosim.attention.analog import AttentionArrays, analog_attention, factored_arrays
from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import AttentionHardware, Scaler, Scalers
from pycosim.attention.published import linear_models
from pycosim.attention.statistics import SIGNALS, Moments
from pycosim.errors import ConfigurationError, InputError
from pycosim.transformer.attend import Attend, Tokens
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.layers import Array
from pycosim.transformer.llama import Llama
from pycosim.transformer.scaled import ScaledArrays
from pycosim.transformer.vit import Vit

NUMBERS = ("tile", "window", "rows_per_feature", "query_levels", "stored_levels", "output_counts")
"""What the metadata of weights may say of the hardware that they were trained on; 0 levels are any."""
TILE = 64
"""Tokens that one array holds, where the weights do not say  [2025 Leroux]."""


class Configured(Protocol):
    """The sizes that scalers follow from."""

    @property
    def n_layer(self) -> int:
        """Number of blocks."""
        ...


class Weighted(Protocol):
    """Any model of this package."""

    @property
    def weights(self) -> ScaledArrays:
        """Its arrays."""
        ...

    @property
    def config(self) -> Configured:
        """Its sizes."""
        ...


AnyModel = TypeVar("AnyModel", Gpt2, Llama, Vit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Where the first guess puts operands.

    Attributes:
        query_centre: share of the longest pulse; None for the middle of what the hardware takes.
        query_deviation: the same; None for a quarter of the range.
        stored_centre: V.
        stored_deviation: V.
    """

    query_centre: float | None = None
    query_deviation: float | None = None
    stored_centre: float = 0.45
    stored_deviation: float = 0.2


def scalers_of(model: Weighted) -> tuple[Scalers, ...]:
    """Return the scalers that a model was trained with, one set per layer.

    Args:
        model: of any kind.

    Raises:
        InputError: it has none.
    """
    return scalers_of_weights(model.weights, model.config.n_layer)


def scalers_of_weights(weights: ScaledArrays, n_layer: int) -> tuple[Scalers, ...]:
    """Return the scalers that weights were trained with, one set per layer; see `scalers_of`."""

    def scaler(layer: int, signal: str) -> Scaler:
        a, b = weights.scaler(layer, signal)
        return Scaler(a=a.astype(np.float64), b=b.astype(np.float64))

    return tuple(Scalers(**{signal: scaler(i, signal) for signal in SIGNALS}) for i in range(n_layer))


def with_scalers(model: AnyModel, scalers: Sequence[Scalers]) -> AnyModel:
    """Return the model with scalers among its weights, rounded to float32.

    Args:
        model: of any kind.
        scalers: one set per layer.

    Raises:
        InputError: sets of other layers or heads than the model's.
    """
    if len(scalers) != model.config.n_layer:
        raise InputError(f"the model has {model.config.n_layer} layers, found scalers of {len(scalers)}")
    arrays = {
        f"{model.weights.attention_name(layer)}.scale_{signal}.{part}": getattr(scaler, part).astype(np.float32)
        for layer, own in enumerate(scalers)
        for signal in SIGNALS
        for scaler in (getattr(own, signal),)
        for part in ("a", "b")
    }
    return replace(model, weights=model.weights.with_arrays(arrays))


def linear_hardware(weights: ScaledArrays, n_ctx: int) -> AttentionHardware:
    """Return the hardware that weights were trained on, or the published one, which keeps what was written.

    Args:
        weights: whose metadata may give ``tile`` and ``window`` in tokens, ``query_levels``, ``stored_levels`` and
            ``output_counts`` (0 for none), ``rows_per_feature``, and whether there are ``signed_queries``.
        n_ctx: the longest sequence, in tokens; the window is so long where the metadata do not say.

    Raises:
        ConfigurationError: metadata that are no numbers.
    """
    found = {name: weights.metadata[name] for name in NUMBERS if name in weights.metadata}
    if not all(text.isascii() and text.isdigit() for text in found.values()):
        raise ConfigurationError(
            f"the metadata must give sizes and levels as whole numbers, found {found}; save the model again"
        )
    tile = int(found.get("tile", TILE))
    published = AttentionHardware(token_period=0.0)

    def levels(name: str, default: int | None) -> int | None:
        return int(found[name]) or None if name in found else default

    return replace(
        published,
        tile=tile,
        window=int(found["window"]) if "window" in found else whole_tiles(n_ctx, tile),
        n_input_levels=levels("query_levels", published.n_input_levels),
        n_stored_levels=levels("stored_levels", published.n_stored_levels),
        n_output_counts=levels("output_counts", published.n_output_counts),
        signed_queries=weights.metadata.get("signed_queries") == "true",
        rows_per_feature=int(found.get("rows_per_feature", 1)),
    )


def whole_tiles(n_tokens: int, tile: int) -> int:
    """Return the least number of tokens that fills whole tiles and holds so many."""
    return -(-n_tokens // tile) * tile


def initial_scalers(
    model: Gpt2 | Llama | Vit,
    inputs: Tokens | Array,
    *,
    arrays: AttentionArrays | None = None,
    reference: Attend = exact_attention,
    spread: Spread | None = None,
) -> tuple[Scalers, ...]:
    """Return a first guess of the scalers, one set per layer, from one pass of the exact model.

    Args:
        model: with weights for exact attention.
        inputs: that its statistics are taken on: tokens (n_texts, n_tokens), or images of a vision transformer.
        arrays: the hardware whose output is scaled to that of the reference; None for the linear one that holds the
            model's context.
        reference: what the weights were trained for; a vision transformer's is not causal.
        spread: where operands are put; None for the usual places.
    """
    place = spread or Spread()
    n_tokens = model.config.n_tokens if isinstance(model, Vit) else model.config.n_ctx
    hardware = arrays or factored_arrays(linear_models(), linear_hardware(model.weights, n_tokens))
    queries = hardware.hardware.query_axis.nodes / hardware.hardware.max_pulse_width  # in shares of the longest pulse
    low, high = float(queries[0]), float(queries[-1])
    centre = (low + high) / 2 if place.query_centre is None else place.query_centre
    deviation = (high - low) / 4 if place.query_deviation is None else place.query_deviation
    found: list[Scalers] = []

    def watch(q: Array, k: Array, v: Array) -> Array:
        out: Array = np.asarray(reference(q, k, v), dtype=np.float32)
        own = Scalers(
            q=_spread_to(q, centre, deviation),
            k=_spread_to(k, place.stored_centre, place.stored_deviation),
            v=_spread_to(v, place.stored_centre, place.stored_deviation),
            out=Scaler.constant(q.shape[-3], 1.0, 0.0),
        )
        raw = analog_attention(hardware.models, hardware.hardware, own, arrays=hardware)(q, k, v)
        found.append(replace(own, out=_matched(Moments.of(raw), Moments.of(out))))
        return out

    if isinstance(model, Vit):
        model.logits(np.asarray(inputs, dtype=np.float32), watch)
    else:
        model.hidden(np.asarray(inputs, dtype=np.int64), watch)
    return tuple(found)


def _spread_to(values: Array, mean: float, deviation: float) -> Scaler:
    n_heads = values.shape[-3]
    return _matched(Moments.of(values), Moments(mean=np.full(n_heads, mean), deviation=np.full(n_heads, deviation)))


def _matched(found: Moments, wanted: Moments) -> Scaler:
    """What gives a signal other moments; a signal that does not vary keeps its gain."""
    varies = found.deviation > 0
    gain = np.divide(wanted.deviation, found.deviation, out=np.ones_like(found.deviation), where=varies)
    return Scaler(a=gain, b=wanted.mean - gain * found.mean)
