"""What a language model loses on analog hardware as one thing of it varies: levels, decay, window, mismatch, noise.

Every case changes one thing and leaves the rest as it was, the scalers too: the loss is that of hardware that turns out
other than the one that the weights were adapted to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scalers
from pycosim.attention.imperfections import Imperfections
from pycosim.attention.linear_law import HALF_SUPPLY
from pycosim.attention.published import published_spreads
from pycosim.evaluate.accuracy import Accuracy, Losses, accuracy_of_losses, loss_difference, token_losses
from pycosim.flows.evaluate import AttentionKind
from pycosim.flows.evaluate_model import attention_of, read_tokens
from pycosim.flows.progress import Progress
from pycosim.flows.saved_attention import SavedAttention
from pycosim.models.decay import StorageDecay
from pycosim.models.spread import CellDeviation
from pycosim.transformer.attend import Tokens
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.model import LanguageModel

TOLERANCE = 1e-6
"""Largest error of a cell's charge over the largest, in a factored read. Ours: a thousandth of a step of the levels."""

BATCH_TOKENS = 4096
"""Tokens that run together: they fill the processor, and not its memory."""

AXES = ("quantisation", "decay", "window", "mismatch", "noise")
"""What is varied."""

INPUT_LEVELS: tuple[int | None, ...] = (None, 64, 32, 16, 8, 4)
STORED_LEVELS: tuple[int | None, ...] = (None, 64, 32, 16, 8, 4, 2)
"""The paper's grid with two rows more [2025 Leroux]; None for any width or voltage."""

DECAY_TOKENS = (16, 64, 256, 1024, 4096, 16384, 65536)
"""Time constants over the time from one token to the next."""

RELATIVE_MISMATCH = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Standard deviations between parts, of a cell's charge or of a converter's gain."""

PULSE_ERRORS = (25e-12, 50e-12, 100e-12, 200e-12, 400e-12, 800e-12, 1600e-12)
"""Standard deviations of a pulse's width between converters, or from read to read, s."""

