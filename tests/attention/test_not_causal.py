"""Every token attends to all tokens of its sequence, as in a vision transformer."""

import dataclasses

import array_api_strict as strict
import numpy as np
import pytest
from test_analog_attention import HARDWARE, MODELS, SCALERS, operands
from test_imperfections import EVERYTHING, SMOOTH

from pycosim.attention import (
    AttentionHardware,
    AttentionTrace,
    analog_attention,
    analog_generation,
    analog_layers,
    causal_window,
    dense_arrays,
    exact_attention,
    factored_arrays,
    linear_models,
    masked_softmax,
    tile_index,
)
from pycosim.attention.electro_optic import weighing_attention
from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.models import ReadDecay

WHOLE = dataclasses.replace(SMOOTH, causal=False)
PERIOD = WHOLE.token_period


def reference(q: Array, k: Array, v: Array, hardware: AttentionHardware, time_constant: float = np.inf) -> Array:
    """The linear hardware in currents; charges of both arrays shrink with the age n + t - tau of a token."""
    q, k, v = SCALERS.q(q).clip(0, 1), SCALERS.k(k).clip(0, 0.9), SCALERS.v(v).clip(0, 0.9)
    n = q.shape[-2]
    left = np.exp(-PERIOD * (n + np.arange(n)[:, None] - np.arange(n)) / time_constant)
    phi = np.clip(np.einsum("...td,...ud->...tu", q, 19.3e-6 * (k - 0.45)) * left / 80e-6, 0, 1)
    total = np.zeros_like(q)
    tiles = tile_index(n, hardware.window, hardware.tile)
    for tile in np.unique(tiles):
        read = np.einsum("...tu,...ud->...td", phi * left * (tiles == tile), 19.3e-6 * (v - 0.45))
        total += np.clip(read / 40e-6, -1, 1)
    return SCALERS.out(total)


@pytest.mark.parametrize("n_tokens", [1, 7, 8, 13, 16])
@pytest.mark.parametrize("time_constant", [np.inf, 20 * PERIOD])
def test_it_is_the_formula_for_any_number_of_tokens(n_tokens: int, time_constant: float) -> None:
    """17 tokens of a vision transformer on tiles of 16 too: a tile need not be full."""
    models = linear_models(decay=None if np.isinf(time_constant) else ReadDecay(time_constant=time_constant))
    found = analog_attention(models, WHOLE, SCALERS)(*operands(n_tokens))
    assert np.abs(found - reference(*operands(n_tokens), WHOLE, time_constant)).max() < 1e-9  # of order 1


def test_tokens_of_more_than_one_block_attend_to_each_other() -> None:
    wide = dataclasses.replace(WHOLE, tile=64, window=256)
    x = np.random.default_rng(3).standard_normal((3, 1, 2, 197, 8))
    assert np.abs(analog_attention(linear_models(), wide, SCALERS)(*x) - reference(*x, wide)).max() < 1e-12


@pytest.mark.parametrize("hardware", [WHOLE, dataclasses.replace(HARDWARE, causal=False)])
def test_the_order_of_tokens_in_a_tile_does_not_matter_without_decay(hardware: AttentionHardware) -> None:
    order = np.random.default_rng(1).permutation(8)
    attend = analog_attention(linear_models(), hardware, SCALERS)
    found = attend(*(x[..., order, :] for x in operands(8)))
    np.testing.assert_allclose(found, attend(*operands(8))[..., order, :], rtol=0, atol=1e-12)


def test_the_order_of_all_tokens_does_not_matter_where_no_tile_saturates() -> None:
    gentle = dataclasses.replace(SCALERS, v=dataclasses.replace(SCALERS.v, a=SCALERS.v.a / 20, b=SCALERS.v.b))
    order = np.random.default_rng(1).permutation(16)
    attend = analog_attention(linear_models(), WHOLE, gentle)
    found = attend(*(x[..., order, :] for x in operands(16)))
    np.testing.assert_allclose(found, attend(*operands(16))[..., order, :], rtol=0, atol=1e-12)


def test_decay_tells_tokens_apart() -> None:
    models = linear_models(decay=ReadDecay(time_constant=10 * PERIOD))
    attend = analog_attention(models, WHOLE, SCALERS)
    alike = [np.repeat(x[..., :1, :], 12, axis=-2) for x in operands(12)]
    weights: list[AttentionTrace] = []
    analog_attention(models, WHOLE, SCALERS, observe=weights.append)(*alike)
    drops = weights[0].score_charge[..., :-1, :] / weights[0].score_charge[..., 1:, :]
    np.testing.assert_allclose(drops, np.exp(0.1), rtol=1e-6)  # each token is read a period after the one before
    assert not np.allclose(attend(*alike)[..., 0, :], attend(*alike)[..., -1, :])


@pytest.mark.parametrize("flaws", [None, EVERYTHING])
def test_fast_dense_and_other_libraries_agree(flaws: object) -> None:
    models = linear_models(decay=ReadDecay(time_constant=30 * PERIOD))
    found = [
        analog_attention(models, WHOLE, SCALERS, arrays=make(models, WHOLE, imperfections=flaws))(*operands(13))
        for make in (factored_arrays, dense_arrays)
    ]
    assert np.abs(found[0] - found[1]).max() < 1e-5
    levelled = dataclasses.replace(HARDWARE, causal=False)
    arrays = factored_arrays(MODELS, levelled, imperfections=flaws)
    wanted = analog_layers(arrays, [SCALERS])[0](*operands(13))
    other = analog_layers(arrays, [SCALERS])[0](*(strict.asarray(x) for x in operands(13)))
    assert np.array_equal(np.asarray(other), wanted)


def test_a_trace_shows_all_pairs() -> None:
    seen: list[AttentionTrace] = []
    analog_attention(linear_models(), WHOLE, SCALERS, observe=seen.append)(*operands(11))
    assert (seen[0].score_charge[..., ~causal_window(11)] != 0).all()


def test_exact_attention_to_all_tokens_is_softmax_over_all() -> None:
    found = exact_attention(*operands(70), causal=False)
    wanted = weighing_attention(masked_softmax, causal=False)(*operands(70))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(InputError, match=r"at most 16 \(window\), found 17"):
        analog_attention(MODELS, WHOLE, SCALERS)(*operands(17))
    with pytest.raises(InputError, match="attended to causally"):
        analog_generation(factored_arrays(MODELS, WHOLE), [SCALERS])
    with pytest.raises(InputError, match="looks back"):
        exact_attention(*operands(5), window=3, causal=False)
