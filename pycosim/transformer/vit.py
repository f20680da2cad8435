"""A vision transformer with its attention as an argument: images -> logits of classes.

    x = [class token, patches @ projection] + positions
    for each block:  x = x + output(attend(q, k, v));  x = x + mlp(layernorm_after(x))
    logits = layernorm(x)[0] @ classifier.T

[2021 Dosovitskiy, "An image is worth 16x16 words"]. Every token attends to all others: ``attend`` must not be causal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.attend import Attend, attended, one_per_layer
from pycosim.transformer.layers import Array, gelu_erf, layer_norm, linear, merge_heads, split_heads
from pycosim.transformer.vit_parameters import VitConfig, VitWeights

Images = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vit:
    """A vision transformer that tells classes.

    Attributes:
        weights: checked arrays.
    """

    weights: VitWeights

    @property
    def config(self) -> VitConfig:
        """The sizes."""
        return self.weights.config

    def logits(self, images: Images, attend: Attend | Sequence[Attend]) -> Array:
        """See `vit`."""
        return vit(images, self.weights, attend)


def vit(images: Images, weights: VitWeights, attend: Attend | Sequence[Attend]) -> Array:
    """Run a vision transformer and return the logits of the classes.

    Args:
        images: (batch?, n_channels, image_size, image_size), scaled as in training.
        weights: checked arrays.
        attend: ``attend(q, k, v)`` of arrays (batch?, n_head, n_tokens, d_head), float32, that returns the same shape,
            every token attending to all; one for all layers, or a sequence with one per layer.

    Returns:
        Logits, (batch?, n_classes), float32.

    Raises:
        InputError: if an image has another shape or a value that is not finite, or ``attend`` does not fit.
    """
    config = weights.config
    x = vit_embed(images, weights)
    for layer, attend_here in enumerate(one_per_layer(attend, config.n_layer)):
        x = _block(x, layer, weights, attend_here)
    first = layer_norm(x[..., :1, :], *weights.pair("layernorm"), config.epsilon)[..., 0, :]
    return _linear(first, weights, "classifier")


def vit_embed(images: Images, weights: VitWeights) -> Array:
    """Return the residual stream before the first block: images -> (batch?, n_tokens, d_model).

    Args:
        images: as in `vit`.
        weights: as in `vit`.

    Raises:
        InputError: if an image has another shape, or a value that is not finite.
    """
    config = weights.config
    pixels = np.asarray(images, dtype=np.float32)
    wanted = (config.n_channels, config.image_size, config.image_size)
    if pixels.ndim not in (3, 4) or pixels.shape[-3:] != wanted or not np.isfinite(pixels).all():
        raise InputError(
            f"images must be finite, (batch?, channel, row, column) with the last three {wanted}, found shape "
            f"{pixels.shape}; resize and scale them as in training"
        )
    side, patch = config.image_size // config.patch_size, config.patch_size
    cut = pixels.reshape(*pixels.shape[:-2], side, patch, side, patch)  # (..., channel, row, i, column, j)
    patches = np.moveaxis(cut, (-4, -2), (-5, -4)).reshape(*pixels.shape[:-3], side * side, -1)
    weight, bias = weights.pair("embeddings.patch_embeddings.projection")
    tokens = linear(patches, weight.reshape(config.d_model, -1).T, bias)  # (..., patch, d_model)
    first = np.broadcast_to(weights["embeddings.cls_token"][0], (*tokens.shape[:-2], 1, config.d_model))
    x: Array = np.concatenate([first, tokens], axis=-2)
    x += weights["embeddings.position_embeddings"][0]
    return x


def _block(x: Array, layer: int, weights: VitWeights, attend: Attend) -> Array:
    config, name = weights.config, f"encoder.layer.{layer}"
    seen = layer_norm(x, *weights.pair(f"{name}.layernorm_before"), config.epsilon)
    q, k, v = (
        split_heads(_linear(seen, weights, f"{name}.attention.attention.{part}"), config.n_head)
        for part in ("query", "key", "value")
    )
    mixed = merge_heads(attended(attend, q, k, v, layer))
    middle = _linear(mixed, weights, f"{name}.attention.output.dense")
    middle += x
    seen = layer_norm(middle, *weights.pair(f"{name}.layernorm_after"), config.epsilon)
    inner = gelu_erf(_linear(seen, weights, f"{name}.intermediate.dense"))  # (..., d_model) -> (..., d_mlp)
    after = _linear(inner, weights, f"{name}.output.dense")
    after += middle
    return after


def _linear(x: Array, weights: VitWeights, name: str) -> Array:
    weight, bias = weights.pair(name)
    return linear(x, weight.T, bias)  # stored as (out, in)
