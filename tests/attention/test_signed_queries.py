"""Queries with a sign, on two cells whose charges are subtracted."""

import dataclasses

import array_api_strict as strict
import numpy as np
import pytest
from test_analog_attention import HARDWARE, operands
from test_generation import grown
from test_imperfections import CELLS, EVERYTHING, SMOOTH

from pycosim.attention import (
    AttentionTrace,
    Imperfections,
    Scaler,
    Scalers,
    analog_attention,
    analog_generation,
    analog_layers,
    dense_arrays,
    factored_arrays,
    linear_models,
    published_models,
)
from pycosim.checks import Array
from pycosim.models import LookupCell, ReadDecay
from pycosim.models.differential import DifferentialCell, separate_deviations

SIGNED = dataclasses.replace(SMOOTH, signed_queries=True)
LEVELLED = dataclasses.replace(HARDWARE, signed_queries=True)
STORED = Scaler.constant(2, 0.2, 0.45)
SCALERS = Scalers(q=Scaler.constant(2, 0.5, 0.0), k=STORED, v=STORED, out=Scaler.constant(2, 1.5, 0.1))
MODELS = published_models(decay=ReadDecay(time_constant=50e-6))
T_MAX = 15e-9


def trace(hardware: object, x: tuple[Array, ...], flaws: Imperfections | None = None) -> AttentionTrace:
    seen: list[AttentionTrace] = []
    arrays = factored_arrays(MODELS, hardware, imperfections=flaws)
    analog_attention(MODELS, hardware, SCALERS, arrays=arrays, observe=seen.append)(*x)
    return seen[0]


@pytest.mark.parametrize("flaws", [None, EVERYTHING])
def test_queries_that_are_not_negative_give_what_unsigned_ones_give(flaws: Imperfections | None) -> None:
    q, k, v = operands(20)
    x = np.abs(q), k, v
    found, wanted = trace(SIGNED, x, flaws), trace(SMOOTH, x, flaws)
    largest = np.abs(wanted.score_charge).max()
    np.testing.assert_allclose(found.score_charge, wanted.score_charge, rtol=0, atol=1e-5 * largest)
    np.testing.assert_allclose(found.out, wanted.out, rtol=0, atol=1e-4)
    counts = trace(LEVELLED, x, flaws).out - trace(HARDWARE, x, flaws).out
    assert np.count_nonzero(np.abs(counts) > 1e-9) <= 2  # a charge on the border of two counts


@pytest.mark.parametrize("hardware", [SIGNED, LEVELLED])
def test_a_query_of_the_other_sign_gives_the_negative_charge(hardware: object) -> None:
    q, k, v = operands(20)
    plus, minus = trace(hardware, (q, k, v)), trace(hardware, (-q, k, v))
    np.testing.assert_allclose(plus.score_charge, -minus.score_charge, rtol=1e-9, atol=1e-22)


def test_the_charge_is_that_of_each_signs_magnitudes() -> None:
    q, k, v = operands(20)
    halves = [trace(SMOOTH, (np.maximum(sign * q, 0), k, v)).score_charge for sign in (1, -1)]
    found = trace(SIGNED, (q, k, v)).score_charge
    np.testing.assert_allclose(found, halves[0] - halves[1], rtol=0, atol=1e-6 * np.abs(found).max())


def test_levels_are_those_of_each_sign() -> None:
    assert LEVELLED.query_axis.nodes.size == 2 * LEVELLED.n_input_levels - 1
    np.testing.assert_allclose(LEVELLED.query_axis.nodes[15:], HARDWARE.query_axis.nodes, rtol=1e-15, atol=1e-24)
    assert LEVELLED.query_axis.nodes[15] == 0
    assert (HARDWARE.query_range, LEVELLED.query_range) == ((0.0, 1.0), (-1.0, 1.0))


def test_what_a_cell_gives_without_a_pulse_cancels() -> None:
    leaky = LookupCell(
        pulse_widths=np.linspace(0, T_MAX, 4),
        stored_voltages=np.linspace(0, 0.9, 8),
        charges=1e-15 + 1e-5 * np.linspace(0, T_MAX, 4)[:, None] * np.linspace(0, 0.9, 8),
    )
    assert leaky.charge(0.0, 0.3) > 0
    assert DifferentialCell(cell=leaky).charge(0.0, 0.3) == 0
    assert DifferentialCell(cell=leaky).domain[0].low == -T_MAX


