"""The layers of the transformers except their attention: float32 arrays in, float32 arrays out.

Written after [2019 Radford, "Language models are unsupervised multitask learners"] and the weight layout of
its published checkpoints; RMS norm, gated MLP and rotary positions after [2023 Touvron, "LLaMA"]. Shapes: ``...``
stands for an optional batch. What goes element by element over a large array goes in blocks that stay in the
processor's cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[np.float32]

TANH_SLOPE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715  # [2016 Hendrycks, "Gaussian error linear units", sec. 2]
LAYER_NORM_EPSILON = 1e-5  # GPT-2's layer_norm_epsilon
BLOCK = 32 * 1024
"""Elements that go through a chain of operations together: 128 KiB, so that two such blocks stay in a level-2 cache."""


def layer_norm(x: Array, weight: Array, bias: Array, epsilon: float = LAYER_NORM_EPSILON) -> Array:
    """Normalise the last axis: ``(x - mean) / sqrt(variance + epsilon) * weight + bias`` [2016 Ba, eq. 4].

    Args:
        x: (..., n_tokens, d_model).
        weight: (d_model,).
        bias: (d_model,).
        epsilon: added to the (biased) variance.

    Returns:
        (..., n_tokens, d_model).
    """
    normalised: Array = np.empty(x.shape, np.float32)
    for rows, found in _row_blocks(x, normalised):
        np.subtract(rows, rows.mean(axis=-1, keepdims=True), out=found)
        _scale_to_unit(found, found, weight, epsilon)
        found += bias
    return normalised


def rms_norm(x: Array, weight: Array, epsilon: float) -> Array:
    """Normalise the last axis without centring: ``x / sqrt(mean(x^2) + epsilon) * weight`` [2019 Zhang, eq. 4].

    Args:
        x: (..., n_tokens, d_model).
        weight: (d_model,).
        epsilon: added to the mean square.

    Returns:
        (..., n_tokens, d_model).
    """
    normalised: Array = np.empty(x.shape, np.float32)
    for rows, found in _row_blocks(x, normalised):
        _scale_to_unit(rows, found, weight, epsilon)
    return normalised


def gelu(x: Array, out: Array | None = None) -> Array:
    """GELU in its tanh form, GPT-2's ``gelu_new`` [2016 Hendrycks, sec. 2].

    ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))``.

    Args:
        x: any shape.
        out: where to put the result, of the shape of ``x`` and contiguous; may be ``x`` itself. None for a new array.

    Returns:
        The shape of ``x``.
    """
    activated: Array = np.empty(x.shape, np.float32) if out is None else out
    for part, found in _flat_blocks(x, activated):
        argument = part * part
        argument *= TANH_SLOPE * GELU_CUBIC
        argument += TANH_SLOPE
        argument *= part
        np.tanh(argument, out=argument)
        argument += 1
        argument *= 0.5
        np.multiply(part, argument, out=found)
    return activated


def gelu_erf(x: Array) -> Array:
    """GELU as it is defined, ``x / 2 * (1 + erf(x / sqrt(2)))`` [2016 Hendrycks, sec. 2].

    Args:
        x: any shape.

    Returns:
        The shape of ``x``.
    """
    activated: Array = (x * 0.5 * (1 + erf(x * math.sqrt(0.5)))).astype(np.float32, copy=False)
    return activated


def gate(x: Array, up: Array) -> Array:
    """``silu(x) * up``, the inside of a SwiGLU  [2020 Shazeer, "GLU variants improve transformer", eq. 6].

    Args:
        x: any shape; overwritten with the result.
        up: the same shape.

    Returns:
        ``x / (1 + exp(-x)) * up``.
    """
    for part, other in _flat_blocks(x, up):
        with np.errstate(over="ignore"):  # exp(-x) = inf gives the right 0
            divisor = np.exp(-part)
        divisor += 1
        part /= divisor
        part *= other
    return x


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """``x @ weight + bias``, the weight stored as (in, out) as in GPT-2's checkpoints ("Conv1D").

    Args:
        x: (..., n_tokens, n_in).
        weight: (n_in, n_out).
        bias: (n_out,).

    Returns:
        (..., n_tokens, n_out).
    """
    product = project(x, weight)
    product += bias
    return product


def project(x: Array, weight: Array) -> Array:
    """``x @ weight`` as one product of two matrices: faster than one product per text of a batch.

    Args:
        x: (..., n_in).
        weight: (n_in, n_out).

    Returns:
        (..., n_out).
    """
    rows = x.reshape(-1, x.shape[-1])  # (..., n_in) -> (row, n_in)
    product: Array = (rows @ weight).reshape(*x.shape[:-1], -1)
    return product


def split_heads(x: Array, n_head: int) -> Array:
    """(..., n_tokens, n_head * d_head) -> (..., n_head, n_tokens, d_head)."""
    heads = x.reshape(*x.shape[:-1], n_head, -1)  # (..., n_tokens, n_head, d_head)
    return heads.swapaxes(-2, -3)


def merge_heads(x: NDArray[np.floating[Any]]) -> Array:
    """(..., n_head, n_tokens, d_head) -> (..., n_tokens, n_head * d_head), float32."""
    tokens = x.swapaxes(-2, -3).astype(np.float32)  # (..., n_tokens, n_head, d_head)
    return tokens.reshape(*tokens.shape[:-2], -1)


def rotate(x: Array, start: int, base: float) -> Array:
    """Turn the features of a head by angles that grow with the token's position  [2021 Su, "RoFormer", eq. 34].

    Feature i of the first half and feature i of the second are one plane, as in the checkpoints of Hugging Face.

    Args:
        x: (..., n_head, n_tokens, d_head), d_head even.
        start: position of the first token.
        base: the angle of plane i is position * base ** (-2 i / d_head).

    Returns:
        The same shape.
    """
    n_tokens, half = x.shape[-2], x.shape[-1] // 2
    slopes = base ** (-np.arange(half) / half)
    angles = np.arange(start, start + n_tokens)[:, None] * slopes  # (token, half)
    cosine, sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def _scale_to_unit(x: Array, out: Array, weight: Array, epsilon: float) -> None:
    """``out = x / sqrt(mean(x^2) + epsilon) * weight`` along rows."""
    variance = np.einsum("rf,rf->r", x, x) / np.float32(x.shape[-1])  # (row, feature) -> (row,)
    np.multiply(x, (1 / np.sqrt(variance + np.float32(epsilon)))[:, None], out=out)
    out *= weight


def _row_blocks(x: Array, out: Array) -> Iterator[tuple[Array, Array]]:
    """Views of both, some rows at a time: (..., feature) -> (row, feature); ``out`` is contiguous."""
    rows, found = x.reshape(-1, x.shape[-1]), out.reshape(-1, x.shape[-1])
    step = max(1, BLOCK // x.shape[-1])
    for start in range(0, len(rows), step):
        yield rows[start : start + step], found[start : start + step]


def _flat_blocks(x: Array, other: Array) -> Iterator[tuple[Array, Array]]:
    """Views of both as one row, some elements at a time; what is written must be contiguous."""
    flat, found = x.reshape(-1), other.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        yield flat[start : start + BLOCK], found[start : start + BLOCK]
