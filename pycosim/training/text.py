"""A text as tokens, in windows drawn at random for training and in a row for measuring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pycosim.errors import InputError
from pycosim.flows.evaluate_model import read_text_file
from pycosim.transformer.model import LanguageModel

Tokens = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texts:
    """What a model learns from and what it is judged on.

    Attributes:
        training: ids, (n_tokens,).
        held_out: ids, (n_tokens,).
    """

    training: Tokens
    held_out: Tokens


def read_texts(
    model: LanguageModel, text: Path, context: int, *, held_out: Path | None = None, share: float = 0.1
) -> Texts:
    """Read and encode a text.

    Args:
        model: has the tokenizer.
        text: file in UTF-8.
        context: tokens of a window.
        held_out: another file to judge by; None cuts it off the text's end.
        share: of the text that is cut off.

    Raises:
        InputError: a file that cannot be read, or a text of less than a window; a share that leaves nothing.
    """
    tokens = _encoded(model, text)
    if held_out is None:
        if not 0 < share < 1:
            raise InputError(f"the share that is held out must lie between 0 and 1, found {share:g}; try 0.1")
        cut = round(tokens.size * (1 - share))
        texts = Texts(training=tokens[:cut], held_out=tokens[cut:])
    else:
        texts = Texts(training=tokens, held_out=_encoded(model, held_out))
    for name, part in (("training", texts.training), ("held-out", texts.held_out)):
        if part.size <= context:
            raise InputError(
                f"wanted more than {context} tokens of {name} text (the context), found {part.size}; give a longer "
                "text, or a shorter --context"
            )
    return texts


def _encoded(model: LanguageModel, path: Path) -> Tokens:
    return np.asarray(model.tokenizer.encode(read_text_file(path)), dtype=np.int64)


def drawn_windows(tokens: Tensor, context: int, batch: int, draws: torch.Generator) -> Tensor:
    """Return windows that begin anywhere, (batch, context + 1).

    Args:
        tokens: ids, (n_tokens,).
        context: tokens that are read; each window has one more, which the last one predicts.
        batch: how many.
        draws: where they come from.
    """
    starts = torch.randint(len(tokens) - context, (batch,), generator=draws)
    return torch.stack([tokens[start : start + context + 1] for start in starts.tolist()])


def windows_in_a_row(tokens: Tensor, context: int, most: int | None = None) -> Tensor:
    """Return windows that do not overlap, (window, context + 1); a shorter last one is left out.

    Args:
        tokens: ids, (n_tokens,), more than a context.
        context: as in `drawn_windows`.
        most: how many at most, from the beginning; None for all.
    """
    n_windows = (len(tokens) - 1) // context
    n_windows = n_windows if most is None else min(n_windows, most)
    return tokens[: n_windows * context + 1].unfold(0, context + 1, context)
