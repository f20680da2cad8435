"""Normal numbers in bulk: the law, independence, and seeds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from pycosim.errors import InputError
from pycosim.models.normal_stream import NormalStream


def draw(n: int, *, seed: tuple[int, ...] = (3,), deviation: float = 1.0) -> NDArray[np.float32]:
    out = np.empty(n, dtype=np.float32)
    NormalStream(seed).fill(out, deviation)
    return out


def test_moments_are_those_of_a_normal_law() -> None:
    n = 2_000_000
    z = draw(n).astype(np.float64)
    # standard errors of the moments of n normal numbers: sqrt(1, 2, 15, 96) / sqrt(n); five of them are allowed
    for power, wanted, spread in ((1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        assert abs((z**power).mean() - wanted) < 5 * np.sqrt(spread / n), power


def test_distribution_and_tails_are_normal() -> None:
    n = 1_000_000
    z = draw(n, seed=(5, 1)).astype(np.float64)
    assert stats.kstest(z, "norm").pvalue > 1e-3
    for limit in (2.0, 3.0, 4.0, 4.5):
        wanted = n * 2 * stats.norm.sf(limit)
        assert abs(np.count_nonzero(np.abs(z) > limit) - wanted) < 5 * np.sqrt(wanted)


def test_both_halves_of_a_pair_are_independent() -> None:
    """Numbers i and i + n / 2 share a radius and an angle: neither they nor their squares may be correlated."""
    n = 1_000_000
    z = draw(n, seed=(7,)).astype(np.float64)
    first, second = z[: n // 2], z[n // 2 :]
    allowed = 5 / np.sqrt(n / 2)  # five standard errors of a correlation
    for left, right in ((first, second), (first**2, second**2), (np.abs(first) > 2, second > 2)):
        assert abs(np.corrcoef(left, right)[0, 1]) < allowed


def test_neighbours_and_calls_are_independent() -> None:
    stream = NormalStream(11)
    z, later = np.empty((2, 500_000), dtype=np.float32)
    stream.fill(z, 1.0)
    stream.fill(later, 1.0)
    allowed = 5 / np.sqrt(z.size)
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < allowed
    assert abs(np.corrcoef(z, later)[0, 1]) < allowed
    assert abs(np.corrcoef(z, draw(z.size, seed=(11, 1)))[0, 1]) < allowed


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 7, 8, 1001])
def test_every_size_is_filled_and_the_same_seed_gives_the_same_numbers(n: int) -> None:
    z = np.full((1, n), np.nan, dtype=np.float32)
    NormalStream((1, 2)).fill(z, 2.0)
    assert np.isfinite(z).all()
    assert np.unique(z).size == n
    assert np.array_equal(z[0], draw(n, seed=(1, 2), deviation=2.0))
    assert n == 0 or not np.array_equal(z[0], draw(n, seed=(1, 3), deviation=2.0))


def test_the_deviation_is_a_factor() -> None:
    assert draw(1000, deviation=3e-12) == pytest.approx(3e-12 * draw(1000).astype(np.float64), rel=1e-5)
    assert not draw(10, deviation=0.0).any()


def test_other_arrays_and_negative_deviations_are_refused() -> None:
    stream = NormalStream(0)
    with pytest.raises(InputError, match="contiguous float32, found float64"):
        stream.fill(np.empty(4), 1.0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="contiguous"):
        stream.fill(np.empty((4, 4), dtype=np.float32)[:, ::2], 1.0)
    with pytest.raises(InputError, match="at least 0"):
        stream.fill(np.empty(4, dtype=np.float32), -1.0)
