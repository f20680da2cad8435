from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.transformer.gpt2 import gpt2, hidden_states
from pycosim.transformer.weights import Weights

Attend = Callable[..., np.ndarray]
TOKENS = np.random.default_rng(5).integers(0, 11, (4, 16))
# Rounding of a few hundred float32 operations on values of order 1.
FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}


def values(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Attend to oneself only."""
    return v


def test_logits_have_one_row_per_token_in_float32(weights: Weights, causal_softmax: Attend) -> None:
    logits = gpt2(TOKENS, weights, causal_softmax)
    assert logits.shape == (4, 16, 11)
    assert logits.dtype == np.float32


def test_a_batch_equals_its_texts_one_by_one(weights: Weights, causal_softmax: Attend) -> None:
    together = gpt2(TOKENS, weights, causal_softmax)
    apart = np.stack([gpt2(text, weights, causal_softmax) for text in TOKENS])
    np.testing.assert_allclose(together, apart, **FLOAT32)


def test_a_later_token_does_not_change_earlier_logits(weights: Weights, causal_softmax: Attend) -> None:
    changed = TOKENS.copy()
    changed[:, 9] = (changed[:, 9] + 1) % 11
    before, after = (gpt2(tokens, weights, causal_softmax) for tokens in (TOKENS, changed))
    np.testing.assert_array_equal(after[:, :9], before[:, :9])
    assert np.abs(after[:, 9:] - before[:, 9:]).max(axis=(0, 2)).min() > 1e-3  # all later tokens see it


def test_a_shorter_text_gives_the_first_logits_of_a_longer_one(weights: Weights, causal_softmax: Attend) -> None:
    short, long = (gpt2(TOKENS[0, :n], weights, causal_softmax) for n in (6, 16))
    np.testing.assert_allclose(short, long[:6], **FLOAT32)


def test_the_head_is_tied_to_the_token_embedding(weights: Weights, causal_softmax: Attend) -> None:
    hidden = hidden_states(TOKENS, weights, causal_softmax)
    logits = gpt2(TOKENS, weights, causal_softmax)
    np.testing.assert_allclose(logits, hidden @ weights["wte.weight"].T, **FLOAT32)


def test_attend_receives_float32_heads_of_every_layer(weights: Weights) -> None:
    seen = []

    def watch(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        seen.append({(x.shape, x.dtype.name) for x in (q, k, v)})
        return v

    gpt2(TOKENS, weights, watch)
    gpt2(TOKENS[0], weights, watch)
    assert seen == 2 * [{((4, 3, 16, 4), "float32")}] + 2 * [{((3, 16, 4), "float32")}]


def test_each_layer_uses_its_own_attend(weights: Weights, causal_softmax: Attend) -> None:
    calls = []

    def named(name: str) -> Attend:
        def attend(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
            calls.append(name)
            return causal_softmax(q, k, v)

        return attend

    logits = gpt2(TOKENS, weights, [named("first"), named("second")])
    assert calls == ["first", "second"]
    np.testing.assert_array_equal(logits, gpt2(TOKENS, weights, causal_softmax))


def test_an_attend_in_float64_still_gives_float32_logits(weights: Weights) -> None:
    logits = gpt2(TOKENS, weights, lambda q, k, v: v.astype(np.float64))
    assert logits.dtype == np.float32
    np.testing.assert_array_equal(logits, gpt2(TOKENS, weights, values))


def test_zero_projections_leave_embeddings_and_head_only(arrays: dict[str, np.ndarray], weights: Weights) -> None:
    silent = {name: 0 * array if "c_proj" in name else array for name, array in arrays.items()}
    x = arrays["wte.weight"][TOKENS].astype(np.float64) + arrays["wpe.weight"]
    normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    wanted = (normal * arrays["ln_f.weight"] + arrays["ln_f.bias"]) @ arrays["wte.weight"].T
    np.testing.assert_allclose(gpt2(TOKENS, replace(weights, arrays=silent), values), wanted, **FLOAT32)


def test_too_many_attends_are_refused(weights: Weights) -> None:
    with pytest.raises(InputError, match="each of the 2 layers, found 3"):
        gpt2(TOKENS, weights, [values] * 3)


def test_an_attend_with_another_shape_is_refused(weights: Weights) -> None:
    with pytest.raises(InputError, match=r"attend in layer 0 must return .*\(4, 3, 16, 4\).*\(4, 16, 12\)"):
        gpt2(TOKENS, weights, lambda q, k, v: np.zeros((4, 16, 12)))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (np.zeros(17, int), "1 to 16 tokens .* found 17"),
        (np.zeros((2, 0), int), "1 to 16 tokens .* found 0"),
        (np.zeros((0, 3), int), r"found 3 in shape \(0, 3\)"),
        (np.array([0, 11]), "0 .. 10 .* from 0 to 11"),
        (np.array([-1, 3]), "0 .. 10 .* from -1 to 3"),
        (np.array([0.0, 1.0]), "integer ids .* found float64"),
        (np.array(3), r"integer ids .* shape \(\)"),
        (np.array([True, False]), "integer ids .* found bool"),
    ],
)
def test_unusable_tokens_are_refused(weights: Weights, tokens: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        gpt2(tokens, weights, values)
