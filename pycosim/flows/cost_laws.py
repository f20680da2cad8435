"""Stage 6b of the gain-cell flow: laws of energy and latency of both columns, from few more transients.

The columns that checked the models are taken again, as operands of one kind: spread over the converters' range. Two
kinds come to them: sparse ones, near to an idle column, and what the shipped transformer sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pycosim.attention.hardware import AttentionModels
from pycosim.evaluate.report import Check, Interval, ModelRecord
from pycosim.fitting.column import ALL, LawFit
from pycosim.fitting.fit import hold_out_every
from pycosim.flows.characterization import Design
from pycosim.flows.columns import ColumnCheck
from pycosim.flows.config import GainCellConfig
from pycosim.flows.operand_kinds import Operands, operand_kinds
from pycosim.flows.progress import Progress
from pycosim.flows.read_operands import ReadOperands, transformer_operands
from pycosim.flows.surrogates import CORRECTED, SurrogateFit, described, fit_surrogate, measure_reads
from pycosim.models.cell import CellModel
from pycosim.models.column import ColumnSurrogate, save_column
from pycosim.models.domain import ClipCounter
from pycosim.spice import Simulator

FEWEST_CHECKS = 6
"""Columns of an array below which there are no laws: with fewer, the converter's range is not covered."""

BEHAVIOUR_TARGET, COST_TARGET = 0.01, 0.05
"""Largest errors of pulse, and of energy and time. Ours: the best published surrogates have 0.02, 0.07 and 0.08
(LASANA, 2025), on circuits of their own."""

CANDIDATES = 40
"""Reads of the transformer of which one is simulated. Ours: the ends of 240 leave out a hundredth of a text's."""

COLUMNS = ("column_1", "column_2")
"""Folders of the columns' models in a run's `models/`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostLaws:
    """Laws of both columns with the reads that they come from.

    Attributes:
        reads: of each array, from `measure_reads`.
        fits: of each array.
    """

    reads: tuple[xr.Dataset, xr.Dataset]
    fits: tuple[SurrogateFit, SurrogateFit]

    @property
    def columns(self) -> tuple[ColumnSurrogate, ColumnSurrogate]:
        """The models of both columns."""
        return self.fits[0].surrogate, self.fits[1].surrogate


def measure_cost_laws(
    design: Design,
    checks: tuple[ColumnCheck, ColumnCheck],
    models: AttentionModels,
    config: GainCellConfig,
    simulator: Simulator,
    progress: Progress,
) -> CostLaws | None:
    """Simulate reads of further kinds, and fit the laws of both columns.

    Args:
        design: the circuits.
        checks: the columns of the spread kind.
        models: of cell and converters; the laws get copies with counters of their own.
        config: how many columns of each further kind; seed.
        simulator: any.
        progress: told of every column.

    Returns:
        None where the settings ask for no laws, or for too few columns to fit them.

    Raises:
        FitError: a law cannot be fitted.
    """
    n = config.n_law_columns
    if not n or min(check.simulated.size for check in checks) < FEWEST_CHECKS:
        return None
    real = transformer_operands(design, CANDIDATES * n, np.random.default_rng([config.seed, 73]))
    progress.stage("columns for the laws of energy and latency", total=4 * n)
    converters = (models.charge_to_pulse, models.signed_charge_to_pulse)
    found, fits = [], []
    for check, converter, operands in zip(checks, converters, real, strict=True):
        sparse = operand_kinds(design, check.column, models.cell_k, n, config.seed)["sparse"]
        further = measure_reads(
            check.column,
            simulator,
            {"sparse": sparse, "transformer": _over_charges(operands, models.cell_k, n)},
            lambda done, total: progress.advance(),
        )
        spread = np.full(check.simulated.size, "spread")
        first = described(check.reads, check.stored_voltages, check.pulse_widths, spread)
        reads = xr.concat([first, further], "sample").assign_coords(sample=np.arange(spread.size + 2.0 * n))
        found.append(reads)
        own = _with_own_counter(models.cell_k), _with_own_counter(converter)
        fits.append(fit_surrogate(check.column, reads, *own, _held_out(spread.size, n)))
    return CostLaws(reads=(found[0], found[1]), fits=(fits[0], fits[1]))


def _over_charges(operands: ReadOperands, cell: CellModel, n: int) -> Operands:
    """Of many reads `n`, evenly by the rank of their charge, with both ends: a law should know the text's range."""
    order = np.argsort(cell.charge(operands.pulse_widths, operands.stored_voltages).sum(axis=-1), kind="stable")
    taken = order[np.linspace(0, order.size - 1, n).round().astype(np.intp)]
    return operands.stored_voltages[taken], operands.pulse_widths[taken]


def _with_own_counter(model: Any) -> Any:
    """The same model, counting what it clips by itself: the report tells what attention clips."""
    return replace(model, clips=ClipCounter())


def _held_out(n_spread: int, n_further: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Every third read of each kind: those of the spread kind are in the order of their charges."""
    return np.concatenate([hold_out_every(3, n_spread), *[hold_out_every(3, n_further)] * 2])


def save_cost_laws(laws: CostLaws, folder: Path) -> None:
    """Save both columns with the provenance of every law: `column_1/`, `column_2/`; `load_column` reads them."""
    for name, fit in zip(COLUMNS, laws.fits, strict=True):
        save_column(folder / name, fit.surrogate, fit.records())


def law_records(laws: CostLaws, folder: str) -> tuple[ModelRecord, ...]:
    """What the report says of every law."""
    return tuple(
        _record(column, part, law, folder)
        for column, fit in zip(COLUMNS, laws.fits, strict=True)
        for part, law in _files(fit).items()
    )


def law_checks(laws: CostLaws, longest: float) -> tuple[Check, ...]:
    """Errors of both columns' models against their targets, the worse of both; `longest` is the longest pulse (s)."""
    energy = max((fit.energy[ALL] for fit in laws.fits), key=lambda one: one.relative)
    time = max((fit.conversion[ALL] for fit in laws.fits), key=lambda one: one.relative)
    pulse = max((fit.behaviour[CORRECTED][ALL] for fit in laws.fits), key=lambda one: one.rms)
    found = (
        ("pulse of a corrected column, rms of the longest", pulse.rms / longest, pulse.n_reads, BEHAVIOUR_TARGET),
        ("law of a read's energy, mean relative error", energy.relative, energy.n_reads, COST_TARGET),
        ("law of the conversion time, mean relative error", time.relative, time.n_reads, COST_TARGET),
    )
    return tuple(
        Check(
            name=name,
            value=value,
            unit="",
            relation="at_most",
            target=target,
            detail=f"{n} columns that no fit saw, of the array whose error is larger; of three kinds of operands",
        )
        for name, value, n, target in found
    )


def _files(fit: SurrogateFit) -> Mapping[str, LawFit]:
    """File name -> fit, as `SurrogateFit.records` names them."""
    return dict(zip(fit.records(), fit.laws.values(), strict=True))


def _record(column: str, part: str, fit: LawFit, folder: str) -> ModelRecord:
    return ModelRecord(
        name=f"{column} {part}".replace("_", " "),
        kind=type(fit.law).__name__,
        residual_rms=fit.errors[ALL].rms,
        residual_unit=fit.law.unit,
        n_fitted=fit.n_fitted,
        n_held_out=fit.errors[ALL].n_reads,
        domain=tuple(Interval(name=d.quantity, low=d.low, high=d.high, unit=d.unit) for d in fit.law.domain),
        netlists=fit.netlist_digests,
        file=f"{folder}/{column}/{part}.json",
    )
