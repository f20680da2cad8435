"""Scalers of any language model moved without gradients until its signals on one hardware are those of another.

What they are to be is measured on calibration text: with the linear hardware that the weights were trained for, as in
[2025 Leroux], or with the exact attention of a model that was never trained for any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.adaptation import Adaptation, Measurement, Schedule, adapt
from pycosim.attention.analog import AttentionArrays, analog_layers
from pycosim.attention.exact import exact_attention
from pycosim.attention.hardware import AttentionHardware, Scalers
from pycosim.attention.statistics import Moments, Statistics
from pycosim.attention.trace import AttentionTrace
from pycosim.checks import Array
from pycosim.errors import ConfigurationError, InputError
from pycosim.evaluate.accuracy import as_language_model, losses_of_hidden
from pycosim.flows.progress import Progress
from pycosim.models.cell import CellModel, PolynomialCell
from pycosim.transformer.attend import Attend
from pycosim.transformer.layers import Array as Floats
from pycosim.transformer.model import LanguageModel
from pycosim.transformer.scaled import ScaledArrays
from pycosim.transformer.weights import Weights

N_VIEWED = 257
"""Voltages at which the current of a cell without levels is tabulated; linear between, to 1e-5 of full scale."""
GROUP_TOKENS = 4096
"""Tokens of the calibration text that run together."""
View = Callable[[Array], Array]
Match = Literal["read", "written"]
"""Whose moments of k and v are matched: of the current that is read, or of the voltage that is written."""


def adapt_scalers(
    ideal: AttentionArrays,
    analog: AttentionArrays,
    model: LanguageModel | Weights,
    scalers: Sequence[Scalers],
    steps: int,
    progress: Progress,
    *,
    n_sequences: int | None = None,
    tokens: NDArray[np.int64] | None = None,
    match: Match = "read",
) -> tuple[Adaptation, float]:
    """Move the scalers until the analog signals have the moments of the linear hardware's, on the calibration text.

    Args:
        ideal: the linear hardware that the weights were trained on.
        analog: the hardware that they are to run on.
        model: any language model, or the weights of a GPT-2.
        scalers: start, one set per layer.
        steps: at most so many.
        progress: told of every step.
        n_sequences: how many sequences of the calibration text to use; None for all.
        tokens: the calibration text, (n_texts, n_tokens); None for what the weights carry.
        match: see `Match`; the paper matches what is written.

    Returns:
        The adaptation, and the loss of the ideal hardware on the calibration text (nats).

    Raises:
        ConfigurationError: no calibration text.

    k and v are compared as read currents, for it is the current and not the voltage that the next stage sees: two
    cells with the same stored voltages may read quite different currents.
    """
    language = as_language_model(model)
    text = (calibration_of(language.weights) if tokens is None else tokens)[:n_sequences]
    wanted = measure_signals(ideal, language, text, line=ideal.models.cell_k, match=match)(list(scalers))
    schedule = Schedule(n_steps=steps, max_steps=steps)
    result = adapt_to(wanted, ideal, analog, language, scalers, text, progress=progress, schedule=schedule, match=match)
    assert wanted.loss is not None
    return result, wanted.loss


def adapt_to(
    wanted: Measurement,
    ideal: AttentionArrays,
    analog: AttentionArrays,
    model: LanguageModel,
    scalers: Sequence[Scalers],
    tokens: NDArray[np.int64],
    *,
    progress: Progress,
    schedule: Schedule,
    match: Match = "read",
    n_shared: int = 1,
) -> Adaptation:
    """Move the scalers until the analog signals have wanted moments.

    Args:
        wanted: from `measure_signals` or `exact_signals`.
        ideal: the linear hardware, by whose line currents are seen as voltages.
        analog: as in `adapt_scalers`.
        model: as in `adapt_scalers`.
        scalers: as in `adapt_scalers`.
        tokens: the calibration text, (n_texts, n_tokens).
        progress: told of every step.
        schedule: of the steps.
        match: see `Match`.
        n_shared: heads that share keys and values; see `adapt`.
    """
    measure = measure_signals(analog, model, tokens, line=ideal.models.cell_k, match=match)

    def step(tried: list[Scalers]) -> Measurement:
        found = measure(tried)
        progress.advance()
        return found

    return adapt(step, scalers, wanted.statistics, schedule=schedule, n_shared=n_shared)


def measure_signals(
    arrays: AttentionArrays,
    model: LanguageModel,
    tokens: NDArray[np.int64],
    *,
    line: CellModel,
    match: Match = "read",
) -> Callable[[list[Scalers]], Measurement]:
    """Return what runs the calibration text on a hardware with given scalers, and measures all signals and the loss.

    Args:
        arrays: the hardware.
        model: any language model.
        tokens: the calibration text, (n_texts, n_tokens).
        line: the linear cell, by whose line currents are seen as voltages.
        match: see `Match`.
    """
    views = {} if match == "written" else read_views(arrays, line)

    def measure(scalers: list[Scalers]) -> Measurement:
        watched = _Pool(len(scalers))

        def observe(layer: int) -> Callable[[AttentionTrace], None]:
            def watch(trace: AttentionTrace) -> None:
                watched.add(layer, Statistics.of(trace, seen_as=views), trace.q.size)

            return watch

        layers = analog_layers(arrays, scalers, [observe(layer) for layer in range(len(scalers))])
        loss = mean_loss(model, layers, tokens)
        return Measurement(statistics=watched.statistics(), loss=loss)

    return measure


def exact_signals(
    ideal: AttentionArrays,
    model: LanguageModel,
    scalers: Sequence[Scalers],
    tokens: NDArray[np.int64],
    *,
    match: Match = "read",
) -> Measurement:
    """Return the signals that the scalers make of the exact model's operands, its own results, and its loss.

    Args:
        ideal: the linear hardware, whose levels and line say how k and v are read.
        model: any language model, with weights for exact attention.
        scalers: one set per layer.
        tokens: the calibration text, (n_texts, n_tokens).
        match: see `Match`.
    """
    views = {} if match == "written" else read_views(ideal, ideal.models.cell_k)
    watched = _Pool(len(scalers))

    def watching(layer: int, own: Scalers) -> Attend:
        def attend(q: Floats, k: Floats, v: Floats) -> Floats:
            out: Floats = exact_attention(q, k, v)
            scaled = {"q": own.q(q), "k": own.k(k), "v": own.v(v)}
            seen = {name: Moments.of(views[name](x) if name in views else x) for name, x in scaled.items()}
            watched.add(layer, Statistics(**seen, out=Moments.of(out)), q.size)
            return out

        return attend

    loss = mean_loss(model, [watching(layer, own) for layer, own in enumerate(scalers)], tokens)
    return Measurement(statistics=watched.statistics(), loss=loss)


def mean_loss(model: LanguageModel, attend: Attend | Sequence[Attend], tokens: NDArray[np.int64]) -> float:
    """Return the mean next-token loss on a calibration text, (n_texts, n_tokens), in nats."""
    parts = []
    for some in _groups(tokens):
        next_tokens = np.concatenate([some[:, 1:], some[:, -1:]], axis=1)  # the last has none: its loss is left out
        parts.append(losses_of_hidden(model.hidden(some, attend), next_tokens, model)[:, :-1])
    return float(np.ascontiguousarray(np.concatenate(parts)).mean())


def calibration_of(weights: ScaledArrays) -> NDArray[np.int64]:
    """Return the calibration text of weights, (n_texts, n_tokens).

    Raises:
        ConfigurationError: they have none.
    """
    found: NDArray[np.int64] | None = getattr(weights, "calibration_tokens", None)
    if found is None:
        raise ConfigurationError("these weights carry no calibration text; give some with --text FILE")
    return found


class _Pool:
    """Statistics of several groups of texts, layer by layer."""

    def __init__(self, n_layer: int) -> None:
        self._found: list[list[Statistics]] = [[] for _ in range(n_layer)]
        self._sizes: list[list[int]] = [[] for _ in range(n_layer)]

    def add(self, layer: int, found: Statistics, size: int) -> None:
        self._found[layer].append(found)
        self._sizes[layer].append(size)

    def statistics(self) -> list[Statistics]:
        return [Statistics.pooled(found, sizes) for found, sizes in zip(self._found, self._sizes, strict=True)]


def _groups(tokens: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    step = max(1, GROUP_TOKENS // tokens.shape[1])
    for start in range(0, len(tokens), step):
        yield tokens[start : start + step]


def read_views(arrays: AttentionArrays, line: CellModel) -> Mapping[str, View]:
    """Return how k and v are seen as they are read: what turns a stored voltage into that of equal linear current.

    Args:
        arrays: the hardware that they are stored in.
        line: the linear cell.
    """
    cells = {"k": arrays.models.cell_k, "v": arrays.models.cell_v}
    return {name: _as_read(cell, arrays.hardware, line) for name, cell in cells.items()}


def _as_read(cell: CellModel, hardware: AttentionHardware, line: CellModel) -> View:
    """Stored voltage -> the voltage that gives the cell's current in the hardware that the weights were trained on."""
    if not isinstance(line, PolynomialCell) or len(line.coefficients) != 2 or line.coefficients[0]:
        raise InputError("the ideal hardware must have a linear cell; take that of linear_models()")
    centre, slope = line.centre, line.coefficients[1]
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
