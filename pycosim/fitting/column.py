"""Reads of whole columns in ngspice -> laws of their energy, their latency and their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from pycosim.checks import Array, finite_array
from pycosim.errors import FitError, InputError
from pycosim.fitting.terms import Selection, select_terms
from pycosim.models.activity import ColumnActivity
from pycosim.models.column_law import ColumnLaw
from pycosim.models.converter import ConverterModel
from pycosim.models.domain import Outside
from pycosim.models.io import ModelRecord

ALL = "all"
"""Key of the errors over all kinds of operands together."""

_FEWEST_OTHERS, _PARTS = 16, 4
"""Reads of other kinds without which a kind cannot be left out, and the parts that then take the kinds' place for the
choice of terms. Ours: the reads that four terms need; with fewer, what a kind left out shows is chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadErrors:
    """How far a model is from reads that no fit has seen.

    Attributes:
        n_reads: of them.
        rms: root mean square of model - simulated, in the quantity's unit.
        largest: magnitude.
        mean_magnitude: mean magnitude of what was simulated, in the quantity's unit.
        relative: mean of |model - simulated| / |simulated|; NaN where something simulated is 0.
    """

    n_reads: int
    rms: float
    largest: float
    mean_magnitude: float
    relative: float

    @property
    def rms_over_mean(self) -> float:
        """Root mean square over the mean magnitude."""
        return self.rms / self.mean_magnitude if self.mean_magnitude else float("nan")


def read_errors(
    predicted: ArrayLike, simulated: ArrayLike, kinds: Sequence[str] | NDArray[np.str_]
) -> dict[str, ReadErrors]:
    """Errors of every kind of operands, and of `ALL`.

    Args:
        predicted: (n_reads,) by a model.
        simulated: (n_reads,).
        kinds: (n_reads,) of the operands.
    """
    model, truth = finite_array("predicted", predicted, ndim=1), finite_array("simulated", simulated, ndim=1)
    names = np.asarray(kinds)
    if not model.size or not model.size == truth.size == names.size:
        raise InputError(
            f"predicted, simulated and kinds must have one length of 1 or more, found {model.size}, {truth.size} and "
            f"{names.size}"
        )

    def errors(taken: NDArray[np.bool_]) -> ReadErrors:
        error, size = np.abs(model - truth)[taken], np.abs(truth)[taken]
        return ReadErrors(
            n_reads=int(taken.sum()),
            rms=float(np.sqrt(np.mean(error**2))),
            largest=float(error.max()),
            mean_magnitude=float(size.mean()),
            relative=float(np.mean(error / size)) if size.all() else float("nan"),
        )

    every = {name: errors(names == name) for name in sorted(set(names.tolist()))}
    return {**every, ALL: errors(np.ones(model.size, dtype=bool))}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LawFit:
    """A law with its verdict.

    Attributes:
        law: the model.
        selection: how its terms were chosen, by kinds of operands that were left out.
        n_fitted: reads that the selection and the fit have seen.
        errors: kind -> errors on reads that neither the selection nor the fit has seen.
        netlist_digests: of the reads.
    """

    law: ColumnLaw
    selection: Selection
    n_fitted: int
    errors: Mapping[str, ReadErrors]
    netlist_digests: tuple[str, ...]

    def record(self) -> ModelRecord:
        """Return what `pycosim.models.save_model` writes beside the law."""
        return ModelRecord(
            netlist_digests=self.netlist_digests,
            held_out_residual_rms=self.errors[ALL].rms,
            unit=self.law.unit,
            note=f"{self.law}; terms chosen by operands of kinds that were left out",
        )


