"""The lazy form of a pool: netlists drawn when they are needed, runs given as they finish."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycosim.errors import InputError, SimulationError, SimulationTimeout, SuspectNetlist
from pycosim.spice import NgspicePool, Waveforms

from . import decks
from .decks import Deck, deck

pytestmark = pytest.mark.ngspice


def dividers(drawn: list[int], n: int | None = None) -> Iterator[Deck]:
    """Decks whose current names their place; `drawn` fills as they are asked for."""
    for place in itertools.count() if n is None else range(n):
        drawn.append(place)
        yield deck(f"r{place}", f"v1 a 0 1\nr1 a 0 {place + 1}\n.op", "i(v1)")


def current(outcome: Waveforms | SimulationError) -> float:
    assert isinstance(outcome, Waveforms), outcome
    return float(outcome.signals["i(v1)"][0].real)


def test_a_stream_gives_every_netlist_once_with_its_place(pool: NgspicePool) -> None:
    found = dict(pool.stream(dividers([], 40)))
    assert sorted(found) == list(range(40))
    assert all(current(found[place]) == pytest.approx(-1 / (place + 1)) for place in found)


def test_a_stream_without_end_draws_a_few_netlists_more_than_were_given(pool: NgspicePool) -> None:
    drawn: list[int] = []
    stream = pool.stream(dividers(drawn))
    for n_given, _ in enumerate(itertools.islice(stream, 50), start=1):
        assert len(drawn) <= n_given + 2 * pool.n_workers + 2  # running, finished and not yet given, the next one
    stream.close()  # type: ignore[attr-defined]


def test_refused_netlists_without_end_do_not_pile_up(pool: NgspicePool) -> None:
    drawn: list[int] = []
    refused = (decks.DANGLING for _ in dividers(drawn))
    stream = pool.stream(refused)
    assert all(isinstance(outcome, SuspectNetlist) for _, outcome in itertools.islice(stream, 20))
    assert len(drawn) <= 20 + 2 * pool.n_workers + 2
    stream.close()  # type: ignore[attr-defined]


def test_a_closed_stream_leaves_the_pool_usable(pool: NgspicePool) -> None:
    stream = pool.stream([decks.DIVIDER, decks.ENDLESS, decks.DIVIDER])
    assert next(iter(stream))[0] in {0, 2}
    stream.close()  # type: ignore[attr-defined]
    pool.run(decks.DIVIDER)


def test_an_iterator_that_gets_another_netlist_after_its_end_goes_on(pool: NgspicePool) -> None:
    class Feed:
        def __init__(self) -> None:
            self.waiting = [decks.DIVIDER]

        def __iter__(self) -> Iterator[Deck]:
            return self

        def __next__(self) -> Deck:
            if not self.waiting:
                raise StopIteration
            return self.waiting.pop()

    feed = Feed()
    places = []
    for place, _ in pool.stream(feed):
        places.append(place)
        if place < 2:
            feed.waiting.append(decks.DIODE)
    assert places == [0, 1, 2]


def test_a_second_call_in_the_middle_of_a_stream_is_refused_and_not_waited_for(pool: NgspicePool) -> None:
    stream = pool.stream(dividers([]))
    next(iter(stream))
    with pytest.raises(InputError, match="earlier stream"):
        pool.run(decks.DIVIDER)
    stream.close()  # type: ignore[attr-defined]


def test_closing_the_pool_ends_its_stream() -> None:
    pool = NgspicePool(n_workers=1, timeout=30.0)
    stream = iter(pool.stream(dividers([])))
    next(stream)
    pool.close()
    assert len(list(stream)) <= 2  # what had finished by then
    pool.run(decks.DIVIDER)
    pool.close()


def test_what_goes_wrong_in_the_iterator_is_raised_and_the_pool_stays_usable(pool: NgspicePool) -> None:
    def broken() -> Iterator[Deck]:
        yield decks.DIVIDER
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(pool.stream(broken()))
    pool.run(decks.DIVIDER)


def test_a_run_says_how_long_ngspice_took(pool: NgspicePool) -> None:
    (run,) = pool.runs([decks.INVERTER])
    assert 0 < run.seconds < 10


def test_a_consumer_that_takes_its_time_does_not_make_a_run_late(tmp_path: Path) -> None:
    with NgspicePool(n_workers=1, timeout=0.6, run_root=tmp_path) as single:
        single.run(decks.DIVIDER)
        for _, outcome in single.stream([decks.DIVIDER] * 3):
            assert isinstance(outcome, Waveforms)
            time.sleep(0.8)


@pytest.mark.slow
def test_a_late_run_is_a_time_out_though_nobody_looks(tmp_path: Path) -> None:
    # While nobody draws from the stream the worker ends itself, its time limit and ten seconds after it began.
    with NgspicePool(n_workers=2, timeout=0.5, run_root=tmp_path) as pair:
        outcomes = {}
        for place, outcome in pair.stream([decks.ENDLESS, decks.DIVIDER]):
            outcomes[place] = outcome
            if place == 1:
                time.sleep(11.0)
    assert isinstance(outcomes[0], SimulationTimeout)


def test_a_disk_without_room_for_the_deck_is_said_in_the_error(tmp_path: Path) -> None:
    root = tmp_path / "file"
    root.write_text("no folder")
    with NgspicePool(n_workers=1, run_root=root) as single, pytest.raises(SimulationError, match="could not be kept"):
        single.run(decks.LOOP)
