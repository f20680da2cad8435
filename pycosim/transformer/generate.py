"""A prompt -> the text that a model writes after it: each layer's attention remembers keys and values of all tokens.

steps = [ExactSteps() for _ in range(n_layer)]  # or any other, fresh for each text
logits = model.logits(prompt, [s.step for s in steps])  # once for the whole prompt
logits = model.logits(token, [s.step for s in steps], start=position)  # then for each new token
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.layers import Array
from pycosim.transformer.model import LanguageModel
from pycosim.transformer.sampling import Sampling


class StepAttend(Protocol):
    """One layer's attention that remembers: it attends from new tokens to them and to all that came before.

    An object serves one text (or one batch of texts of equal length); positions are counted inside.
    """

    def step(self, q: Array, k: Array, v: Array) -> NDArray[np.floating[Any]]:
        """Remember k and v of new tokens and return what the queries of these tokens attend to.

        Args:
            q: queries of the new tokens, in their order, (batch?, n_head, n_new, d_head), n_new at least 1.
            k: their keys, the same shape.
            v: their values, the same shape.

        Returns:
            The same shape: what ``attend`` gives for these tokens in the whole text.
        """
        ...


Begin = Callable[[], Sequence[StepAttend]]
"""Return fresh attentions, one per layer, for one text."""


def generate(
    model: LanguageModel,
    prompt: NDArray[np.integer[Any]],
    n_tokens: int,
    begin: Begin,
    *,
    sampling: Sampling | None = None,
    seed: int = 0,
    stop: int | None = None,
) -> NDArray[np.int64]:
    """Write tokens after a prompt.

    Args:
        model: from `pycosim.transformer.load.load_model`.
        prompt: ids, (n_prompt,), at least one; the model reads no more than its ``n_ctx`` tokens in all.
        n_tokens: how many to write, at least 1.
        begin: makes the attention of this text, one per layer: ``lambda: [ExactSteps() for _ in range(n_layer)]``.
        sampling: how to choose; None takes the most probable always.
        seed: of the draws.
        stop: an id after which to stop; it is not returned.

    Returns:
        The new ids, (at most n_tokens,).

    Raises:
        InputError: the prompt is empty or too long together with ``n_tokens``, or ids or attention do not fit.
    """
    return np.fromiter(
        generated(model, prompt, n_tokens, begin, sampling=sampling, seed=seed, stop=stop), dtype=np.int64
    )


def generated(
    model: LanguageModel,
    prompt: NDArray[np.integer[Any]],
    n_tokens: int,
    begin: Begin,
    *,
    sampling: Sampling | None = None,
    seed: int = 0,
    stop: int | None = None,
) -> Iterator[int]:
    """Yield the tokens of `generate` as soon as they are chosen.

    Args:
        model: as in `generate`.
        prompt: as in `generate`.
        n_tokens: as in `generate`.
        begin: as in `generate`.
        sampling: as in `generate`.
        seed: as in `generate`.
        stop: as in `generate`.

    Raises:
        InputError: as in `generate`.
    """
    read = np.asarray(prompt)
    _check_lengths(read, n_tokens, model.config.n_ctx)
    chooser, random = sampling or Sampling(), np.random.default_rng(seed)
    attends = [layer.step for layer in begin()]
    position = 0
    for written in range(n_tokens):
        logits = model.logits(read, attends, start=position, last=1)[0]  # (1, n_vocab) -> (n_vocab,)
        chosen = chooser.choose(logits, random)
        if chosen == stop:
            return
        yield chosen
        position = prompt.size + written
        read = np.array([chosen])


def _check_lengths(prompt: NDArray[np.integer[Any]], n_tokens: int, n_ctx: int) -> None:
    if prompt.ndim != 1 or not prompt.size:
        raise InputError(
            f"wanted a prompt of at least one token, (n_prompt,), found shape {prompt.shape}; "
            "encode some text, or begin with the tokenizer's start"
        )
    if n_tokens < 1 or prompt.size + n_tokens - 1 > n_ctx:
        raise InputError(
            f"the model reads at most {n_ctx} tokens, the prompt has {prompt.size}: it can write 1 to "
            f"{max(0, n_ctx - prompt.size + 1)} more, asked for {n_tokens}; shorten the prompt or ask for fewer"
        )
