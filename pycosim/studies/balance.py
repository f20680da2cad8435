"""Whether energies add up, and what the time step of the decks costs in energy and pulse width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from circuits.benches.column import LARGEST_STEP
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import SERIES, drawing_style, new_figure, plain
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.energy_balance import charging_energies, column_by_step

TARGET = 1e-3
"""Energy that may be missing in the check, over what was drawn."""


ENERGIES = {
    "drawn": "drawn (fJ)",
    "stored": "stored (fJ)",
    "stored_closed_form": "in closed form",
    "dissipated": "dissipated (fJ)",
    "dissipated_closed_form": "in closed form",
}
"""Quantity of the check -> column of its table."""


def study_balance(lab: Laboratory) -> Study:
    """An RC check at several steps, and one whole column at the decks' step and at shorter ones."""
    steps = [1e-12, 5e-12, 20e-12] if lab.quick else [1e-12, 2e-12, 5e-12, 10e-12, 20e-12, 50e-12, LARGEST_STEP]
    column_steps = [20e-12, LARGEST_STEP] if lab.quick else [10e-12, 25e-12, 50e-12, LARGEST_STEP]
    lab.progress.stage("balance: energy", total=len(column_steps) + 1)
    charging = charging_energies(lab.design.technology, lab.simulator, max_steps=steps)
    lab.progress.advance()
    generator = np.random.default_rng([lab.seed, 2])
    n_rows = 8 if lab.quick else 64
    # no cell at the lowest level: the sum is then positive and the pulse has a width
    levels, codes = generator.integers(1, lab.design.levels.size, n_rows), generator.integers(0, 16, n_rows)
    column = column_by_step(
        lab.design.first,
        lab.simulator,
        stored_voltages=lab.design.levels[levels],
        pulse_widths=np.asarray(codes * lab.design.unit_time, dtype=np.float64),
        max_steps=column_steps,
        progress=lab.advance,
    )
    finest, deck = charging.isel(max_step=0), column.sel(max_step=LARGEST_STEP)
    reference = column.isel(max_step=0)
    total = column["energy_converter"] + column["energy_bias"]
    supply_error = float(total.sel(max_step=LARGEST_STEP) / total.isel(max_step=0) - 1)
    width_error = float(deck["pulse_width"] - reference["pulse_width"])
    errors = np.abs(charging["error"].values)
    met = met_up_to(steps, errors)
    figures: dict[str, Json] = {
        "energy_balance_error": float(errors[0]),
        "energy_balance_target": TARGET,
        "energy_balance_step_s": steps[0],
        "energy_balance_error_by_step": [
            {"max_step_s": step, "error": float(error)} for step, error in zip(steps, errors, strict=True)
        ],
        "energy_balance_met_up_to_s": met,
        "deck_step_s": LARGEST_STEP,
        "energy_stored_over_closed_form": float(finest["stored"] / finest["stored_closed_form"]),
        "energy_dissipated_over_closed_form": float(finest["dissipated"] / finest["dissipated_closed_form"]),
        "supply_integration_error": supply_error,
        "step_pulse_width_error_s": width_error,
    }
    return Study(
        name="balance",
        title="Energy balance and time step",
        figures=figures,
        tables=(
            Table(
                title="A capacitor charged through a resistor (0.7 ns): energy drawn, stored and dissipated; "
                + _verdict(met),
                header=("largest step (ps)", *ENERGIES.values(), "missing"),
                rows=tuple(
                    (
                        f"{float(row['max_step']) * 1e12:g}",
                        *(f"{float(row[name]) * 1e15:.3f}" for name in ENERGIES),
                        f"{float(row['error']) * 100:.4f} %",
                    )
                    for row in (charging.isel(max_step=k) for k in range(len(steps)))
                ),
                note=f"The figure of the summary is that of {1e12 * steps[0]:g} ps, a step that no deck of a column "
                f"has: they run at a largest step of {1e12 * LARGEST_STEP:g} ps, which ngspice shortens where signals "
                "move. What the integration of a column's own supply current loses by that is in the next table: at "
                f"{1e12 * LARGEST_STEP:g} ps {100 * supply_error:+.3f} % of the energy at "
                f"{1e12 * column_steps[0]:g} ps.",
            ),
            Table(
                title=f"One column of {n_rows} cells by the largest time step of its deck",
                header=(
                    "largest step (ps)",
                    "converter (pJ)",
                    "bias (pJ)",
                    "off the shortest step's (%)",
                    "pulse (ns)",
                ),
                rows=tuple(
                    (
                        f"{float(row['max_step']) * 1e12:g}",
                        f"{float(row['energy_converter']) * 1e12:.4f}",
                        f"{float(row['energy_bias']) * 1e12:.4f}",
                        f"{100 * float(total.isel(max_step=k) / total.isel(max_step=0) - 1):+.3f}",
                        f"{float(row['pulse_width']) * 1e9:.4f}",
                    )
                    for k, row in ((k, column.isel(max_step=k)) for k in range(len(column_steps)))
                ),
            ),
        ),
        datasets={"charging": charging, "column_by_step": column},
        plots={"balance": _plot(charging["max_step"].values, charging["error"].values)},
    )


def met_up_to(steps: Sequence[float], errors: Sequence[float] | np.ndarray) -> float | None:
    """Largest step (s) up to which no error is above the target; None where the shortest step's is."""
    beyond = np.flatnonzero(np.asarray(errors) > TARGET)
    last = int(beyond[0]) if beyond.size else len(steps)
    return float(steps[last - 1]) if last else None


def _verdict(met: float | None) -> str:
    """The target and the steps that meet it."""
    target = f"{100 * TARGET:g} % may be missing, "
    return target + ("missed at every step" if met is None else f"met by steps up to {1e12 * met:g} ps")


def _plot(steps: np.ndarray, errors: np.ndarray) -> Figure:
    with drawing_style():
        figure = new_figure(5.0, 3.0)
        axes = figure.subplots()
        axes.loglog(1e12 * steps, 100 * np.abs(errors), color=SERIES[0], marker="o", label="simulated")
        axes.axhline(100 * TARGET, color=SERIES[1], linestyle="--", label="target")
        axes.set_xlabel("largest time step (ps)")
        axes.set_ylabel("energy missing (%)")
        axes.set_title("RC of 0.7 ns: energy that does not add up")
        axes.legend()
        plain(axes)
    return figure
