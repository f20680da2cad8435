"""What does each imperfection of the hardware cost in accuracy? The transformer with each alone, and with all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import AttentionHardware
from pycosim.errors import InputError
from pycosim.evaluate.accuracy import perplexity
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.evaluate.quantities import show_quantity
from pycosim.flows.effect_accuracy import Comparison, EffectPlan, EffectResult, effect_results
from pycosim.flows.effect_limits import sweep_losses, sweeps_of
from pycosim.flows.effects import IDEAL, MeasuredEffects, effects
from pycosim.flows.workload import load_workload
from pycosim.studies.effect_limits import curve_figures, limit_table, plot_limits
from pycosim.studies.study import Laboratory, Study, Table

N_TOKENS, N_QUICK_TOKENS = 8192, 512
"""Tokens of held-out text per row. Ours: chunks of 256 that are compared in pairs, so that 32 suffice."""

N_SWEEP_TOKENS = 4096
"""Tokens per size of a sweep. Ours: neighbouring sizes differ by more than the half of the text tells."""

_DIES_NOTE = (
    "Rows with mismatch or noise: with the scalers as trained the mean of {} samples of dies and noise, its error that "
    "of the text and the spread between samples over the root of their number; further columns are of the first sample."
)

_SCOPE_NOTE = (
    "Mismatch of cells is that of the read pair alone; the signed converter has one gain for both signs; bias currents "
    "and references of the converters are ideal, at every corner."
)


def study_effects(lab: Laboratory, measured: MeasuredEffects) -> Study:
    """Perplexity with each effect alone on ideal linear hardware, and with all circuits as measured.

    Args:
        lab: design, progress, seed.
        measured: what simulation found; see `pycosim.studies.effect_sources`.
    """
    workload = load_workload(N_QUICK_TOKENS if lab.quick else N_TOKENS)
    period = lab.design.first.period
    if period is None:
        raise InputError(
            "the design's columns must have a period, the time between two tokens; make it with make_design"
        )
    hardware = AttentionHardware(
        token_period=workload.token_interval(period),
        tile=workload.tile,
        window=workload.window,
        stored_high=float(lab.design.levels[-1]),
        max_pulse_width=lab.design.max_pulse_width,
    )
    plan = EffectPlan(n_dies=1, steps=2, n_sequences=1) if lab.quick else EffectPlan()
    rows = effects(measured, lab.seed)
    lab.progress.stage("effects: transformer on each hardware", total=len(rows))
    results = effect_results(rows, workload, hardware, plan, lab.progress)
    sweeps = sweeps_of(measured, hardware, lab.seed, quick=lab.quick)
    lab.progress.stage("effects: how much is allowed", total=sum(len(sweep.sizes) for sweep in sweeps))
    n_tokens = min(workload.n_tokens, N_SWEEP_TOKENS)
    curves = [sweep_losses(sweep, workload, hardware, lab.progress, n_tokens=n_tokens) for sweep in sweeps]
    exact = perplexity(workload.tokens, workload.softmax, exact_attention).perplexity
    return Study(
        name="effects",
        title="Accuracy in the loop: what each imperfection costs",
        figures={
            "effects": [_exact_figures(exact, results[0]), *(_figures(result) for result in results)],
            "effects_run": {
                "n_tokens": workload.n_tokens,
                "n_dies": plan.n_dies,
                "adaptation_steps": plan.steps,
                "token_period_s": period,
                "token_interval_s": hardware.token_period,
                "seed": lab.seed,
            },
            "effect_limits": {curve.sweep.key: curve_figures(curve) for curve in curves},
        },
        tables=(
            _alone_table(results, exact, plan, hardware.token_period),
            _circuit_table(results, workload.n_tokens, plan),
            limit_table(curves),
        ),
        plots={"effects": _plot(results), "effect_limits": plot_limits(curves)},
    )


def _exact_figures(exact: float, ideal: EffectResult) -> dict[str, Json]:
    """The row of softmax attention without hardware, with weights of its own."""
    ratio = exact / ideal.trained.accuracy.perplexity
    return {"name": "exact softmax", "group": "reference", "perplexity": exact, "ratio_to_ideal": ratio}


def _figures(result: EffectResult) -> dict[str, Json]:
    """The row of the results file: perplexities, and differences of the loss to ideal hardware (nats)."""
    row: dict[str, Json] = {
        "name": result.effect.name,
        "group": result.effect.group,
        "perplexity": result.trained.accuracy.perplexity,
        "ratio_to_ideal": float(np.exp(result.trained.difference)),
        "difference_nats": result.trained.difference,
        "difference_error_nats": result.trained.difference_error,
        "die_deviation_nats": result.die_deviation,
        "n_dies": result.n_dies,
        "difference_error_with_dies_nats": result.trained_error,
    }
    for name, found in (("typical_scalers", result.typical), ("adapted", result.adapted)):
        row[f"{name}_perplexity"] = None if found is None else found.accuracy.perplexity
        row[f"{name}_ratio_to_ideal"] = None if found is None else float(np.exp(found.difference))
        row[f"{name}_difference_error_nats"] = None if found is None else found.difference_error
    return row


def _change(found: Comparison | None, error: float | None = None) -> str:
    """Perplexity over that of ideal hardware, less one, in percent, with its standard error; default the text's."""
    if found is None:
        return ""
    ratio = float(np.exp(found.difference))
    return f"{100 * (ratio - 1):+.2f} ± {100 * ratio * (found.difference_error if error is None else error):.2f}"


