"""Monte Carlo and noise as sampled models of cells, converters and reads, each beside dies and runs it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pycosim.fitting.sampled import DistributionCheck, SampledFit, check_distribution, complete_lines, fit_sampled_curve
from pycosim.models.converter import ConverterModel
from pycosim.models.sampled import SampledCurve
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise_budget import NoiseBudget

Array = NDArray[np.float64]

N_DRAWS = 20_000
"""Draws of a model that stand for its distribution. Ours: their own error is a tenth of that of 200 dies."""

CLIPPED = 0.02
"""Share of the longest pulse within which a pulse counts as clipped. Ours: twice the knee of the drawn transfer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampledPart:
    """A sampled model with its verdict.

    Attributes:
        fit: the model.
        checks: against parts that were not fitted.
    """

    fit: SampledFit
    checks: tuple[DistributionCheck, ...]


def sampled_cells(currents: xr.Dataset, n_fitted: int, seed: int) -> SampledPart:
    """How the read current of cells differs over their level, from the first cells of a die, judged by its others.

    Args:
        currents: `read_current` over stored voltage and cell, from `cell_current_spread`.
        n_fitted: cells of the fit.
        seed: of the draws.
    """
    levels, table = currents["stored_voltage"].values, currents["read_current"].values.T
    fit = fit_sampled_curve(
        table[:n_fitted],
        levels,
        quantity="read_current",
        unit="A",
        argument="stored_voltage",
        argument_unit="V",
        seed=seed,
    )
    drawn = fit.model.value(fit.model.draw(N_DRAWS, seed), levels[None])
    checks = tuple(
        check_distribution(f"cell at {level:.3f} V", table[n_fitted:, k], drawn[:, k], n_fitted=n_fitted, seed=seed)
        for k, level in enumerate(levels)
    )
    return SampledPart(fit=fit, checks=checks)


def sampled_converters(column: Column, pulses: xr.Dataset, fitted_seeds: Sequence[int], seed: int) -> SampledPart:
    """How the pulse of converters differs over their charge, from some dies, judged by the others.

    Args:
        column: gives the range of charge and the longest pulse.
        pulses: `pulse_width` over seed and charge, from `converter_spread`.
        fitted_seeds: dies of the fit.
        seed: of the draws.
    """
    longest = column.timing.max_pulse_width
    full = column.converter.saturation_current * longest
    low = -longest if column.converter.signed else 0.0
    fitted = np.isin(pulses["seed"].values, np.asarray(fitted_seeds, dtype=np.float64))
    measured, table = pulses["charge"].values, pulses["pulse_width"].values
    # the lines of the dies reach over the whole range of charge: dies with an offset still convert there
    ends = [share * full for share in ((-1.5, 0.0, 1.5) if column.converter.signed else (-0.5, 1.5))]
    points = np.unique(np.concatenate([measured, ends]))
    place = np.searchsorted(points, measured)
    wide = np.full((len(table), points.size), np.nan)
    wide[:, place] = table
    lines = complete_lines(points, wide[fitted], low=low, high=longest, margin=CLIPPED * longest)
    fit = fit_sampled_curve(
        lines,
        points,
        quantity="pulse_width",
        unit="s",
        argument="charge",
        argument_unit="C",
        low=low,
        high=longest,
        seed=seed,
    )
    drawn = fit.model.value(fit.model.draw(N_DRAWS, seed), measured[None])
    checks = tuple(
        check_distribution(
            f"{'signed ' if column.converter.signed else ''}converter at {charge / full:.2f} of full charge",
            table[~fitted, k],
            drawn[:, k],
            n_fitted=int(fitted.sum()),
            seed=seed,
        )
        for k, charge in enumerate(measured)
    )
    return SampledPart(fit=fit, checks=checks)


