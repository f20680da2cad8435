"""The text of a deck as ngspice reads it: cards, without comments, with continuation lines joined.

ngspice reads line by line; a line whose first character (after blanks) is ``+`` continues the card above,
also across comment lines; ``;``, ``//`` and a ``$`` after a blank or a comma start a comment. Letters are
lower case afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

BLANKS: Final = " \t"
_COMMENT_STARTS: Final = ("*", "#", "$", ";", "//")
_TRAILING_COMMENT: Final = re.compile(r";|//|(?<=[ \t,])\$")
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]*)")
_SCALES: Final = {
    "t": 1e12, "g": 1e9, "k": 1e3, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """One statement of a deck.

    Args:
        number: number of its first line, counted from 1.
        text: lower case, without comments, continuation lines joined by a blank.
        n_lines: how many lines it was written on.
        words: the same, split at blanks.
    """

    number: int
    text: str
    n_lines: int
    words: tuple[str, ...]


def is_comment(line: str) -> bool:
    """Whether ngspice skips this line: a comment sign or nothing after leading blanks."""
    bare = line.lstrip(BLANKS)
    return not bare or bare.startswith(_COMMENT_STARTS)


def strip_comment(line: str) -> str:
    """The line without its trailing comment and without blanks at its ends."""
    found = _TRAILING_COMMENT.search(line)
    return (line[: found.start()] if found else line).strip(BLANKS)


def split_lines(text: str) -> list[str]:
    """Lines as ngspice splits them: at the line feed alone, a carriage return before it dropped."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def read_cards(text: str, *, has_title: bool = True) -> tuple[Card, ...]:
    """Split a deck or a library into cards.

    Args:
        text: the whole file.
        has_title: whether line 1 is a title (a deck) or a card (a library).
    """
    return _read_cards(text, has_title)


@lru_cache(maxsize=8)  # one netlist is read by the safety check, the structure check and the engine
def _read_cards(text: str, has_title: bool) -> tuple[Card, ...]:
    parts: list[tuple[int, list[str]]] = []
    for number, line in enumerate(split_lines(text), start=1):
        if (number == 1 and has_title) or is_comment(line):
            continue
        bare = strip_comment(line).lower()
        if bare.startswith("+") and parts:
            parts[-1][1].append(bare[1:].strip(BLANKS))
        elif bare:
            parts.append((number, [bare]))
    joined = ((number, " ".join(filter(None, texts)), len(texts)) for number, texts in parts)
    return tuple(Card(number, card, n_lines, tuple(card.split())) for number, card, n_lines in joined)


def parse_number(word: str) -> float | None:
    """A SPICE number such as ``10ns``, ``1meg`` or ``2.5e-9``; None where it is an expression.

    As ngspice does, letters after the scale letter are ignored.
    """
    found = _NUMBER.fullmatch(word.lower())
    if found is None:
        return None
    value, letters = float(found[1]), found[2]
    if letters.startswith("meg"):
        return value * 1e6
    if letters.startswith("mil"):
        return value * 25.4e-6
    return value * _SCALES.get(letters[:1], 1.0)


def stop_time(cards: tuple[Card, ...]) -> float | None:
    """Stop time (s) of the ``.tran`` card; None without one, or where it is an expression."""
    for card in cards:
        words = card.words
        if words[0] == ".tran" and len(words) >= 3:
            return parse_number(words[2])
    return None
