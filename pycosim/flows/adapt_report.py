"""What an adaptation of a model leaves in its folder: attention for later runs, its history, and a plot of it."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pycosim.attention.hardware import AttentionHardware
from pycosim.evaluate.curve_plots import draw_curves
from pycosim.evaluate.curves import Curve, CurveFigure, Panel
from pycosim.evaluate.document import strict_document, to_json
from pycosim.evaluate.drawing import drawing_style, for_file, render_svg
from pycosim.evaluate.write import write_text
from pycosim.flows.adapt_model import AdaptedModel, AdaptSettings

SCHEMA_VERSION = 1
JSON, CSV, PLOT = "adaptation.json", "adaptation.csv", "convergence.svg"
NAMES = {"exact": "exact attention", "linear": "linear hardware"}


def write_adaptation(
    out: Path,
    found: AdaptedModel,
    settings: AdaptSettings,
    hardware: AttentionHardware,
    *,
    model: str,
    conditions: str,
    calibration: tuple[int, int],
    seconds: float,
) -> None:
    """Write adaptation.json, adaptation.csv and convergence.svg.

    Args:
        out: the folder; made where absent.
        found: the adaptation.
        settings: how it was made.
        hardware: sizes and levels.
        model: what a reader calls it.
        conditions: what its cells stand for.
        calibration: texts, and tokens of each.
        seconds: that it took.
    """
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "schema_version": SCHEMA_VERSION,
        "model": model,
        "cell": conditions,
        "settings": asdict(settings),
        "hardware": asdict(hardware),
        "calibration": {"n_texts": calibration[0], "n_tokens": calibration[1], "losses_nats": found.calibration_losses},
        "reference": found.reference,
        "n_shared": found.n_shared,
        "search": None
        if found.search is None
        else {"first_errors": found.search.first_errors, "errors": found.search.errors},
        "history": history_rows(found),
        "chosen": found.adaptation.chosen,
        "converged": found.adaptation.converged,
        "held_out": {name: asdict(accuracy) for name, accuracy in found.accuracy.items()},
        "seconds": seconds,
        "pycosim": version("pycosim-spice"),
    }
    write_text(out / JSON, to_json(strict_document(document)))
    write_text(out / CSV, _table(history_rows(found)))
    with drawing_style():
        drawing = render_svg(draw_curves(convergence(found)), "adaptation")
    write_text(out / PLOT, for_file(drawing))


def history_rows(found: AdaptedModel) -> list[dict[str, object]]:
    """Return one row per iteration: what was measured on the calibration text before its step."""
    return [
        {
            "iteration": row.step,
            "alpha": row.alpha,
            "perplexity": _perplexity(row.loss),
            "mean_error": row.mean_error,
            "deviation_error": row.deviation_error,
        }
        for row in found.adaptation.history
    ]


def convergence(found: AdaptedModel) -> CurveFigure:
    """Return the plot: perplexity of the calibration text, and the largest errors of the moments, by iteration."""
    rows = found.adaptation.history
    steps = np.array([row.step for row in rows], dtype=np.float64)
    ends = steps[[0, -1]]
    levels = tuple(
        Curve(label=NAMES[name], x=ends, y=np.full(2, _perplexity(loss)), look="dashed")
        for name, loss in found.calibration_losses.items()
    )
    course = Curve(
        label="adapting", x=steps, y=np.array([_perplexity(row.loss) for row in rows]), look="line and points"
    )
    errors = tuple(
        Curve(label=label, x=steps, y=np.array([getattr(row, name) for row in rows]), look="line and points")
        for name, label in (("mean_error", "mean"), ("deviation_error", "deviation"))
    )
    return CurveFigure(
        title="Adaptation of the scalers",
        caption="Perplexity of the calibration text and the largest distance of a moment from its target.",
        panels=(
            Panel(
                title="calibration text",
                x_label="iteration",
                y_label="perplexity",
                curves=(course, *levels),
                log_y=True,
            ),
            Panel(
                title="largest error of a moment",
                x_label="iteration",
                y_label="in the unit of the signal",
                curves=errors,
            ),
        ),
        columns=2,
    )


def _perplexity(loss: float | None) -> float:
    return math.nan if loss is None else math.exp(min(loss, 700.0))


def _table(rows: list[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
