import numpy as np
import pytest

from pycosim.attention.noise import NoiseStreams


def streams(*sequences: int, seed: int = 0) -> NoiseStreams:
    return NoiseStreams(seed=(seed, 3, 1), sequences=sequences, lead=(len(sequences),))


def test_a_token_meets_the_same_noise_in_any_batch_and_any_block() -> None:
    whole = streams(4, 5).draw(2, range(0, 8), 16, 3)
    assert whole.shape == (2, 3, 8, 16)
    assert np.array_equal(streams(5).draw(2, range(3, 6), 16, 3)[0], whole[1, :, 3:6])


def test_more_numbers_begin_with_fewer() -> None:
    few, many = (streams(0).draw(1, range(4), n, 2) for n in (5, 50))
    assert np.array_equal(few, many[..., :5])


@pytest.mark.parametrize("change", ["purpose", "sequence", "seed"])
def test_other_streams_have_other_numbers(change: str) -> None:
    other = {
        "purpose": lambda: streams(0).draw(3, range(4), 5, 2),
        "sequence": lambda: streams(1).draw(2, range(4), 5, 2),
        "seed": lambda: streams(0, seed=1).draw(2, range(4), 5, 2),
    }
    assert not np.intersect1d(streams(0).draw(2, range(4), 5, 2), other[change]()).size


def test_numbers_are_standard_normal_and_streams_are_independent() -> None:
    numbers = streams(0, 1).draw(2, range(100), 50, 4)  # 40 000: a mean to 0.005, a correlation to 0.005 and more
    assert abs(numbers.mean()) < 0.02
    assert numbers.std() == pytest.approx(1, abs=0.015)
    neighbours = [(numbers[..., :-1, :], numbers[..., 1:, :]), (numbers[..., :-1], numbers[..., 1:])]
    assert all(abs((a * b).mean()) < 0.02 for a, b in neighbours)
