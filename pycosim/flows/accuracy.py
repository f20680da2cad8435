"""Stage 7 of the gain-cell flow: the transformer with exact, linear and analog attention, and the adaptation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.adaptation import Adaptation, Measurement, Schedule, adapt
from pycosim.attention.analog import AttentionArrays, AttentionTrace, analog_layers, factored_arrays
from pycosim.attention.exact import Attend, exact_attention
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scaler, Scalers
from pycosim.attention.published import linear_models
from pycosim.attention.statistics import Statistics
from pycosim.checks import Array
from pycosim.evaluate.accuracy import Accuracy, next_token_losses, perplexity
from pycosim.flows.config import GainCellConfig
from pycosim.flows.progress import Progress
from pycosim.models.cell import CellModel
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.gpt2 import gpt2
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.weights import Weights, load_weights

LINEAR_TRANSCONDUCTANCE = 19.3e-6
"""Of the linear hardware model (A/V) [2025 Leroux]; currents are compared as voltages through it."""

ZERO_VOLTAGE = 0.45
"""Stored voltage of zero weight in the linear hardware model (V) [2025 Leroux]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccuracyResult:
    """Perplexity by attention, and how the adaptation went.

    Attributes:
        accuracy: name -> accuracy on the held-out text.
        adaptation: the scalers found, and the loss on the calibration text at every step.
        calibration_losses: loss of the exact and of the linear attention on that text (nats).
        clipped: worst share of clipped operands by signal, in the adapted analog attention.
        weights: the two sets used, softmax and linear.
    """

    accuracy: dict[str, Accuracy]
    adaptation: Adaptation
    calibration_losses: dict[str, float]
    clipped: dict[str, float]
    weights: tuple[Weights, Weights]


def evaluate_accuracy(
    models: AttentionModels, config: GainCellConfig, token_period: float, progress: Progress
) -> AccuracyResult:
    """Measure perplexity with exact, linear and analog attention, the last before and after adaptation.

    Args:
        models: the behavioural models of this run.
        config: tokens, steps.
        token_period: time between two tokens of one head (s): what one token of age is.
        progress: told of each attention.
    """
    softmax, linear = load_weights("softmax"), load_weights("linear")
    tokens = np.asarray(ByteTokenizer().encode(load_held_out_text()))
    hardware = AttentionHardware(
        token_period=token_period,
        tile=int(linear.metadata["tile"]),
        window=int(linear.metadata["window"]),
    )
    scalers = shipped_scalers(linear)
    ideal = factored_arrays(linear_models(), hardware)
    analog = factored_arrays(models, hardware)
    progress.stage("transformer: exact, linear and analog attention", total=4 * config.n_tokens)

    def measured(weights: Weights, attend: Attend | Sequence[Attend]) -> Accuracy:
        done = 0

        def advance(n: int, total: int) -> None:
            nonlocal done
            progress.advance(n - done)
            done = n

        return perplexity(tokens, weights, attend, n_tokens=config.n_tokens, progress=advance)

    accuracy = {
        "exact": measured(softmax, exact_attention),
        "linear": measured(linear, analog_layers(ideal, scalers)),
        "analog": measured(linear, analog_layers(analog, scalers)),
    }
    adaptation, reference = adapt_scalers(ideal, analog, linear, scalers, config, progress)
    clipped: dict[str, float] = {}
    watchers = [_clip_watcher(clipped) for _ in scalers]
    accuracy["analog_adapted"] = measured(linear, analog_layers(analog, adaptation.scalers, watchers))
    exact = _loss(softmax, exact_attention, _calibration(linear))
    return AccuracyResult(
        accuracy=accuracy,
        adaptation=adaptation,
        calibration_losses={"exact": exact, "linear": reference},
        clipped=clipped,
        weights=(softmax, linear),
    )


