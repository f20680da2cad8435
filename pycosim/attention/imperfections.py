"""What makes two parts of the attention hardware differ, and one part differ from read to read.

Every physical part has numbers of its own that it keeps: each cell of (layer, head, slot of the window, feature), each
converter of the first array (layer, head, slot) and of the second (layer, head, tile, feature). A token is written to
the slot that its place in the sequence gives, modulo the window. Noise is drawn for every write and every conversion;
each sequence of a text has a generator of its own, so that results do not depend on how sequences are batched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.hardware import AttentionHardware
from pycosim.checks import Array, at_least, frozen_array
from pycosim.errors import InputError
from pycosim.models.separate import Ages
from pycosim.models.spread import CellDeviation, ConverterSpread, SpreadRead, spread_read

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
        first: what deviations add in the array of keys; None where all cells are alike.
        second: the same in the array of values.
    """

    imperfections: Imperfections
    hardware: AttentionHardware
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
        return cls(
            imperfections=imperfections,
            hardware=hardware,
            first=spread_read(cells, hardware.query_axis, levels) if cells else None,
            second=spread_read(cells, hardware.weight_axis, levels) if cells else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Noise:
    """One generator per sequence, in the order of the leading axes."""

    lead: tuple[int, ...]
    generators: list[np.random.Generator]

    def draw(self, shape: tuple[int, ...]) -> Array:
        """Return standard normal numbers (..., *shape)."""
        numbers = np.empty((len(self.generators), *shape))
        for generator, own in zip(self.generators, numbers, strict=True):
            generator.standard_normal(out=own)
        return numbers.reshape(*self.lead, *shape)


class ImperfectLayer:
    """The hardware of one layer. It counts the sequences that it has seen, for their noise; nothing else changes.

    Args:
        hardware: shared by all layers.
        layer: which one.
    """

    __slots__ = ("hardware", "layer", "n_sequences")

    def __init__(self, hardware: ImperfectHardware, layer: int) -> None:
        self.hardware = hardware
        self.layer = layer
        self.n_sequences = 0

    def begin(self, keys: NDArray[Any], values: NDArray[Any]) -> ImperfectCall:
        """Write the keys and values of some sequences, operands (..., head, token, d_head)."""
        *lead, n_heads, n_tokens, d_head = keys.shape
        n_new = int(np.prod(lead, dtype=np.intp))
        seed = self.hardware.imperfections.seed
        cells, first, second = (
            np.random.default_rng((seed, part, self.layer)) for part in (_CELLS, _COLUMNS, _READ_OUTS)
        )
        noise = [
            np.random.default_rng((seed, _NOISE, self.layer, sequence))
            for sequence in range(self.n_sequences, self.n_sequences + n_new)
        ]
        self.n_sequences += n_new
        sizes = self.hardware.hardware
        slots = np.arange(n_tokens) % sizes.window
        source = _Noise(lead=tuple(lead), generators=noise)
        flaws = self.hardware.imperfections
        n_tiles = sizes.window // sizes.tile
        numbers = [[cells.standard_normal((n_heads, sizes.window, d_head)) for _ in flaws.cells] for _ in range(2)]
        columns = [first.standard_normal((n_heads, sizes.window)) for _ in range(2)]
        read_outs = [second.standard_normal((n_tiles, n_heads, 1, d_head)) for _ in range(2)]
        shares = [_by_token(flaws.key_shares, slots, sizes), _by_token(flaws.value_shares, slots, sizes)]
        operands = [
            _operands(spread, flaws.cells, stored, own, slots, share, source)
            for spread, stored, own, share in zip(
                (self.hardware.first, self.hardware.second), (keys, values), numbers, shares, strict=True
            )
        ]
        return ImperfectCall(
            hardware=self.hardware,
            key_shares=shares[0],
            value_shares=shares[1],
            key_operands=operands[0],
            value_operands=operands[1],
            columns=tuple(column[:, None, slots] for column in columns),
            read_outs=tuple(read_outs),
            noise=source,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImperfectCall:
    """Keys and values of some sequences in the cells of one layer.

    Args:
        hardware: of all layers.
        key_shares: (token, d_head) share of its charge that a cell delivers; None for all.
        value_shares: the same in the second array.
        key_operands: (J, ..., head, token, d_head) of the spread; None where all cells are alike.
        value_operands: the same in the second array.
        columns: numbers of the first converters' gain and offset, each (head, 1, token).
        read_outs: the same of the second converters, each (tile, head, 1, d_head).
        noise: source of what each conversion draws.
    """

    hardware: ImperfectHardware
    key_shares: Array | None
    value_shares: Array | None
    key_operands: Array | None
    value_operands: Array | None
    columns: tuple[Array, ...]
    read_outs: tuple[Array, ...]
    noise: _Noise = field(repr=False)

    def score_charge(self, charge: Array, inputs: NDArray[Any], columns: slice, ages: Ages) -> Array:
        """Return what the first converters see of the columns' charges (..., head, t, tau), C."""
        if self.hardware.first is not None and self.key_operands is not None:
            charge = charge + self.hardware.first.column_charges(inputs, self.key_operands[..., columns, :], ages)
        return self._seen(charge, self.hardware.imperfections.first, *(z[..., columns] for z in self.columns))

    def value_charge(self, charge: Array, weights: Array, columns: slice, ages: Ages) -> Array:
        """Return the charges of the second array with its cells' deviations, (..., head, t, d_head), C."""
        if self.hardware.second is None or self.value_operands is None:
            return charge
        return charge + self.hardware.second.row_charges(weights, self.value_operands[..., columns, :], ages)

    def tile_charge(self, charge: Array, tile: int) -> Array:
        """Return what the read-outs of a tile see of their charges (..., head, t, d_head), C."""
        return self._seen(charge, self.hardware.imperfections.second, *(z[tile] for z in self.read_outs))

    def _seen(self, charge: Array, spread: ConverterSpread | None, gain: Array, offset: Array) -> Array:
        if spread is None:
            return charge
        if spread.gain:
            charge = charge * (1.0 + spread.gain * gain)
        if spread.offset_charge:
            charge = charge + spread.offset_charge * offset
        if spread.total_charge_noise:
            charge = charge + spread.total_charge_noise * self.noise.draw(charge.shape[-3:])
        return charge


def _by_token(shares: Array | None, slots: NDArray[np.intp], sizes: AttentionHardware) -> Array | None:
    """Shares of the cells that hold the tokens, (token, d_head)."""
    return None if shares is None else shares[slots % sizes.tile]


def _operands(
    spread: SpreadRead | None,
    deviations: Sequence[CellDeviation],
    stored: NDArray[Any],
    own: Sequence[Array],
    slots: NDArray[np.intp],
    shares: Array | None,
    noise: _Noise,
) -> Array | None:
    """What the deviations of the cells make of what is written to them."""
    if spread is None:
        return None
    numbers = [
        noise.draw(stored.shape[-3:]) if deviation.is_written else number[:, slots]
        for deviation, number in zip(deviations, own, strict=True)
    ]
    operands = spread.operands(stored, numbers)
    return operands if shares is None else operands * shares
