"""Tables of the models of whole columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pycosim.evaluate.workload_cost import spread_of
from pycosim.fitting.column import ALL, LawFit, ReadErrors
from pycosim.fitting.sampled import QUANTILES, DistributionCheck, SampledFit
from pycosim.flows.surrogates import CORRECTED, SurrogateFit
from pycosim.flows.workload_cost import ArrayReads, TokenReads
from pycosim.models.activity import TERMS
from pycosim.studies.study import Table

Array = NDArray[np.float64]

ARRAYS = ("array 1", "array 2 (signed)")
"""Names of both columns."""

PARTS = {
    "correction": "correction of the charge",
    "converter": "energy of the converter",
    "word_lines": "energy of the word lines",
    "write": "energy of the write",
    "conversion": "conversion time",
}
"""Part of a column's model -> words."""


def _percent(error: ReadErrors | None) -> str:
    return "" if error is None else f"{100 * error.relative:.2f}"


def error_table(fits: Sequence[SurrogateFit], longest: float) -> Table:
    """Errors of both columns' models by kind of operands; `longest` is the longest pulse (s)."""
    rows = []
    for name, fit in zip(ARRAYS, fits, strict=True):
        for kind, energy in fit.energy.items():
            plain, corrected = (fit.behaviour[key][kind] for key in ("sum of the cells", CORRECTED))
            rows.append(
                (
                    f"{name}, {kind}" if kind != ALL else f"**{name}, all**",
                    str(energy.n_reads),
                    f"{plain.rms * 1e12:.1f}",
                    f"{corrected.rms * 1e12:.1f} ({corrected.largest * 1e12:.0f})",
                    f"{100 * corrected.rms / longest:.2f}",
                    _percent(energy),
                    _percent(fit.constant_energy.get(kind)),
                    _percent(fit.conversion.get(kind)),
                    _percent(fit.latency.get(kind)),
                )
            )
    return Table(
        title="Models of columns on held-out reads, by kind of operands",
        header=(
            "reads",
            "n",
            "pulse by the sum of cells, ps rms",
            "with the correction, ps rms (largest)",
            f"over {longest * 1e9:.3g} ns, %",
            "energy, %",
            "a constant energy, %",
            "conversion time, %",
            "latency from the rise, %",
        ),
        rows=tuple(rows),
        note="Energy and times: mean of |model - simulated| / simulated. Energy is that of converter, word lines and "
        "write together, without the bias, which is shared by a tile and the same for all operands. Conversion time: "
        "from the release of the conveyor to the end of the pulse, of reads that have one; latency adds the longest "
        "input and the settling, which are clocks. Empty: no read of that kind has a pulse. No fit and no choice of "
        "terms has seen these reads.",
    )


def law_table(fit: SurrogateFit, name: str) -> Table:
    """The laws of one column."""
    rows = []
    for part, words in PARTS.items():
        law = fit.laws[part]
        for term, coefficient in zip(law.law.terms, law.law.coefficients, strict=True):
            unit = TERMS[term].unit
            rows.append((words, TERMS[term].meaning, f"{coefficient:.4g}", _per(law.law.unit, unit)))
    return Table(title=f"Laws of a column of {name}", header=("law", "term", "coefficient", "unit"), rows=tuple(rows))


def _per(unit: str, term: str) -> str:
    return "1" if unit == term else unit if not term else f"{unit} / ({term})"


def path_table(fit: SurrogateFit, name: str) -> Table:
    """How the terms of one column's laws were chosen."""
    rows = [row for part, words in PARTS.items() for row in _path_rows(words, fit.laws[part])]
    return Table(
        title=f"Choice of terms, {name}: error of the kind of operands that was left out",
        header=("law", "terms", "error left out", "error fitted"),
        rows=tuple(rows),
        note="Forward selection: each row adds the term that helps kinds of operands most that the fit has not seen. "
        "Bold: taken, the smallest set within 5 % of the best. Energies over the energy of the whole read, times over "
        "the time, charges in fC; root of the mean square of a kind, mean over the kinds.",
    )


def _path_rows(words: str, law: LawFit) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in law.selection.path:
        terms = ", ".join(TERMS[term].meaning for term in one.terms) or "none"
        show = f"**{terms}**" if one is law.selection.chosen else terms
        rows.append((words, show, _error(one.error, law), _error(one.fitted_error, law)))
    return rows


