"""What makes two parts of the attention hardware differ, and one part differ from read to read.

Every physical part has numbers of its own that it keeps: each cell of (layer, head, slot of the window, feature), each
converter of the first array (layer, head, slot) and of the second (layer, head, tile, feature). A token is written to
the slot that its place in the sequence gives, modulo the window. Noise is drawn for every write and every conversion,
see `pycosim.attention.noise`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import device

from pycosim.attention.conversions import Conversions
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.noise import NoiseStreams
from pycosim.checks import Array, at_least, frozen_array
from pycosim.errors import InputError
from pycosim.models.differential import separate_deviations
from pycosim.models.parallel import parallel_deviations
from pycosim.models.placed import Held
from pycosim.models.spread import CellDeviation, ConverterSpread, PlacedSpread, SpreadRead, spread_read
from pycosim.namespace import AnyArray, chosen, like, namespace_of, stacked

_CELLS, _COLUMNS, _READ_OUTS, _NOISE = range(4)  # what a random stream is for: the second word of its seed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imperfections:
    """What the hardware of one run suffers from; the defaults are none.

    Args:
        seed: of every deviation and all noise; not negative.
        cells: how cells differ, those of both arrays alike.
        first: converters between the arrays; None for all alike and quiet.
        second: signed read-out of the second array; None as above.
        key_shares: (tile, d_head) share of its charge that a cell of the first array delivers, by position.
        value_shares: the same for the second array.
    """

    seed: int
    cells: tuple[CellDeviation, ...] = ()
    first: ConverterSpread | None = None
    second: ConverterSpread | None = None
    key_shares: Array | None = None
    value_shares: Array | None = None

    def __post_init__(self) -> None:
        at_least("seed", self.seed, 0)
        object.__setattr__(self, "cells", tuple(deviation for deviation in self.cells if deviation.sigma > 0))
        for name in ("key_shares", "value_shares"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen_array(name, getattr(self, name), ndim=2))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImperfectHardware:
    """Imperfections, ready for reads; layers share it.

    Args:
        imperfections: what there is.
        hardware: sizes and levels.
        cells: how the cells of the arrays of keys and of values differ.
        first: what deviations add in the array of keys; None where all cells are alike.
        second: the same in the array of values.
    """

    imperfections: Imperfections
    hardware: AttentionHardware
    cells: tuple[tuple[CellDeviation, ...], tuple[CellDeviation, ...]]
    first: SpreadRead | None
    second: SpreadRead | None

    @classmethod
    def of(cls, imperfections: Imperfections, hardware: AttentionHardware) -> ImperfectHardware:
        """Factor the deviations of the cells.

        Raises:
            DomainError: where the hardware can produce operands outside a sensitivity's domain.
            InputError: shares that do not fit the tile.
        """
        for name in ("key_shares", "value_shares"):
            shares = getattr(imperfections, name)
            if shares is not None and shares.shape[0] != hardware.tile:
                raise InputError(f"{name} must have one row per token of a tile, {hardware.tile}, found {shares.shape}")
        cells, levels = imperfections.cells, hardware.stored_axis
        key_cells = separate_deviations(cells) if hardware.signed_queries else cells
        key_cells = parallel_deviations(key_cells, hardware.rows_per_feature)
        return cls(
            imperfections=imperfections,
            hardware=hardware,
            cells=(key_cells, cells),
            first=spread_read(key_cells, hardware.query_axis, levels) if cells else None,
            second=spread_read(cells, hardware.weight_axis, levels) if cells else None,
        )


class ImperfectLayer:
    """The hardware of one layer. It counts the sequences that it has seen, for their noise; nothing else changes.

    Args:
        hardware: shared by all layers.
        layer: which one.
    """

    __slots__ = ("_like", "_parts", "hardware", "layer", "n_sequences")

    def __init__(self, hardware: ImperfectHardware, layer: int) -> None:
        self.hardware = hardware
        self.layer = layer
        self.n_sequences = 0
        self._parts: Parts | None = None
        self._like: object = None

    def begin(self, shape: tuple[int, ...], reference: AnyArray) -> ImperfectCall:
        """Begin some sequences.

        Args:
            shape: of their operands, (..., head, token, d_head); the tokens do not count.
            reference: gives the library, device and floating type.
        """
        *lead, n_heads, _, d_head = shape
        flaws, sizes = self.hardware.imperfections, self.hardware.hardware
        wanted = (n_heads, d_head, namespace_of(reference), reference.dtype, device(reference))
        if self._parts is None or self._like != wanted:
            self._parts, self._like = self._drawn(n_heads, d_head, reference), wanted
        n_new = int(np.prod(lead, dtype=np.intp))
        sequences = range(self.n_sequences, self.n_sequences + n_new)
        self.n_sequences += n_new
        return ImperfectCall(
            imperfections=flaws,
            cells=self.hardware.cells,
            window=sizes.window,
            tile=sizes.tile,
            query_group=sizes.query_group,
            parts=self._parts,
            noise=NoiseStreams(seed=(flaws.seed, _NOISE, self.layer), sequences=sequences, lead=tuple(lead)),
            reference=reference,
        )

    def _drawn(self, n_heads: int, d_head: int, reference: AnyArray) -> Parts:
        flaws, sizes = self.hardware.imperfections, self.hardware.hardware
        cells, first, second = (
            np.random.default_rng((flaws.seed, part, self.layer)) for part in (_CELLS, _COLUMNS, _READ_OUTS)
        )
        n_heads //= sizes.query_group
        shape = (n_heads, sizes.window, d_head)
        keys, values = ([cells.standard_normal(shape) for _ in flaws.cells] for _ in range(2))
        keys += [cells.standard_normal(shape) for _ in self.hardware.cells[0][len(keys) :]]
        columns = [first.standard_normal((n_heads, 1, sizes.window)) for _ in range(2)]
        read_outs = [second.standard_normal((sizes.n_tiles, n_heads, d_head)) for _ in range(2)]
        spreads = (self.hardware.first, self.hardware.second)

        def shared(numbers: Array) -> AnyArray:
            return like(np.repeat(numbers, sizes.query_group, axis=0), reference)

        return Parts(
            spreads=tuple(None if spread is None else spread.on(reference) for spread in spreads),
            cells=tuple(tuple(shared(number) for number in array) for array in (keys, values)),
            columns=tuple(map(shared, columns)),
            read_outs=tuple(shared(np.moveaxis(own, 0, 1)[:, :, None]) for own in read_outs),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """What the parts of one layer keep, whatever is written to them.

    Args:
        spreads: what deviations of cells add, in the arrays of keys and of values; None where all are alike.
        cells: numbers that the cells of both arrays keep, by deviation, (head, slot, d_head).
        columns: numbers of the first converters' gain and offset, each (head, 1, slot).
        read_outs: the same of the second converters, each (head, tile, 1, d_head).
    """

    spreads: tuple[PlacedSpread | None, ...]
    cells: tuple[tuple[AnyArray, ...], ...]
    columns: tuple[AnyArray, ...]
    read_outs: tuple[AnyArray, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImperfectCall:
    """Some sequences in the cells of one layer.

    Args:
        imperfections: what there is.
        cells: how the cells of the arrays of keys and of values differ.
        window: tokens that a head holds.
        tile: tokens that one array holds.
        query_group: heads that share cells and what is written to them.
        parts: what they keep.
        noise: of what each write and each conversion draws.
        reference: gives the library, device and floating type.
    """

    imperfections: Imperfections
    cells: tuple[tuple[CellDeviation, ...], tuple[CellDeviation, ...]]
    window: int
    tile: int
    query_group: int
    parts: Parts
    noise: NoiseStreams
    reference: AnyArray

    def shares(self, array: int, first: int, n_tokens: int) -> AnyArray | None:
        """Return shares of the charge that cells deliver, (token, d_head), by their place in the tile; None for all.

        Args:
            array: 0 for keys, 1 for values.
            first: place of the first token in the sequence.
            n_tokens: how many.
        """
        shares = (self.imperfections.key_shares, self.imperfections.value_shares)[array]
        if shares is None:
            return None
        return like(shares[np.arange(first, first + n_tokens) % self.tile], self.reference)

    def deviations(self, array: int, stored: AnyArray, first: int) -> Held:
        """Return what the cells' deviations make of what is written to them; empty where all are alike."""
        spread = self.parts.spreads[array]
        if spread is None:
            return []
        n_heads, n_tokens, d_head = stored.shape[-3:]
        drawn = [place for place, deviation in enumerate(self.cells[array]) if deviation.is_written]
        numbers = [_by_slot(own, first, self.window, n_tokens, -2) for own in self.parts.cells[array]]
        if drawn:
            n_drawn, tokens = len(drawn) * d_head, range(first, first + n_tokens)
            written = self.noise.draw(array, tokens, n_drawn, n_heads // self.query_group)
            fresh = like(np.repeat(written, self.query_group, axis=-3), self.reference)
            for index, place in enumerate(drawn):
                numbers[place] = fresh[..., index * d_head : (index + 1) * d_head]
        shares = self.shares(array, first, n_tokens)
        held = spread.hold(stored, numbers)
        return held if shares is None else [one * shares for one in held]

    def columns_of(self, rows: range, first: int, n_columns: int, n_heads: int) -> Conversions:
        """Return what the conversions of columns differ by; each part broadcasts to (..., head, t, tau).

        Args:
            rows: tokens t.
            first: place of the first column's token in the sequence.
            n_columns: tokens tau from there on.
            n_heads: heads.
        """
        spread = self.imperfections.first
        if spread is None:
            return Conversions()
        noise = None
        if spread.total_charge_noise:
            n_used = min(first + n_columns, self.window)
            noise = _by_slot(self._drawn(2, rows, n_used, n_heads), first, self.window, n_columns, -1)
        gain, offset = (_by_slot(own, first, self.window, n_columns, -1) for own in self.parts.columns)
        return Conversions.of(spread, gain, offset, noise)

    def read_outs_of(self, rows: range, tiles: Sequence[int], d_head: int, n_heads: int) -> Conversions:
        """Return what the conversions of tiles differ by; each part broadcasts to (..., head, tile, t, d_head)."""
        spread = self.imperfections.second
        if spread is None:
            return Conversions()
        noise = None
        if spread.total_charge_noise:
            drawn = self._drawn(3, rows, (max(tiles) + 1) * d_head, n_heads)
            noise = stacked([drawn[..., tile * d_head : (tile + 1) * d_head] for tile in tiles], -3)
        gain, offset = (stacked([own[:, tile, ...] for tile in tiles], 1) for own in self.parts.read_outs)
        return Conversions.of(spread, gain, offset, noise)

    def _drawn(self, purpose: int, rows: range, n: int, n_heads: int) -> AnyArray:
        return like(self.noise.draw(purpose, rows, n, n_heads), self.reference)


def _by_slot(numbers: AnyArray, first: int, window: int, n_tokens: int, axis: int) -> AnyArray:
    """Numbers of the slots in which the tokens first .. first + n_tokens - 1 are."""
    return chosen(numbers, np.arange(first, first + n_tokens) % window, axis)
