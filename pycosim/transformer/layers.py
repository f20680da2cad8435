"""The layers of GPT-2 except its attention: float32 arrays in, float32 arrays out.

Written after [2019 Radford, "Language models are unsupervised multitask learners"] and the weight layout of
its published checkpoints. Shapes: ``...`` stands for an optional batch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

TANH_SLOPE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715  # [2016 Hendrycks, "Gaussian error linear units", sec. 2]
LAYER_NORM_EPSILON = 1e-5  # GPT-2's layer_norm_epsilon


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
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)  # (..., n_tokens, 1)
    normalised: Array = centred / np.sqrt(variance + epsilon) * weight + bias
    return normalised


def gelu(x: Array) -> Array:
    """GELU in its tanh form, GPT-2's ``gelu_new`` [2016 Hendrycks, sec. 2].

    ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))``.

    Args:
        x: any shape.

    Returns:
        The shape of ``x``.
    """
    argument = TANH_SLOPE * x * (1 + GELU_CUBIC * x * x)
    activated: Array = 0.5 * x * (1 + np.tanh(argument))
    return activated


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
