import numpy as np
import pytest

from pycosim.attention import (
    AttentionHardware,
    AttentionTrace,
    Measurement,
    Moments,
    Scaler,
    Scalers,
    Schedule,
    Statistics,
    adapt,
    analog_layers,
    factored_arrays,
    linear_models,
    published_cell,
    published_models,
)
from pycosim.attention.adaptation import tied
from pycosim.errors import InputError

HARDWARE = AttentionHardware(token_period=1e-6)
RNG = np.random.default_rng(0)
INPUTS = [RNG.standard_normal((3, 2, 2, 64, 16)) * scale for scale in (0.3, 0.8)]
GOOD = Scalers(
    q=Scaler.constant(2, 0.4, 0.4),
    k=Scaler.constant(2, 0.25, 0.45),
    v=Scaler.constant(2, 0.25, 0.45),
    out=Scaler.constant(2, 1.0, 0.0),
)


def two_layers(scalers: list[Scalers], *, models: object, seen_as: object = None) -> Measurement:
    """Two layers, where the second layer's operands depend on what the first layer gave."""
    found: list[Statistics] = []

    def watch(trace: AttentionTrace) -> None:
        found.append(Statistics.of(trace, seen_as=seen_as))

    layers = analog_layers(factored_arrays(models, HARDWARE), scalers, [watch, watch])
    first = layers[0](*INPUTS[0])
    layers[1](*(INPUTS[1] + first))
    return Measurement(statistics=found)


TARGETS = two_layers([GOOD, GOOD], models=linear_models()).statistics


def test_adaptation_brings_nonlinear_hardware_to_the_statistics_of_the_linear() -> None:
    start = [Scalers.identity(2)] * 2
    result = adapt(lambda scalers: two_layers(scalers, models=published_models()), start, TARGETS)
    errors = [max(row.mean_error, row.deviation_error) for row in result.history]
    assert errors[0] > 0.3
    assert errors[min(12, len(errors) - 1)] < 0.02  # the paper: 5 to 12 iterations suffice
    assert result.chosen == len(result.history) - 1
    assert result.converged
    k = result.scalers[0].k
    assert np.allclose([k.a, k.b], [[0.25] * 2, [0.45] * 2], atol=1e-3)  # k sees the same input in both models


def test_scalers_that_fit_already_are_left_alone() -> None:
    result = adapt(lambda scalers: two_layers(scalers, models=linear_models()), [GOOD, GOOD], TARGETS)
    assert result.converged
    assert [row.alpha for row in result.history] == [0.0]
    assert result.scalers == (GOOD, GOOD)


def test_statistics_can_be_those_of_the_cell_current() -> None:
    cell, slope = published_cell(), 19.3  # uA/V
    linear = {name: lambda volts: slope * (np.clip(volts, 0, 0.9) - 0.45) for name in ("k", "v")}
    cubic = {name: lambda volts: 1e6 * cell.current(np.clip(volts, 0, 0.9)) for name in ("k", "v")}
    targets = two_layers([GOOD, GOOD], models=linear_models(), seen_as=linear).statistics
    result = adapt(
        lambda scalers: two_layers(scalers, models=published_models(), seen_as=cubic),
        [GOOD, GOOD],
        targets,
        slopes={"k": slope, "v": slope},
        schedule=Schedule(tolerance=1e-3),
    )
    last = two_layers(list(result.scalers), models=published_models(), seen_as=cubic).statistics
    for found, target in zip(last, targets, strict=True):
        assert np.allclose(found.k.mean, target.k.mean, atol=2e-3)
        assert np.allclose(found.k.deviation, target.k.deviation, atol=2e-3)


def affine(scalers: list[Scalers], *, loss: float | None = None) -> Measurement:
    """Every signal is the scaler of a unit normal signal: the update can be followed by hand."""

    def moments(scaler: Scaler) -> Moments:
        return Moments(mean=scaler.b, deviation=np.abs(scaler.a))

    layer = scalers[0]
    statistics = Statistics(q=moments(layer.q), k=moments(layer.k), v=moments(layer.v), out=moments(layer.out))
    return Measurement(statistics=[statistics], loss=loss)


def test_one_full_step_suffices_where_signals_do_not_depend_on_each_other() -> None:
    result = adapt(affine, [Scalers.identity(2)], affine([GOOD]).statistics)
    assert result.converged
    assert len(result.history) == 2
    assert np.allclose(result.scalers[0].v.b, 0.45)


