"""Text <-> tokens. The shipped weights read bytes: 256 tokens, no vocabulary file, every text encodable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError


class Tokenizer(Protocol):
    """What every tokenizer does."""

    @property
    def n_vocab(self) -> int:
        """Number of token ids."""
        ...

    @property
    def start(self) -> int | None:
        """The id that a text begins with, which `encode` does not write; None where there is none."""
        ...

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the ids of a text, (n_tokens,)."""
        ...

    def begin(self, text: str) -> NDArray[np.int64]:
        """Return the ids of a text with what stands before it where it begins, as the model was trained: the start."""
        ...

    def decode(self, tokens: NDArray[np.integer[Any]]) -> str:
        """Return the text of ids, (n_tokens,); the start gives nothing, or its name."""
        ...


@dataclass(frozen=True, slots=True)
class ByteTokenizer:
    """One token per byte of the UTF-8 text."""

    @property
    def start(self) -> None:
        """A text begins with its first byte."""
        return

    @property
    def n_vocab(self) -> int:
        """Number of token ids."""
        return 256

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the bytes of a text as ids.

        Args:
            text: any text.

        Returns:
            Ids 0 .. 255, (n_tokens,).
        """
        return np.frombuffer(text.encode("utf-8"), dtype=np.uint8).astype(np.int64)

    def begin(self, text: str) -> NDArray[np.int64]:
        """The same as `encode`: nothing stands before a text."""
        return self.encode(text)

    def decode(self, tokens: NDArray[np.integer[Any]]) -> str:
        """Return the text of ids; bytes that are not UTF-8 (a cut character) become U+FFFD.

        Args:
            tokens: ids 0 .. 255, (n_tokens,).

        Returns:
            The text.

        Raises:
            InputError: if an id is not a byte, or the ids have more than one axis.
        """
        return checked_ids(tokens, 256, "byte ids").astype(np.uint8).tobytes().decode("utf-8", errors="replace")


def checked_ids(tokens: NDArray[np.integer[Any]], n_vocab: int, what: str = "ids") -> NDArray[np.int64]:
    """Return ids of one sequence, (n_tokens,).

    Args:
        tokens: ids.
        n_vocab: number of ids.
        what: they are called.

    Raises:
        InputError: if an id is not in the vocabulary, or the ids have more than one axis.
    """
    ids = np.asarray(tokens, dtype=np.int64)
    if ids.ndim != 1 or np.any((ids < 0) | (ids >= n_vocab)):
        raise InputError(
            f"wanted one axis of {what} 0 .. {n_vocab - 1}, found shape {ids.shape} with ids from "
            f"{ids.min(initial=0)} to {ids.max(initial=0)}; decode one sequence at a time"
        )
    return ids
