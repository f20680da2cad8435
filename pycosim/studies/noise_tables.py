"""Tables of the noise study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from pycosim.studies.study import Table
from pycosim.sweeps.noise_budget import NoiseBudget

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
"""Whether a converter is signed -> its key of the results file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Noisy transients beside their prediction.

    Attributes:
        what: which sources were added.
        found: standard deviation of the pulse (s).
        drawn: what the noise that was drawn should have made of it, by the circuit's linear response (s).
        budget: what the budget says for endless runs (s).
        n_runs: transients.
    """

    what: str
    found: float
    drawn: float
    budget: float
    n_runs: int

    @property
    def tolerance(self) -> float:
        """Two standard errors of a standard deviation from so many runs, relative."""
        return float(2 / np.sqrt(2 * (self.n_runs - 1)))


def _picoseconds(seconds: float) -> str:
    return f"{seconds * 1e12:.1f}"


def budget_table(budgets: Mapping[str, NoiseBudget], period: float) -> Table:
    """Every source, their sum, and what would be left of it if every token, after `period` (s), were auto-zeroed."""
    rows = [
        (words, *(_picoseconds(budget.seconds[source]) for budget in budgets.values()))
        for source, words in SOURCES.items()
    ]
    rows.append(("**total**", *(f"**{_picoseconds(budget.total)}**" for budget in budgets.values())))
    rows.append(("of which flicker, comparator aside", *(_picoseconds(budget.flicker) for budget in budgets.values())))
    zeroed = (_picoseconds(budget.auto_zeroed(period)) for budget in budgets.values())
    rows.append(("total, were every token auto-zeroed", *zeroed))
    return Table(
        title="Noise of a pulse, standard deviation in ps, half of 64 rows active, half a full pulse",
        header=("source", "HardSigmoid", "signed"),
        rows=tuple(rows),
        note="Noise from 1 Hz up; what is slower counts as drift of the trim. The comparator's noise is weighted with "
        "the simulated sensitivity of the pulse's end to it, the others with the window in which they are integrated. "
        "An auto-zero removes flicker and doubles the variance of what is left.",
    )


def width_table(budgets: Mapping[str, NoiseBudget], longest: float) -> Table:
    """The total for pulses up to the longest (s): a wider one integrates more of the discharge's noise."""
    rows = []
    for share in (0.1, 0.25, 0.5, 1.0):
        totals = []
        for budget in budgets.values():
            sink = budget.of_discharge("total", share * longest)
            rest = budget.total**2 - budget.seconds["sink"] ** 2
            totals.append(_picoseconds(float(np.sqrt(rest + sink**2))))
        rows.append((f"{share * longest * 1e9:.4g}", *totals))
    return Table(
        title="Total noise by width of the pulse, standard deviation in ps",
        header=("width (ns)", "HardSigmoid", "signed"),
        rows=tuple(rows),
    )


def leak_table(wander: xr.DataArray, written: float, age: float) -> Table:
    """Deviation (V) of a stored level after an age (s), over "stored_voltage"; and what the write leaves (V)."""
    return Table(
        title=f"Shot noise of the leak: wander of a stored level after {age * 1e3:g} ms",
        header=("stored (V)", "standard deviation (mV)"),
        rows=tuple(
            (f"{float(one['stored_voltage']):.3f}", f"{float(one) * 1e3:.3f}")
            for one in wander.transpose("stored_voltage")
        ),
        note=f"Not in the budget, which is of a fresh token. The write itself leaves {written * 1e3:.2f} mV.",
    )


def check_table(checks: Sequence[Check]) -> Table:
    """Noisy transients beside the budget."""
    return Table(
        title="Noisy transients beside the budget (HardSigmoid)",
        header=(
            "sources added",
            "found (ps)",
            "these draws (ps)",
            "budget (ps)",
            "runs",
            "two standard errors of the budget",
        ),
        rows=tuple(
            (
                one.what,
                _picoseconds(one.found),
                _picoseconds(one.drawn),
                _picoseconds(one.budget),
                str(one.n_runs),
                f"{one.tolerance * 100:.0f} %",
            )
            for one in checks
        ),
    )


def state_table(states: Mapping[str, Mapping[str, float]]) -> Table:
    """Noise of cells and conveyor (s) by converter and state."""
    words = {"idle": "no word line up", "typical": "half of them", "worst": "all, every cell at a rail"}
    return Table(
        title="Noise of cells and conveyor by state of the column, standard deviation in ps",
        header=("word lines", "HardSigmoid", "signed"),
        rows=tuple((text, *(_picoseconds(found[state]) for found in states.values())) for state, text in words.items()),
    )


def temperature_table(budgets: Mapping[tuple[str, float], NoiseBudget], temperatures: Sequence[float]) -> Table:
    """The total by converter and temperature (deg C)."""
    return Table(
        title="Total noise by temperature, standard deviation in ps",
        header=("temperature (deg C)", "HardSigmoid", "signed"),
        rows=tuple(
            (f"{temperature:g}", *(_picoseconds(budgets[name, temperature].total) for name in KINDS.values()))
            for temperature in temperatures
        ),
    )
