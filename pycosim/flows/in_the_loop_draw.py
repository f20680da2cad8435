"""Which reads of the attention hardware go through ngspice: drawn evenly over all reads that a text causes.

A read is one column of one array that is read once: of the first array the column that holds one key, of the second
the line of one feature of one tile. A token reads every key of its window and every feature of every tile that holds
a token of it; a column or tile that holds none is not read, and so never drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import at_least
from pycosim.errors import InputError

ArrayName = Literal["first", "second"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReadPlace:
    """One read.

    Attributes:
        chunk: of the text, which is cut into contexts of the transformer.
        layer, head: of the transformer.
        array: "first" holds keys, "second" values.
        token: t, the token whose read it is, within its chunk.
        column: tau, the token whose key is read; the feature in the second array.
        tile: which tile of the window.
    """

    chunk: int
    layer: int
    head: int
    array: ArrayName
    token: int
    column: int
    tile: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPopulation:
    """All reads that a text causes, numbered from 0.

    Args:
        n_tokens: of the text that run through the transformer.
        n_ctx: tokens of a chunk; the last may be shorter.
        n_layers, n_heads, d_head: of the transformer.
        window, tile: tokens of a head, and of an array.
    """

    n_tokens: int
    n_ctx: int
    n_layers: int
    n_heads: int
    d_head: int
    window: int
    tile: int

    def __post_init__(self) -> None:
        for name in self.__slots__:
            at_least(name, getattr(self, name), 1)

    @property
    def size(self) -> int:
        """Number of reads."""
        whole, rest = divmod(self.n_tokens, self.n_ctx)
        return whole * self._of_chunk(self.n_ctx) + (self._of_chunk(rest) if rest else 0)

    def place(self, number: int) -> ReadPlace:
        """The read of a number, 0 to size - 1.

        Raises:
            InputError: there is no such number.
        """
        if not 0 <= number < self.size:
            raise InputError(f"reads are numbered from 0 to {self.size - 1}, found {number}")
        chunk, number = divmod(number, self._of_chunk(self.n_ctx))
        length = min(self.n_ctx, self.n_tokens - chunk * self.n_ctx)
        keys, lines = self._keys(length), self._lines(length)
        per_head = int(keys[-1] + lines[-1])
        head, number = divmod(number, per_head)
        layer, head = divmod(head, self.n_heads)
        if number < keys[-1]:
            token = int(np.searchsorted(keys, number, side="right"))
            column = token - (number - int(keys[token - 1] if token else 0))  # the newest key first
            tile = column % self.window // self.tile
            return ReadPlace(chunk=chunk, layer=layer, head=head, array="first", token=token, column=column, tile=tile)
        number -= int(keys[-1])
        token = int(np.searchsorted(lines, number, side="right"))
        tile, feature = divmod(number - int(lines[token - 1] if token else 0), self.d_head)
        return ReadPlace(chunk=chunk, layer=layer, head=head, array="second", token=token, column=feature, tile=tile)

    def draw(self, n: int, seed: int) -> list[ReadPlace]:
        """Draw n different reads, each as likely as any other, in the order in which they happen.

        Args:
            n: how many.
            seed: same seed, same reads.

        Raises:
            InputError: there are fewer reads.
        """
        if at_least("the number of reads", n, 1) > self.size:
            raise InputError(f"cannot draw {n} reads of {self.size}; sample fewer reads or evaluate more tokens")
        numbers = np.random.default_rng(seed).choice(self.size, size=n, replace=False)
        return sorted(self.place(int(number)) for number in numbers)

    def _of_chunk(self, length: int) -> int:
        return self.n_layers * self.n_heads * int(self._keys(length)[-1] + self._lines(length)[-1])

    def _keys(self, length: int) -> NDArray[np.intp]:
        """Reads of the first array up to and with each token of a chunk, in one head."""
        return np.cumsum(np.minimum(np.arange(length) + 1, self.window))

    def _lines(self, length: int) -> NDArray[np.intp]:
        """The same of the second array."""
        tiles = np.minimum(np.arange(length) // self.tile + 1, self.window // self.tile)
        return np.cumsum(tiles * self.d_head)
