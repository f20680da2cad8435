"""Accuracy of exact and of analog attention on the probes, one thing varied at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pycosim.attention.analog import AttentionArrays, analog_layers
from pycosim.attention.exact import Attend, exact_attention
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scalers
from pycosim.attention.published import linear_models, published_models
from pycosim.checks import at_least
from pycosim.errors import ConfigurationError
from pycosim.flows.adaptation import adapt_scalers
from pycosim.flows.probe_axes import AXES, ProbeAxis, ProbeHardware
from pycosim.flows.progress import Progress, SilentProgress
from pycosim.flows.saved_attention import SavedAttention, load_attention
from pycosim.flows.workload import shipped_scalers
from pycosim.models.decay import StorageDecay
from pycosim.namespace import AnyArray
from pycosim.probes import NOTHING, Probe, ProbeBatch, ProbePoint, Score, score
from pycosim.transformer.weights import Weights

HELD_OUT = 2**32
"""Is added to the seed of the sequences: no training drew from there."""
PUBLISHED_TOKEN_TIME = 65e-9
"""Of a token in one layer (s) [2025 Leroux]."""
PUBLISHED_DECAY = StorageDecay(time_constant=5e-3, final_voltage=0.45)
"""[2025 Leroux]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """How much is computed.

    Attributes:
        n_sequences: of each task.
        n_dies: of hardware whose parts differ; each answers all sequences.
        steps: of the adaptation to other hardware than that of the training.
        seed: of the sequences and of the first die.
        quick: fewer values of every axis.
    """

    n_sequences: int = 256
    n_dies: int = 3
    steps: int = 20
    seed: int = 0
    quick: bool = False

    def __post_init__(self) -> None:
        for name in ("n_sequences", "n_dies", "steps"):
            at_least(name, getattr(self, name), 1)
        at_least("seed", self.seed, 0)

    @classmethod
    def short(cls, seed: int = 0) -> ProbePlan:
        """Return a plan of seconds: to see that all runs, with errors of a percent."""
        return cls(n_sequences=32, n_dies=2, steps=5, seed=seed, quick=True)

    def values(self, axis: ProbeAxis) -> tuple[float, ...]:
        """The values of an axis."""
        return axis.quick if self.quick else axis.values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OtherHardware:
    """What the probes run on besides the linear hardware of their training.

    Attributes:
        name: for a reader.
        models: behavioural models.
        hardware: levels and longest pulse; tile and window are those of the probes.
        token_time: of a token in one layer (s), by which cells age.
    """

    name: str
    models: AttentionModels
    hardware: AttentionHardware
    token_time: float


def hardware_of_run(saved: SavedAttention) -> OtherHardware:
    """The hardware of an earlier run.

    Its cells age by the time that a token takes in all layers of the transformer that it was run for.
    """
    return OtherHardware(
        name=saved.conditions,
        models=saved.models,
        hardware=saved.hardware,
        token_time=saved.hardware.token_period / len(saved.scalers),
    )


def published_hardware() -> OtherHardware:
    """The published hardware with its cubic cell, cells that decay, and 65 ns for a token  [2025 Leroux]."""
    return OtherHardware(
        name="published cubic cell",
        models=published_models(decay=PUBLISHED_DECAY),
        hardware=AttentionHardware(token_period=PUBLISHED_TOKEN_TIME),
        token_time=PUBLISHED_TOKEN_TIME,
    )


def choose_hardware(run: Path | None, cell: str | None) -> OtherHardware | None:
    """Return the hardware of a run, or published hardware by the name of its cell; None for that of the training.

    Args:
        run: folder of an earlier `pycosim run`; None for published hardware.
        cell: "linear" or "cubic"; None for linear.

    Raises:
        ConfigurationError: both are given, or there is no such cell.
        InputError: no run lies there, or it is damaged.
    """
    if run is not None and cell is not None:
        raise ConfigurationError("--models and --cell both name hardware; leave one of them out")
    if run is not None:
        return hardware_of_run(load_attention(run))
    if cell not in (None, "linear", "cubic"):
        raise ConfigurationError(f"there is no published cell {cell!r}; take linear or cubic")
    return published_hardware() if cell == "cubic" else None


