"""Optmax and Optmoid: with ideal parts they are softmax and the sigmoid, and every imperfection has its effect."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.attention.electro_optic import (
    Nonlinearity,
    Optmax,
    Optmoid,
    edge_nonlinearity,
    row_bias,
    sigmoid_weights,
    weighing_attention,
)
from pycosim.attention.exact import exact_attention, masked_softmax
from pycosim.attention.window import causal_window
from pycosim.errors import InputError
from pycosim.models.edge_scales import exponential_scale, ideal_edge
from pycosim.models.symbol_channel import OutputNoise, SymbolMemory

EXP = Nonlinearity(law=np.exp, low=-700.0, high=0.0)
OVER = Nonlinearity(law=np.reciprocal, low=1.0, high=2.0)


def operands(seed: int = 0, n_tokens: int = 33) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((3, 2, 4, n_tokens, 16)) * 2.0


def test_ideal_parts_give_exact_attention_to_rounding() -> None:
    q, k, v = operands()
    found = weighing_attention(Optmax(operand=EXP, divisor=OVER))(q, k, v)
    assert np.abs(found - exact_attention(q, k, v)).max() < 1e-13
    windowed = weighing_attention(Optmax(operand=EXP, divisor=OVER), window=5)(q, k, v)
    assert np.abs(windowed - exact_attention(q, k, v, window=5)).max() < 1e-13


def test_an_ideal_swing_gives_the_sigmoid_with_the_bias_of_the_row() -> None:
    scores, mask = np.random.default_rng(1).standard_normal((2, 9, 9)), causal_window(9)
    swing = Nonlinearity(law=lambda x: 1 / (1 + np.exp(-x)), low=-700.0, high=700.0)
    assert np.abs(Optmoid(operand=swing)(scores, mask) - sigmoid_weights(scores, mask)).max() < 1e-14
    assert row_bias(mask, None)[:, 0] == pytest.approx(-np.log(np.arange(1, 10)))
    assert (row_bias(mask, -4.16) == -4.16).all()


def test_attention_without_a_direction_sees_every_token() -> None:
    q, k, v = operands(2)
    found = weighing_attention(masked_softmax, causal=False)(q, k, v)
    scores = q @ np.swapaxes(k, -1, -2) / 4.0
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    assert np.abs(found - weights @ v / weights.sum(axis=-1)[..., None]).max() < 1e-13
    with pytest.raises(InputError, match="window"):
        weighing_attention(masked_softmax, causal=False, window=4)


def test_scores_that_are_not_shown_have_no_weight_and_no_effect() -> None:
    scores, mask = np.random.default_rng(3).standard_normal((1, 12, 12)), causal_window(12)
    hidden = np.where(mask, scores, 1e6)
    weigh = Optmax(operand=EXP, divisor=OVER)
    assert (weigh(hidden, mask) == weigh(scores, mask)).all()
    assert (weigh(scores, mask)[0][~mask] == 0.0).all()


def test_rows_of_a_real_edge_do_not_sum_to_one_but_nearly() -> None:
    scale = exponential_scale(ideal_edge(), dark=0.0, zero=0.5)
    path = edge_nonlinearity(ideal_edge(), scale, (-0.5 / scale.rate, 0.0))
    scores, mask = np.random.default_rng(4).standard_normal((8, 64, 64)), np.ones((64, 64), dtype=bool)
    weights = Optmax(operand=path, divisor=Nonlinearity(law=lambda z: 1.05 / z, low=1.0, high=2.0))(scores, mask)
    assert weights.sum(axis=-1) == pytest.approx(np.full((8, 64), 1.05))


def test_converters_leave_as_many_levels_as_their_bits() -> None:
    path = Nonlinearity(law=np.exp, low=-4.0, high=0.0, bits=3)
    found = path.sampled(path.settled(np.linspace(-5.0, 0.0, 1001)), np.random.default_rng(0))
    assert len(np.unique(path.settled(np.linspace(-5.0, 0.0, 1001)))) == 8
    assert set(np.unique(np.rint(7 * found))) <= set(range(8)) and found == pytest.approx(np.rint(7 * found) / 7)
    fine = Nonlinearity(law=np.exp, low=-4.0, high=0.0, bits=16)
    x = np.linspace(-4.0, 0.0, 777)
    assert np.abs(fine.sampled(fine.settled(x), np.random.default_rng(0)) - np.exp(x)).max() < 5e-5  # 3 half steps


@pytest.mark.parametrize(("sigma", "share"), [(0.01, 0.0004), (0.02, 0.048), (0.05, 0.25)])
def test_noise_reads_a_zero_as_the_first_level_as_often_as_it_should(sigma: float, share: float) -> None:
    """Probability that a Gaussian exceeds half a step of 4 bits: 0.04, 4.8 and 25 %."""
    path = Nonlinearity(law=np.exp, low=-9.0, high=0.0, bits=4, noise=OutputNoise(additive=sigma))
    found = path.sampled(np.zeros(400_000, dtype=np.float32), np.random.default_rng(0))
    assert np.mean(found > 0) == pytest.approx(share, rel=0.1)  # the reference has one or two digits


def test_memory_mixes_neighbours_of_a_row_and_noise_follows_its_seed() -> None:
    scores, mask = np.random.default_rng(5).standard_normal((1, 8, 8)), causal_window(8)
    smeared = Nonlinearity(law=np.exp, low=-9.0, high=0.0, memory=SymbolMemory(taps=np.array([0.9, 0.1])))
    plain = Optmax(operand=EXP, divisor=OVER)(scores, mask)
    assert 0.01 < np.abs(Optmax(operand=smeared, divisor=OVER)(scores, mask) - plain).max() < 0.2
    noisy = Nonlinearity(law=np.exp, low=-9.0, high=0.0, noise=OutputNoise(additive=0.1))
    first, second = (Optmax(operand=noisy, divisor=OVER, seed=7)(scores, mask) for _ in range(2))
    assert (first == second).all()
    assert (first != Optmax(operand=noisy, divisor=OVER, seed=8)(scores, mask)).any()


def test_a_row_that_noise_has_emptied_stays_finite() -> None:
    path = Nonlinearity(law=np.exp, low=-4.0, high=0.0, bits=2, noise=OutputNoise(additive=5.0))
    weights = Optmax(operand=path, divisor=OVER)(np.zeros((50, 4, 4)), causal_window(4))
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("bits", [0, 17, 2.5])
def test_converters_of_no_such_bits_are_refused(bits: float) -> None:
    with pytest.raises(InputError, match="bits"):
        Nonlinearity(law=np.exp, low=-4.0, high=0.0, bits=bits)  # type: ignore[arg-type]
