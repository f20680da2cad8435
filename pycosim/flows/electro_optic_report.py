"""Stage 7 of the electro-optic flow: everything found -> Report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pycosim.evaluate.accuracy import Accuracy
from pycosim.evaluate.figures import Figures
from pycosim.evaluate.quantities import show_quantity
from pycosim.evaluate.report import Check, Report, StageTime
from pycosim.flows.config import config_text
from pycosim.flows.electro_optic_accuracy import TUNED
from pycosim.flows.electro_optic_figures import electro_optic_curves
from pycosim.flows.electro_optic_results import ElectroOpticResult, ideal_errors
from pycosim.flows.electro_optic_row import PUBLISHED_LATENCY, PUBLISHED_SYMBOL
from pycosim.flows.electro_optic_task_checks import task_checks, task_notes
from pycosim.flows.electro_optic_tasks import SHIPPED
from pycosim.flows.run_record import RunClock, provenance
from pycosim.flows.saved_fits import model_records
from pycosim.flows.workload import Workload as ShippedModel
from pycosim.flows.workload import shipped_workload
from pycosim.transformer.classifiers import shipped_classifiers
from pycosim.transformer.weights import shipped_names

PUBLISHED_IN = (
    "Mickeler et al., Integrated electro-optic attention nonlinearities for transformers (2026), "
    '<a href="https://arxiv.org/abs/2604.09512">arXiv 2604.09512</a>; latency and energy second hand'
)

USED_WEIGHTS = ("softmax", "sigmoid", "optmax", "optmoid")
"""Names of the shipped weights that this flow runs."""

_TENTH = 0.1
"""How near an approximation of the simulated circuit must come to its limit in closed form, relative."""


def electro_optic_report(
    result: ElectroOpticResult,
    workload: ShippedModel,
    *,
    kept: Mapping[str, tuple[str, Path]],
    out: Path,
    clock: RunClock,
    stages: tuple[StageTime, ...],
) -> Report:
    """Assemble the report of one electro-optic run.

    Args:
        result: what the stages found.
        workload: the shipped transformer and its text.
        kept: digest -> (name, file) of every netlist that was run.
        out: the run's directory, to which the files are relative.
        clock: when the run began.
        stages: how long each stage took.
    """
    technology, config = result.units.platform.technology, result.config
    n_ctx = workload.softmax.config.n_ctx
    return Report(
        system="electro-optic attention nonlinearities",
        workload=shipped_workload(workload, window=n_ctx, tile=n_ctx, trained=" with softmax"),
        accuracy=_accuracy(result),
        accuracy_keys=("exact", "optmax"),
        latency=result.rows["optmax"].latency,
        energy=result.rows["optmax"].energy,
        models=model_records(result.fits.named(), "models"),
        checks=_checks(result),
        figures=Figures(),
        curves=electro_optic_curves(result),
        published_in=PUBLISHED_IN,
        provenance=provenance(
            kept,
            out,
            technology=technology.name,
            corner=technology.corner,
            temperature=technology.temperature,
            seed=config.seed,
            configuration=config_text(config),
            weights=(
                *(name for name in shipped_names() if name in USED_WEIGHTS),
                *(f"{name}/model" for name in shipped_classifiers()),
            ),
        ),
        run=clock.record(config.n_workers, stages),
        notes=_notes(result),
    )


def _accuracy(result: ElectroOpticResult) -> dict[str, Accuracy]:
    """The units on all of the shipped text: exact functions and those that stand in for them, between converters."""
    found: dict[str, Accuracy] = {}
    for score in result.scores:
        if score.whole and score.accuracy is not None and score.task == SHIPPED:
            key = "exact" if score.case.key == "softmax" else score.case.key
            found[f"{key}_trained_with_noise" if score.trained in TUNED else key] = score.accuracy
    return found


def _checks(result: ElectroOpticResult) -> tuple[Check, ...]:
    limits, checks = ideal_errors(), []
    worst = max(result.fits.closed_form_error.values())
    checks.append(
        Check(
            name="transfers at rest against the closed form, largest error over full scale",
            value=worst,
            unit="",
            relation="at_most",
            target=1e-6,
            detail=f"{len(result.fits.closed_form_error)} units, tightened tolerances",
        )
    )
    for name, limit in limits.items():
        checks.append(
            Check(
                name=f"largest error of {name.replace('_', ' ')}",
                value=result.scales[name].error,
                unit="",
                relation="within",
                target=limit,
                tolerance=_TENTH * limit,
                detail="simulated points after the best scale, against ideal modulators",
            )
        )
    for name, row in result.rows.items():
        published = PUBLISHED_LATENCY[name]
        checks += [
            Check(
                name=f"latency of {row.n_symbols} symbols, {name.capitalize()}",
                value=row.latency.total,
                unit="s",
                relation="within",
                target=published - published / 130,
                tolerance=published / 130,
                detail="from the first symbol's edge to the last sample; n/B or 2n/B and at most the published sum",
            ),
            Check(
                name=f"whole row of {name.capitalize()}, models against ngspice, rms of full scale",
                value=row.error_rms,
                unit="",
                relation="at_most",
                target=0.01,
                detail=f"{row.n_symbols} samples of random scores that no fit saw",
            ),
        ]
    ratios = [row["sigma"] / row["closed_form"] for row in result.measured.budgets]
    checks.append(
        Check(
            name="noise against the closed-form budget, furthest ratio",
            value=max(ratios, key=lambda ratio: abs(ratio - 1.0)),
            unit="",
            relation="within",
            target=1.0,
            tolerance=0.1,
            detail=f"{len(ratios)} points of rate and power",
        )
    )
    exact, optmax = (result.scores[place].value for place in (0, 1))
    checks.append(
        Check(
            name="perplexity: Optmax over softmax, full precision, not adapted",
            value=optmax / exact,
            unit="",
            relation="at_most",
            target=1.1,
            detail="published for trained models: 1.01 in loss",
        )
    )
    return (*checks, *task_checks(result.scores))


def _notes(result: ElectroOpticResult) -> tuple[str, ...]:
    optmax, optmoid = result.rows["optmax"], result.rows["optmoid"]
    notes = [
        (
            "Optmax stands in for softmax, with weights that were trained with it and are adapted to nothing; sigmoid "
            "and Optmoid are another function, with weights that were trained with the exact sigmoid."
        ),
        (
            "Latency is that of the row's symbols with the delay of the simulated parts. The converters' own "
            "pipelines and the digital sum are not in it, nor in the published figure."
        ),
        (
            f"Optmoid takes {show_quantity(optmoid.latency.total, 's')} and "
            f"{show_quantity(optmoid.energy.per_tile, 'J')} a symbol; published for both "
            f"{show_quantity(PUBLISHED_SYMBOL, 'J')} a symbol."
        ),
        (
            "Of the energy of a symbol of Optmax "
            f"{show_quantity(optmax.energy.simulated / optmax.energy.n_tiles, 'J')} are simulated (light, and what "
            "drivers give to their lines); supplies, wall plug and converters are assumed."
        ),
        (
            "Drivers, amplifier and photodiode are macromodels with the noise of their resistors and currents; "
            "modulators and waveguides follow their field equations."
        ),
        (
            "The sum is normalised to 1 .. 2 by a shift before it goes to the falling edge; over a wider range one "
            "edge is further from 1/z."
        ),
    ]
    notes += task_notes(result.scores)
    if result.config.quick:
        notes.append(
            "This was a quick run: fewer rates, powers, symbols and tokens, and no weights that know of noise."
        )
    return tuple(notes)
