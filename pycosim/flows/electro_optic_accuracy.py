"""Stage 6 of the electro-optic flow: transformers with softmax, Optmax, sigmoid and Optmoid, over bits and noise.

A task is anything that says how good a transformer is with some attention (`electro_optic_tasks`): a language model on
text, a vision transformer on digits, each with the weights that are to be had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Literal, Protocol

import numpy as np

from pycosim.attention.electro_optic import (
    Nonlinearity,
    Optmax,
    Optmoid,
    Weigh,
    sigmoid_weights,
    weighing_attention,
)
from pycosim.attention.exact import Attend, masked_softmax
from pycosim.checks import Array
from pycosim.evaluate.accuracy import Accuracy
from pycosim.flows.electro_optic_models import Operators
from pycosim.flows.progress import Progress

Unit = Literal["softmax", "optmax", "optmax 2", "optmax 3", "sigmoid", "optmoid"]
Noise = Literal["none", "simulated", "additive", "multiplicative"]
Trained = Literal["softmax", "sigmoid", "optmax", "optmoid"]
"""Exact attention at full precision, or a unit between converters of 4 bit with noise."""

BITS: tuple[int | None, ...] = (None, 8, 4, 2)
"""Bits of the unit's converters; None for full precision."""

SIGMAS = (0.005, 0.01, 0.02, 0.05, 0.1)
"""Deviations of added noise, in shares of full scale."""

TUNED: tuple[Trained, ...] = ("optmax", "optmoid")
"""What weights were trained with that know their unit's response, its converters and noise."""


class Task(Protocol):
    """A transformer with its data."""

    @property
    def name(self) -> str:
        """Of the transformer and its data, in tables and results."""

    @property
    def trained(self) -> Trained:
        """What its weights were trained with."""

    @property
    def metric(self) -> str:
        """What `score` gives: "perplexity" or "accuracy"."""

    @property
    def causal(self) -> bool:
        """Whether a token attends to those before it alone."""

    @property
    def units(self) -> tuple[Unit, ...]:
        """What it is scored with."""

    def score(self, attend: Attend, *, whole: bool) -> tuple[float, Accuracy | None]:
        """How good it is with an attention, on all data or the part for sweeps; with what a report shows of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attention.

    Attributes:
        unit: which nonlinearity; "optmax 2" and "optmax 3" have so many modulators in series.
        bits: of its converters; None for full precision.
        noise: which noise.
        sigma: its deviation over full scale: at full scale for the simulated one.
    """

    unit: Unit
    bits: int | None = None
    noise: Noise = "none"
    sigma: float = 0.0

    @property
    def key(self) -> str:
        """A name for the report: "optmax_4_bit_additive_0.02"."""
        bits = "" if self.bits is None else f"_{self.bits}_bit"
        noise = "" if self.noise == "none" else f"_{self.noise}_noise" + (f"_{self.sigma:g}" if self.sigma else "")
        return self.unit.replace(" ", "_") + bits + noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good a task was with a case.

    Attributes:
        task: name.
        trained: what its weights were trained with.
        metric: "perplexity" or "accuracy".
        case: the attention.
        whole: whether on all data.
        value: the metric's.
        accuracy: of a language model; None for another task.
    """

    task: str
    trained: Trained
    metric: str
    case: Case
    whole: bool
    value: float
    accuracy: Accuracy | None


UNITS: tuple[Unit, ...] = ("softmax", "optmax", "sigmoid", "optmoid")
"""The functions, each before the unit that stands in for it."""


def whole_cases() -> tuple[Case, ...]:
    """The attentions that are scored on all data: each unit between converters of so many bits."""
    return tuple(Case(unit=unit, bits=bits) for bits in BITS for unit in UNITS)


def swept_cases(*, quick: bool) -> tuple[Case, ...]:
    """The attentions that are scored on a part of the data: with noise, and with more modulators in series.

    What they are to be compared with comes first, on the same part.
    """
    found = [Case(unit=unit, bits=bits) for bits in (None, 4) for unit in UNITS]
    found += [Case(unit=unit, bits=bits, noise="simulated") for bits in (None, 4) for unit in ("optmax", "optmoid")]
    if quick:
        return tuple(found)
    found += [Case(unit=unit, bits=bits) for bits in (None, 4) for unit in ("optmax 2", "optmax 3")]
    for noise in ("additive", "multiplicative"):
        found += [Case(unit=unit, bits=4, noise=noise, sigma=s) for unit in ("optmax", "optmoid") for s in SIGMAS]
    return tuple(found)


def evaluate_units(
    tasks: Sequence[Task], operators: Operators, progress: Progress, *, quick: bool, seed: int
) -> tuple[Score, ...]:
    """Score every task with every case.

    Args:
        tasks: at least one.
        operators: the models of this run.
        progress: told of each score.
        quick: fewer cases.
        seed: of all noise.
    """
    every = [(case, True) for case in whole_cases()] + [(case, False) for case in swept_cases(quick=quick)]
    scores = []
    for task in tasks:
        wanted = [(case, whole) for case, whole in every if _concerns(task, case)]
        progress.stage(f"{task.name}, trained with {task.trained}: over bits and noise", total=len(wanted))
        for case, whole in wanted:
            attend = weighing_attention(weighing(operators, case, seed=seed), causal=task.causal)
            value, accuracy = task.score(attend, whole=whole)
            scores.append(
                Score(
                    task=task.name,
                    trained=task.trained,
                    metric=task.metric,
                    case=case,
                    whole=whole,
                    value=value,
                    accuracy=accuracy,
                )
            )
            progress.advance()
    return tuple(scores)


def _concerns(task: Task, case: Case) -> bool:
    """Whether a task is scored with a case; multiplicative noise is mild enough for weights that know of none."""
    return case.unit in task.units and not (case.noise == "multiplicative" and task.trained in TUNED)


def weighing(operators: Operators, case: Case, *, seed: int) -> Weigh:
    """The weights of a case: exact, quantised alone, or of the models."""
    sigma, relative = (None, 0.0) if case.noise == "simulated" else (case.sigma, 0.0)
    if case.noise == "multiplicative":
        sigma, relative = 0.0, case.sigma
    if case.unit in ("softmax", "sigmoid"):
        return _digital(case)
    if case.unit == "optmoid":
        return operators.optmoid(bits=case.bits, sigma=sigma, relative=relative, seed=seed)
    count = int(case.unit.removeprefix("optmax") or 1)
    return operators.optmax(n_modulators=count, bits=case.bits, sigma=sigma, relative=relative, seed=seed)


def _digital(case: Case) -> Weigh:
    """Exact functions between the same converters, whose range ends where the output rounds to its end."""
    if case.bits is None:
        return masked_softmax if case.unit == "softmax" else sigmoid_weights
    reach = log(2.0 * ((1 << case.bits) - 1))
    if case.unit == "softmax":
        operand = Nonlinearity(law=np.exp, low=-reach, high=0.0, bits=case.bits)
        return Optmax(operand=operand, divisor=Nonlinearity(law=np.reciprocal, low=1.0, high=2.0, bits=case.bits))
    swing = Nonlinearity(law=_sigmoid, low=-reach, high=reach, bits=case.bits)
    return Optmoid(operand=swing)


def _sigmoid(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))
