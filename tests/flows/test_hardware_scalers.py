"""First scalers from the statistics of exact attention, and scalers that models carry."""

from dataclasses import replace

import numpy as np
import pytest
from small_models import small_gpt2, small_llama, some_tokens

from pycosim.attention import Moments, analog_layers, exact_attention, factored_arrays, linear_models
from pycosim.attention.statistics import SIGNALS
from pycosim.errors import ConfigurationError, InputError
from pycosim.flows.hardware_scalers import Spread, initial_scalers, linear_hardware, scalers_of, with_scalers
from pycosim.flows.workload import shipped_scalers
from pycosim.transformer.load import load_model
from pycosim.transformer.vit import Vit
from pycosim.transformer.vit_parameters import VitConfig, VitWeights, vit_shapes

TOKENS = some_tokens(3, 80)


def operands(model) -> list[tuple[np.ndarray, ...]]:  # type: ignore[no-untyped-def]
    """q, k, v and the exact output of every layer."""
    seen = []

    def watch(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        seen.append((q, k, v, exact_attention(q, k, v)))
        return seen[-1][-1]

    model.hidden(TOKENS, watch)
    return seen


@pytest.mark.parametrize("model", [small_gpt2(), small_llama()])
def test_first_scalers_put_operands_into_the_range_and_the_output_where_the_exact_one_is(model) -> None:  # type: ignore[no-untyped-def]
    scalers = initial_scalers(model, TOKENS)
    arrays = factored_arrays(linear_models(), linear_hardware(model.weights, 96))
    layers = analog_layers(arrays, scalers)
    for own, attend, (q, k, v, out) in zip(scalers, layers, operands(model), strict=True):
        for signal, x, mean, deviation in (("q", q, 0.5, 0.25), ("k", k, 0.45, 0.2), ("v", v, 0.45, 0.2)):
            found = Moments.of(getattr(own, signal)(x))
            np.testing.assert_allclose(found.mean, mean, atol=1e-5)
            np.testing.assert_allclose(found.deviation, deviation, atol=1e-5)
        found, wanted = Moments.of(attend(q, k, v)), Moments.of(out)
        np.testing.assert_allclose(found.mean, wanted.mean, atol=1e-5)
        np.testing.assert_allclose(found.deviation, wanted.deviation, rtol=1e-4)


def test_heads_that_share_keys_get_one_scaler_for_them() -> None:
    for own in initial_scalers(small_llama(), TOKENS):
        for scaler in (own.k, own.v):
            assert scaler.a[0] == scaler.a[1] and scaler.a[2] == scaler.a[3] and scaler.a[0] != scaler.a[2]
        assert own.q.a[0] != own.q.a[1]


def test_operands_can_be_put_elsewhere() -> None:
    (own, *_), (first, *_) = (
        initial_scalers(small_gpt2(), TOKENS, spread=Spread(query_centre=0.0)),
        operands(small_gpt2()),
    )
    np.testing.assert_allclose(Moments.of(own.q(first[0])).mean, 0.0, atol=1e-5)


def test_a_vision_transformer_has_first_scalers_too() -> None:
    config = VitConfig(n_layer=2, n_head=2, d_head=4, d_mlp=8, image_size=8, patch_size=2, n_channels=1, n_classes=3)
    random = np.random.default_rng(0)
    arrays = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in vit_shapes(config).items()}
    model = Vit(weights=VitWeights(config=config, arrays=arrays))
    images = random.random((5, 1, 8, 8))
    scaled = with_scalers(model, initial_scalers(model, images))
    assert scaled.weights.has_scalers
    assert [own.n_heads for own in scalers_of(scaled)] == [2, 2]


@pytest.mark.parametrize("model", [small_gpt2(), small_llama()])
def test_scalers_go_into_the_weights_and_come_out_again(model) -> None:  # type: ignore[no-untyped-def]
    scalers = initial_scalers(model, TOKENS)
    scaled = with_scalers(model, scalers)
    assert not model.weights.has_scalers
    assert scaled.weights.digest() == model.weights.digest()  # scalers are not what tells models apart
    for found, wanted in zip(scalers_of(scaled), scalers, strict=True):
        for signal in SIGNALS:
            np.testing.assert_allclose(getattr(found, signal).a, getattr(wanted, signal).a, rtol=1e-6)
            np.testing.assert_allclose(getattr(found, signal).b, getattr(wanted, signal).b, rtol=1e-6)


def test_digests_tell_models_apart() -> None:
    assert len({small_gpt2(seed).weights.digest() for seed in (1, 2, 3)}) == 3
    assert small_gpt2(1).weights.digest() == small_gpt2(1).weights.digest()


def test_the_shipped_scalers_are_those_of_its_file() -> None:
    model = load_model("linear")
    for found, wanted in zip(scalers_of(model), shipped_scalers(model.weights), strict=True):  # type: ignore[arg-type]
        assert np.array_equal(found.q.a, wanted.q.a) and np.array_equal(found.out.b, wanted.out.b)


def test_the_window_holds_the_context_in_whole_tiles() -> None:
    assert linear_hardware(small_gpt2().weights, 96).window == 128
    assert linear_hardware(load_model("linear").weights, 256).window == 256


def test_mistakes_are_named() -> None:
    model = small_gpt2()
    with pytest.raises(InputError, match=r"have no h\.0\.attn\.scale_q\.a"):
        scalers_of(model)
    with pytest.raises(InputError, match="has 2 layers, found scalers of 1"):
        with_scalers(model, initial_scalers(model, TOKENS)[:1])
    with pytest.raises(ConfigurationError, match="must give sizes and levels as whole numbers"):
        linear_hardware(replace(model.weights, metadata={"tile": "x"}), 96)
