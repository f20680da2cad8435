"""How much of one imperfection the accuracy stands: its size is raised on otherwise ideal linear hardware."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.hardware import AttentionHardware, AttentionModels
from pycosim.attention.imperfections import Imperfections
from pycosim.attention.published import linear_models, published_spreads
from pycosim.evaluate.accuracy import Losses, loss_difference, token_losses
from pycosim.flows.effect_accuracy import TOLERANCE
from pycosim.flows.effects import MeasuredEffects
from pycosim.flows.progress import Progress
from pycosim.flows.workload import Workload

N_SIZES = 7
"""Sizes of a sweep. Ours: a factor of two from one to the next of a converter's offset."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Hardware with one imperfection of one size.

    Attributes:
        models: of cells, converters, decay.
        imperfections: differences between parts, and noise; None for none.
        token_period: time between two tokens of one head (s); None for that of the hardware.
    """

    models: AttentionModels
    imperfections: Imperfections | None = None
    token_period: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sweep:
    """One imperfection in several sizes.

    Attributes:
        key: identifier in the results file.
        name: in words, what deviates.
        measure: how its size is told.
        unit: of the sizes.
        sizes: increasing.
        cases: the hardware with each size.
    """

    key: str
    name: str
    measure: str
    unit: str
    sizes: tuple[float, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """What a sweep costs.

    Attributes:
        sweep: sizes and hardware.
        differences: mean loss less that of ideal linear hardware, per size (nats).
        errors: standard errors of the differences (nats).
    """

    sweep: Sweep
    differences: tuple[float, ...]
    errors: tuple[float, ...]

    def allowed(self, ratio: float) -> float | None:
        """Size at which the perplexity is this much over the ideal one; None where all sizes cost less, or all more.

        Interpolated between the squares of the sizes, from the last size that costs less: what small deviations cost
        grows with their variance.
        """
        ratios = np.exp(self.differences)
        beyond = np.flatnonzero(ratios > ratio)
        if not beyond.size or not beyond[0]:
            return None
        last = int(beyond[0])
        share = (ratio - ratios[last - 1]) / (ratios[last] - ratios[last - 1])
        low, high = np.square(self.sweep.sizes[last - 1 : last + 1])
        return float(np.sqrt(low + share * (high - low)))


def sweeps_of(measured: MeasuredEffects, hardware: AttentionHardware, seed: int, *, quick: bool = False) -> list[Sweep]:
    """Offset, gain and noise of both converters, mismatch of cells, age of the oldest token.

    Both converters have the same offset and noise in seconds: the second's pulse is counted by the clock that the
    first's is made for.

    Args:
        measured: gives the cells and their decay.
        hardware: gives the window.
        seed: of dies and noise.
        quick: two sizes each.
    """
    linear, oldest = linear_models(), hardware.window - 1
    converters = [
        Sweep(
            key=key,
            name=name,
            measure="standard deviation",
            unit=unit,
            sizes=sizes,
            cases=tuple(_converters(seed, part, size) for size in sizes),
        )
        for key, name, unit, part, sizes in (
            ("converter_offset_s", "offset of converters", "s", "offset", _sizes(25e-12, 1.6e-9, quick)),
            ("converter_gain", "gain of converters", "", "gain", _sizes(0.01, 0.32, quick)),
            ("converter_noise_s", "noise of a conversion", "s", "noise", _sizes(25e-12, 1.6e-9, quick)),
        )
    ]
    cells = [
        Sweep(
            key="cell_mismatch",
            name="mismatch of cells",
            measure="over that of the technology",
            unit="",
            sizes=(scales := _sizes(1.0, 8.0, quick)),
            cases=tuple(
                Case(
                    models=linear,
                    imperfections=Imperfections(
                        seed=seed, cells=tuple(replace(cell, sigma=scale * cell.sigma) for cell in measured.cells)
                    ),
                )
                for scale in scales
            ),
        )
    ]
    longest = min((domain.high for domain in measured.typical.decay.domain if domain.quantity == "age"), default=np.inf)
    ages = [age for age in _sizes(1e-3, 0.499, quick) if age <= longest]
    decay = replace(linear, decay=measured.typical.decay)
    drift = Sweep(
        key="oldest_age_s",
        name="drift of the cells",
        measure="age of the oldest token",
        unit="s",
        sizes=tuple(ages),
        cases=tuple(Case(models=decay, token_period=age / oldest) for age in ages),
    )
    return [*converters, *(cells if measured.cells else []), drift]


def sweep_losses(
    sweep: Sweep, workload: Workload, hardware: AttentionHardware, progress: Progress, *, n_tokens: int | None = None
) -> Curve:
    """Run the transformer on every size, with the scalers that its weights were trained with.

    Args:
        sweep: sizes and hardware.
        workload: weights and text.
        hardware: sizes; the levels are left out.
        progress: told of every size.
        n_tokens: how much of the text to predict; None for all.
    """
    smooth = replace(hardware, n_input_levels=None, n_stored_levels=None, n_output_counts=None)

    def losses(case: Case) -> Losses:
        own = smooth if case.token_period is None else replace(smooth, token_period=case.token_period)
        arrays = factored_arrays(case.models, own, imperfections=case.imperfections, tolerance=TOLERANCE)
        layers = analog_layers(arrays, workload.scalers)
        return token_losses(workload.tokens, workload.linear, layers, n_tokens=n_tokens)

    reference, found = losses(Case(models=linear_models())), []
    for case in sweep.cases:
        found.append(loss_difference(losses(case), reference, workload.linear.config.n_ctx))
        progress.advance()
    return Curve(sweep=sweep, differences=tuple(d for d, _ in found), errors=tuple(e for _, e in found))


def _converters(seed: int, part: str, size: float) -> Case:
    """Both converters with a spread of one kind, on the linear hardware."""
    first, second = published_spreads(
        offset=size if part == "offset" else 0.0,
        gain=size if part == "gain" else 0.0,
        noise=size if part == "noise" else 0.0,
    )
    return Case(models=linear_models(), imperfections=Imperfections(seed=seed, first=first, second=second))


def _sizes(low: float, high: float, quick: bool) -> tuple[float, ...]:
    return tuple(float(size) for size in np.geomspace(low, high, 2 if quick else N_SIZES))