def _error(value: float, law: LawFit) -> str:
    return f"{value * 1e15:.2f} fC" if law.law.unit == "C" else f"{100 * value:.2f} %"


def distribution_table(checks: Sequence[DistributionCheck]) -> Table:
    """Sampled models beside samples that they have not seen."""
    rows = [
        (
            check.what,
            f"{check.n_fitted} / {check.n_found}",
            f"{check.mean / check.mean_error:+.1f}",
            f"{check.deviation:.3f} ± {check.deviation_error:.3f}",
            *(f"{q / e:+.1f}" if e else "" for q, e in zip(check.quantiles, check.quantile_errors, strict=True)),
            f"{check.distance:.3f}",
            f"{check.p_value:.2f}",
        )
        for check in checks
    ]
    return Table(
        title="Sampled models beside dies and noisy runs that they have not seen",
        header=(
            "what",
            "fitted / found",
            "mean",
            "deviation found / drawn",
            *(f"{100 * q:.0f} %" for q in QUANTILES),
            "KS distance",
            "p",
        ),
        rows=tuple(rows),
        note="Mean and quantiles: found - drawn over the standard error of that difference, which holds both samples' "
        "size. The points of one kind of converter are the same dies, so they deviate together. p: chance of such a "
        "KS distance where both are alike. The whole columns are compared with models that were fitted to single cells "
        "and single converters, the noisy runs with a budget from .noise analyses.",
    )


def sampled_table(parts: Mapping[str, SampledFit]) -> Table:
    """What the sampled models are made of, by name."""
    rows = [
        (
            name,
            str(fit.n_fitted),
            str(fit.model.rank),
            f"{100 * fit.explained:.2f}",
            *(f"{fit.scores[kind]:.4f}" for kind in ("normal", "bent")),
            "bent" if fit.model.bends.any() else "normal",
        )
        for name, fit in parts.items()
    ]
    return Table(
        title="Sampled models: numbers of a part, and whether its curve also bends with their squares",
        header=("parts", "fitted", "numbers", "variance, %", "CRPS, normal", "CRPS, bent", "taken"),
        rows=tuple(rows),
        note="CRPS: continuous ranked probability score of parts that were left out (five folds), over the deviation "
        "at each point of the curve; the smaller is taken.",
    )


def workload_table(reads: TokenReads) -> Table:
    """Energy and time of the transformer's own text."""

    def row(what: str, values: Array, scale: float, digits: int) -> tuple[str, ...]:
        found = spread_of(values)
        numbers = (found.mean, found.deviation, found.low, found.median, found.high)
        return (what, *(f"{value * scale:.{digits}f}" for value in numbers))

    arrays = tuple(zip(ARRAYS, (reads.first, reads.second), strict=True))
    every = np.sum([one.energy.sum(axis=1) for _, one in arrays], axis=0)
    rows = [row(f"{name}: one read, pJ", one.energy, 1e12, 3) for name, one in arrays]
    rows += [row(f"{name}: release to the end of a pulse, ns", one.conversion, 1e9, 2) for name, one in arrays]
    rows += [row(f"{name}: to the end of a token's last pulse, ns", _last(one), 1e9, 2) for name, one in arrays]
    rows.append(row("all columns that a token reads in a head, pJ", every, 1e12, 0))
    rows.append(row("write of a token, pJ", reads.first.write + reads.second.write, 1e12, 3))
    shares = "; ".join(
        f"{name}: {100 * one.active:.0f} % of the rows have a pulse, {100 * one.pulses:.0f} % of the columns make one"
        for name, one in arrays
    )
    return Table(
        title=f"The shipped transformer's text by the models: {reads.n_tokens} tokens x heads with a full window, "
        f"{reads.n_reads} reads",
        header=("", "mean", "deviation", "5 %", "median", "95 %"),
        rows=tuple(rows),
        note=f"{shares}. Without bias, drivers and digital. Terms outside the fitted range, clipped: "
        f"{100 * reads.clipped:.2f} %.",
    )


def _last(reads: ArrayReads) -> Array:
    """Of every token its slowest column, (n_tokens,) s."""
    return np.asarray(reads.conversion.max(axis=1))
