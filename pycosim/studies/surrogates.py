"""How well do models of columns know pulse, energy, latency and spread? And what does the workload cost by them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.evaluate.document import Json
from pycosim.evaluate.workload_cost import spread_of
from pycosim.fitting.column import ALL, ReadErrors
from pycosim.fitting.sampled import DistributionCheck, SampledFit
from pycosim.flows.conditions import cell_table
from pycosim.flows.sampled_parts import (
    SampledPart,
    check_columns_of_dies,
    check_read_noise,
    read_noise_curve,
    sampled_cells,
    sampled_converters,
)
from pycosim.flows.surrogates import CORRECTED, SurrogateFit, fit_surrogate, held_out_reads
from pycosim.flows.workload_cost import TokenReads, metered_text
from pycosim.models.column import save_column
from pycosim.models.converter import PulseTable
from pycosim.models.io import save_model
from pycosim.models.sampled import SampledCurve
from pycosim.studies.study import Laboratory, Study
from pycosim.studies.surrogate_data import die_operands, die_seeds, measure_surrogate_data, wired_columns
from pycosim.studies.surrogate_tables import (
    ARRAYS,
    distribution_table,
    error_table,
    law_table,
    path_table,
    sampled_table,
    workload_table,
)

Array = NDArray[np.float64]

HELD_OUT = 1 / 3
"""Share of the reads of every kind by which models are judged."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surrogates:
    """Models of both arrays' columns and of their spread, with their verdicts.

    Attributes:
        fits: of the column of each array.
        cells: how cells differ.
        converters: how the converters of each array differ.
        noise: of one read.
        columns: whole columns of dies beside the models of their parts.
        noisy: noisy transients beside the noise.
    """

    fits: tuple[SurrogateFit, SurrogateFit]
    cells: SampledPart
    converters: tuple[SampledPart, SampledPart]
    noise: SampledCurve
    columns: tuple[DistributionCheck, ...]
    noisy: tuple[DistributionCheck, ...]

    @property
    def sampled(self) -> dict[str, SampledFit]:
        """Name -> sampled model of parts."""
        first, second = self.converters
        return {"cells": self.cells.fit, "converters": first.fit, "signed converters": second.fit}

    @property
    def checks(self) -> tuple[DistributionCheck, ...]:
        """All comparisons of distributions."""
        parts = (self.cells, *self.converters)
        return (*(check for part in parts for check in part.checks), *self.columns, *self.noisy)