def sampled_pulses(
    cells: SampledCurve | None,
    converter: SampledCurve | ConverterModel,
    charge: float,
    stored_voltages: Array,
    pulse_widths: Array,
    *,
    n_draws: int,
    seed: int,
) -> Array:
    """Pulses of one column with the same operands on many dies, (n_draws,) s.

    A cell adds what its own current is more than the mean of cells, for the width of its pulse.

    Args:
        cells: how cells differ; None for cells as drawn.
        converter: how converters differ, or the one as drawn.
        charge: of the column as drawn, C.
        stored_voltages: (n_rows,) V.
        pulse_widths: (n_rows,) s.
        n_draws: dies.
        seed: of the draw.
    """
    charges = np.full(n_draws, charge)
    if cells is not None:
        numbers = cells.draw(n_draws * stored_voltages.size, seed)
        at = np.tile(stored_voltages, n_draws)
        extra = cells.value(numbers, at) - np.interp(at, cells.points, cells.mean)
        charges += (extra.reshape(n_draws, -1) * pulse_widths).sum(axis=-1)
    if isinstance(converter, SampledCurve):
        return converter.value(converter.draw(n_draws, seed + 1), charges)
    return np.asarray(converter.pulse_width(charges))


def check_columns_of_dies(
    cells: SampledPart,
    converters: SampledPart,
    drawn: ConverterModel,
    charge: float,
    pulses: Mapping[str, Array],
    stored_voltages: Array,
    pulse_widths: Array,
    seed: int,
) -> tuple[DistributionCheck, ...]:
    """Whole columns of dies in ngspice beside models that were fitted to single cells and single converters.

    Args:
        cells: sampled model.
        converters: sampled model.
        drawn: the converter as drawn.
        charge: of the column as drawn, C, by the column's model.
        pulses: "cells", "converter", "all" -> (n_dies,) pulses with mismatch in these parts (s).
        stored_voltages: (n_rows,) V.
        pulse_widths: (n_rows,) s.
        seed: of the draws.
    """
    parts: dict[str, tuple[SampledCurve | None, SampledCurve | ConverterModel]] = {
        "cells": (cells.fit.model, drawn),
        "converter": (None, converters.fit.model),
        "all": (cells.fit.model, converters.fit.model),
    }
    return tuple(
        check_distribution(
            f"whole column, mismatch in {name}",
            found,
            sampled_pulses(*parts[name], charge, stored_voltages, pulse_widths, n_draws=N_DRAWS // 10, seed=seed),
            n_fitted=cells.fit.n_fitted if name == "cells" else converters.fit.n_fitted,
            seed=seed,
        )
        for name, found in pulses.items()
    )


def budget_deviations(budget: NoiseBudget, pulse_widths: Sequence[float]) -> Array:
    """Standard deviation of a pulse by its width, from a budget: a wider one integrates more of the discharge's, s."""
    rest = budget.total**2 - budget.seconds["sink"] ** 2
    discharge = np.array([budget.of_discharge("total", float(w)) if w > 0 else 0.0 for w in pulse_widths])
    return np.sqrt(rest + discharge**2)


def read_noise_curve(pulse_widths: Array, deviations: Array) -> SampledCurve:
    """What noise adds to a pulse (s) over the magnitude of its width; its number is drawn anew for every read.

    Args:
        pulse_widths: (n,) s, increasing.
        deviations: (n,) standard deviation, s, from `budget_deviations`.
    """
    return SampledCurve(
        quantity="noise of the pulse",
        unit="s",
        argument="pulse_width",
        argument_unit="s",
        points=pulse_widths,
        mean=np.zeros(pulse_widths.size),
        modes=deviations[None],
        bends=np.zeros((1, pulse_widths.size)),
        outside="clip",
    )


def check_read_noise(noise: SampledCurve, pulses: xr.Dataset, seed: int) -> tuple[DistributionCheck, ...]:
    """Noisy transients beside the sampled noise, which knows none of them.

    Args:
        noise: from `read_noise_curve`.
        pulses: `pulse_width` over charge and run; run 0 is quiet.
        seed: of the draws.
    """
    checks = []
    for one in pulses["pulse_width"].transpose("charge", "run"):
        quiet, found = float(one[0]), one[1:].values
        drawn = quiet + noise.value(noise.draw(N_DRAWS, seed), np.array([quiet]))
        what = f"noisy read of {quiet * 1e9:.1f} ns"
        checks.append(check_distribution(what, found, drawn, n_fitted=N_DRAWS, seed=seed))
    return tuple(checks)