Settings = Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HardwareSubject:
    """A language model on analog hardware, with a text.

    Attributes:
        model: with weights that were trained for such hardware.
        models: of cells, converters and decay.
        hardware: sizes and levels.
        scalers: adapted to these, one set per layer.
        tokens: the text's ids, (n_tokens + 1,).
        seed: of dies and noise.
    """

    model: LanguageModel
    models: AttentionModels
    hardware: AttentionHardware
    scalers: Sequence[Scalers]
    tokens: Tokens
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One hardware.

    Attributes:
        axis: what varies.
        settings: how far, in SI units, as a row of a table has it.
        models: of cells, converters and decay.
        hardware: sizes and levels.
        imperfections: differences between parts, and noise; None for none.
    """

    axis: str
    settings: Settings
    models: AttentionModels
    hardware: AttentionHardware
    imperfections: Imperfections | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptAccuracy:
    """What a case costs.

    Attributes:
        axis: of the case.
        settings: of the case.
        accuracy: on the text.
        difference: mean loss less that of the subject as it is (nats).
        difference_error: its standard error, between chunks of the text (nats).
    """

    axis: str
    settings: Settings
    accuracy: Accuracy
    difference: float
    difference_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracySweeps:
    """All that was swept of one subject.

    Attributes:
        reference: accuracy of the subject as it is.
        rows: in the order of the cases.
    """

    reference: Accuracy
    rows: tuple[SweptAccuracy, ...] = field(default_factory=tuple)

    def of(self, axis: str) -> tuple[SweptAccuracy, ...]:
        """Return the rows of one axis."""
        return tuple(row for row in self.rows if row.axis == axis)


def hardware_subject(
    model: Gpt2 | Llama, saved: SavedAttention, text: Path | None, n_tokens: int, seed: int
) -> HardwareSubject:
    """A model on the hardware of an earlier run.

    Args:
        model: from `load_model`.
        saved: models, hardware, and scalers; the model's own are used where these are for another.
        text: file in UTF-8; None for the held-out text.
        n_tokens: to predict, at most.
        seed: of dies and noise.

    Raises:
        ConfigurationError: the scalers are those of another model, and it has none.
        InputError: the text cannot be read.
    """
    attention = attention_of(model, AttentionKind.analog, saved)
    assert attention.arrays is not None
    return HardwareSubject(
        model=model,
        models=saved.models,
        hardware=attention.arrays.hardware,
        scalers=attention.scalers,
        tokens=read_tokens(model, text)[: n_tokens + 1],
        seed=seed,
    )


def sweep_accuracy(subject: HardwareSubject, cases: Sequence[Case], progress: Progress) -> AccuracySweeps:
    """Run the text on every case's hardware.

    Args:
        subject: model, hardware, text.
        cases: from the functions below, or one's own.
        progress: told of every case.
    """
    progress.stage("transformer on varied hardware", total=len(cases) + 1)
    n_chunk = subject.model.config.n_ctx
    reference = _losses(subject, Case(axis="", settings={}, models=subject.models, hardware=subject.hardware))
    progress.advance()
    rows = []
    for case in cases:
        losses = _losses(subject, case)
        difference, error = loss_difference(losses, reference, n_chunk)
        rows.append(
            SweptAccuracy(
                axis=case.axis,
                settings=case.settings,
                accuracy=accuracy_of_losses(losses, n_chunk),
                difference=difference,
                difference_error=error,
            )
        )
        progress.advance()
    return AccuracySweeps(reference=accuracy_of_losses(reference, n_chunk), rows=tuple(rows))


def all_cases(subject: HardwareSubject, *, quick: bool = False) -> list[Case]:
    """Every case of this file; the ends and the middle of each axis where quick."""
    kinds = (quantisation_cases, decay_cases, window_cases, mismatch_cases, noise_cases)
    found = [kind(subject) for kind in kinds]
    return [case for cases in found for case in (_few(cases) if quick else cases)]


def _few(cases: list[Case]) -> list[Case]:
    """The first, the middle and the last."""
    return [cases[place] for place in sorted({0, len(cases) // 2, len(cases) - 1})] if cases else []


def quantisation_cases(subject: HardwareSubject) -> list[Case]:
    """Levels of queries by levels of keys and values."""
    return [
        Case(
            axis="quantisation",
            settings={"input_levels": inputs, "stored_levels": stored},
            models=subject.models,
            hardware=replace(subject.hardware, n_input_levels=inputs, n_stored_levels=stored),
        )
        for inputs in INPUT_LEVELS
        for stored in STORED_LEVELS
    ]


def decay_cases(subject: HardwareSubject) -> list[Case]:
    """Stored voltages that relax to half of the supply, and those that stay."""
    period = subject.hardware.token_period
    if not period:
        return []
    cases = []
    for tokens in DECAY_TOKENS:
        decay = StorageDecay(time_constant=tokens * period, final_voltage=HALF_SUPPLY)
        cases.append(
            Case(
                axis="decay",
                settings={"time_constant_s": tokens * period, "time_constant_tokens": tokens},
                models=replace(subject.models, decay=decay),
                hardware=subject.hardware,
            )
        )
    return cases


def window_cases(subject: HardwareSubject) -> list[Case]:
    """Tokens that a head holds, in tiles: halved down to one, as many as the context has at most."""
    tile, most = subject.hardware.tile, subject.model.config.n_ctx
    tiles = sorted({max(1, -(-most // (tile << halving))) for halving in range(most.bit_length())})
    return [
        Case(
            axis="window",
            settings={"tokens": n * tile},
            models=subject.models,
            hardware=replace(subject.hardware, window=n * tile),
        )
        for n in tiles
    ]


def mismatch_cases(subject: HardwareSubject) -> list[Case]:
    """Dies whose cells or converters differ: each cell's charge, each converter's gain, each converter's pulse."""
    cells = [_of_cells(subject, sigma) for sigma in RELATIVE_MISMATCH]
    gains = [_of_converters(subject, "mismatch", "converter gain", gain=sigma) for sigma in RELATIVE_MISMATCH]
    offsets = [_of_converters(subject, "mismatch", "converter offset", offset=sigma) for sigma in PULSE_ERRORS]
    return [*cells, *gains, *offsets]


def noise_cases(subject: HardwareSubject) -> list[Case]:
    """Noise of every conversion, drawn anew for each."""
    return [_of_converters(subject, "noise", "conversion", noise=sigma) for sigma in PULSE_ERRORS]


def _of_cells(subject: HardwareSubject, sigma: float) -> Case:
    cell = CellDeviation(name="charge of a read", sigma=sigma, sensitivity=subject.models.cell_k)
    return Case(
        axis="mismatch",
        settings={"part": "cell charge", "sigma": sigma, "unit": ""},
        models=subject.models,
        hardware=subject.hardware,
        imperfections=Imperfections(seed=subject.seed, cells=(cell,)),
    )


def _of_converters(
    subject: HardwareSubject, axis: str, part: str, *, gain: float = 0.0, offset: float = 0.0, noise: float = 0.0
) -> Case:
    first, second = published_spreads(offset=offset, gain=gain, noise=noise)
    return Case(
        axis=axis,
        settings={"part": part, "sigma": gain or offset or noise, "unit": "" if gain else "s"},
        models=subject.models,
        hardware=subject.hardware,
        imperfections=Imperfections(seed=subject.seed, first=first, second=second),
    )


def _losses(subject: HardwareSubject, case: Case) -> Losses:
    arrays = factored_arrays(case.models, case.hardware, imperfections=case.imperfections, tolerance=TOLERANCE)
    batch = max(1, BATCH_TOKENS // subject.model.config.n_ctx)
    return token_losses(subject.tokens, subject.model, analog_layers(arrays, subject.scalers), batch=batch)
