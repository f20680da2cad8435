"""Tokens in the cells of a head's arrays, and one pass of queries over them.

    widths --first array--> charge --convert--> width --second array--> charge of each tile --convert, count--> sum

The same pass serves a whole text, block by block, and one new token of a text that grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import device
from numpy.typing import NDArray

from pycosim.attention.blocks import Place, block_ages, head_groups, place_ages, text_blocks
from pycosim.attention.conversions import Conversions
from pycosim.attention.hardware import AttentionHardware
from pycosim.attention.imperfections import ImperfectCall
from pycosim.attention.tile_calibration import TileCalibration
from pycosim.attention.trace import Watch
from pycosim.models.axis import OperandAxis
from pycosim.models.converter import ConverterModel
from pycosim.models.placed import Held, by_tile
from pycosim.models.quantizer import Quantizer
from pycosim.models.separate import Reader
from pycosim.namespace import AnyArray, chosen, finite, like, namespace_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedHardware:
    """The hardware of one layer where the operands are.

    Args:
        hardware: sizes and levels.
        first: reads of the array of keys.
        second: reads of the array of values.
        converters: charge to pulse, and signed charge to pulse.
        call: how parts differ; None where all are alike.
        reference: gives the library, device and floating type.
        calibration: what is done to the counts of each tile before they are summed; None for nothing.
    """

    hardware: AttentionHardware
    first: Reader
    second: Reader
    converters: tuple[ConverterModel, ConverterModel]
    call: ImperfectCall | None
    reference: AnyArray
    calibration: TileCalibration | None = None

    def write(self, k: AnyArray, v: AnyArray, first: int) -> HeldTokens:
        """Write scaled keys and values, V, (..., head, token, d_head), into the slots of the tokens from `first` on."""
        axis = self.hardware.stored_axis
        keys, values = encode(k, axis), encode(v, axis)
        if self.call is None:
            return HeldTokens(keys=self.first.hold(keys), values=self.second.hold(values), deviations=([], []))
        shares = [self.call.shares(array, first, keys.shape[-2]) for array in range(2)]
        return HeldTokens(
            keys=self.first.hold(keys, shares[0]),
            values=self.second.hold(values, shares[1]),
            deviations=(self.call.deviations(0, keys, first), self.call.deviations(1, values, first)),
        )

    def aged(self, ages: NDArray[np.intp]) -> Aged:
        """Prepare ages in tokens, (t, tau), negative where t does not attend to tau."""
        mask = like(np.asarray(ages >= 0, dtype=np.float64), self.reference)
        return Aged(first=self.first.aged(ages), second=self.second.aged(ages), mask=mask)

    def conversions(self, rows: range, first: int, n_columns: int, tiles: Sequence[int]) -> tuple[Conversions, ...]:
        """What the conversions of both arrays differ by, and what corrects their counts, of all heads."""
        corrections = Conversions() if self.calibration is None else self.calibration.of_tiles(tiles, self.reference)
        if self.call is None:
            return Conversions(), Conversions(), corrections
        n_heads, _, d_head = self.reference.shape[-3:]
        columns = self.call.columns_of(rows, first, n_columns, n_heads)
        return columns, self.call.read_outs_of(rows, tiles, d_head, n_heads), corrections


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldTokens:
    """Tokens in the cells, each array (..., head, tau, anything).

    Args:
        keys: of the first array.
        values: of the second array.
        deviations: of the cells of both arrays; empty where all are alike.
    """

    keys: Held
    values: Held
    deviations: tuple[Held, Held]

    def part(self, heads: slice, tokens: slice) -> HeldTokens:
        """Return some heads and tokens, without copying."""

        def cut(held: Held) -> Held:
            return [array[..., heads, tokens, :] for array in held]

        first, second = map(cut, self.deviations)
        return HeldTokens(keys=cut(self.keys), values=cut(self.values), deviations=(first, second))

    def in_slots(self, window: int, n_tokens: int) -> HeldTokens:
        """Return the last window of the first tokens, each in its slot, in arrays that may be written to."""
        slots = np.arange(window)
        tokens = slots + np.maximum((n_tokens - 1 - slots) // window, 0) * window
        tokens = np.where(tokens < n_tokens, tokens, 0)  # a slot that is still empty: nobody attends to it

        def kept(held: Held) -> Held:
            return [chosen(array, tokens, -2) for array in held]

        first, second = map(kept, self.deviations)
        return HeldTokens(keys=kept(self.keys), values=kept(self.values), deviations=(first, second))

    @property
    def arrays(self) -> Held:
        """All arrays, in one order."""
        return [*self.keys, *self.values, *self.deviations[0], *self.deviations[1]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aged:
    """Ages of cells, prepared for both arrays.

    Args:
        first: functions of age (M, t, tau).
        second: the same of the second array.
        mask: (t, tau), 1 where t attends to tau and 0 elsewhere.
    """

    first: AnyArray
    second: AnyArray
    mask: AnyArray

    def of_block(self, place: Place) -> Aged:
        """Return those of a block of a text, from what `block_ages` gives, without copying."""
        first = place.rows.start % place.tile
        rows = slice(first, first + place.rows.stop - place.rows.start)
        columns = slice(self.mask.shape[1] - place.n_padded, None)
        return Aged(
            first=self.first[:, rows, columns], second=self.second[:, rows, columns], mask=self.mask[rows, columns]
        )


def encode(values: AnyArray, axis: OperandAxis) -> AnyArray:
    """Clip to the axis; to codes where the axis has levels."""
    low, high = float(axis.nodes[0]), float(axis.nodes[-1])
    if axis.is_coded:
        return Quantizer(n_levels=axis.nodes.size, low=low, high=high).codes(values)
    array = finite("scaled q, k and v", values)
    return namespace_of(array).clip(array, low, high)


def weights(
    placed: PlacedHardware, widths: AnyArray, held: HeldTokens, aged: Aged, columns: Conversions
) -> tuple[AnyArray, AnyArray]:
    """Read the first array: queries (..., head, t, d_head) -> charge C and pulse width s, both (..., head, t, tau)."""
    charge = placed.first.column_charges(widths, held.keys, aged.first)
    if placed.call is not None:
        if (spread := placed.call.parts.spreads[0]) is not None:
            charge = charge + spread.column_charges(widths, held.deviations[0], aged.mask)
        charge = columns.seen(charge)
    width = placed.converters[0].pulse_width(charge)
    return charge, namespace_of(width).clip(width, 0.0, placed.hardware.max_pulse_width)  # a late pulse is cut


def tile_charges(
    placed: PlacedHardware, width: AnyArray, held: HeldTokens, aged: Aged, read_outs: Conversions
) -> AnyArray:
    """Read the second array: pulse widths (..., head, t, tau) -> charge (..., head, tile, t, d_head) C.

    Columns are whole tiles in turn. Where there is one more than the hardware has, the first of them is what the last
    has not overwritten yet: both lie in one array.
    """
    tile = placed.hardware.tile
    charge = placed.second.row_charges(width, held.values, aged.second, tile)
    if placed.call is not None and (spread := placed.call.parts.spreads[1]) is not None:
        charge = charge + spread.row_charges(width, held.deviations[1], aged.mask, tile)
    if charge.shape[-3] > placed.hardware.n_tiles:
        oldest, charge = charge[..., :1, :, :], charge[..., 1:, :, :]
        charge[..., -1:, :, :] += oldest
    return read_outs.seen(charge)


def counted(hardware: AttentionHardware, width: AnyArray, aged: Aged, corrections: Conversions) -> AnyArray:
    """Count signed pulses and add the tiles: (..., tile, t, d_head) s -> share of the full count, (..., t, d_head).

    A pulse is whole counts of its magnitude; hardware without counts adds the widths themselves. Where tokens are in
    digital memory a tile may hold none that are read; it has no part in the sum.
    """
    counts, full = _counts(hardware, width)
    if corrections.is_any:
        counts = corrections.seen(counts / full) * full
    if hardware.digital is not None:
        counts = counts * _is_read(hardware, aged)
    return namespace_of(counts).sum(counts, axis=-3) / full


def tile_shares(hardware: AttentionHardware, width: AnyArray) -> AnyArray:
    """Count signed pulses, s, of any shape: shares of the full count."""
    counts, full = _counts(hardware, width)
    return counts / full


def _counts(hardware: AttentionHardware, width: AnyArray) -> tuple[AnyArray, float]:
    """Counts and the full count; widths and the longest for hardware without counts."""
    xp, n_counts = namespace_of(width), hardware.n_output_counts
    if n_counts is None:
        return width, hardware.max_pulse_width
    counts = xp.round(width * (n_counts / hardware.max_pulse_width))
    return xp.clip(counts, -n_counts, n_counts), float(n_counts)


def _is_read(hardware: AttentionHardware, aged: Aged) -> AnyArray:
    """1 where a tile holds a token that is read, (tile, t, 1)."""
    xp = namespace_of(aged.mask)
    tokens = xp.sum(by_tile(aged.mask, -1, hardware.tile), axis=-1)  # (tile-full, t)
    if tokens.shape[0] > hardware.n_tiles:  # see `tile_charges`
        tokens = xp.concat([tokens[1:-1, ...], tokens[-1:, ...] + tokens[:1, ...]], axis=0)
    return xp.clip(tokens, 0.0, 1.0)[..., None]


def padded(k: AnyArray, v: AnyArray, tile: int) -> tuple[AnyArray, AnyArray]:
    """Fill the last tile of a text with tokens that nobody attends to, (..., head, token, d_head)."""
    missing = -k.shape[-2] % tile
    if not missing:
        return k, v
    xp = namespace_of(k)
    nothing = xp.zeros((*k.shape[:-2], missing, k.shape[-1]), dtype=k.dtype, device=device(k))
    return xp.concat([k, nothing], axis=-2), xp.concat([v, nothing], axis=-2)


def read_text(placed: PlacedHardware, q: AnyArray, held: HeldTokens, watch: Watch | None) -> AnyArray:
    """Read all tokens of a text.

    Args:
        placed: the hardware.
        q: scaled queries, (..., head, token, d_head).
        held: its keys and values, the last tile filled up.
        watch: sees and may change what happens.

    Returns:
        Sums of counts as shares of the full count, (..., head, token, d_head).
    """
    hardware = placed.hardware
    widths = encode(q * hardware.max_pulse_width, hardware.query_axis)
    n_tokens = q.shape[-2]
    n_first = 0 if hardware.digital is None else hardware.digital.first
    shared = placed.aged(block_ages(n_tokens, hardware)) if hardware.causal else None
    out = namespace_of(q).zeros(q.shape, dtype=q.dtype, device=device(q))
    for place in text_blocks(n_tokens, hardware):
        columns = slice(place.columns.start, place.columns.start + place.n_padded)
        if shared is None or place.columns.start < n_first:
            aged = placed.aged(place_ages(place, n_tokens, hardware))
        else:
            aged = shared.of_block(place)
        rows = range(place.rows.start, place.rows.stop)
        conversions = placed.conversions(rows, columns.start, place.n_padded, place.held_tiles)
        n_entries = (place.rows.stop - place.rows.start) * place.n_padded
        for heads in head_groups(q, n_entries, one=watch is not None):
            some = held.part(heads, columns)
            counts = _read_block(
                placed, widths[..., heads, place.rows, :], some, aged, conversions, heads, place, watch
            )
            out[..., heads, place.rows, :] = counts
    return out


def _read_block(
    placed: PlacedHardware,
    widths: AnyArray,
    held: HeldTokens,
    aged: Aged,
    conversions: tuple[Conversions, ...],
    heads: slice,
    place: Place,
    watch: Watch | None,
) -> AnyArray:
    columns = conversions[0].of_heads(heads, -3)
    read_outs, corrections = (own.of_heads(heads, -4) for own in conversions[1:])
    charge, width = weights(placed, widths, held, aged, columns)
    if watch is not None:
        watch.see_weights(place, charge, width, aged.mask)
    charge = tile_charges(placed, width, held, aged, read_outs)
    width = placed.converters[1].pulse_width(charge)
    if watch is not None:
        watch.see_tiles(place, charge)
        watch.see_read_outs(place, width)
    return counted(placed.hardware, width, aged, corrections)
