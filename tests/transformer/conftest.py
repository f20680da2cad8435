"""A small random GPT-2 and a five-line causal attention."""

from collections.abc import Callable

import numpy as np
import pytest

from pycosim.transformer.parameters import expected_shapes
from pycosim.transformer.weights import Gpt2Config, Weights

SIZES = Gpt2Config(n_layer=2, n_head=3, d_head=4, n_ctx=16, n_vocab=11)


@pytest.fixture
def causal_softmax() -> Callable[..., np.ndarray]:
    def attend(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        scores = q @ k.swapaxes(-1, -2) / np.float32(np.sqrt(q.shape[-1]))  # (..., head, token, token)
        scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, np.float32(-np.inf))
        probabilities = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return probabilities / probabilities.sum(axis=-1, keepdims=True) @ v

    return attend


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    shapes = expected_shapes(SIZES)
    return {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def weights(arrays: dict[str, np.ndarray]) -> Weights:
    return Weights(config=SIZES, arrays=arrays)
