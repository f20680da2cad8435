"""Reading of a deck's text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosim.spice.deck import Extent, analysis_extent, parse_number, read_cards


def test_cards_are_joined_and_comments_are_gone() -> None:
    text = "title R9 a b 1\nR1 a b\n* between\n\n  + 1K ; one\n+ $ nothing\nC1 a 0 1p$2 // x\n.TRAN 1n {t}\n"
    cards = read_cards(text)
    assert [(card.number, card.text, card.n_lines) for card in cards[1:]] == [
        (7, "c1 a 0 1p$2", 1),
        (8, ".tran 1n {t}", 1),
    ]
    assert cards[0].words == ("r1", "a", "b", "1k")


def test_a_library_has_no_title() -> None:
    assert [card.text for card in read_cards(".model a d\n", has_title=False)] == [".model a d"]


NUMBERS = {"10ns": 10e-9, "1MEG": 1e6, "2.5e-9s": 2.5e-9, "1m": 1e-3, ".5u": 0.5e-6, "-3": -3, "1mil": 25.4e-6}
MORE_NUMBERS = {"1f": 1e-15, "2a": 2e-18, "7volts": 7, "{x}": None, "1n+2": None, "": None}


@pytest.mark.parametrize(("word", "value"), (NUMBERS | MORE_NUMBERS).items())
def test_numbers_have_the_suffixes_of_spice(word: str, value: float | None) -> None:
    assert parse_number(word) == (value if value is None else pytest.approx(value))


@given(st.floats(1e-15, 1e3))
@settings(deadline=None, database=None)
def test_a_number_survives_being_written(value: float) -> None:
    assert parse_number(f"{value:.17g}") == value


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (".tran 1n 2u", Extent("time", 2e-6)),
        (".TRAN 1n 2u 0 1n uic", Extent("time", 2e-6)),
        (".tran 1n {s}", Extent("time", None)),
        (".op", None),
        (".dc v1 0 1 0.1", None),
        (".ac dec 10 1k 10meg", Extent("frequency", 1e7)),
        (".ac dec 3 1 50", Extent("frequency", 10 ** (5 / 3))),  # 46.4 Hz: the next point would be 100 Hz
        (".ac oct 1 1 9", Extent("frequency", 8.0)),
        (".ac lin 5 1 9", Extent("frequency", 9.0)),
        (".noise v(out , ref) v1 dec 2 1k 1meg 1", Extent("frequency", 1e6)),
        (".noise v(out) v1 dec {n} 1k 1meg", Extent("frequency", None)),
    ],
)
def test_an_analysis_says_how_far_it_goes(card: str, expected: Extent | None) -> None:
    found = analysis_extent(read_cards(f"t\n{card}\n.end\n"))
    assert (found and found.axis_name) == (expected and expected.axis_name)
    assert (found and found.end) == (expected and expected.end and pytest.approx(expected.end))
