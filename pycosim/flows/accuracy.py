"""Stage 7 of the gain-cell flow: the transformer with exact, linear and analog attention, and the adaptation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pycosim.attention.adaptation import Adaptation
from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.exact import Attend, exact_attention
from pycosim.attention.hardware import AttentionHardware, AttentionModels
from pycosim.attention.published import linear_models
from pycosim.attention.trace import AttentionTrace
from pycosim.evaluate.accuracy import Accuracy, as_language_model, perplexity
from pycosim.flows.adaptation import adapt_scalers, calibration_of, mean_loss
from pycosim.flows.characterization import Design
from pycosim.flows.progress import Progress
from pycosim.flows.workload import Workload
from pycosim.transformer.weights import Weights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccuracyResult:
    """Perplexity by attention, and how the adaptation went.

    Attributes:
        accuracy: name -> accuracy on the held-out text.
        adaptation: the scalers found, and the loss on the calibration text at every step.
        calibration_losses: loss of the exact and of the linear attention on that text (nats).
        clipped: by signal, share of clipped operands in the layer that has most, with adapted analog attention.
    """

    accuracy: dict[str, Accuracy]
    adaptation: Adaptation
    calibration_losses: dict[str, float]
    clipped: dict[str, float]


def attention_hardware(design: Design, workload: Workload, token_period: float) -> AttentionHardware:
    """Sizes and levels of the hardware that a workload runs on; `token_period` (s) is what one token of age is."""
    return AttentionHardware(
        token_period=token_period,
        tile=workload.tile,
        window=workload.window,
        stored_high=float(design.levels[-1]),
        max_pulse_width=design.max_pulse_width,
    )


def evaluate_accuracy(
    models: AttentionModels,
    design: Design,
    workload: Workload,
    token_period: float,
    steps: int,
    progress: Progress,
    observers: Sequence[Callable[[AttentionTrace], None]] | None = None,
) -> AccuracyResult:
    """Measure perplexity with exact, linear and analog attention, the last before and after adaptation.

    Args:
        models: the behavioural models of this run.
        design: gives levels and longest pulse of the hardware.
        workload: weights and text.
        token_period: time between two tokens of one head (s): what one token of age is; see
            `Workload.token_interval`.
        steps: of the adaptation, at most.
        progress: told of each attention.
        observers: one per layer, told of every call of the adapted analog attention; None for none.
    """
    hardware = attention_hardware(design, workload, token_period)
    ideal = factored_arrays(linear_models(), hardware)
    analog = factored_arrays(models, hardware)

    def measured(weights: Weights, attend: Attend | Sequence[Attend]) -> Accuracy:
        done = 0

        def advance(n: int, total: int) -> None:
            nonlocal done
            progress.advance(n - done)
            done = n

        return perplexity(workload.tokens, weights, attend, progress=advance)

    softmax, linear, scalers = workload.softmax, workload.linear, workload.scalers
    progress.stage("transformer: exact, linear and analog attention", total=3 * workload.n_tokens)
    accuracy = {
        "exact": measured(softmax, exact_attention),
        "linear": measured(linear, analog_layers(ideal, scalers)),
        "analog": measured(linear, analog_layers(analog, scalers)),
    }
    progress.stage("adaptation of the scalers", total=steps)
    adaptation, reference = adapt_scalers(ideal, analog, linear, scalers, steps, progress)
    progress.stage("transformer: adapted analog attention", total=workload.n_tokens)
    shares: list[dict[str, list[float]]] = [{} for _ in scalers]
    watchers = [_clip_watcher(layer) for layer in shares]
    if observers is not None:
        watchers = [_both(*pair) for pair in zip(watchers, observers, strict=True)]
    accuracy["analog_adapted"] = measured(linear, analog_layers(analog, adaptation.scalers, watchers))
    return AccuracyResult(
        accuracy=accuracy,
        adaptation=adaptation,
        calibration_losses={
            "exact": mean_loss(as_language_model(softmax), exact_attention, calibration_of(linear)),
            "linear": reference,
        },
        clipped=_worst_layer(shares),
    )


def _clip_watcher(shares: dict[str, list[float]]) -> Callable[[AttentionTrace], None]:
    def watch(trace: AttentionTrace) -> None:
        for name, share in trace.clipped.items():
            shares.setdefault(name, []).append(share)

    return watch


def _both(
    first: Callable[[AttentionTrace], None], second: Callable[[AttentionTrace], None]
) -> Callable[[AttentionTrace], None]:
    def watch(trace: AttentionTrace) -> None:
        first(trace)
        second(trace)

    return watch


def _worst_layer(layers: Sequence[dict[str, list[float]]]) -> dict[str, float]:
    """By signal, the share of clipped operands in the layer that has most, over the whole text."""
    return {name: max(float(np.mean(layer[name])) for layer in layers) for name in layers[0]}
