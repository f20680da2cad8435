"""Byte-pair tokenizers of GPT-2 and others from local files, read by the library `tokenizers` (extra ``text``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.tokenizer import checked_ids

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Rust

WHOLE = "tokenizer.json"
PAIRS = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))
"""Vocabulary and merges of GPT-2: Hugging Face's names and OpenAI's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BpeTokenizer:
    """Text <-> ids by merging pairs of bytes in the order of a list  [2016 Sennrich; 2019 Radford].

    Attributes:
        rust: the library's object.
        start: the id that a text begins with, or None.
        always_start: whether the model wants it before every text, as Llama; GPT-2 was trained on texts cut anywhere.
    """

    rust: Rust
    start: int | None = None
    always_start: bool = False

    @property
    def n_vocab(self) -> int:
        """Number of token ids."""
        return int(self.rust.get_vocab_size())

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the ids of a text, (n_tokens,); nothing is put before or after it.

        Args:
            text: any text.
        """
        return np.array(self.rust.encode(text, add_special_tokens=False).ids, dtype=np.int64)

    def begin(self, text: str) -> NDArray[np.int64]:
        """Return the ids of a text that begins, with the start before it where the model wants it; an empty one has it.

        Args:
            text: any text.
        """
        ids = self.encode(text)
        wanted = self.start is not None and (self.always_start or not ids.size)
        return np.insert(ids, 0, self.start) if wanted and self.start is not None else ids

    def decode(self, tokens: NDArray[np.integer[Any]]) -> str:
        """Return the text of ids; bytes that are not UTF-8 (a cut character) become U+FFFD.

        Args:
            tokens: ids, (n_tokens,).

        Raises:
            InputError: if an id is not in the vocabulary, or the ids have more than one axis.
        """
        ids = checked_ids(tokens, self.n_vocab)
        return str(self.rust.decode(ids.tolist(), skip_special_tokens=False))


def has_bpe(folder: Path) -> bool:
    """Whether a folder has the files of such a tokenizer."""
    return (folder / WHOLE).is_file() or any(all((folder / name).is_file() for name in pair) for pair in PAIRS)


def read_bpe(folder: Path, *, start: int | None = None, always_start: bool = False) -> BpeTokenizer:
    """Read the tokenizer of a folder; nothing is fetched from anywhere.

    Args:
        folder: has ``tokenizer.json``, or ``vocab.json`` and ``merges.txt``, or ``encoder.json`` and ``vocab.bpe``.
        start: the id that a text begins with.
        always_start: see `BpeTokenizer`.

    Raises:
        InputError: a file is missing or damaged, or the library is not installed.
    """
    try:
        import tokenizers
    except ImportError:
        raise InputError(
            f"the tokenizer in {folder} needs the library 'tokenizers'; pip install 'pycosim-spice[text]'"
        ) from None
    files = [folder / WHOLE]
    try:
        if files[0].is_file():
            rust = tokenizers.Tokenizer.from_file(str(files[0]))
            return BpeTokenizer(rust=rust, start=start, always_start=always_start)
        for pair in PAIRS:
            files = [folder / name for name in pair]
            if all(path.is_file() for path in files):
                rust = tokenizers.Tokenizer(tokenizers.models.BPE.from_file(*(str(path) for path in files)))
                rust.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
                rust.decoder = tokenizers.decoders.ByteLevel()
                return BpeTokenizer(rust=rust, start=start, always_start=always_start)
    except Exception as error:  # the library raises Exception itself
        names = " and ".join(str(path) for path in files)
        raise InputError(f"{names} cannot be read as a tokenizer ({str(error)[:120]}); copy it again") from None
    raise InputError(
        f"{folder} has no tokenizer: wanted {WHOLE}, or {' or '.join(' and '.join(pair) for pair in PAIRS)}; "
        "copy the whole model"
    )
