"""How much noise a pulse carries: every source by `.noise`, and one point of it by noisy transients."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from pycosim.evaluate.document import Json
from pycosim.studies.noise_plots import budget_plot, spectra_plot
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.column import Column
from pycosim.sweeps.noise import DECISION_NODE, read_noise
from pycosim.sweeps.noise_budget import NoiseBudget, Operands, noise_budget
from pycosim.sweeps.transient_noise import AddedCharge, AddedNoise, noisy_pulses

N_ROWS = 64
"""Cells of a column [2025 Leroux]."""

SOURCES = {
    "cells": "cells, thermal and flicker",
    "conveyor": "conveyor, thermal and flicker",
    "comparator": "comparator (jitter of the end)",
    "sink": "discharging current",
    "ktc_integration": "kT/C of the integration node",
    "ktc_storage": "kT/C of the storage nodes",
}
"""Key of the results file -> words of the table."""

KINDS = {False: "hard_sigmoid", True: "signed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Noisy transients beside their prediction.

    Attributes:
        what: which sources were added.
        found, expected: standard deviation of the pulse (s).
        n_runs: transients.
    """

    what: str
    found: float
    expected: float
    n_runs: int

    @property
    def tolerance(self) -> float:
        """Two standard errors of a standard deviation from so many runs, relative."""
        return float(2 / np.sqrt(2 * (self.n_runs - 1)))