def run_probes(
    probes: Sequence[Probe],
    other: OtherHardware | None,
    plan: ProbePlan,
    progress: Progress,
    *,
    axes: Sequence[str] = tuple(AXES),
) -> list[ProbePoint]:
    """Measure the accuracy of every probe with exact, linear and analog attention.

    Args:
        probes: from `load_probe`.
        other: hardware that the scalers are adapted to; None for the linear hardware alone.
        plan: how much to compute.
        progress: told of every point.
        axes: what is varied, names of `AXES`.

    Raises:
        ConfigurationError: there is no such axis.
    """
    chosen = [_axis(name) for name in axes]
    points = []
    for probe in probes:
        n_points = 1 + sum(len(plan.values(axis)) for axis in chosen)
        total = n_points * (1 if other is None else 2) + 1 + len(_exact_windows(chosen, plan))
        progress.stage(f"probe: {probe.task.name}", total=total)
        for point in _points(probe, other, plan, chosen):
            points.append(point)
            progress.advance()
    return points


def _points(
    probe: Probe, other: OtherHardware | None, plan: ProbePlan, axes: Sequence[ProbeAxis]
) -> Iterator[ProbePoint]:
    batch = probe.task.draw(plan.n_sequences, HELD_OUT + plan.seed)
    softmax = _Row(probe=probe, model="softmax", attention="exact")
    yield softmax.point(score(probe.softmax, exact_attention, batch), None, None)
    for axis, window in _exact_windows(axes, plan):
        yield softmax.point(score(probe.softmax, _within(int(window)), batch), axis, window)
    scalers = shipped_scalers(probe.linear)
    base = linear_hardware(probe.linear)
    yield from _varied(_Row(probe=probe, model="linear", attention="linear"), base, scalers, batch, plan, axes)
    if other is not None:
        own = fitted_hardware(probe.linear, other)
        adapted, _ = adapt_scalers(base.arrays(), own.arrays(), probe.linear, scalers, plan.steps, SilentProgress())
        row = _Row(probe=probe, model="linear", attention="analog")
        yield from _varied(row, own, adapted.scalers, batch, plan, axes)


def _exact_windows(axes: Sequence[ProbeAxis], plan: ProbePlan) -> list[tuple[ProbeAxis, float]]:
    return [(axis, value) for axis in axes if axis.name == "window" for value in plan.values(axis)]


def linear_hardware(weights: Weights) -> ProbeHardware:
    """The published linear hardware with the sizes that weights were trained for.

    Its cells decay by the published law, but take no time for a token: they keep what was written, as in training.

    Args:
        weights: of a probe, trained for it.
    """
    tile, window = (int(weights.metadata[name]) for name in ("tile", "window"))
    hardware = AttentionHardware(token_period=0.0, tile=tile, window=window)
    return ProbeHardware(models=linear_models(decay=PUBLISHED_DECAY), hardware=hardware)


def fitted_hardware(weights: Weights, other: OtherHardware) -> ProbeHardware:
    """Other hardware with the sizes that weights were trained for.

    Args:
        weights: of a probe.
        other: levels, longest pulse and models.
    """
    tile, window = (int(weights.metadata[name]) for name in ("tile", "window"))
    period = other.token_time * weights.config.n_layer
    return ProbeHardware(
        models=other.models, hardware=replace(other.hardware, tile=tile, window=window, token_period=period)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What the points of one model on one attention have in common."""

    probe: Probe
    model: str
    attention: str

    def point(self, found: Score, axis: ProbeAxis | None, value: float | None) -> ProbePoint:
        return ProbePoint(
            task=self.probe.task.name,
            model=self.model,
            attention=self.attention,
            axis=NOTHING if axis is None else axis.name,
            value=value,
            unit="" if axis is None else axis.unit,
            accuracy=found.accuracy,
            standard_error=found.standard_error,
            chance=self.probe.task.chance,
            n_answers=len(found.right) * int(found.asked.sum()),
        )


def _varied(
    row: _Row,
    hardware: ProbeHardware,
    scalers: Sequence[Scalers],
    batch: ProbeBatch,
    plan: ProbePlan,
    axes: Sequence[ProbeAxis],
) -> Iterator[ProbePoint]:
    """The hardware as it is, then every value of every axis."""

    def answered(arrays: AttentionArrays) -> Score:
        return score(row.probe.linear, analog_layers(arrays, scalers), batch)

    yield row.point(answered(hardware.arrays()), None, None)
    for axis in axes:
        for value in plan.values(axis):
            seeds = range(plan.seed, plan.seed + (plan.n_dies if axis.is_random else 1))
            dies = [answered(hardware.with_value(axis.name, value, seed=seed)) for seed in seeds]
            yield row.point(Score.of_dies(dies), axis, value)


def _within(window: int) -> Attend:
    """Softmax attention to the last tokens."""

    def attend(q: AnyArray, k: AnyArray, v: AnyArray) -> AnyArray:
        return exact_attention(q, k, v, window=window)

    return attend


def _axis(name: str) -> ProbeAxis:
    if name not in AXES:
        raise ConfigurationError(f"there is no axis {name!r}; take one of {', '.join(AXES)}")
    return AXES[name]
