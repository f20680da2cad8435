"""The text of a deck as ngspice reads it: cards, without comments, with continuation lines joined.

ngspice reads line by line; a line whose first character (after blanks) is ``+`` continues the card above,
also across comment lines; ``;``, ``//`` and a ``$`` after a blank or a comma start a comment. Letters are
lower case afterwards.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

BLANKS: Final = " \t"
_COMMENT_STARTS: Final = ("*", "#", "$", ";", "//")
_TRAILING_COMMENT: Final = re.compile(r";|//|(?<=[ \t,])\$")
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]*)")
_GRID: Final = re.compile(r"\s(dec|oct|lin)\s+(\S+)\s+(\S+)\s+(\S+)")
_ROUNDING: Final = 1e-6  # of a step; ngspice multiplies its way up and allows for more than that
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


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a complete run goes.

    Args:
        axis_name: ``time`` or ``frequency``.
        end: the last point lies here or later (s, Hz); None where the deck writes it as an expression.
    """

    axis_name: Literal["time", "frequency"]
    end: float | None


def analysis_extent(cards: tuple[Card, ...]) -> Extent | None:
    """How far the deck's ``.tran``, ``.ac`` or ``.noise`` goes; None where it has none of them."""
    for card in cards:
        if card.words[0] == ".tran":
            return Extent("time", parse_number(card.words[2]) if len(card.words) >= 3 else None)
        if card.words[0] in {".ac", ".noise"}:
            return Extent("frequency", _last_frequency(card.text))
    return None


def frequency_grid(text: str) -> tuple[str, float, float, float] | None:
    """Kind, points, start and stop (Hz) of ``dec|oct|lin n start stop``; None for an expression or a number below 0."""
    found = _GRID.search(text)
    if found is None:
        return None
    per, start, stop = (parse_number(word) for word in found.groups()[1:])
    if per is None or start is None or stop is None or min(per, start, stop) <= 0:
        return None
    return found[1], per, start, stop


def _last_frequency(text: str) -> float | None:
    """The last point (Hz); a grid need not end on its stop frequency."""
    grid = frequency_grid(text)
    if grid is None:
        return None
    kind, per, start, stop = grid
    if kind == "lin":
        return stop
    base = 10.0 if kind == "dec" else 2.0
    n_steps = math.floor(per * math.log(stop / start, base) + _ROUNDING)
    return float(start * base ** (n_steps / per))
