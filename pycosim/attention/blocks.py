"""A long text in blocks: which tokens are read together, and which tiles hold what they attend to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.window import row_ages, tile_index
from pycosim.namespace import AnyArray, is_numpy, namespace_of

MOST_ROWS: Final = 64
"""Tokens of one block: its products are large enough for a fast one, and its widths small enough for the cache."""

CACHED_ENTRIES: Final = 1 << 16
"""Pulses that are computed together in NumPy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One block of a text.

    Args:
        rows: tokens t that are read.
        columns: tokens tau that they attend to, from the first of a tile to the end of the text or of a tile.
        tile: tokens of a tile.
        n_tiles: tiles of the hardware.
    """

    rows: slice
    columns: slice
    tile: int
    n_tiles: int

    @property
    def n_padded(self) -> int:
        """Columns, the last tile whole."""
        n_columns: int = self.columns.stop - self.columns.start
        return -(-n_columns // self.tile) * self.tile

    @property
    def tiles(self) -> list[int]:
        """The tile of each tile-full of columns; the first one again at the end where it is being overwritten."""
        first: int = self.columns.start // self.tile
        return [(first + index) % self.n_tiles for index in range(self.n_padded // self.tile)]

    @property
    def held_tiles(self) -> list[int]:
        """The tiles that are read out, each once."""
        return self.tiles[-self.n_tiles :]

    def columns_of(self, index: int) -> slice:
        """Return the tokens of one tile-full."""
        start: int = self.columns.start + index * self.tile
        return slice(start, min(start + self.tile, self.columns.stop))


def text_blocks(n_tokens: int, hardware: AttentionHardware) -> Iterator[Place]:
    """Yield the blocks of a text: rows of one tile-full at most, and all that they attend to."""
    tile, n_tiles = hardware.tile, hardware.n_tiles
    if not hardware.causal:
        for row in range(0, n_tokens, MOST_ROWS):
            rows = slice(row, min(row + MOST_ROWS, n_tokens))
            yield Place(rows=rows, columns=slice(0, n_tokens), tile=tile, n_tiles=n_tiles)
        return
    for own in range(-(-n_tokens // tile)):
        start = max(0, own - n_tiles) * tile
        end = min((own + 1) * tile, n_tokens)
        for row in range(own * tile, end, MOST_ROWS):
            rows = slice(row, min(row + MOST_ROWS, end))
            yield Place(rows=rows, columns=slice(start, end), tile=tile, n_tiles=n_tiles)


def block_ages(n_tokens: int, hardware: AttentionHardware) -> NDArray[np.intp]:
    """Return the ages that the rows of a tile-full see: (tile, columns), the last columns those of the tile-full.

    Every block of a causal text sees the same, or the end of it, but for first tokens in digital memory.
    """
    tile = hardware.tile
    own = (min(hardware.n_tiles + 1, -(-n_tokens // tile)) - 1) * tile
    ages = row_ages(slice(own, own + tile), slice(0, own + tile), hardware.window)
    return ages if hardware.digital is None else np.where(ages < hardware.digital.recent, -1, ages)


def place_ages(place: Place, n_tokens: int, hardware: AttentionHardware) -> NDArray[np.intp]:
    """Return the ages that one block sees, (t, tau); -1 for columns that are not read.

    Where all tokens are written before the first is read, token tau is written in period tau and read for token t in
    period n_tokens + t.
    """
    held = slice(place.columns.start, place.columns.start + place.n_padded)
    columns = np.arange(held.start, held.stop)
    if hardware.causal:
        ages = row_ages(place.rows, held, hardware.window)
    else:
        ages = n_tokens + np.arange(place.rows.start, place.rows.stop)[:, None] - columns
        ages = np.where(columns < n_tokens, ages, -1)
    return ages if hardware.digital is None else hardware.digital.analog_ages(ages, columns)


def tiles_read(n_tokens: int, hardware: AttentionHardware) -> NDArray[np.bool_]:
    """Return where a tile holds a token that is read, (n_tiles, t)."""
    whole = Place(rows=slice(0, n_tokens), columns=slice(0, n_tokens), tile=hardware.tile, n_tiles=hardware.n_tiles)
    seen = place_ages(whole, n_tokens, hardware) >= 0
    tiles = tile_index(whole.n_padded, hardware.window, hardware.tile)
    return np.stack([seen[:, tiles == tile].any(axis=1) for tile in range(hardware.n_tiles)])


def head_groups(operand: AnyArray, n_entries: int, *, one: bool = False) -> Iterator[slice]:
    """Yield the heads that are computed together: so many that a block of theirs stays in a processor's cache.

    Args:
        operand: (..., head, token, d_head).
        n_entries: of one head's block.
        one: all heads at once, which other libraries than NumPy do anyway.
    """
    n_heads = operand.shape[-3]
    one = one or not is_numpy(namespace_of(operand))
    size = n_heads if one else max(1, CACHED_ENTRIES // (math.prod(operand.shape[:-3]) * n_entries))
    for head in range(0, n_heads, size):
        yield slice(head, min(head + size, n_heads))