def test_both_cells_of_a_weight_differ_by_themselves() -> None:
    """A query of +x meets another deviation than one of -x; both have the spread of one cell."""
    flaws = Imperfections(seed=1, cells=CELLS[:1])
    k = v = operands(16)[1]
    extra = []
    for sign in (1.0, -1.0):
        x = sign * np.full_like(k, 1.0), k, v
        extra.append(trace(SIGNED, x, flaws).score_charge - trace(SIGNED, x).score_charge)
    read = np.tri(16, dtype=bool)
    plus, minus = (one[..., read].ravel() for one in extra)
    # 2 heads x 16 columns are independent draws: a correlation to 0.18 of it, a deviation to 12 %
    assert abs(np.corrcoef(plus, minus)[0, 1]) < 0.5
    assert plus.std() / minus.std() == pytest.approx(1.0, abs=0.5)


def test_the_spread_of_a_score_is_that_of_the_cells_that_are_driven() -> None:
    ideal = trace(SIGNED, operands(16)).score_charge
    dies = [Imperfections(seed=seed, cells=CELLS) for seed in range(12)]
    spread = [trace(SIGNED, operands(16), die).score_charge - ideal for die in dies]
    signals = trace(SIGNED, operands(16))
    widths = np.abs(signals.q).clip(0, 1)[..., :, None, :] * T_MAX
    volts = np.clip(signals.k, 0, 0.9)[..., None, :, :]
    variance = sum(np.square(cell.sigma * cell.sensitivity.charge(widths, volts)).sum(-1) for cell in CELLS)
    normal = (np.array(spread) / np.sqrt(variance))[..., np.tri(16, dtype=bool)]
    assert normal.std() == pytest.approx(1.0, abs=0.11)  # 12 dies x 2 heads x 16 columns: to 3.6 %


def test_deviations_of_two_cells_have_two_names_and_one_size() -> None:
    names = [one.name for one in separate_deviations(CELLS)]
    assert len(set(names)) == 2 * len(CELLS)
    assert names[0] == "threshold, plus line"
    assert [one.sigma for one in separate_deviations(CELLS)] == [cell.sigma for cell in CELLS] * 2


@pytest.mark.parametrize("flaws", [None, EVERYTHING])
def test_fast_dense_and_other_libraries_agree(flaws: Imperfections | None) -> None:
    models = linear_models(decay=ReadDecay(time_constant=30e-6))
    found = [
        analog_attention(models, SIGNED, SCALERS, arrays=make(models, SIGNED, imperfections=flaws))(*operands(40))
        for make in (factored_arrays, dense_arrays)
    ]
    assert np.abs(found[0] - found[1]).max() < 1e-5
    arrays = factored_arrays(MODELS, LEVELLED, imperfections=flaws)
    wanted = analog_layers(arrays, [SCALERS])[0](*operands(40))
    other = analog_layers(arrays, [SCALERS])[0](*(strict.asarray(x) for x in operands(40)))
    assert np.array_equal(np.asarray(other), wanted)


@pytest.mark.parametrize("flaws", [None, EVERYTHING])
def test_a_text_that_grows_gives_the_whole_text(flaws: Imperfections | None) -> None:
    arrays = factored_arrays(MODELS, SIGNED, imperfections=flaws)
    whole = analog_layers(arrays, [SCALERS])[0](*operands(40))
    found = grown(analog_generation(arrays, [SCALERS])[0], operands(40), (13, 1, 1, 6, 19))
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-12)


def test_every_token_attends_to_all_with_signed_queries_too() -> None:
    both = dataclasses.replace(SIGNED, causal=False)
    models = linear_models()
    found = analog_attention(models, both, SCALERS)(*operands(12))
    q, k, v = SCALERS.q(operands(12)[0]).clip(-1, 1), *(0.2 * x + 0.45 for x in operands(12)[1:])
    w, u = (19.3e-6 * (x.clip(0, 0.9) - 0.45) for x in (k, v))
    phi = np.clip(q @ w.swapaxes(-1, -2) / 80e-6, 0, 1)
    tiles = [np.clip(phi[..., a:b] @ u[..., a:b, :] / 40e-6, -1, 1) for a, b in ((0, 8), (8, 12))]
    assert np.abs(found - SCALERS.out(sum(tiles))).max() < 1e-9
