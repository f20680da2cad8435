"""The ladder of a deck that did not converge: edits of its text, tried one by one, each named in the result.

ngspice itself climbs a ladder for the operating point before it gives up: Newton's iteration, gmin stepping with a
step that adapts, stepping of the sources, and a transient that settles. The rungs are what it does not do by itself.
Each is an edit of the deck as it was written, not of the rung before, so that the name in the result says what was
changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pycosim.errors import InputError
from pycosim.spice.deck import BLANKS, Card, is_comment, parse_number, read_cards, split_lines
from pycosim.spice.edited import EditedNetlist, edited
from pycosim.spice.simulator import NetlistLike

_FINER: Final = 10.0
_DEFAULT_STEPS: Final = 50  # of ngspice: the largest step is the smaller of the print step and a 50th of the run
_LOOSER: Final = 10.0
_TOLERANCES: Final = {"reltol": 1e-3, "abstol": 1e-12, "vntol": 1e-6, "chgtol": 1e-14}  # ngspice's defaults
_LOOSEST: Final = 1e-2  # reltol: a per cent of everything
_OPTIONS: Final = frozenset({".opt", ".option", ".options"})
_ASSIGNMENT: Final = re.compile(r"(\w+)\s*=\s*(\S+)")
_COMMENT: Final = "*"
_DC_ITERATIONS: Final = {"itl1": "1000", "itl2": "500"}


@dataclass(frozen=True, slots=True)
class _Deck:
    """Cards of a deck and what its option cards say."""

    lines: list[str]
    cards: tuple[Card, ...]
    options: Mapping[str, str]

    @property
    def transient(self) -> Card | None:
        return next((card for card in self.cards if card.words[0] == ".tran"), None)


_Edit = Callable[[_Deck], "tuple[Mapping[str, str], str | None] | None"]
"""Options to set and the new line of the transient; None where the rung changes nothing in such a deck."""


def climb(netlist: NetlistLike, rung: str) -> EditedNetlist | None:
    """The netlist with the edit of a rung.

    Args:
        netlist: the deck as it was written.
        rung: one of `LADDER`.

    Returns:
        The edited netlist, or None where the rung changes nothing in such a deck (a finer step of a DC sweep).

    Raises:
        InputError: no such rung.
    """
    if rung not in _RUNGS:
        raise InputError(f"the rung {rung!r} of the ladder is not known; known are {', '.join(_RUNGS)}")
    deck = _read(netlist.text)
    edit = _RUNGS[rung](deck)
    if edit is None:
        return None
    text = _edited(deck, *edit)
    return edited(netlist, text, change=text)


def _tighter_step(deck: _Deck) -> tuple[Mapping[str, str], str | None] | None:
    """The largest step of the transient a tenth; its smallest, a fixed part of that, too."""
    card = deck.transient
    if card is None:
        return None
    words = [word for word in card.words if word != "uic"]
    numbers = [parse_number(word) for word in words[1:5]]
    if len(numbers) < 2 or None in numbers:
        return None
    step, stop, start, largest = (*(number or 0.0 for number in numbers), 0.0, 0.0)[:4]
    largest = (largest or min(step, (stop - start) / _DEFAULT_STEPS)) / _FINER
    uic = " uic" if "uic" in card.words else ""
    return {}, f".tran {words[1]} {words[2]} {start:.9g} {largest:.9g}{uic}"


def _gmin_stepping(deck: _Deck) -> tuple[Mapping[str, str], str | None] | None:
    """Conductances from every node to ground, lowered in many fixed steps, each from the solution before."""
    if "uic" in (deck.transient.words if deck.transient else ()):
        return None
    return {"noopiter": "", "gminsteps": "30", "gminfactor": "2.5", **_DC_ITERATIONS}, None


def _source_stepping(deck: _Deck) -> tuple[Mapping[str, str], str | None] | None:
    """All sources raised from 0 in many fixed steps, without gmin stepping before."""
    if "uic" in (deck.transient.words if deck.transient else ()):
        return None
    return {"noopiter": "", "gminsteps": "0", "srcsteps": "100", **_DC_ITERATIONS}, None


def _other_method(deck: _Deck) -> tuple[Mapping[str, str], str | None] | None:
    """Gear's method for the trapezoidal rule and the reverse, and more iterations per time point."""
    if deck.transient is None:
        return None
    method = "trap" if deck.options.get("method", "trap").startswith("gear") else "gear"
    return {"method": method, "itl4": "500"}, None


def _relaxed_tolerance(deck: _Deck) -> tuple[Mapping[str, str], str | None] | None:
    """Every tolerance ten times as large, and more iterations: the one rung that costs accuracy."""
    looser = {}
    for name, default in _TOLERANCES.items():
        value = _LOOSER * (parse_number(deck.options.get(name, "")) or default)
        looser[name] = f"{min(value, _LOOSEST) if name == 'reltol' else value:.9g}"
    return {**looser, **_DC_ITERATIONS, "itl4": "500", "trtol": "70"}, None


_RUNGS: Final[Mapping[str, _Edit]] = {
    "tighter_step": _tighter_step,
    "gmin_stepping": _gmin_stepping,
    "source_stepping": _source_stepping,
    "other_method": _other_method,
    "relaxed_tolerance": _relaxed_tolerance,
}

LADDER: Final = tuple(_RUNGS)
"""Names of the rungs, in the order in which they are tried: those that keep the accuracy first."""


def _read(text: str) -> _Deck:
    cards = read_cards(text)
    options = {
        name: value for card in cards if card.words[0] in _OPTIONS for name, value in _ASSIGNMENT.findall(card.text)
    }
    return _Deck(split_lines(text), cards, options)


def _edited(deck: _Deck, options: Mapping[str, str], transient: str | None) -> str:
    """The deck with these options, of which ngspice takes the last, and this transient."""
    lines = list(deck.lines)
    for card in deck.cards:
        row = card.number - 1
        if card.words[0] == ".tran" and transient is not None:
            lines[row] = transient
            for below in _continued(deck.lines, row):
                lines[below] = _COMMENT
        elif card.words[0] == ".end" and options:
            lines[row] = f"{_option_card(options)}\n{lines[row]}"
    return "\n".join(lines)


def _continued(lines: list[str], row: int) -> list[int]:
    """The rows that continue the card of this row, comments between them left out."""
    rows = []
    for below in range(row + 1, len(lines)):
        if lines[below].lstrip(BLANKS).startswith("+"):
            rows.append(below)
        elif not is_comment(lines[below]):
            break
    return rows


def _option_card(options: Mapping[str, str]) -> str:
    return ".options " + " ".join(f"{name}={value}" if value else name for name, value in options.items())
