"""Softmax of all 12 x 12 heads of GPT-2 124M for three prompts (transformer-explainer, MIT)."""

from pathlib import Path

import numpy as np
import pytest

from pycosim.attention import causal_window, exact_attention, masked_softmax


@pytest.mark.parametrize("prompt", [0, 1, 2])
def test_softmax_of_real_scores_agrees(reference_data: Path, prompt: int) -> None:
    with np.load(reference_data / "models/gpt2_golden_attention" / f"prompt_{prompt}.npz") as stored:
        scores, wanted = stored["scaled_scores"], stored["softmax"]
    found = masked_softmax(scores, causal_window(scores.shape[-1]))
    assert found.shape == (12, 12, scores.shape[-1], scores.shape[-1])
    assert np.abs(found - wanted).max() < 1e-6


@pytest.mark.parametrize("prompt", [0, 1, 2])
def test_exact_attention_of_real_scores_agrees(reference_data: Path, prompt: int) -> None:
    """With keys and values that are unit vectors, attention returns its own weights."""
    with np.load(reference_data / "models/gpt2_golden_attention" / f"prompt_{prompt}.npz") as stored:
        scores, wanted = stored["scaled_scores"].astype(float), stored["softmax"]
    n_tokens = scores.shape[-1]
    unit = np.broadcast_to(np.eye(n_tokens), scores.shape)
    found = exact_attention(scores * np.sqrt(n_tokens), unit, unit)
    assert np.abs(found - wanted).max() < 1e-6
