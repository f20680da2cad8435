"""Stage 7 of the electro-optic flow: how good each transformer is over the bits of the converters and over noise."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pycosim.evaluate.curves import Curve, CurveFigure, Panel
from pycosim.flows.electro_optic_accuracy import TUNED, UNITS, Noise, Score, Trained, Unit
from pycosim.flows.electro_optic_tasks import DIGITS, MNIST, SHIPPED

KEYS = {SHIPPED: "bits_and_noise", DIGITS: "digits_bits_and_noise", MNIST: "mnist_bits_and_noise"}
"""Name of a task -> of its figure and its file; other tasks have theirs from their names."""

_NOISES: tuple[tuple[str, Unit, Trained | None, Noise, int], ...] = (
    ("optmax, additive", "optmax", None, "additive", 1),
    ("optmax, multiplicative", "optmax", None, "multiplicative", 0),
    ("optmax trained with noise, additive", "optmax", "optmax", "additive", 2),
    ("optmoid, additive", "optmoid", None, "additive", 3),
    ("optmoid, multiplicative", "optmoid", None, "multiplicative", 5),
    ("optmoid trained with noise, additive", "optmoid", "optmoid", "additive", 4),
)


def task_curves(scores: Sequence[Score]) -> dict[str, CurveFigure]:
    """A figure for every task, by its name in the report."""
    found = {}
    for name in dict.fromkeys(score.task for score in scores):
        key = KEYS.get(name, re.sub(r"\W+", "_", name.lower()) + "_bits_and_noise")
        found[key] = _bits_and_noise(name, [score for score in scores if score.task == name])
    return found


def _bits_and_noise(name: str, scores: Sequence[Score]) -> CurveFigure:
    metric = scores[0].metric
    spread = metric == "perplexity"  # over orders of magnitude
    panels = [
        Panel(title="Converters", x_label="bits", y_label=metric, curves=_over_bits(scores), log_y=spread),
    ]
    noisy = _over_noise(scores)
    if noisy:
        label = "deviation over full scale, or over the output"
        panels.append(
            Panel(title="Noise at 4 bit", x_label=label, y_label=metric, curves=noisy, log_x=True, log_y=spread)
        )
    tuned = any(score.trained in TUNED for score in scores)
    learnt = sorted({score.trained for score in scores if score.trained not in TUNED})
    return CurveFigure(
        title=f"Bits and noise: {name}",
        caption=f"{metric.capitalize()} over the bits of the units' converters, and over noise at their output. "
        f"Weights were trained with exact {' and '.join(learnt)} at full precision"
        + ("; those trained with noise, for the unit with its response, 4 bit and noise." if tuned else "."),
        panels=tuple(panels),
        columns=2,
        height=3.6,
    )


def _over_bits(scores: Sequence[Score]) -> tuple[Curve, ...]:
    found = []
    for place, unit in enumerate(UNITS):
        quiet = {
            score.case.bits: score.value
            for score in scores
            if score.case.unit == unit and score.whole and score.trained not in TUNED
        }
        bits = sorted(number for number in quiet if number is not None)
        if bits:
            values = np.array([quiet[number] for number in bits])
            x = np.array(bits, dtype=np.float64)
            found.append(Curve(label=unit, x=x, y=values, look="line and points", color=place))
    return tuple(found)


def _over_noise(scores: Sequence[Score]) -> tuple[Curve, ...]:
    found = []
    for label, unit, tuned, noise, color in _NOISES:
        chosen = [
            score
            for score in scores
            if score.case.unit == unit
            and score.case.noise == noise
            and (score.trained == tuned if tuned else score.trained not in TUNED)
        ]
        if chosen:
            sigmas, values = (np.array(each) for each in zip(*((s.case.sigma, s.value) for s in chosen), strict=True))
            found.append(Curve(label=label, x=sigmas, y=values, look="line and points", color=color))
    return tuple(found)
