import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosim.attention import causal_window, exact_attention, masked_softmax, tile_index, token_ages
from pycosim.errors import InputError


def test_the_first_token_attends_to_itself() -> None:
    q, k, v = np.random.default_rng(0).standard_normal((3, 2, 5, 4))
    assert np.allclose(exact_attention(q, k, v)[:, 0], v[:, 0], rtol=1e-14)


def test_attention_is_the_textbook_loop() -> None:
    q, k, v = np.random.default_rng(1).standard_normal((3, 1, 6, 4))
    wanted = []
    for t in range(6):
        weights = np.exp([q[0, t] @ k[0, tau] / 2 for tau in range(t + 1)])  # sqrt(d_head) = 2
        wanted.append(weights @ v[0, : t + 1] / weights.sum())
    assert np.allclose(exact_attention(q, k, v)[0], wanted, rtol=1e-13)


@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_weights_sum_to_one_however_large_the_scores(scale: float) -> None:
    scores = np.random.default_rng(2).standard_normal((3, 8, 8)) * scale
    weights = masked_softmax(scores, causal_window(8))
    assert np.allclose(weights.sum(-1), 1, rtol=1e-14)
    assert (weights[:, *np.triu_indices(8, 1)] == 0).all()


def test_float32_in_float32_out() -> None:
    q = np.ones((2, 3, 4), dtype=np.float32)
    assert exact_attention(q, q, q).dtype == np.float32


def test_a_window_of_one_returns_the_values() -> None:
    q, k, v = np.random.default_rng(3).standard_normal((3, 2, 2, 7, 4))
    assert np.array_equal(exact_attention(q, k, v, window=1), v)
    assert np.array_equal(exact_attention(q, k, v, window=7), exact_attention(q, k, v))


@given(n_tokens=st.integers(1, 40), window=st.integers(1, 50))
def test_every_token_sees_itself_and_at_most_a_window(n_tokens: int, window: int) -> None:
    mask = causal_window(n_tokens, window)
    assert np.array_equal(mask.sum(axis=1), np.minimum(np.arange(n_tokens) + 1, window))
    assert mask.diagonal().all()
    assert not np.triu(mask, 1).any()


def test_ages_count_tokens_since_the_write() -> None:
    assert token_ages(4, 2).tolist() == [[0, -1, -1, -1], [1, 0, -1, -1], [-1, 1, 0, -1], [-1, -1, 1, 0]]


def test_tiles_are_used_in_turn() -> None:
    assert tile_index(10, 4, 2).tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0]


def test_unlike_operands_are_refused() -> None:
    with pytest.raises(InputError, match="one shape"):
        exact_attention(np.ones((2, 3, 4)), np.ones((2, 4, 4)), np.ones((2, 3, 4)))
    with pytest.raises(InputError, match="n_heads"):
        exact_attention(*np.ones((3, 3, 4)))
