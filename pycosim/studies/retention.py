"""How long does a cell hold? Drift per level, temperature and corner, judged on the read and on the score; refresh."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from circuits.cell_variants import CellVariant, cell_variants
from pycosim.errors import FitError
from pycosim.evaluate.cost import PUBLISHED_LATENCY
from pycosim.evaluate.document import Json
from pycosim.evaluate.retention import RefreshLaw, retention_times, score_errors
from pycosim.fitting.decay import fit_drift_table, fit_storage_decay
from pycosim.fitting.fit import hold_out_every
from pycosim.fitting.leak import fit_leak_decay
from pycosim.flows.characterization import N_INPUTS
from pycosim.flows.columns import N_ROWS
from pycosim.models.decay import DriftTable, StorageDecay
from pycosim.models.leak import LeakDecay
from pycosim.studies.held_cell import Held, measure_held
from pycosim.studies.retention_plots import draw_drift, draw_retention_times, draw_score
from pycosim.studies.retention_tables import heat_table, levels_table, model_table, refresh_table, worst_table
from pycosim.studies.study import Laboratory, Study
from pycosim.sweeps.retention import hold_drift

Array = NDArray[np.float64]

TEMPERATURES = (0.0, 27.0, 55.0, 85.0)
"""Commercial range (deg C)."""

N_COLUMNS = 200
"""Random columns that the error of the score is taken over: its rms is then known to 5 %."""

WINDOW = 1024 * 12 * PUBLISHED_LATENCY
"""Age of the oldest of 1024 tokens with twelve layers in sequence (s) [2025 Leroux]."""

SCORE_LIMIT = 0.5
"""Error of the score that asks for a refresh (counts of phi, rms over columns): half a count, as for every other
phase of a read."""


def study_retention(lab: Laboratory, *, write_energy: float | None = None) -> Study:
    """Retention of the shipped cell and of its oxide variants.

    The age of a level ends when its read differs from a fresh one by half the mean step between levels. It follows
    from the leak and the capacitance of the node; a transient of the holding cell is the second arrangement.

    Args:
        lab: circuits, simulator, seed.
        write_energy: of writing one token into both arrays (J), for the power of refreshing; None leaves it out.
    """
    names = ("silicon", "oxide") if lab.quick else ("silicon", "oxide_write", "oxide")
    lab.progress.stage("retention", total=len(names))
    held = {}
    for name in names:
        held[name] = _measure(lab, cell_variants()[name])
        lab.progress.advance()
    rows = [row for one in held.values() for row in _retention_rows(one)]
    fits: list[dict[str, Json]] = [row for one in held.values() for row in _model_rows(one)]
    heat = [row for one in held.values() for row in _temperature_rows(one)]
    scores = {name: _scores(lab, one) for name, one in held.items()}
    refresh = [_refresh_row(lab, held[name], scores[name], write_energy) for name in names]
    return Study(
        name="retention",
        title="Retention: how long a cell holds",
        figures={
            "retention_s": list(rows),
            "decay_models": list(fits),
            "leak_temperature": list(heat),
            "refresh": list(refresh),
        },
        tables=(levels_table(rows), worst_table(rows), model_table(fits), heat_table(heat), refresh_table(refresh)),
        datasets={
            **{f"leak_{name}": one.leaks for name, one in held.items()},
            **{f"drift_{name}_{t:g}c": d for name, one in held.items() for t, d in one.drifts.items()},
        },
        plots={
            "retention_drift": draw_drift(held),
            "retention_score": draw_score(scores, SCORE_LIMIT),
            "retention_times": draw_retention_times(rows),
        },
    )


def _measure(lab: Laboratory, variant: CellVariant) -> Held:
    corners = ["tt"] if lab.quick or variant.name == "oxide_write" else list(lab.design.technology.corners)
    held = measure_held(lab, variant, corners=corners, temperatures=TEMPERATURES[1::2] if lab.quick else TEMPERATURES)
    between = (held.levels[1:] + held.levels[:-1]) / 2
    drifts = {}
    for temperature in held.leaks["temperature"].values:
        lives, _ = held.retention(corners[0], temperature)
        drifts[float(temperature)] = hold_drift(
            variant.parameters,
            held.technology.at(corner=corners[0], temperature=temperature),
            lab.simulator,
            stored_voltages=[float(v) for v in np.sort(np.concatenate([held.levels, between]))],
            hold_time=float(3 * np.median(lives[np.isfinite(lives)])),
        ).isel(write_line=0)
    return replace(held, drifts=drifts)


def _retention_rows(held: Held) -> list[dict[str, Json]]:
    rows: list[dict[str, Json]] = []
    lines = held.leaks["write_line"].values
    for corner in held.leaks["corner"].values:
        for temperature in held.leaks["temperature"].values:
            place = str(corner), float(temperature)
            by_read, by_voltage = held.retention(*place)
            worst = np.min([held.retention(*place, float(line))[0] for line in lines], axis=0)
            rows += [
                {
                    "device": held.variant.name,
                    "level_v": float(level),
                    "temperature_c": place[1],
                    "corner": place[0],
                    "seconds": _finite(by_read[k]),
                    "seconds_voltage": _finite(by_voltage[k]),
                    "seconds_write_line_at_rail": _finite(worst[k]),
                }
                for k, level in enumerate(held.levels)
            ]
    return rows


def _model_rows(held: Held) -> list[dict[str, Json]]:
    """Each decay law fitted to the levels, judged on voltages between the levels, which no fit has seen."""
    rows: list[dict[str, Json]] = []
    for temperature, drift in held.drifts.items():
        ages, stored = drift["age"].values, drift["stored_voltage"].values
        fitted = np.isclose(stored[:, None], held.levels).any(axis=1)
        voltages = drift["voltage"].values
        skipped = hold_out_every(3, ages.size)
        points = (ages, stored[fitted], voltages[:, fitted])
        leak = held.decay(str(held.leaks["corner"].values[0]), temperature)
        models: dict[str, LeakDecay | DriftTable | StorageDecay] = {
            "leak measured at DC": leak,
            "leak fitted": fit_leak_decay(*points, held_out=skipped[:, None]).model,
            "drift table": fit_drift_table(*points, held_out=skipped).model,
        }
        with suppress(FitError):  # where the levels have no common time constant the row is left out
            models["one time constant"] = fit_storage_decay(*points, held_out=skipped[:, None]).model
        residuals = {
            name: model.voltage(stored[~fitted], ages[:, None]) - voltages[:, ~fitted] for name, model in models.items()
        }
        rows += [
            {
                "device": held.variant.name,
                "temperature_c": float(temperature),
                "model": name,
                "held_out_rms_v": float(np.sqrt(np.mean(residual**2))),
                "hold_time_s": float(ages[-1]),
                "zero_voltage_v": leak.zero_voltage,
            }
            for name, residual in residuals.items()
        ]
    return rows


def _temperature_rows(held: Held) -> list[dict[str, Json]]:
    """The temperature law of the leak at both rails, first corner: a part that tunnels and one over a barrier."""
    corner = str(held.leaks["corner"].values[0])
    celsius = held.leaks["temperature"].values
    rows: list[dict[str, Json]] = []
    for level in (float(held.levels[0]), float(held.levels[-1])):
        rates = np.array([float(np.abs(held.decay(corner, float(t)).rate(level))) for t in celsius])
        law = RefreshLaw.fit(celsius, 1 / rates)
        rows.append(
            {
                "device": held.variant.name,
                "level_v": level,
                "tunnel_v_per_s": law.tunnel_rate,
                "activated_v_per_s": law.activated_rate,
                "activation_energy_ev": law.activation_energy,
                "law_error": float(np.max(np.abs(rates * law.period(celsius) - 1))),
            }
        )
    return rows


def _scores(lab: Laboratory, held: Held) -> dict[float, tuple[Array, Array, Array]]:
    """Temperature -> ages (s), and rms and mean error of the score over random columns of that age (counts)."""
    corner = str(held.leaks["corner"].values[0])
    found = {}
    for temperature in held.drifts:
        shortest = float(np.min(held.retention(corner, temperature)[0]))
        ages = shortest * np.geomspace(1e-3, 30.0, 15 if lab.quick else 40)
        errors = _score_errors(lab, held, corner, temperature, ages)
        found[temperature] = ages, np.sqrt(np.mean(errors**2, axis=1)), errors.mean(axis=1)
    return found


def _window_error(lab: Laboratory, held: Held) -> float:
    """Error of the score of keys written at random in a window of 1024 tokens, first corner at 27 °C (counts rms)."""
    corner = str(held.leaks["corner"].values[0])
    errors = _score_errors(lab, held, corner, 27.0, np.linspace(0.0, WINDOW, 12))
    return float(np.sqrt(np.mean(errors**2)))


def _score_errors(lab: Laboratory, held: Held, corner: str, temperature: float, ages: Array) -> Array:
    """Error of the score of random columns at each age (s), in counts: (n_ages, n_columns)."""
    return score_errors(
        held.cell(corner, temperature),
        held.decay(corner, temperature),
        levels=held.levels,
        ages=ages,
        n_codes=N_INPUTS,
        code_width=lab.design.unit_time,
        saturation_current=lab.design.first.converter.saturation_current,
        n_rows=N_ROWS,
        n_columns=N_COLUMNS,
        rng=np.random.default_rng(lab.seed),
    )


def refresh_periods(scores: Mapping[float, tuple[Array, Array, Array]], limit: float) -> dict[float, float]:
    """Age at which the rms error of the score first reaches the limit (s), by temperature; infinite: at none shown.

    Args:
        scores: temperature -> ages (s), rms and mean error (counts).
        limit: counts.
    """
    return {celsius: float(retention_times(ages, rms[:, None], limit)[0]) for celsius, (ages, rms, _) in scores.items()}


def _refresh_row(
    lab: Laboratory, held: Held, scores: dict[float, tuple[Array, Array, Array]], write_energy: float | None
) -> dict[str, Json]:
    """Refresh at the allowed error of the score: measured periods, the law through them, and what it costs.

    Where the error stays below the limit at all ages there is no period, and `beyond_s` tells the last age.
    """
    periods = refresh_periods(scores, SCORE_LIMIT)
    means = {t: float(np.interp(period, scores[t][0], scores[t][2])) for t, period in periods.items()}
    reached = {t: period for t, period in periods.items() if isfinite(period)}
    row: dict[str, Json] = {
        "device": held.variant.name,
        "allowed_score_error_counts": SCORE_LIMIT,
        "period_s": {f"{t:g}": _finite(period) for t, period in periods.items()},
        "beyond_s": {f"{t:g}": None if t in reached else float(scores[t][0][-1]) for t in periods},
        "mean_error_counts": {f"{t:g}": means[t] if t in reached else None for t in periods},
        "shortest_at_c": min(reached, key=lambda t: reached[t], default=None),
        "window_score_error_counts": _window_error(lab, held),
        **_refresh_law(lab, reached, write_energy),
    }
    return row


def _refresh_law(lab: Laboratory, reached: Mapping[float, float], write_energy: float | None) -> dict[str, Json]:
    """Law through the periods (s, by deg C) that are known, and the cost at the shortest; empty for fewer than two."""
    if len(reached) < 2:
        return {}
    celsius, measured = np.array(list(reached)), np.array(list(reached.values()))
    law, shortest = RefreshLaw.fit(celsius, measured), celsius[np.argmin(measured)]
    n_tokens, write_time = N_ROWS, lab.design.first.timing.write_time
    found: dict[str, Json] = {
        "tunnel_rate_per_s": law.tunnel_rate,
        "activated_rate_per_s": law.activated_rate,
        "activation_energy_ev": law.activation_energy,
        "law_error": float(np.max(np.abs(law.period(celsius) / measured - 1))),
        "busy_fraction": float(law.busy(shortest, n_tokens=n_tokens, write_time=write_time)),
    }
    if write_energy is not None:
        found["refresh_power_w"] = float(law.power(shortest, n_tokens=n_tokens, write_energy=write_energy))
    return found


def _finite(value: float) -> float | None:
    """JSON has no infinity: None for a level that drifts, but never that far."""
    return float(value) if isfinite(value) else None