def adapt_scalers(
    ideal: AttentionArrays,
    analog: AttentionArrays,
    weights: Weights,
    scalers: Sequence[Scalers],
    config: GainCellConfig,
    progress: Progress,
) -> tuple[Adaptation, float]:
    """Move the scalers until the analog signals have the moments of the linear hardware's, on the calibration text.

    Args:
        ideal: the hardware that the weights were trained on.
        analog: the hardware that they are to run on.
        weights: with scalers and calibration text.
        scalers: start, one set per layer.
        config: `adaptation_steps`.
        progress: told of every step.

    Returns:
        The adaptation, and the loss of the ideal hardware on the calibration text (nats).

    k and v are compared as read currents, for it is the current and not the voltage that the next stage sees: two
    cells with the same stored voltages may read quite different currents.
    """
    tokens = _calibration(weights)
    progress.stage("adaptation of the scalers", total=config.adaptation_steps)
    target = _measure(ideal, weights, tokens)(list(scalers))
    measure = _measure(analog, weights, tokens)

    def step(tried: list[Scalers]) -> Measurement:
        found = measure(tried)
        progress.advance()
        return found

    schedule = Schedule(n_steps=config.adaptation_steps, max_steps=config.adaptation_steps)
    result = adapt(step, scalers, target.statistics, schedule=schedule)
    assert target.loss is not None
    return result, target.loss


def _measure(
    arrays: AttentionArrays, weights: Weights, tokens: NDArray[np.int64]
) -> Callable[[list[Scalers]], Measurement]:
    def measure(scalers: list[Scalers]) -> Measurement:
        found: list[Statistics] = []
        views = {
            "k": _as_read(arrays.models.cell_k, arrays.hardware),
            "v": _as_read(arrays.models.cell_v, arrays.hardware),
        }

        def watch(trace: AttentionTrace) -> None:
            found.append(Statistics.of(trace, seen_as=views))

        loss = _loss(weights, analog_layers(arrays, scalers, [watch] * len(scalers)), tokens)
        return Measurement(statistics=found, loss=loss)

    return measure


def _as_read(cell: CellModel, hardware: AttentionHardware) -> Callable[[Array], Array]:
    """Stored voltage -> the voltage that would give the cell's current in the linear hardware (V)."""
    levels = hardware.stored_axis.nodes
    current = cell.charge(hardware.max_pulse_width, levels) / hardware.max_pulse_width
    seen = ZERO_VOLTAGE + current / LINEAR_TRANSCONDUCTANCE
    low, step = levels[0], levels[1] - levels[0]

    def view(volts: Array) -> Array:
        codes = np.clip(np.rint((volts - low) / step), 0, levels.size - 1).astype(np.intp)
        return np.asarray(seen[codes])

    return view


def _loss(weights: Weights, attend: Attend | Sequence[Attend], tokens: NDArray[np.int64]) -> float:
    """Mean next-token loss on the calibration text (nats)."""
    logits = gpt2(tokens, weights, attend)
    return float(next_token_losses(logits[:, :-1], tokens[:, 1:]).mean())


def _calibration(weights: Weights) -> NDArray[np.int64]:
    assert weights.calibration_tokens is not None
    return weights.calibration_tokens


def shipped_scalers(weights: Weights) -> list[Scalers]:
    """The scalers that weights were trained with, one set per layer."""

    def scaler(layer: int, signal: str) -> Scaler:
        a, b = weights.scaler(layer, signal)
        return Scaler(a=a.astype(np.float64), b=b.astype(np.float64))

    return [
        Scalers(q=scaler(i, "q"), k=scaler(i, "k"), v=scaler(i, "v"), out=scaler(i, "out"))
        for i in range(weights.config.n_layer)
    ]


def _clip_watcher(worst: dict[str, float]) -> Callable[[AttentionTrace], None]:
    def watch(trace: AttentionTrace) -> None:
        for name, share in trace.clipped.items():
            worst[name] = max(worst.get(name, 0.0), share)

    return watch
