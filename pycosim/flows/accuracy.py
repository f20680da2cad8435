"""Stage 7 of the gain-cell flow: the transformer with exact, linear and analog attention, and the adaptation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.adaptation import Adaptation, Measurement, Schedule, adapt
from pycosim.attention.analog import AttentionArrays, analog_layers, factored_arrays
from pycosim.attention.exact import Attend, exact_attention
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scalers
from pycosim.attention.published import linear_models
from pycosim.attention.statistics import Statistics
from pycosim.attention.trace import AttentionTrace
from pycosim.checks import Array
from pycosim.evaluate.accuracy import Accuracy, next_token_losses, perplexity
from pycosim.flows.characterization import Design
from pycosim.flows.progress import Progress
from pycosim.flows.workload import Workload
from pycosim.models.cell import CellModel
from pycosim.transformer.gpt2 import gpt2
from pycosim.transformer.weights import Weights

N_VIEWED = 257
"""Voltages at which the current of a cell without levels is tabulated; linear between, to 1e-5 of full scale."""


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
        calibration_losses={"exact": _loss(softmax, exact_attention, _calibration(linear)), "linear": reference},
        clipped=_worst_layer(shares),
    )


def adapt_scalers(
    ideal: AttentionArrays,
    analog: AttentionArrays,
    weights: Weights,
    scalers: Sequence[Scalers],
    steps: int,
    progress: Progress,
    *,
    n_sequences: int | None = None,
) -> tuple[Adaptation, float]:
    """Move the scalers until the analog signals have the moments of the linear hardware's, on the calibration text.

    Args:
        ideal: the hardware that the weights were trained on.
        analog: the hardware that they are to run on.
        weights: with scalers and calibration text.
        scalers: start, one set per layer.
        steps: at most so many.
        progress: told of every step.
        n_sequences: how many sequences of the calibration text to use; None for all.

    Returns:
        The adaptation, and the loss of the ideal hardware on the calibration text (nats).

    k and v are compared as read currents, for it is the current and not the voltage that the next stage sees: two
    cells with the same stored voltages may read quite different currents.
    """
    tokens = _calibration(weights)[:n_sequences]
    target = _measure(ideal, weights, tokens)(list(scalers))
    measure = _measure(analog, weights, tokens)

    def step(tried: list[Scalers]) -> Measurement:
        found = measure(tried)
        progress.advance()
        return found

    schedule = Schedule(n_steps=steps, max_steps=steps)
    result = adapt(step, scalers, target.statistics, schedule=schedule)
    assert target.loss is not None
    return result, target.loss


def _measure(
    arrays: AttentionArrays, weights: Weights, tokens: NDArray[np.int64]
) -> Callable[[list[Scalers]], Measurement]:
    def measure(scalers: list[Scalers]) -> Measurement:
        found: list[Statistics] = []
        views = {
            "k": _as_read(arrays.models.cell_k, arrays.hardware, weights),
            "v": _as_read(arrays.models.cell_v, arrays.hardware, weights),
        }

        def watch(trace: AttentionTrace) -> None:
            found.append(Statistics.of(trace, seen_as=views))

        loss = _loss(weights, analog_layers(arrays, scalers, [watch] * len(scalers)), tokens)
        return Measurement(statistics=found, loss=loss)

    return measure


def _as_read(cell: CellModel, hardware: AttentionHardware, weights: Weights) -> Callable[[Array], Array]:
    """Stored voltage -> the voltage that gives the cell's current in the hardware that the weights were trained on."""
    centre, slope = (float(weights.metadata[name]) for name in ("centre_v", "transconductance_a_per_v"))
    axis = hardware.stored_axis
    low, high = float(axis.nodes[0]), float(axis.nodes[-1])
    levels = axis.nodes if axis.is_coded else np.linspace(low, high, N_VIEWED)
    current = cell.charge(hardware.max_pulse_width, levels) / hardware.max_pulse_width
    seen = centre + current / slope
    step = levels[1] - levels[0]

    def view(volts: Array) -> Array:
        if not axis.is_coded:
            return np.interp(volts, levels, seen)
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