def fit_column_law(
    activity: ColumnActivity,
    target: ArrayLike,
    kinds: Sequence[str] | NDArray[np.str_],
    held_out: ArrayLike,
    *,
    quantity: str,
    unit: str,
    candidates: Sequence[str],
    always: Sequence[str] = (),
    non_negative: bool = True,
    weights: ArrayLike | None = None,
    most: int = 5,
    margin: float = 0.25,
    outside: Outside = "clip",
    netlist_digests: Sequence[str] = (),
) -> LawFit:
    """Choose the terms of a law and fit it.

    Args:
        activity: of the reads, leading axis (n_reads,).
        target: (n_reads,) what the law shall give; reads where it is NaN are left out.
        kinds: (n_reads,) kind of operands of each read.
        held_out: (n_reads,) mask of the reads by which the law is judged; neither selection nor fit sees them.
        quantity: what the law gives.
        unit: of it.
        candidates: terms on offer; one that is the same in all fitted reads is only taken for "one".
        always: terms that every law has.
        non_negative: no coefficient below zero.
        weights: (n_reads,) of the residuals, for example 1 over a read's whole energy; None: 1.
        most: largest number of terms.
        margin: by how much of its fitted range the law may be used beyond either end of it: the laws are linear.
        outside: what the law does with terms outside that range.
        netlist_digests: where the reads came from.

    Raises:
        FitError: no terms can be fitted.
        InputError: arrays of different lengths, or nothing on one side of the mask.
    """
    y, mask, names = np.asarray(target, dtype=np.float64), np.asarray(held_out, dtype=bool), np.asarray(kinds)
    if not y.shape == mask.shape == names.shape == activity.charge.shape:
        raise InputError(
            f"target, kinds and held_out must be one per read, {activity.charge.shape}, found {y.shape}, "
            f"{names.shape} and {mask.shape}"
        )
    known = np.isfinite(y)
    fitted, judged = known & ~mask, known & mask
    if not fitted.any() or not judged.any():
        raise InputError(
            f"reads must be left on both sides of held_out, found {fitted.sum()} to fit and {judged.sum()} to judge by"
        )
    values = {name: activity.term(name) for name in candidates}
    offered = {
        name: value[fitted]
        for name, value in values.items()
        if name == "one" or np.ptp(value[fitted]) > 1e-9 * np.abs(value[fitted]).max()
    }
    selection = select_terms(
        offered,
        y[fitted],
        _folds(names[fitted]),
        always=always,
        non_negative=non_negative,
        weights=None if weights is None else np.broadcast_to(np.asarray(weights, dtype=np.float64), y.shape)[fitted],
        most=most,
    )
    kept = [(name, c) for name, c in zip(selection.chosen.terms, selection.coefficients, strict=True) if c]
    law = ColumnLaw(
        quantity=quantity,
        unit=unit,
        terms=tuple(name for name, _ in kept),
        coefficients=tuple(c for _, c in kept),
        low=tuple(float(offered[name].min() - margin * np.ptp(offered[name])) for name, _ in kept),
        high=tuple(float(offered[name].max() + margin * np.ptp(offered[name])) for name, _ in kept),
        outside=outside,
    )
    return LawFit(
        law=law,
        selection=selection,
        n_fitted=int(fitted.sum()),
        errors=read_errors(law.value(activity)[judged], y[judged], names[judged]),
        netlist_digests=tuple(netlist_digests),
    )


def _folds(kinds: NDArray[np.str_]) -> NDArray[np.str_]:
    """The kinds; parts of the reads where all other kinds together tell too little of one that is left out."""
    _, counts = np.unique(kinds, return_counts=True)
    if counts.sum() - counts.max() >= _FEWEST_OTHERS:
        return kinds
    return np.array([f"part {k % _PARTS}" for k in range(kinds.size)])


def charge_of_pulse(converter: ConverterModel, pulse_width: ArrayLike, low: float, high: float) -> Array:
    """Return the charge (C) at which a converter makes these pulses; NaN where it is at one of its ends.

    Args:
        converter: monotone between `low` and `high`.
        pulse_width: (n,) s, signed for a signed converter.
        low: lower end of the charges to search, C; a pulse that the converter makes at either end is saturated.
        high: upper end, C.

    Raises:
        FitError: the converter does not rise between both ends.
    """
    widths = finite_array("pulse_width", pulse_width, ndim=1)
    least, most = (float(converter.pulse_width(end)) for end in (low, high))
    if not least < most:
        raise FitError(f"the converter must rise from {low:g} C to {high:g} C, found {least:g} s and {most:g} s")
    margin = 1e-3 * (most - least)

    def inverse(width: float) -> float:
        if not least + margin < width < most - margin or (least < 0 and width == 0):
            return float("nan")
        return float(brentq(lambda charge: float(converter.pulse_width(charge)) - width, low, high, xtol=1e-21))

    return np.array([inverse(float(width)) for width in widths])