def fit_surrogates(lab: Laboratory, data: Mapping[str, xr.Dataset]) -> Surrogates:
    """Fit every model to what was simulated.

    Args:
        lab: circuits and seed.
        data: from `measure_surrogate_data`.

    Raises:
        FitError: a model cannot be fitted.
    """
    cell = cell_table(data["cell"])
    columns = wired_columns(lab.design)
    tables = [
        PulseTable(charges=one["charge"].values, pulse_widths=one["pulse_width"].values, outside="clip")
        for one in (data["transfer_1"], data["transfer_2"])
    ]
    fits = [
        fit_surrogate(column, reads, cell, table, held_out_reads(reads["kind"].values, HELD_OUT))
        for column, reads, table in zip(columns, (data["reads_1"], data["reads_2"]), tables, strict=True)
    ]
    fitted, _ = die_seeds(lab)
    cells = sampled_cells(data["cells_of_a_die"], data["cells_of_a_die"].sizes["cell"] // 2, lab.seed)
    converters = [
        sampled_converters(column, pulses, fitted, lab.seed)
        for column, pulses in zip(columns, (data["converters_1"], data["converters_2"]), strict=True)
    ]
    stored, widths = die_operands(lab)
    found = data["columns_of_dies"]
    names = found["part"].values.astype(str)
    noisy = data["noisy_reads"]
    noise = read_noise_curve(noisy["width"].values, noisy["deviation"].values)
    return Surrogates(
        fits=(fits[0], fits[1]),
        cells=cells,
        converters=(converters[0], converters[1]),
        noise=noise,
        columns=check_columns_of_dies(
            cells,
            converters[0],
            tables[0],
            float(fits[0].surrogate.charge(widths, stored)),
            {name: found["pulse_width"].values[names == name] for name in dict.fromkeys(names.tolist())},
            stored,
            widths,
            lab.seed,
        ),
        noisy=check_read_noise(noise, noisy, lab.seed),
    )


def save_surrogates(folder: Path, surrogates: Surrogates) -> None:
    """Write every model with where it came from: `column_1/`, `column_2/`, and one file per sampled part."""
    for index, fit in enumerate(surrogates.fits):
        save_column(folder / f"column_{index + 1}", fit.surrogate, fit.records())
    sampled = {"cells": surrogates.cells.fit.model, "noise": surrogates.noise}
    sampled |= {f"converters_{index + 1}": part.fit.model for index, part in enumerate(surrogates.converters)}
    for name, model in sampled.items():
        save_model(folder / f"sampled_{name}", model)


def study_surrogates(lab: Laboratory, kept: Path | None = None) -> Study:
    """Fit and judge the models of both columns, and give the cost of the shipped transformer's text by them.

    Args:
        lab: circuits, simulator, seed.
        kept: folder for what is simulated; see `measure_surrogate_data`.
    """
    data = measure_surrogate_data(lab, kept)
    surrogates = fit_surrogates(lab, data)
    lab.progress.stage("surrogates: the workload")
    columns = (surrogates.fits[0].surrogate, surrogates.fits[1].surrogate)
    reads = metered_text(lab.design, columns, n_contexts=2 if lab.quick else 32, seed=lab.seed)
    if kept is not None:
        save_surrogates(kept / "models", surrogates)
    return Study(
        name="surrogates",
        title="Models of whole columns",
        figures={"surrogate": _figures(surrogates, reads, lab.design.max_pulse_width)},
        tables=(
            error_table(surrogates.fits, lab.design.max_pulse_width),
            *(law_table(fit, name) for fit, name in zip(surrogates.fits, ARRAYS, strict=True)),
            *(path_table(fit, name) for fit, name in zip(surrogates.fits, ARRAYS, strict=True)),
            sampled_table(surrogates.sampled),
            distribution_table(surrogates.checks),
            workload_table(reads),
        ),
        datasets=data,
    )


def _errors(errors: Mapping[str, ReadErrors]) -> dict[str, Json]:
    return {kind: error.relative if np.isfinite(error.relative) else None for kind, error in errors.items()}


def _spread(values: Array) -> dict[str, Json]:
    spread = spread_of(values)
    return {
        "mean": spread.mean,
        "deviation": spread.deviation,
        "quantile_05": spread.low,
        "median": spread.median,
        "quantile_95": spread.high,
    }


def _figures(surrogates: Surrogates, reads: TokenReads, longest: float) -> dict[str, Json]:
    fits = dict(zip(("array_1", "array_2"), surrogates.fits, strict=True))
    arrays: dict[str, Json] = {
        name: {
            "n_fitted": int(fit.laws["converter"].n_fitted),
            "n_held_out": fit.energy[ALL].n_reads,
            "behaviour_rms_s": {kind: error.rms for kind, error in fit.behaviour[CORRECTED].items()},
            "behaviour_rms_without_correction_s": fit.behaviour["sum of the cells"][ALL].rms,
            "energy": _errors(fit.energy),
            "energy_of_a_constant": fit.constant_energy[ALL].relative,
            "conversion": _errors(fit.conversion),
            "latency": _errors(fit.latency),
            "terms": {part: list(law.law.terms) for part, law in fit.laws.items()},
        }
        for name, fit in fits.items()
    }
    return {
        "behaviour_error": max(fit.behaviour[CORRECTED][ALL].rms for fit in surrogates.fits) / longest,
        "energy_error": max(fit.energy[ALL].relative for fit in surrogates.fits),
        "latency_error": max(fit.conversion[ALL].relative for fit in surrogates.fits),
        "latency_error_from_the_rise": max(fit.latency[ALL].relative for fit in surrogates.fits),
        "lasana_2025": {"behaviour": 0.02, "energy": 0.07, "latency": 0.08},
        "arrays": arrays,
        "sampled": {
            name: {"n_fitted": fit.n_fitted, "rank": fit.model.rank, "crps": dict(fit.scores)}
            for name, fit in surrogates.sampled.items()
        },
        "distributions": [
            {
                "what": check.what,
                "n_fitted": check.n_fitted,
                "n_found": check.n_found,
                "mean_over_error": check.mean / check.mean_error,
                "deviation_ratio": check.deviation,
                "deviation_ratio_error": check.deviation_error,
                "ks_distance": check.distance,
                "ks_p_value": check.p_value,
                "worst_over_error": check.worst,
            }
            for check in surrogates.checks
        ],
        "workload": {
            "n_tokens": reads.n_tokens,
            "n_reads": reads.n_reads,
            "token_j": _spread(reads.first.energy.sum(axis=1) + reads.second.energy.sum(axis=1)),
            "write_j": _spread(reads.first.write + reads.second.write),
            "array_1_read_j": _spread(reads.first.energy),
            "array_2_read_j": _spread(reads.second.energy),
            "array_1_conversion_s": _spread(reads.first.conversion),
            "array_2_conversion_s": _spread(reads.second.conversion),
            "clipped": reads.clipped,
        },
    }
