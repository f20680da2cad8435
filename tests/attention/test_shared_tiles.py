"""Grouped-query attention: heads of queries that share keys and values share a tile."""

import dataclasses

import numpy as np
import pytest
from test_analog_attention import HARDWARE
from test_generation import grown
from test_imperfections import EVERYTHING, SMOOTH

from pycosim.attention import (
    AttentionHardware,
    Imperfections,
    Scaler,
    Scalers,
    analog_generation,
    analog_layers,
    factored_arrays,
    published_models,
)
from pycosim.checks import Array
from pycosim.errors import InputError

GROUP, N_SHARED = 2, 2
MODELS = published_models()
QUIET = dataclasses.replace(
    EVERYTHING,
    first=dataclasses.replace(EVERYTHING.first, noise=0.0, charge_noise=0.0),
    second=dataclasses.replace(EVERYTHING.second, noise=0.0),
)


def scalers(n_heads: int) -> Scalers:
    stored = Scaler.constant(n_heads, 0.2, 0.45)
    return Scalers(q=Scaler.constant(n_heads, 0.25, 0.4), k=stored, v=stored, out=Scaler.constant(n_heads, 1.5, 0.1))


def operands(n_tokens: int) -> tuple[Array, Array, Array]:
    """Queries of four heads, keys and values of two."""
    rng = np.random.default_rng(5)
    q = rng.standard_normal((3, GROUP * N_SHARED, n_tokens, 8))
    k, v = rng.standard_normal((2, 3, N_SHARED, n_tokens, 8))
    return q, k, v


def repeated(x: Array) -> Array:
    return np.repeat(x, GROUP, axis=-3)


def shared(hardware: AttentionHardware) -> AttentionHardware:
    return dataclasses.replace(hardware, query_group=GROUP)


@pytest.mark.parametrize("hardware", [SMOOTH, HARDWARE])
@pytest.mark.parametrize("flaws", [None, QUIET])
def test_a_shared_tile_gives_what_two_heads_on_equal_dies_give(
    hardware: AttentionHardware, flaws: Imperfections | None
) -> None:
    """One tile per head of keys, which the queries of both heads read in turn; noise of writes is the tile's."""
    q, k, v = operands(40)
    arrays = factored_arrays(MODELS, shared(hardware), imperfections=flaws)
    found = analog_layers(arrays, [scalers(4)])[0](q, repeated(k), repeated(v))
    for member in range(GROUP):
        one_each = factored_arrays(MODELS, hardware, imperfections=flaws)
        wanted = analog_layers(one_each, [scalers(N_SHARED)])[0](q[:, member::GROUP], k, v)
        np.testing.assert_allclose(found[:, member::GROUP], wanted, rtol=0, atol=1e-12)


def test_without_a_group_every_head_has_a_die_of_its_own() -> None:
    q, k, v = operands(20)
    alike = repeated(q[:, ::GROUP]), repeated(k), repeated(v)
    for hardware, is_same in ((shared(SMOOTH), True), (SMOOTH, False)):
        out = analog_layers(factored_arrays(MODELS, hardware, imperfections=QUIET), [scalers(4)])[0](*alike)
        assert np.array_equal(out[:, ::GROUP], out[:, 1::GROUP]) == is_same


def test_conversions_of_heads_that_share_a_tile_have_noise_of_their_own() -> None:
    q, k, v = operands(20)
    alike = repeated(q[:, ::GROUP]), repeated(k), repeated(v)
    out = analog_layers(factored_arrays(MODELS, shared(SMOOTH), imperfections=EVERYTHING), [scalers(4)])[0](*alike)
    assert not np.allclose(out[:, ::GROUP], out[:, 1::GROUP])


@pytest.mark.parametrize("flaws", [None, EVERYTHING])
def test_a_text_that_grows_gives_the_whole_text(flaws: Imperfections | None) -> None:
    q, k, v = operands(40)
    x = q, repeated(k), repeated(v)
    arrays = factored_arrays(MODELS, shared(SMOOTH), imperfections=flaws)
    whole = analog_layers(arrays, [scalers(4)])[0](*x)
    found = grown(analog_generation(arrays, [scalers(4)])[0], x, (13, 1, 26))
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-12)


def test_what_is_not_shared_is_refused() -> None:
    q, k, v = operands(8)
    attend = analog_layers(factored_arrays(MODELS, shared(SMOOTH)), [scalers(4)])[0]
    with pytest.raises(InputError, match="2 heads of queries share a tile"):
        attend(q, q, repeated(v))
    other = dataclasses.replace(scalers(4), k=Scaler(a=np.arange(1.0, 5.0), b=np.full(4, 0.45)))
    with pytest.raises(InputError, match="share a tile"):
        analog_layers(factored_arrays(MODELS, shared(SMOOTH)), [other])[0](q, repeated(k), repeated(v))
    odd = dataclasses.replace(SMOOTH, query_group=3)
    with pytest.raises(InputError, match="divide the 4 heads"):
        analog_layers(factored_arrays(MODELS, odd), [scalers(4)])[0](q, repeated(k), repeated(v))
