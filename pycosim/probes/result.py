"""One row of what the probes found."""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = "none"
"""The axis of a row in which nothing is varied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePoint:
    """The accuracy of one model on one attention.

    Attributes:
        task: name of the probe.
        model: weights, "softmax" or "linear": what they were trained for.
        attention: "exact", "linear" (the hardware of the training) or "analog" (other hardware, scalers adapted to it).
        axis: what is varied; `NOTHING` for the hardware as it is.
        value: of it, in the axis' unit; None where nothing is varied.
        unit: "" for a number.
        accuracy: share of right answers.
        standard_error: of it; see `Score.standard_error`.
        chance: accuracy of a blind guess.
        n_answers: asked for, over all dies.
    """

    task: str
    model: str
    attention: str
    axis: str
    value: float | None
    unit: str
    accuracy: float
    standard_error: float
    chance: float
    n_answers: int
