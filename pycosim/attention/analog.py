"""Attention of one layer as the gain-cell hardware computes it, in units of charge  [2025 Leroux].

    q, k, v --scale--> widths and stored voltages --quantise--> operands
    S[t, tau]  = charge of column tau of the first array            (sum over features)
    phi        = charge_to_pulse(S)                                 (continuous width)
    A[tile, t] = signed count of the charge of the second array     (sum over the tile's tokens)
    out        = scale(sum over tiles of A)                         (digital)

Token t attends to the last ``window`` tokens, or to all of its sequence where the hardware is not causal. A column that
holds none of them is not read, and a tile that holds none has no part in the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pycosim.attention.digital_tokens import digital_shares
from pycosim.attention.exact import Attend, check_operands
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scalers
from pycosim.attention.imperfections import ImperfectHardware, Imperfections, ImperfectLayer
from pycosim.attention.operand_checks import check_heads, check_length, checked_digital_scalers
from pycosim.attention.reading import PlacedHardware, padded, read_text
from pycosim.attention.tile_calibration import TileCalibration
from pycosim.attention.trace import Alter, Observe, Watch
from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis
from pycosim.models.cell import CellModel
from pycosim.models.converter import ConverterModel, PulseTable
from pycosim.models.differential import DifferentialCell
from pycosim.models.parallel import ParallelCells
from pycosim.models.separate import ArrayRead, DenseRead, factor_read
from pycosim.namespace import AnyArray

LINE_TOLERANCE: Final = 1e-6
"""Largest error of a measured converter in lines, of its longest pulse."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttentionArrays:
    """The hardware ready for use: models, sizes, and the reads of both arrays. Layers share it.

    Args:
        models: what the arrays were made of.
        hardware: sizes and levels.
        first: reads of the array of keys.
        second: reads of the array of values.
        converters: charge to pulse, and signed charge to pulse.
        imperfect: how parts differ and what noise there is; None for none.
    """

    models: AttentionModels
    hardware: AttentionHardware
    first: ArrayRead
    second: ArrayRead
    converters: tuple[ConverterModel, ConverterModel]
    imperfect: ImperfectHardware | None = None

    def layer(self, layer: int) -> ImperfectLayer | None:
        """Return the parts of one layer; None where all are alike."""
        return None if self.imperfect is None else ImperfectLayer(self.imperfect, layer)

    def place(
        self, imperfect: ImperfectLayer | None, reference: AnyArray, calibration: TileCalibration | None = None
    ) -> PlacedHardware:
        """Return the hardware for new sequences of operands like the reference, (..., head, token, d_head)."""
        if calibration is not None:
            calibration.check(reference.shape[-3], self.hardware.n_tiles, reference.shape[-1])
        return PlacedHardware(
            hardware=self.hardware,
            first=self.first.on(reference),
            second=self.second.on(reference),
            converters=self.converters,
            call=None if imperfect is None else imperfect.begin(reference.shape, reference),
            reference=reference,
            calibration=calibration,
        )


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
        first=read(_of_key(models.cell_k, hardware), hardware.query_axis),
        second=read(models.cell_v, hardware.weight_axis),
        converters=(models.charge_to_pulse, models.signed_charge_to_pulse),
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
        first=factor_read(dense.first, hardware.n_ages, tolerance=tolerance),
        second=factor_read(dense.second, hardware.n_ages, tolerance=tolerance),
        converters=(_in_lines(models.charge_to_pulse), _in_lines(models.signed_charge_to_pulse)),
    )


def _of_key(cell: CellModel, hardware: AttentionHardware) -> CellModel:
    """All cells that hold one feature of a key."""
    if hardware.signed_queries:
        cell = DifferentialCell(cell=cell)
    return cell if hardware.rows_per_feature == 1 else ParallelCells(cell=cell, n_cells=hardware.rows_per_feature)


