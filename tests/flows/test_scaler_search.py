"""The search of scalers by trial."""

import numpy as np
import pytest
from small_models import small_gpt2, small_llama, some_tokens

from pycosim.attention import exact_attention, factored_arrays, linear_models
from pycosim.attention.analog import analog_layers
from pycosim.errors import InputError
from pycosim.flows.hardware_scalers import initial_scalers, linear_hardware
from pycosim.flows.progress import SilentProgress
from pycosim.flows.scaler_search import search_scalers

TOKENS = some_tokens(2, 80)


def searched(model, n_trials: int, **options: int):  # type: ignore[no-untyped-def]
    arrays = factored_arrays(linear_models(), linear_hardware(model.weights, 96))
    initial = initial_scalers(model, TOKENS, arrays=arrays)
    return arrays, search_scalers(model, arrays, initial, TOKENS, n_trials, SilentProgress(), **options)


def test_one_trial_leaves_the_operands_and_fits_the_output_by_least_squares() -> None:
    model = small_gpt2()
    arrays, found = searched(model, 1)
    first = initial_scalers(model, TOKENS, arrays=arrays)[0]
    np.testing.assert_allclose(found.scalers[0].k.a, first.k.a, rtol=1e-6)
    seen = []
    model.hidden(TOKENS, lambda q, k, v: seen.append((q, k, v)) or exact_attention(q, k, v))
    raw = analog_layers(arrays, [first])[0](*seen[0])
    for head in range(2):
        correlation = np.corrcoef(raw[:, head].ravel(), exact_attention(*seen[0])[:, head].ravel())[0, 1]
        assert found.errors[0, head] == pytest.approx(1 - correlation**2, rel=1e-4)


def test_the_search_never_makes_an_output_worse() -> None:
    _, found = searched(small_gpt2(), 16)
    assert np.all(found.errors <= found.first_errors)
    assert found.errors.mean() < 0.98 * found.first_errors.mean()


def test_the_errors_are_those_of_the_scalers_that_are_returned() -> None:
    model = small_gpt2()
    arrays, found = searched(model, 8)
    errors = []

    def layer(own):  # type: ignore[no-untyped-def]
        attend = analog_layers(arrays, [own])[0]

        def measured(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
            out, wanted = attend(q, k, v), exact_attention(q, k, v)
            errors.append([np.var((out - wanted)[:, h]) / np.var(wanted[:, h]) for h in range(2)])
            return out

        return measured

    model.hidden(TOKENS, [layer(own) for own in found.scalers])
    np.testing.assert_allclose(errors, found.errors, rtol=1e-3)


def test_heads_that_share_keys_keep_one_scaler_where_asked() -> None:
    _, apart = searched(small_llama(), 20)
    _, found = searched(small_llama(), 20, n_shared=2)
    for own in found.scalers:
        assert own.k.a[0] == own.k.a[1] and own.v.b[2] == own.v.b[3]
    numbers = np.array([[own.k.a, own.k.b, own.v.a, own.v.b] for own in apart.scalers])
    assert np.any(numbers[..., ::2] != numbers[..., 1::2])
    assert found.errors[0].mean() <= found.first_errors[0].mean()


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="n_trials must be a whole number of at least 1"):
        searched(small_gpt2(), 0)
    with pytest.raises(InputError, match="4 heads make no groups of 3"):
        searched(small_llama(), 2, n_shared=3)
