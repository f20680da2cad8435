import math

import numpy as np
import pytest

from pycosim.transformer.layers import gelu, layer_norm, linear, merge_heads, split_heads

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(0, 2, (2, 5, 12)).astype(np.float32)
ONES, ZEROS = np.ones(12, np.float32), np.zeros(12, np.float32)


def test_layer_norm_has_mean_zero_and_variance_one() -> None:
    y = layer_norm(X, ONES, ZEROS)
    assert y.dtype == np.float32
    # float32 rounding of values of order 1 over 12 features; epsilon / variance is about 1e-5 / 4
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(axis=-1), 1, atol=1e-5)


def test_layer_norm_forgets_offset_and_positive_gain() -> None:
    # epsilon (1e-5) against a variance near 4 shifts the result by 1e-6
    np.testing.assert_allclose(layer_norm(3 * X + 5, ONES, ZEROS), layer_norm(X, ONES, ZEROS), rtol=1e-5, atol=5e-6)


def test_layer_norm_of_a_constant_is_its_bias() -> None:
    bias = RANDOM.normal(size=12).astype(np.float32)
    np.testing.assert_array_equal(layer_norm(np.full((3, 12), 2.5, np.float32), ONES, bias), np.tile(bias, (3, 1)))


def test_layer_norm_equals_its_equation_in_float64() -> None:
    weight, bias = RANDOM.normal(size=(2, 12)).astype(np.float32)
    x = X.astype(np.float64)
    wanted = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * weight + bias
    np.testing.assert_allclose(layer_norm(X, weight, bias), wanted, rtol=1e-5, atol=2e-6)  # float32


@pytest.mark.parametrize("x", [-30.0, -3.0, -1.0, -0.1, 0.0, 1e-4, 0.5, 1.0, 2.0, 30.0])
def test_gelu_equals_its_closed_form(x: float) -> None:
    wanted = x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    found = gelu(np.array([x], np.float32))
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(wanted, rel=1e-6, abs=2e-7)  # 1 + tanh cancels for x << 0


def test_gelu_is_within_half_a_thousandth_of_the_error_function_form() -> None:
    x = np.linspace(-5, 5, 1001, dtype=np.float32)
    exact = np.array([value / 2 * (1 + math.erf(value / math.sqrt(2))) for value in x.tolist()])
    # 4.7e-4 is the known largest error of the tanh form
    assert 1e-4 < np.abs(gelu(x) - exact).max() < 5e-4


def test_gelu_minus_its_mirror_image_is_the_identity() -> None:
    np.testing.assert_allclose(gelu(X) - gelu(-X), X, atol=1e-6)  # float32 rounding


def test_linear_multiplies_by_a_weight_stored_in_out() -> None:
    weight, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1, 0, -1], np.float32)
    np.testing.assert_array_equal(linear(np.array([[1, 10]], np.float32), weight, bias), [[31, 41, 51]])


def test_linear_keeps_every_leading_axis() -> None:
    weight = np.ones((12, 7), np.float32)
    assert linear(X, weight, np.zeros(7, np.float32)).shape == (2, 5, 7)
    assert linear(X[0, 0], weight, np.zeros(7, np.float32)).shape == (7,)


def test_heads_are_contiguous_groups_of_features() -> None:
    heads = split_heads(X, 3)
    assert heads.shape == (2, 3, 5, 4)
    np.testing.assert_array_equal(heads[:, 1], X[..., 4:8])


def test_merge_heads_undoes_split_heads_and_returns_float32() -> None:
    merged = merge_heads(split_heads(X, 3).astype(np.float64))
    assert merged.dtype == np.float32
    np.testing.assert_array_equal(merged, X)