def _in_lines(converter: ConverterModel) -> ConverterModel:
    """The converter, a measured table in lines."""
    return converter.in_lines(LINE_TOLERANCE) if isinstance(converter, PulseTable) else converter


def analog_attention(
    models: AttentionModels,
    hardware: AttentionHardware,
    scalers: Scalers,
    *,
    arrays: AttentionArrays | None = None,
    observe: Observe | None = None,
    alter: Alter | None = None,
    layer: int = 0,
    calibration: TileCalibration | None = None,
    digital_scalers: Scalers | None = None,
) -> Attend:
    """Return the attention of one layer, with the signature of `exact_attention`.

    It computes in the library, on the device and in the floating type of its operands (dense arrays: NumPy only).
    With imperfections the returned function counts the sequences that it is given, so that each has noise of its own.

    Args:
        models: behavioural models of cells, converters and decay.
        hardware: sizes and levels.
        scalers: a and b of q, k, v and out, per head.
        arrays: `factored_arrays` of the same models and hardware, made once for all layers; None makes them
            here.
        observe: is called with the intermediate values of every call.
        alter: is shown every pulse and may change it in place.
        layer: which layer's parts to use, where parts differ.
        calibration: of the layer's tiles; None for none.
        digital_scalers: of tokens in digital memory: those that the weights were trained with, where ``scalers`` are
            adapted to the cells; None for the same.

    Returns:
        attend(q, k, v) -> out, each (..., n_heads, n_tokens, d_head).

    Raises:
        DomainError: where the hardware can produce operands outside a model's domain.
    """
    ready = arrays or factored_arrays(models, hardware)
    if ready.models is not models or ready.hardware != hardware:
        raise InputError("arrays must be made from the same models and hardware; call factored_arrays again")
    parts = ready.layer(layer)
    own = checked_digital_scalers(hardware, scalers, digital_scalers)

    def attend(q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        check_operands(q, k, v)
        check_heads(q, k, v, scalers, hardware)
        check_length(q, hardware)
        raw = q, k, v
        q, k, v = scalers.q(q), scalers.k(k), scalers.v(v)
        placed = ready.place(parts, q, calibration)
        watch = None if observe is None and alter is None else Watch.of(hardware, q, alter)
        shares = read_text(placed, q, placed.write(*padded(k, v, hardware.tile), 0), watch)
        out = scalers.out(shares)
        if hardware.digital is not None:
            scaled = own.q(raw[0]), own.k(raw[1]), own.v(raw[2])
            more = digital_shares(hardware.digital, hardware.operand_ranges, *scaled, causal=hardware.causal)
            out = out + own.out.scaled(more)
        if observe is not None and watch is not None:
            observe(watch.trace(hardware, (q, k, v), out))
        return out

    return attend


def analog_layers(
    arrays: AttentionArrays,
    scalers: Sequence[Scalers],
    observers: Sequence[Observe | None] | None = None,
    alterations: Sequence[Alter | None] | None = None,
    calibrations: Sequence[TileCalibration] | None = None,
    digital_scalers: Sequence[Scalers] | None = None,
) -> list[Attend]:
    """Return one attention per layer on the same hardware.

    Args:
        arrays: shared by all layers.
        scalers: one set per layer.
        observers: one per layer, or None.
        alterations: one per layer, or None.
        calibrations: of the tiles, one per layer; None for none.
        digital_scalers: of tokens in digital memory, one set per layer; None for the same.
    """
    nobody = [None] * len(scalers)
    each = zip(
        scalers,
        observers or nobody,
        alterations or nobody,
        calibrations or nobody,
        digital_scalers or nobody,
        strict=True,
    )
    return [
        analog_attention(
            arrays.models,
            arrays.hardware,
            own,
            arrays=arrays,
            observe=observe,
            alter=alter,
            layer=layer,
            calibration=calibration,
            digital_scalers=digital,
        )
        for layer, (own, observe, alter, calibration, digital) in enumerate(each)
    ]