def _alone_table(results: Sequence[EffectResult], exact: float, plan: EffectPlan, interval: float) -> Table:
    rows = [
        (
            result.effect.name,
            f"{result.trained.accuracy.perplexity:.3f}",
            "" if result.effect.name == IDEAL else _change(result.trained, result.trained_error),
            f"{result.adapted.accuracy.perplexity:.3f}",
            "" if result.effect.name == IDEAL else _change(result.adapted),
        )
        for result in results
        if result.effect.group == "alone"
    ]
    return Table(
        title="Each effect alone, on otherwise ideal linear hardware without levels",
        header=("effect", "perplexity", "change, %", "adapted", "change, %"),
        rows=tuple(rows),
        note=f"Exact softmax, with weights of its own: {exact:.3f}. Change against the first row, with the standard "
        f"error of the pairwise difference over the text. {_DIES_NOTE.format(plan.n_dies)} Decay: a head gets a "
        f"token every {show_quantity(interval, 's')}, for layers run one after the other. Adapted: scalers moved until "
        f"the signals have the moments of the ideal hardware's. {_SCOPE_NOTE}",
    )


def _circuit_table(results: Sequence[EffectResult], n_tokens: int, plan: EffectPlan) -> Table:
    rows = [
        (
            result.effect.name,
            f"{result.trained.accuracy.perplexity:.3f}",
            _change(result.trained, result.trained_error),
            "" if result.typical is None else f"{result.typical.accuracy.perplexity:.3f}",
            _change(result.typical),
            f"{result.adapted.accuracy.perplexity:.3f}",
            _change(result.adapted),
        )
        for result in results
        if result.effect.group == "circuits"
    ]
    return Table(
        title="The measured circuits, with all levels",
        header=("hardware", "scalers as trained", "change, %", "of typical", "change, %", "adapted", "change, %"),
        rows=tuple(rows),
        note=f"{n_tokens} tokens. Scalers as the weights were trained; adapted once to the typical circuits; adapted "
        f"to this hardware in {plan.steps} steps. All together is at the typical corner. "
        f"{_DIES_NOTE.format(plan.n_dies)} {_SCOPE_NOTE}",
    )


def _plot(results: Sequence[EffectResult]) -> Figure:
    """Change of the perplexity of every row, before and after the adaptation."""
    shown = [result for result in results if result.effect.name != IDEAL]
    place = np.arange(len(shown))[::-1]
    with drawing_style():
        figure = new_figure(7.5, 0.9 + 0.27 * len(shown))
        axes = figure.subplots()
        series = (
            (
                "scalers as trained",
                SERIES[0],
                0.2,
                [result.trained for result in shown],
                [result.trained_error for result in shown],
            ),
            (
                "adapted to this hardware",
                SERIES[1],
                -0.2,
                [result.adapted for result in shown],
                [result.adapted.difference_error for result in shown],
            ),
        )
        for label, color, shift, found, errors in series:
            ratios = np.exp([one.difference for one in found])
            axes.barh(
                place + shift,
                100 * (ratios - 1),
                height=0.36,
                color=color,
                label=label,
                xerr=100 * ratios * np.array(errors),
                error_kw={"elinewidth": 0.8, "ecolor": INK},
            )
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        n_alone = sum(result.effect.group == "alone" for result in shown)
        axes.axhline(len(shown) - n_alone - 0.5, color=MUTED, linewidth=0.8, linestyle=":")
        axes.set_xscale("symlog", linthresh=1.0)
        axes.set_xticks([-1, 0, 1, 10, 100], ["-1", "0", "1", "10", "100"])
        axes.set_yticks(place, [result.effect.name for result in shown])
        axes.set(title="perplexity over ideal linear hardware", xlabel="change, % (linear within 1 %)")
        figure.legend(loc="outside lower center", ncols=2)
        plain(axes, grid="x")
        return figure
