"""The tokenizer of llama2.c: pieces of text with scores, merged pair by pair; bytes where no piece fits.

Its file: int32 length of the longest piece, then for each piece a float32 score, an int32 length and so many bytes,
little endian. Ids 0, 1, 2 are unknown, start and end of a text; then come the 256 bytes, then the pieces.
"""

from __future__ import annotations

import itertools
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.transformer.tokenizer import checked_ids

START, FIRST_BYTE, FIRST_PIECE = 1, 3, 3 + 256
ENTRY = struct.Struct("<fi")
WORD = re.compile(rb"(?<=[^ ])(?= )")
"""Where one word ends and the next begins: before a space that follows something else."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PieceTokenizer:
    """Text <-> ids, the pair that makes the piece with the highest score being merged first.

    Attributes:
        pieces: the bytes of every id.
        scores: of every id.
    """

    pieces: tuple[bytes, ...]
    scores: tuple[float, ...]

    @property
    def n_vocab(self) -> int:
        """Number of token ids."""
        return len(self.pieces)

    @property
    def start(self) -> int:
        """The id that a text begins with."""
        return START

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the ids of a text, as llama2.c does: a space is put before it, and no start.

        Args:
            text: any text.

        Returns:
            Ids, (n_tokens,).
        """
        data = f" {text}".encode() if text else b""
        known = {piece: i for i, piece in reversed(list(enumerate(self.pieces)))}
        # where no piece crosses from one word to the next, words merge by themselves, to the same ids, in less time
        whole = any(WORD.search(piece) for piece in self.pieces[FIRST_PIECE:])
        found: dict[bytes, list[int]] = {}
        ids: list[int] = []
        for word in [data] if whole else WORD.split(data):
            if word not in found:
                found[word] = self._merged(word.decode("utf-8"), known)
            ids += found[word]
        return np.array(ids, dtype=np.int64)

    def begin(self, text: str) -> NDArray[np.int64]:
        """Return the ids of a text behind the start, as the model was trained."""
        return np.insert(self.encode(text), 0, START)

    def decode(self, tokens: NDArray[np.integer[Any]]) -> str:
        """Return the text of ids without the space that `encode` puts before it; start and end give nothing.

        Args:
            tokens: ids, (n_tokens,).

        Raises:
            InputError: if an id is not in the vocabulary, or the ids have more than one axis.
        """
        ids = checked_ids(tokens, self.n_vocab)
        data = b"".join(self._bytes(int(i)) for i in ids)
        return data.removeprefix(b" ").decode("utf-8", errors="replace")

    def _bytes(self, i: int) -> bytes:
        if i < FIRST_BYTE:
            return b""
        return bytes([i - FIRST_BYTE]) if i < FIRST_PIECE else self.pieces[i]

    def _merged(self, word: str, known: dict[bytes, int]) -> list[int]:
        ids: list[int] = []
        for character in word:
            data = character.encode("utf-8")
            ids += [known[data]] if data in known else [byte + FIRST_BYTE for byte in data]
        while True:
            pairs = [self.pieces[a] + self.pieces[b] for a, b in itertools.pairwise(ids)]
            made = [(self.scores[known[pair]], -at) for at, pair in enumerate(pairs) if pair in known]
            if not made:
                return ids
            at = -max(made)[1]  # the first of those with the highest score
            ids[at : at + 2] = [known[pairs[at]]]


def read_pieces(path: Path, n_vocab: int) -> PieceTokenizer:
    """Read a tokenizer's file.

    Args:
        path: of the ``.bin`` file.
        n_vocab: how many pieces it must have: those of the model.

    Raises:
        InputError: the file is not one, or has more or fewer pieces.
    """
    data = path.read_bytes()
    at, pieces, scores = 4, [], []
    while at + ENTRY.size <= len(data):
        score, length = ENTRY.unpack_from(data, at)
        at += ENTRY.size
        if not 0 < length <= len(data) - at:
            break
        pieces.append(data[at : at + length])
        scores.append(score)
        at += length
    if at != len(data) or len(pieces) != n_vocab or len(pieces) < FIRST_PIECE:
        raise InputError(
            f"{path} must be a tokenizer of llama2.c with the {n_vocab} pieces of the model, found {len(pieces)} whole "
            f"ones in {len(data)} bytes; take the .bin that was exported for this model"
        )
    return PieceTokenizer(pieces=tuple(pieces), scores=tuple(scores))


def pieces_bytes(tokenizer: PieceTokenizer) -> bytes:
    """Return what `read_pieces` reads: the file of a tokenizer.

    Args:
        tokenizer: whose scores are float32 numbers, as those of every file are.
    """
    entries = zip(tokenizer.scores, tokenizer.pieces, strict=True)
    longest = max(len(piece) for piece in tokenizer.pieces)
    return struct.pack("<i", longest) + b"".join(ENTRY.pack(score, len(piece)) + piece for score, piece in entries)
