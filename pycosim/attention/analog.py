"""Attention of one layer as the gain-cell hardware computes it, in units of charge  [2025 Leroux].

    q, k, v --scale--> widths and stored voltages --quantise--> operands
    S[t, tau]  = charge of column tau of the first array            (sum over features)
    phi        = charge_to_pulse(S)                                 (continuous width)
    A[tile, t] = signed count of the charge of the second array     (sum over the tile's tokens)
    out        = scale(sum over tiles of A)                         (digital)

Token t attends to the last ``window`` tokens. A column that holds none of them is not read, and a tile that
holds none has no part in the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.exact import Attend, Operand, check_operands
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scalers
from pycosim.attention.imperfections import ImperfectCall, ImperfectHardware, Imperfections, ImperfectLayer
from pycosim.attention.window import token_ages
from pycosim.checks import Array, finite_array
from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis
from pycosim.models.cell import CellModel
from pycosim.models.quantizer import Quantizer
from pycosim.models.separate import ArrayRead, DenseRead, factor_read


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttentionTrace:
    """What happened inside one call; axes (..., head, token, feature) unless said.

    Args:
        q: scaled query, share of the longest pulse, before clipping to 0 .. 1.
        k: scaled key, V, before clipping to the stored range.
        v: scaled value, V, before clipping.
        score_charge: S (..., head, t, tau), C; 0 where t does not attend to tau.
        weight_width: phi (..., head, t, tau), s; 0 there too.
        tile_charge: charge of the second array (n_tiles, ..., head, token, d_head), C.
        out: result after the output scaler.
        clipped: share of the scaled q, k, v outside the range of the hardware, by name.
    """

    q: Array
    k: Array
    v: Array
    score_charge: Array
    weight_width: Array
    tile_charge: Array
    out: Array
    clipped: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttentionArrays:
    """The hardware ready for use: models, sizes, and the reads of both arrays. Layers share it.

    Args:
        models: the converters are taken from here.
        hardware: sizes and levels.
        first: reads of the array of keys.
        second: reads of the array of values.
        imperfect: how parts differ and what noise there is; None for none.
    """

    models: AttentionModels
    hardware: AttentionHardware
    first: ArrayRead
    second: ArrayRead
    imperfect: ImperfectHardware | None = None


def dense_arrays(
    models: AttentionModels, hardware: AttentionHardware, *, imperfections: Imperfections | None = None
) -> AttentionArrays:
    """Return arrays that evaluate every cell: slow, exact for any model."""
    stored = hardware.stored_axis

    def read(cell: CellModel, inputs: OperandAxis) -> DenseRead:
        return DenseRead(
            cell=cell,
            decay=models.decay,
            input_axis=inputs,
            level_axis=stored,
            token_period=hardware.token_period,
        )

    return AttentionArrays(
        models=models,
        hardware=hardware,
        first=read(models.cell_k, hardware.query_axis),
        second=read(models.cell_v, hardware.weight_axis),
        imperfect=None if imperfections is None else ImperfectHardware.of(imperfections, hardware),
    )


def factored_arrays(
    models: AttentionModels,
    hardware: AttentionHardware,
    *,
    imperfections: Imperfections | None = None,
    tolerance: float = 1e-7,
) -> AttentionArrays:
    """Return arrays that take a few matrix products; see `pycosim.models.separate`.

    Args:
        models: behavioural models; they are evaluated here, for every operand that the hardware can produce.
        hardware: sizes and levels.
        imperfections: how parts differ and what noise there is; None for none.
        tolerance: largest error of one cell's charge over the largest charge of a cell.

    Raises:
        DomainError: where the hardware can produce operands outside a cell's or decay's domain.
    """
    dense = dense_arrays(models, hardware, imperfections=imperfections)
    assert isinstance(dense.first, DenseRead) and isinstance(dense.second, DenseRead)
    return replace(
        dense,
        first=factor_read(dense.first, hardware.window, tolerance=tolerance),
        second=factor_read(dense.second, hardware.window, tolerance=tolerance),
    )


def analog_attention(
    models: AttentionModels,
    hardware: AttentionHardware,
    scalers: Scalers,
    *,
    arrays: AttentionArrays | None = None,
    observe: Callable[[AttentionTrace], None] | None = None,
    layer: int = 0,
) -> Attend:
    """Return the attention of one layer, with the signature of `exact_attention`.

    With imperfections the returned function counts the sequences that it is given, so that each has noise of its own.

    Args:
        models: behavioural models of cells, converters and decay.
        hardware: sizes and levels.
        scalers: a and b of q, k, v and out, per head.
        arrays: `factored_arrays` of the same models and hardware, made once for all layers; None makes them
            here.
        observe: is called with the intermediate values of every call.
        layer: which layer's parts to use, where parts differ.

    Returns:
        attend(q, k, v) -> out, each (..., n_heads, n_tokens, d_head), float32.

    Raises:
        DomainError: where the hardware can produce operands outside a model's domain.
    """
    ready = arrays or factored_arrays(models, hardware)
    if ready.models is not models or ready.hardware != hardware:
        raise InputError("arrays must be made from the same models and hardware; call factored_arrays again")
    imperfect = None if ready.imperfect is None else ImperfectLayer(ready.imperfect, layer)

    def attend(q: Operand, k: Operand, v: Operand) -> NDArray[np.float32]:
        check_operands(q, k, v)
        if q.shape[-3] != scalers.n_heads:
            raise InputError(f"scalers are for {scalers.n_heads} heads, found operands of {q.shape[-3]} heads")
        return _attend(ready, scalers, (q, k, v), observe, imperfect)

    return attend


def analog_layers(
    arrays: AttentionArrays,
    scalers: Sequence[Scalers],
    observers: Sequence[Callable[[AttentionTrace], None]] | None = None,
) -> list[Attend]:
    """Return one attention per layer on the same hardware.

    Args:
        arrays: shared by all layers.
        scalers: one set per layer.
        observers: one per layer, or None.
    """
    watching = [None] * len(scalers) if observers is None else observers
    return [
        analog_attention(arrays.models, arrays.hardware, own, arrays=arrays, observe=observe, layer=layer)
        for layer, (own, observe) in enumerate(zip(scalers, watching, strict=True))
    ]


def _attend(
    arrays: AttentionArrays,
    scalers: Scalers,
    operands: tuple[Operand, Operand, Operand],
    observe: Callable[[AttentionTrace], None] | None,
    imperfect: ImperfectLayer | None,
) -> NDArray[np.float32]:
    hardware = arrays.hardware
    q, k, v = (scale(x) for scale, x in zip((scalers.q, scalers.k, scalers.v), operands, strict=True))
    widths = _encode(q * hardware.max_pulse_width, hardware.query_axis)
    keys, values = _encode(k, hardware.stored_axis), _encode(v, hardware.stored_axis)
    call = None if imperfect is None else imperfect.begin(keys, values)
    shares = (None, None) if call is None else (call.key_shares, call.value_shares)
    tile_charge = np.zeros((hardware.window // hardware.tile, *q.shape))
    square = (*q.shape[:-1], q.shape[-2]) if observe else (0, 0)  # (..., head, t, tau)
    scores, weights = np.zeros(square), np.zeros(square)
    for tile, rows, columns, ages in _blocks(q.shape[-2], hardware):
        held = [None if share is None else share[columns] for share in shares]
        score = arrays.first.column_charges(widths[..., rows, :], keys[..., columns, :], ages, held[0])
        if call is not None:
            score = call.score_charge(score, widths[..., rows, :], columns, ages)
        weight = arrays.models.charge_to_pulse.pulse_width(score)
        weight = np.clip(weight, 0.0, hardware.max_pulse_width)  # the read phase ends: a late pulse is cut
        if observe:
            scores[..., rows, columns] = np.where(ages >= 0, score, 0.0)
            weights[..., rows, columns] = np.where(ages >= 0, weight, 0.0)
        charge = arrays.second.row_charges(weight, values[..., columns, :], ages, held[1])
        if call is not None:
            charge = call.value_charge(charge, weight, columns, ages)
        tile_charge[tile, ..., rows, :] += charge
    out = scalers.out(_read_tiles(tile_charge, arrays, call))
    if observe:
        clipped = _clipped_shares(q, k, v, hardware)
        observe(
            AttentionTrace(
                q=q,
                k=k,
                v=v,
                score_charge=scores,
                weight_width=weights,
                tile_charge=tile_charge,
                out=out,
                clipped=clipped,
            )
        )
    return out.astype(np.float32)


def _encode(values: Array, axis: OperandAxis) -> NDArray[Any]:
    """Clip to the axis; to codes where the axis has levels."""
    low, high = float(axis.nodes[0]), float(axis.nodes[-1])
    if axis.is_coded:
        return Quantizer(n_levels=axis.nodes.size, low=low, high=high).codes(values)
    return np.asarray(np.clip(finite_array("scaled q, k and v", values), low, high))


def _blocks(n_tokens: int, hardware: AttentionHardware) -> Iterator[tuple[int, slice, slice, NDArray[np.intp]]]:
    """Yield (tile, rows t, columns tau, ages) for every tile-full of tokens and those that attend to it.

    Rows come a tile-full at a time too: blocks of 64 x 64 stay in the processor's cache, and their matrix
    products below the size at which OpenBLAS starts threads, which costs more than it gains here.
    """
    ages = token_ages(n_tokens, hardware.window)
    starts = range(0, n_tokens, hardware.tile)
    for column in starts:
        columns = slice(column, min(column + hardware.tile, n_tokens))
        tile = (column % hardware.window) // hardware.tile
        for row in starts[column // hardware.tile :]:
            if row - columns.stop + 1 < hardware.window:
                rows = slice(row, min(row + hardware.tile, n_tokens))
                yield tile, rows, columns, ages[rows, columns]


def _read_tiles(tile_charge: Array, arrays: AttentionArrays, call: ImperfectCall | None) -> Array:
    """Convert each tile's charge to a signed count and add the tiles: (n_tiles, ..., t, d) -> (..., t, d)."""
    hardware = arrays.hardware
    total = np.zeros(tile_charge.shape[1:])
    for tile, charge in enumerate(tile_charge):
        first = tile * hardware.tile  # the tile is empty before
        charge = charge[..., first:, :]
        if call is not None:
            charge = call.tile_charge(charge, tile)
        width = arrays.models.signed_charge_to_pulse.pulse_width(charge)
        total[..., first:, :] += _count(width / hardware.max_pulse_width, hardware.n_output_counts)
    return total


def _count(share: Array, n_counts: int | None) -> Array:
    """Count a signed width: whole counts of its magnitude, as a share of the full count."""
    return share if n_counts is None else np.clip(np.rint(share * n_counts), -n_counts, n_counts) / n_counts


def _clipped_shares(q: Array, k: Array, v: Array, hardware: AttentionHardware) -> dict[str, float]:
    stored = (hardware.stored_low, hardware.stored_high)
    signals = {"q": (q, 0.0, 1.0), "k": (k, *stored), "v": (v, *stored)}
    return {name: float(np.mean((x < low) | (x > high))) for name, (x, low, high) in signals.items()}
