"""How much noise a pulse carries: every source by `.noise`, and one point of it by noisy transients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from pycosim.evaluate.document import Json
from pycosim.flows.columns import N_ROWS
from pycosim.studies.noise_plots import budget_plot, spectra_plot
from pycosim.studies.noise_tables import (
    KINDS,
    SOURCES,
    Check,
    budget_table,
    check_table,
    leak_table,
    state_table,
    temperature_table,
    width_table,
)
from pycosim.studies.study import Laboratory, Study
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise import read_noise
from pycosim.sweeps.noise_budget import BEFORE_END, NoiseBudget, Operands, noise_budget
from pycosim.sweeps.noise_groups import noise_groups
from pycosim.sweeps.stored_noise import leak_noise
from pycosim.sweeps.transient_noise import noisy_pulses

OLDEST = 0.8e-3
"""Age of the oldest of 1024 tokens at twelve layers of 65 ns (s) [2025 Leroux]."""


def study_noise(lab: Laboratory) -> Study:
    """The budget of both converters at typical operands, over temperature and state; noisy transients of one point."""
    columns = {KINDS[c.converter.signed]: c for c in (lab.design.first, lab.design.second)}
    here = lab.design.technology.temperature
    period = lab.design.first.period or lab.design.first.timing.stop
    temperatures = (here,) if lab.quick else tuple(sorted({0.0, here, 85.0}))
    lab.progress.stage("noise: sources", total=len(temperatures) * 2 + (0 if lab.quick else 4))
    typical = _operands(lab, "typical")
    heated: dict[tuple[str, float], NoiseBudget] = {}
    for temperature in temperatures:
        design = lab.design.at(temperature=temperature)
        for name, column in zip(columns, (design.first, design.second), strict=True):
            heated[name, temperature] = noise_budget(
                column, lab.simulator, typical, before_end=BEFORE_END[::2] if lab.quick else BEFORE_END
            )
            lab.progress.advance()
    budgets = {name: heated[name, here] for name in columns}
    states = {name: {} if lab.quick else _by_state(lab, column, budgets[name]) for name, column in columns.items()}
    levels = lab.design.levels[[0, -1]] if lab.quick else lab.design.levels
    leak = leak_noise(lab.design.first, lab.simulator, levels=[float(v) for v in levels])
    wander: xr.DataArray = (leak["density"] * OLDEST / 2) ** 0.5 / lab.design.cell.storage_capacitance
    checks = _checks(lab, columns["hard_sigmoid"], budgets["hard_sigmoid"])
    figures: dict[str, Json] = {
        "noise_s": {name: {**budget.seconds, "total": budget.total} for name, budget in budgets.items()},
        "jitter_s": {name: budget.seconds["comparator"] for name, budget in budgets.items()},
        "jitter_at_rest_s": {name: budget.decision.jitter for name, budget in budgets.items()},
        "noise_of_states_s": {name: dict(found) for name, found in states.items()},
        "noise_over_temperature": [
            {"converter": name, "temperature": temperature, "total_s": budget.total}
            for (name, temperature), budget in heated.items()
        ],
        "noise_auto_zeroed_s": {name: budget.auto_zeroed(period) for name, budget in budgets.items()},
        "noise_flicker_s": {name: budget.flicker for name, budget in budgets.items()},
        "noise_copy_density": {
            name: float(np.sqrt(budget.read["total"].sel(frequency=1e8, method="nearest")))
            for name, budget in budgets.items()
        },
        "noise_storage_v": budgets["hard_sigmoid"].storage_voltage,
        "noise_leak": [
            {"stored_v": float(v), "age_s": OLDEST, "deviation_v": float(wander.sel(stored_voltage=v))} for v in levels
        ],
        "noise_integration_v": {name: budget.reset_voltage for name, budget in budgets.items()},
        "noise_check": [
            {
                "sources": one.what,
                "found_s": one.found,
                "drawn_s": one.drawn,
                "budget_s": one.budget,
                "runs": one.n_runs,
            }
            for one in checks
        ],
    }
    datasets: dict[str, xr.Dataset] = {"leak": leak}
    datasets |= {f"{name}_{part}": data for name, b in budgets.items() for part, data in _spectra(b).items()}
    return Study(
        name="noise",
        title="Noise of a pulse",
        figures=figures,
        tables=(
            budget_table(budgets, period),
            width_table(budgets, lab.design.max_pulse_width),
            *([] if lab.quick else [state_table(states), temperature_table(heated, temperatures)]),
            leak_table(wander, budgets["hard_sigmoid"].storage_voltage, OLDEST),
            check_table(checks),
        ),
        datasets=datasets,
        plots={"noise_spectra": spectra_plot(budgets), "noise_budget": budget_plot(budgets, SOURCES)},
    )


def _operands(lab: Laboratory, state: str) -> Operands:
    """Random levels with no, half or all word lines up; at worst all of them up and every cell at a rail."""
    generator = np.random.default_rng([lab.seed, N_ROWS])
    levels = lab.design.levels[generator.integers(0, lab.design.levels.size, N_ROWS)]
    longest = lab.design.max_pulse_width
    active = {"idle": 0, "typical": N_ROWS // 2, "worst": N_ROWS}[state]
    widths = np.where(generator.permutation(N_ROWS) < active, longest, 0.0)
    if state == "worst":  # the currents of both rails all but cancel, so that the conveyor can carry them
        levels = np.tile(lab.design.levels[[0, -1]], N_ROWS // 2)
    return Operands(stored_voltages=levels, pulse_widths=widths)


def _by_state(lab: Laboratory, column: Column, budget: NoiseBudget) -> dict[str, float]:
    """Cells and conveyor together (s) for no, half and all word lines up."""
    found = {"typical": budget.of_read("total")}
    for state in ("idle", "worst"):
        operands = _operands(lab, state)
        read = read_noise(
            column, lab.simulator, stored_voltages=operands.stored_voltages, pulse_widths=operands.pulse_widths
        )
        found[state] = replace(budget, read=read).of_read("total")
        lab.progress.advance()
    return found


def _checks(lab: Laboratory, column: Column, budget: NoiseBudget) -> tuple[Check, ...]:
    """Noisy transients of the comparator alone, and of everything else."""
    timing, seconds = column.timing, budget.seconds
    n_runs = 6 if lab.quick else 40
    groups = noise_groups(column, budget)
    lab.progress.stage("noise: transients", total=2 * (n_runs + 1))
    found = []
    for what, added in groups.items():
        pulses = noisy_pulses(
            column,
            lab.simulator,
            added,
            charge=column.converter.saturation_current * timing.max_pulse_width / 2,
            n_runs=n_runs,
            seed=lab.seed,
            progress=lab.advance,
        ).isel(run=slice(1, None))
        rest = [value for name, value in seconds.items() if (name == "comparator") == (what == "comparator")]
        found.append(
            Check(
                what=what,
                found=float(pulses["pulse_width"].std(ddof=1)),
                drawn=float(pulses["expected_shift"].std(ddof=1)),
                budget=float(np.linalg.norm(rest)),
                n_runs=n_runs,
            )
        )
    return tuple(found)


def _spectra(budget: NoiseBudget) -> dict[str, xr.Dataset]:
    decided = xr.Dataset({"voltage": budget.decision.density, "current": budget.decision.current_density})
    return {
        "read": budget.read,
        "discharge": budget.discharge,
        "decision": decided,
        "sensitivity": budget.sensitivity,
    }
