"""The transformer on hardware with each effect: perplexity with fixed scalers, and with adapted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pycosim.attention.analog import AttentionArrays, analog_layers, factored_arrays
from pycosim.attention.hardware import AttentionHardware, Scalers
from pycosim.attention.published import linear_models
from pycosim.errors import InputError
from pycosim.evaluate.accuracy import Accuracy, Losses, accuracy_of_losses, loss_difference, token_losses
from pycosim.flows.adaptation import adapt_scalers
from pycosim.flows.effects import IDEAL, TYPICAL, Effect
from pycosim.flows.progress import Progress, SilentProgress
from pycosim.flows.workload import Workload

TOLERANCE = 1e-6
"""Largest error of a cell's charge over the largest, in the read of unquantised operands. Ours: a thousandth of a step
of the stored levels' charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPlan:
    """How much is computed for one row.

    Attributes:
        n_dies: dies of a row that is random; the others need one.
        steps: of the adaptation.
        n_sequences: of calibration text that the adaptation looks at.
    """

    n_dies: int = 3
    steps: int = 5
    n_sequences: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One set of scalers on one hardware.

    Attributes:
        accuracy: on the held-out text.
        difference: mean loss less that of the ideal hardware (nats).
        difference_error: standard error of the difference, over the chunks of the text (nats).
    """

    accuracy: Accuracy
    difference: float
    difference_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectResult:
    """One row of the table.

    Attributes:
        effect: what was switched on.
        trained: with the scalers of the weights, as trained for linear hardware; mean loss over the dies.
        n_dies: how many dies that is.
        die_deviation: standard deviation of the mean loss between dies (nats); None for one die.
        typical: with the scalers that were adapted to the typical circuits; None for effects alone. First die.
        adapted: with scalers adapted to this very hardware. First die.
    """

    effect: Effect
    trained: Comparison
    n_dies: int
    die_deviation: float | None
    typical: Comparison | None
    adapted: Comparison

    @property
    def trained_error(self) -> float:
        """Standard error of the difference of `trained` (nats): of the text, and of a mean over so many dies."""
        between = 0.0 if self.die_deviation is None else self.die_deviation / np.sqrt(self.n_dies)
        return float(np.hypot(self.trained.difference_error, between))


def effect_results(
    rows: Sequence[Effect], workload: Workload, hardware: AttentionHardware, plan: EffectPlan, progress: Progress
) -> list[EffectResult]:
    """Run the transformer on every row's hardware.

    Args:
        rows: the ideal hardware first, the typical circuits before all others of their group; see `effects`.
        workload: weights and text.
        hardware: sizes and levels of quantised rows; the others have the sizes only.
        plan: how much to compute.
        progress: told of every row.
    """
    if rows[0].name != IDEAL:
        raise InputError(f"the first row must be the {IDEAL}, found {rows[0].name!r}; take the rows of effects()")
    runner = _Runner(workload=workload, hardware=hardware, plan=plan)
    reference = runner.losses(rows[0], workload.scalers, die=0)
    typical: list[Scalers] | None = None
    results = []
    for effect in rows:
        dies = [runner.losses(effect, workload.scalers, die) for die in range(plan.n_dies if effect.is_random else 1)]
        own = runner.adapted(effect)
        runs = [np.mean(dies, axis=0), runner.losses(effect, own, die=0)]
        if effect.group == "circuits":
            typical = own if effect.name == TYPICAL else typical
            assert typical is not None
            runs.append(runner.losses(effect, typical, die=0))
        compared = [_compared(losses, reference, workload) for losses in runs]
        results.append(
            EffectResult(
                effect=effect,
                trained=compared[0],
                n_dies=len(dies),
                die_deviation=float(np.std([d.mean() for d in dies], ddof=1)) if len(dies) > 1 else None,
                typical=compared[2] if len(compared) > 2 else None,
                adapted=compared[1],
            )
        )
        progress.advance()
    return results


def _compared(losses: Losses, reference: Losses, workload: Workload) -> Comparison:
    n_chunk = workload.linear.config.n_ctx
    difference, error = loss_difference(losses, reference, n_chunk)
    return Comparison(accuracy=accuracy_of_losses(losses, n_chunk), difference=difference, difference_error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runner:
    """The transformer on the hardware of a row."""

    workload: Workload
    hardware: AttentionHardware
    plan: EffectPlan

    def losses(self, effect: Effect, scalers: Sequence[Scalers], die: int) -> Losses:
        """Loss of every token of the text (nats)."""
        layers = analog_layers(self._arrays(effect, die), scalers)
        return token_losses(self.workload.tokens, self.workload.linear, layers)

    def adapted(self, effect: Effect) -> list[Scalers]:
        """The scalers after the adaptation to the first die."""
        ideal = factored_arrays(linear_models(), self._hardware(effect))
        found, _ = adapt_scalers(
            ideal,
            self._arrays(effect, die=0),
            self.workload.linear,
            self.workload.scalers,
            self.plan.steps,
            SilentProgress(),
            n_sequences=self.plan.n_sequences,
        )
        return list(found.scalers)

    def _hardware(self, effect: Effect) -> AttentionHardware:
        if effect.quantised:
            return self.hardware
        return replace(self.hardware, n_input_levels=None, n_stored_levels=None, n_output_counts=None)

    def _arrays(self, effect: Effect, die: int) -> AttentionArrays:
        flaws = effect.imperfections
        own = None if flaws is None else replace(flaws, seed=flaws.seed + die)
        return factored_arrays(effect.models, self._hardware(effect), imperfections=own, tolerance=TOLERANCE)