def study_noise(lab: Laboratory) -> Study:
    """The budget of both converters at typical operands, over temperature and state; noisy transients of one point."""
    columns = {KINDS[c.converter.signed]: c for c in (lab.design.first, lab.design.second)}
    here = lab.design.technology.temperature
    temperatures = (here,) if lab.quick else tuple(sorted({0.0, here, 85.0}))
    lab.progress.stage("noise: sources", total=len(temperatures) * 2 + (0 if lab.quick else 4))
    typical = _operands(lab, "typical")
    heated: dict[tuple[str, float], NoiseBudget] = {}
    for temperature in temperatures:
        design = lab.design.at(temperature=temperature)
        for name, column in zip(columns, (design.first, design.second), strict=True):
            heated[name, temperature] = noise_budget(column, lab.simulator, typical)
            lab.progress.advance()
    budgets = {name: heated[name, here] for name in columns}
    states = {name: {} if lab.quick else _by_state(lab, column, budgets[name]) for name, column in columns.items()}
    checks = _checks(lab, columns["hard_sigmoid"], budgets["hard_sigmoid"])
    figures: dict[str, Json] = {
        "noise_s": {name: {**budget.seconds, "total": budget.total} for name, budget in budgets.items()},
        "jitter_s": {name: budget.seconds["comparator"] for name, budget in budgets.items()},
        "noise_of_states_s": {name: dict(found) for name, found in states.items()},
        "noise_over_temperature": [
            {"converter": name, "temperature": temperature, "total_s": budget.total}
            for (name, temperature), budget in heated.items()
        ],
        "noise_auto_zeroed_s": {name: _auto_zeroed(columns[name], budget) for name, budget in budgets.items()},
        "noise_flicker_s": {name: _flicker(budget) for name, budget in budgets.items()},
        "noise_copy_density": {
            name: float(np.sqrt(budget.read["total"].sel(frequency=1e8, method="nearest")))
            for name, budget in budgets.items()
        },
        "noise_storage_v": budgets["hard_sigmoid"].storage_voltage,
        "noise_integration_v": {name: budget.reset_voltage for name, budget in budgets.items()},
        "noise_check": [
            {"sources": one.what, "found_s": one.found, "expected_s": one.expected, "runs": one.n_runs}
            for one in checks
        ],
    }
    datasets = {f"{name}_{part}": data for name, b in budgets.items() for part, data in _spectra(b).items()}
    return Study(
        name="noise",
        title="Noise of a pulse",
        figures=figures,
        tables=(
            _budget_table(budgets),
            _width_table(budgets, columns),
            *([] if lab.quick else [_state_table(states), _temperature_table(heated, temperatures)]),
            _check_table(checks),
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


def _auto_zeroed(column: Column, budget: NoiseBudget) -> float:
    """The total (s) if every token subtracted what an empty read of the token before gave."""
    read = budget.of_read("total", period=column.period)
    sink = budget.of_discharge("total", budget.discharge_time, period=column.period)
    sampled = [budget.seconds[name] for name in ("comparator", "ktc_integration")]
    return float(np.sqrt(read**2 + sink**2 + 2 * sum(v**2 for v in sampled) + budget.seconds["ktc_storage"] ** 2))


def _flicker(budget: NoiseBudget) -> float:
    """What flicker contributes to cells, conveyor and discharge (s)."""
    read = [budget.of_read(f"{group}_flicker") for group in ("cells", "converter")]
    return float(np.linalg.norm([*read, budget.of_discharge("converter_flicker", budget.discharge_time)]))


def _state_table(states: dict[str, dict[str, float]]) -> Table:
    words = {"idle": "no word line up", "typical": "half of them", "worst": "all, every cell at a rail"}
    return Table(
        title="Noise of cells and conveyor by state of the column, standard deviation in ps",
        header=("word lines", "HardSigmoid", "signed"),
        rows=tuple((text, *(_picoseconds(found[state]) for found in states.values())) for state, text in words.items()),
    )


def _temperature_table(budgets: dict[tuple[str, float], NoiseBudget], temperatures: tuple[float, ...]) -> Table:
    return Table(
        title="Total noise by temperature, standard deviation in ps",
        header=("temperature (deg C)", "HardSigmoid", "signed"),
        rows=tuple(
            (f"{temperature:g}", *(_picoseconds(budgets[name, temperature].total) for name in KINDS.values()))
            for temperature in temperatures
        ),
    )


def _checks(lab: Laboratory, column: Column, budget: NoiseBudget) -> tuple[Check, ...]:
    """Noisy transients of the comparator alone, and of everything else."""
    timing, seconds = column.timing, budget.seconds
    n_runs = 6 if lab.quick else 40
    comparator: list[AddedNoise | AddedCharge] = [
        AddedNoise(
            node=DECISION_NODE,
            density=budget.decision.current_density,
            start=timing.discharge_start,
            stop=timing.stop,
        )
    ]
    copied = budget.read["copy_gain"].sel(frequency=1e6, method="nearest")
    reset_charge = seconds["ktc_integration"] * budget.current
    others: list[AddedNoise | AddedCharge] = [
        AddedNoise(node="rbl", density=budget.read["cells"] / copied**2, start=timing.wake, stop=timing.release),
        AddedNoise(node="integral", density=budget.read["converter"], start=timing.reset_end, stop=timing.release),
        AddedNoise(node="integral", density=budget.discharge["total"], start=timing.discharge_start, stop=timing.stop),
        AddedCharge(node="integral", deviation=reset_charge, time=timing.reset_end + 0.1e-9),
        AddedCharge(node="rbl", deviation=budget.storage_charge, time=timing.input_start + timing.input_window / 2),
    ]
    rest = float(np.sqrt(sum(value**2 for name, value in seconds.items() if name != "comparator")))
    lab.progress.stage("noise: transients", total=2 * (n_runs + 1))
    found = []
    for what, added, expected in (("comparator", comparator, seconds["comparator"]), ("all others", others, rest)):
        widths = noisy_pulses(
            column,
            lab.simulator,
            added,
            charge=column.converter.saturation_current * timing.max_pulse_width / 2,
            n_runs=n_runs,
            seed=lab.seed,
            progress=lambda done, total: lab.progress.advance(),
        )["pulse_width"].values
        found.append(Check(what=what, found=float(np.std(widths[1:], ddof=1)), expected=expected, n_runs=n_runs))
    return tuple(found)


def _spectra(budget: NoiseBudget) -> dict[str, xr.Dataset]:
    decided = xr.Dataset({"voltage": budget.decision.density, "current": budget.decision.current_density})
    return {
        "read": budget.read,
        "discharge": budget.discharge,
        "decision": decided,
        "sensitivity": budget.sensitivity,
    }


def _picoseconds(seconds: float) -> str:
    return f"{seconds * 1e12:.1f}"


def _budget_table(budgets: dict[str, NoiseBudget]) -> Table:
    rows = [
        (words, *(_picoseconds(budget.seconds[source]) for budget in budgets.values()))
        for source, words in SOURCES.items()
    ]
    rows.append(("**total**", *(f"**{_picoseconds(budget.total)}**" for budget in budgets.values())))
    return Table(
        title="Noise of a pulse, standard deviation in ps, half of 64 rows active, half a full pulse",
        header=("source", "HardSigmoid", "signed"),
        rows=tuple(rows),
        note="Noise from 1 Hz up; what is slower counts as drift of the trim. The comparator's noise is weighted with "
        "the simulated sensitivity of the pulse's end to it, the others with the window in which they are integrated.",
    )


def _width_table(budgets: dict[str, NoiseBudget], columns: dict[str, Column]) -> Table:
    rows = []
    for share in (0.1, 0.25, 0.5, 1.0):
        totals = []
        for name, budget in budgets.items():
            sink = budget.of_discharge("total", share * columns[name].timing.max_pulse_width)
            rest = budget.total**2 - budget.seconds["sink"] ** 2
            totals.append(_picoseconds(float(np.sqrt(rest + sink**2))))
        rows.append((f"{share * columns['hard_sigmoid'].timing.max_pulse_width * 1e9:.4g}", *totals))
    return Table(
        title="Total noise by width of the pulse, standard deviation in ps",
        header=("width (ns)", "HardSigmoid", "signed"),
        rows=tuple(rows),
    )


def _check_table(checks: tuple[Check, ...]) -> Table:
    return Table(
        title="Noisy transients beside the budget (HardSigmoid)",
        header=("sources added", "found (ps)", "budget (ps)", "runs", "two standard errors"),
        rows=tuple(
            (
                one.what,
                _picoseconds(one.found),
                _picoseconds(one.expected),
                str(one.n_runs),
                f"{one.tolerance * 100:.0f} %",
            )
            for one in checks
        ),
    )
