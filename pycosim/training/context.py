"""A model for shorter texts: what it learns about places in a text ends where its training windows end.

The hardware's offsets are added behind the positions, so that even rotary ones are no longer relative: beyond the
context of the training a model is as lost as with positions that it never learnt.
"""

from __future__ import annotations

from dataclasses import replace

from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama

POSITIONS = "wpe.weight"


def with_context(model: Gpt2 | Llama, context: int) -> Gpt2 | Llama:
    """Return the model with a shorter longest sequence, and without calibration tokens.

    Args:
        model: from `load_model`.
        context: tokens, at most the model's.
    """
    if isinstance(model, Llama):
        llama = replace(model.weights, config=replace(model.config, n_ctx=context), calibration_tokens=None)
        return replace(model, weights=llama)
    arrays = {**model.weights.arrays, POSITIONS: model.weights[POSITIONS][:context]}
    weights = replace(
        model.weights, config=replace(model.config, n_ctx=context), arrays=arrays, calibration_tokens=None
    )
    return replace(model, weights=weights)
