"""Text that a model writes after a prompt, with exact attention, with the linear hardware, or with that of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pycosim.attention.generation import ExactSteps, analog_generation
from pycosim.errors import InputError
from pycosim.flows.evaluate import AttentionKind
from pycosim.flows.evaluate_model import attention_of
from pycosim.flows.saved_attention import SavedAttention
from pycosim.transformer.generate import Begin, StepAttend, generated
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.model import LanguageModel
from pycosim.transformer.sampling import Sampling


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """What a model wrote.

    Attributes:
        text: after the prompt.
        n_tokens: that were written.
        seconds: that it took, the prompt included.
    """

    text: str
    n_tokens: int
    seconds: float


def continue_text(
    model: LanguageModel,
    begin: Begin,
    prompt: str,
    n_tokens: int,
    *,
    sampling: Sampling | None = None,
    seed: int = 0,
    show: Callable[[str], None] | None = None,
) -> Written:
    """Let a model write.

    Args:
        model: from `pycosim.transformer.load.load_model`.
        begin: makes the attention of the text: from `begin_attention`.
        prompt: text to begin with; "" only for a model whose texts have a start.
        n_tokens: at most so many; fewer where the model's context or text ends.
        sampling: how tokens are chosen; None takes the most probable.
        seed: of the draws.
        show: is given the text piece by piece, as it grows.

    Returns:
        The text and how long it took.

    Raises:
        InputError: an empty or too long prompt, or ids that do not fit.
    """
    tokenizer = model.tokenizer
    ids = tokenizer.begin(prompt)
    if not ids.size:
        raise InputError("this model's texts have no start, so that it needs a prompt; give some text with --prompt")
    room = model.config.n_ctx - ids.size + 1
    if room < 1:
        raise InputError(f"the prompt has {ids.size} tokens, the model reads {model.config.n_ctx}; shorten it")
    start, written, shown = time.perf_counter(), [], ""
    for token in generated(model, ids, min(n_tokens, room), begin, sampling=sampling, seed=seed, stop=tokenizer.start):
        written.append(token)
        text = tokenizer.decode(np.array([*ids, *written]))
        if show is not None and not text.endswith("\ufffd"):  # a character that is cut may yet be completed
            show(text.removeprefix(shown))
            shown = text
    whole = tokenizer.decode(np.array([*ids, *written]))
    return Written(
        text=whole.removeprefix(tokenizer.decode(ids)),
        n_tokens=len(written),
        seconds=time.perf_counter() - start,
    )


def begin_attention(model: Gpt2 | Llama, kind: AttentionKind, saved: SavedAttention | None) -> Begin:
    """Return what makes the attention of a text, one object per layer.

    Args:
        model: whose layers it is for.
        kind: what computes the attention.
        saved: of an earlier run; analog attention needs it.

    Raises:
        ConfigurationError: analog attention without a run, or a model that was not trained for the hardware.
    """
    attention = attention_of(model, kind, saved)
    arrays = attention.arrays
    if arrays is None:
        return lambda: [ExactSteps() for _ in attention.layers]

    def begin() -> Sequence[StepAttend]:
        return analog_generation(arrays, attention.scalers)

    return begin
