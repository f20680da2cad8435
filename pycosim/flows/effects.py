"""Which effects the transformer runs with: each alone on ideal hardware, and together on the measured circuits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pycosim.attention.hardware import AttentionModels
from pycosim.attention.imperfections import Imperfections
from pycosim.attention.published import linear_models
from pycosim.models.cell import CellModel
from pycosim.models.driven import DrivenCell, Transfer
from pycosim.models.spread import CellDeviation, ConverterSpread
from pycosim.models.stored_levels import StoredLevels
from pycosim.models.wire_loss import WireLoss

Group = Literal["alone", "circuits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterPair:
    """One kind of spread of both converters.

    Attributes:
        first: between the arrays.
        second: signed, after the second array.
    """

    first: ConverterSpread
    second: ConverterSpread

    def with_noise_of(self, other: ConverterPair) -> ConverterPair:
        """This pair's offsets and gains with another's noise."""
        return ConverterPair(
            first=replace(self.first, noise=other.first.noise, charge_noise=other.first.charge_noise),
            second=replace(self.second, noise=other.second.noise, charge_noise=other.second.charge_noise),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredEffects:
    """What simulation found; an effect that is None, or empty, was not measured and is left out.

    Attributes:
        typical: models of the circuits at the corner that figures are quoted for, all parts as drawn.
        conditions: the same at other corners, temperatures and supplies, by name.
        cells: how cells of one die differ.
        write_noise: how the stored voltage of one cell differs from write to write.
        untrimmed: how converters of one die differ.
        trimmed: the same after the trim.
        noise: of every conversion.
        wire_loss: of each array.
        levels: what the real write path stores.
        levels_in_cell: the part of it that the cell of `typical` has in its charges: injection of its own write gate,
            from an ideal driver.
        pulses: pulse width meant -> pulse width at the cells (s), of the drivers of both arrays.
    """

    typical: AttentionModels
    conditions: Mapping[str, AttentionModels] = field(default_factory=dict)
    cells: tuple[CellDeviation, ...] = ()
    write_noise: CellDeviation | None = None
    untrimmed: ConverterPair | None = None
    trimmed: ConverterPair | None = None
    noise: ConverterPair | None = None
    wire_loss: WireLoss | None = None
    levels: StoredLevels | None = None
    levels_in_cell: StoredLevels | None = None
    pulses: Transfer | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """One row of the table: the hardware that the transformer runs on.

    Attributes:
        name: what is switched on.
        group: "alone" on otherwise ideal hardware, or with all the "circuits" as measured.
        models: of cells, converters and decay.
        imperfections: differences between parts, and noise; None for none.
        quantised: queries, keys, values and outputs have the levels of the hardware.
    """

    name: str
    group: Group
    models: AttentionModels
    imperfections: Imperfections | None = None
    quantised: bool = False

    @property
    def is_random(self) -> bool:
        """Another seed gives another result."""
        flaws = self.imperfections
        return flaws is not None and bool(flaws.cells or flaws.first or flaws.second)


IDEAL, TYPICAL, TOGETHER = "ideal linear hardware", "typical circuits", "all together"
"""Names of the rows that others refer to."""


def effects(measured: MeasuredEffects, seed: int) -> list[Effect]:
    """Every row: the ideal hardware first, then each effect alone, then the circuits; rows without data are left out.

    Args:
        measured: what is known of the circuits.
        seed: of dies and noise.
    """
    return [*_alone(measured, seed), *_circuits(measured, seed)]


def _alone(measured: MeasuredEffects, seed: int) -> list[Effect]:
    linear, typical = linear_models(), measured.typical

    def row(name: str, models: AttentionModels = linear, flaws: Imperfections | None = None) -> Effect:
        return Effect(name=name, group="alone", models=models, imperfections=flaws)

    rows = [
        row(IDEAL),
        replace(row("quantisation"), quantised=True),
        row("cell non-linearity", replace(linear, cell_k=typical.cell_k, cell_v=typical.cell_v)),
        row(
            "converter non-linearity",
            replace(
                linear,
                charge_to_pulse=typical.charge_to_pulse,
                signed_charge_to_pulse=typical.signed_charge_to_pulse,
            ),
        ),
        row("decay", replace(linear, decay=typical.decay)),
    ]
    if measured.cells:
        rows.append(row("mismatch of cells", flaws=Imperfections(seed=seed, cells=measured.cells)))
    for name, pair in (("untrimmed", measured.untrimmed), ("trimmed", measured.trimmed)):
        if pair is not None:
            flaws = Imperfections(seed=seed, first=pair.first, second=pair.second)
            rows.append(row(f"mismatch of converters, {name}", flaws=flaws))
    if measured.noise is not None:
        noise = Imperfections(seed=seed, first=measured.noise.first, second=measured.noise.second)
        rows.append(row("noise of reads", flaws=noise))
    if measured.write_noise is not None:
        rows.append(row("noise of writes", flaws=Imperfections(seed=seed, cells=(measured.write_noise,))))
    if measured.wire_loss is not None:
        rows.append(row("IR drop", flaws=_with_wires(Imperfections(seed=seed), measured.wire_loss)))
    if measured.levels is not None:
        written = Transfer(meant=measured.levels.nominal, arrived=measured.levels.voltages)
        rows.append(row("write error", _driven(linear, levels=written)))
    if measured.pulses is not None:
        rows.append(row("input driver", _driven(linear, pulses=measured.pulses)))
    return rows


def _circuits(measured: MeasuredEffects, seed: int) -> list[Effect]:
    def row(name: str, models: AttentionModels, flaws: Imperfections | None = None) -> Effect:
        return Effect(name=name, group="circuits", models=models, imperfections=flaws, quantised=True)

    rows = [row(TYPICAL, measured.typical)]
    rows += [row(name, models) for name, models in measured.conditions.items()]
    driven = _driven(measured.typical, levels=_levels_beyond_cell(measured), pulses=measured.pulses)
    rows.append(row(TOGETHER, driven, _all_flaws(measured, measured.trimmed, seed)))
    if measured.untrimmed is not None:
        rows.append(row(f"{TOGETHER}, untrimmed", driven, _all_flaws(measured, measured.untrimmed, seed)))
    return rows


def _all_flaws(measured: MeasuredEffects, pair: ConverterPair | None, seed: int) -> Imperfections:
    noisy = measured.noise if pair is None else pair
    if pair is not None and measured.noise is not None:
        noisy = pair.with_noise_of(measured.noise)
    cells = measured.cells if measured.write_noise is None else (*measured.cells, measured.write_noise)
    flaws = Imperfections(seed=seed, cells=cells)
    if noisy is not None:
        flaws = replace(flaws, first=noisy.first, second=noisy.second)
    return flaws if measured.wire_loss is None else _with_wires(flaws, measured.wire_loss)


def _with_wires(flaws: Imperfections, loss: WireLoss) -> Imperfections:
    """Rows of the first array are features and its columns tokens; in the second it is the other way round."""
    return replace(flaws, key_shares=loss.factor().T, value_shares=loss.factor())


def _driven(
    models: AttentionModels, *, levels: Transfer | None = None, pulses: Transfer | None = None
) -> AttentionModels:
    if levels is None and pulses is None:
        return models

    def behind(cell: CellModel) -> DrivenCell:
        return DrivenCell(cell=cell, levels=levels, pulses=pulses)

    return replace(models, cell_k=behind(models.cell_k), cell_v=behind(models.cell_v))


def _levels_beyond_cell(measured: MeasuredEffects) -> Transfer | None:
    """What the write path stores, less what the charges of the cell contain already."""
    if measured.levels is None:
        return None
    known = 0.0 if measured.levels_in_cell is None else measured.levels_in_cell.errors
    return Transfer(meant=measured.levels.nominal, arrived=measured.levels.voltages - known)