def test_alpha_falls_linearly_from_one_to_a_tenth_over_fifty_steps() -> None:
    schedule = Schedule()
    alphas = [schedule.alpha(step) for step in range(100)]
    assert np.allclose(alphas[:50], np.linspace(1.0, 0.1, 50))
    assert alphas[50:] == [pytest.approx(0.1)] * 50


def test_a_step_applies_a_share_of_the_correction() -> None:
    slow = Schedule(first_alpha=0.5, last_alpha=0.5, max_steps=1)
    result = adapt(affine, [Scalers.identity(2)], affine([GOOD]).statistics, schedule=slow)
    assert not result.converged
    assert np.allclose(result.scalers[0].k.a, 1 - 0.5 * 0.75)
    assert np.allclose(result.scalers[0].k.b, 0.5 * 0.45)


def test_patience_returns_the_scalers_of_the_lowest_loss() -> None:
    losses = iter([5.0, 3.0, 4.0, 4.5, 2.0])
    tried: list[list[Scalers]] = []

    def measure(scalers: list[Scalers]) -> Measurement:
        tried.append(scalers)
        return affine(scalers, loss=next(losses))

    schedule = Schedule(first_alpha=0.2, last_alpha=0.2, patience=2)
    result = adapt(measure, [Scalers.identity(2)], affine([GOOD]).statistics, schedule=schedule)
    assert [row.loss for row in result.history] == [5.0, 3.0, 4.0, 4.5]
    assert result.chosen == 1
    assert result.scalers == tuple(tried[1])


def test_a_signal_without_deviation_keeps_its_gain() -> None:
    silent = Moments(mean=np.zeros(2), deviation=np.zeros(2))

    def measure(scalers: list[Scalers]) -> Measurement:
        found = affine(scalers).statistics[0]
        return Measurement(statistics=[Statistics(q=silent, k=found.k, v=found.v, out=found.out)])

    schedule = Schedule(max_steps=3)
    result = adapt(measure, [Scalers.identity(2)], affine([GOOD]).statistics, schedule=schedule)
    assert np.array_equal(result.scalers[0].q.a, [1.0, 1.0])


def test_moments_are_taken_per_head() -> None:
    values = RNG.standard_normal((4, 3, 100, 8)) * np.array([1, 2, 3])[:, None, None] + 5
    moments = Moments.of(values)
    assert np.allclose(moments.deviation, [1, 2, 3], rtol=0.05)
    assert np.allclose(moments.mean, values.mean(axis=(0, 2, 3)))


def test_moments_of_parts_are_those_of_the_whole() -> None:
    values = RNG.standard_normal((6, 2, 10, 4)) * np.array([1, 5])[:, None, None] + np.array([0, 3])[:, None, None]
    parts = [values[:4], values[4:]]
    pooled = Moments.pooled([Moments.of(part) for part in parts], [part.size for part in parts])
    whole = Moments.of(values)
    np.testing.assert_allclose([pooled.mean, pooled.deviation], [whole.mean, whole.deviation], rtol=1e-12)


def test_heads_that_share_keys_and_values_keep_one_scaler_for_them() -> None:
    apart = Scalers(q=GOOD.q, k=Scaler(a=np.array([0.2, 0.3]), b=np.array([0.4, 0.5])), v=GOOD.v, out=GOOD.out)
    wanted = affine([apart]).statistics
    result = adapt(affine, [Scalers.identity(2)], wanted, n_shared=2, schedule=Schedule(max_steps=30))
    found = result.scalers[0]
    assert np.allclose(found.k.a, 0.25) and np.allclose(found.k.b, 0.45)  # between what either head wants
    assert np.allclose(found.q.a, GOOD.q.a)
    assert not result.converged
    assert tied(GOOD, 1) is GOOD


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="2 heads make no groups of 3"):
        adapt(affine, [GOOD], affine([GOOD]).statistics, n_shared=3)
    with pytest.raises(InputError, match="2 layers, 1 targets"):
        adapt(affine, [GOOD, GOOD], affine([GOOD]).statistics)
    with pytest.raises(InputError, match="slopes"):
        adapt(affine, [GOOD], affine([GOOD]).statistics, slopes={"keys": 1.0})
    with pytest.raises(InputError, match="patience needs a loss"):
        adapt(affine, [Scalers.identity(2)], affine([GOOD]).statistics, schedule=Schedule(patience=1))
