"""Which reads are drawn: all that happen, and each as likely as any other."""

from __future__ import annotations

from collections import Counter

import pytest

from pycosim.errors import InputError
from pycosim.flows.in_the_loop_draw import ReadPlace, ReadPopulation

SMALL = ReadPopulation(n_tokens=23, n_ctx=9, n_layers=2, n_heads=3, d_head=4, window=6, tile=3)
"""Two whole chunks and a shorter one; a chunk is longer than the window, so that tiles are used again."""


def every_read(p: ReadPopulation) -> set[ReadPlace]:
    """Token by token, as the hardware reads."""
    found = set()
    for chunk, start in enumerate(range(0, p.n_tokens, p.n_ctx)):
        for token in range(min(p.n_ctx, p.n_tokens - start)):
            held = [tau for tau in range(token + 1) if token - tau < p.window]
            tiles = {tau % p.window // p.tile for tau in held}
            for layer in range(p.n_layers):
                for head in range(p.n_heads):
                    common = {"chunk": chunk, "layer": layer, "head": head, "token": token}
                    found |= {
                        ReadPlace(**common, array="first", column=tau, tile=tau % p.window // p.tile) for tau in held
                    }
                    found |= {
                        ReadPlace(**common, array="second", column=feature, tile=tile)
                        for tile in tiles
                        for feature in range(p.d_head)
                    }
    return found


def test_every_read_that_happens_has_one_number() -> None:
    places = [SMALL.place(number) for number in range(SMALL.size)]
    assert len(places) == len(set(places))
    assert set(places) == every_read(SMALL)


def test_a_draw_is_reproducible_by_its_seed_and_in_the_order_of_the_text() -> None:
    one = SMALL.draw(50, seed=3)
    assert one == SMALL.draw(50, seed=3) == sorted(one)
    assert one != SMALL.draw(50, seed=4)
    assert len(set(one)) == 50


def test_all_reads_can_be_drawn() -> None:
    assert set(SMALL.draw(SMALL.size, seed=0)) == every_read(SMALL)


def test_each_read_is_as_likely_as_any_other() -> None:
    tiny = ReadPopulation(n_tokens=5, n_ctx=3, n_layers=1, n_heads=1, d_head=2, window=2, tile=1)
    n_draws = 1500
    counts = Counter(place for seed in range(n_draws) for place in tiny.draw(2, seed))
    expected = 2 * n_draws / tiny.size
    statistic = sum((counts[place] - expected) ** 2 / expected for place in every_read(tiny))
    # chi square of 23 degrees of freedom, and a little less as the two of a draw differ: below 49.7 in 99.9 %
    assert tiny.size == 24
    assert statistic < 49.7


@pytest.mark.parametrize("n", [0, SMALL.size + 1])
def test_a_draw_of_none_or_of_more_than_there_are_is_refused(n: int) -> None:
    with pytest.raises(InputError, match="reads"):
        SMALL.draw(n, seed=0)


@pytest.mark.parametrize("number", [-1, SMALL.size])
def test_a_number_beyond_the_reads_is_refused(number: int) -> None:
    with pytest.raises(InputError, match="numbered from 0"):
        SMALL.place(number)
