"""CARDS OF A USER'S DECK: which are kept, which are written anew, which are refused and what to do then."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pycosim.errors import ConfigurationError
from pycosim.spice.deck import BLANKS, Card, is_comment, strip_comment
from pycosim.spice.simulator import AxisName

ANALYSES: Final[Mapping[str, AxisName]] = {
    ".tran": "time", ".ac": "frequency", ".noise": "frequency", ".dc": "sweep", ".op": "sweep",
}  # fmt: skip
"""Cards that run something, with the axis of what they give."""

IGNORED: Final = frozenset({".save", ".print", ".plot", ".probe", ".width", ".end"})
"""Cards about what is recorded and printed, which pycosim decides by the measurements."""

_MEASURE: Final = "write it as a table [measure.<name>] of the sweep"
WORTH_A_NOTE: Final[Mapping[str, str]] = {
    ".meas": _MEASURE, ".measure": _MEASURE, ".four": _MEASURE, ".fourier": _MEASURE,
}  # fmt: skip
"""Cards that compute something, which would be missed."""

_AXIS: Final = "pycosim sweeps itself: write it as [axes] of the sweep, and remove the line"
_UNMEASURED: Final = f"of analyses pycosim measures {' '.join(ANALYSES)}: remove the line"
_REFUSED: Final[Mapping[str, str]] = {
    ".control": "a deck may not run commands: remove everything from .control to .endc, write the analysis as a card "
    "(.tran, .ac, .dc, .op, .noise) and what is measured as [measure.<name>] of the sweep",
    ".endc": "there is no .control before it: remove the line",
    ".step": _AXIS,
    ".alter": _AXIS,
    ".data": _AXIS,
    ".mc": _AXIS,
    ".tf": _UNMEASURED,
    ".pz": _UNMEASURED,
    ".sens": _UNMEASURED,
    ".disto": _UNMEASURED,
}

_DEVICE: Final = re.compile(r"[rclvi]\w* +\S+ +\S+ +([+-]?\d\S*|\{.*\}|(dc|ac|pulse|sin)\b.*)", re.IGNORECASE)
_OPENING: Final = frozenset({".subckt", ".macro", ".if"})
_CLOSING: Final = frozenset({".ends", ".eom", ".endif"})


def deck_lines(text: str) -> list[str]:
    """Lines of a deck up to its `.end`, whatever their line ends.

    Raises:
        ConfigurationError: nothing in it, something behind `.end`, or another encoding than UTF-8.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "\0" in text:
        raise ConfigurationError("the deck holds zero bytes, as UTF-16 has: save it as UTF-8")
    if not any(line.strip() for line in lines):
        raise ConfigurationError("the deck is empty; wanted a title, then a circuit and one analysis")
    for index, line in enumerate(lines[1:], start=1):
        if strip_comment(line).lower() == ".end":
            rest = [behind for behind in lines[index + 1 :] if not is_comment(behind)]
            if rest:
                raise ConfigurationError(f"line {index + 1} is .end, and {rest[0][:60]!r} stands behind it: remove one")
            return lines[:index]
    return lines


def title_note(title: str) -> tuple[str, ...]:
    """A note where the title looks like a device, which is then not in the circuit."""
    if _DEVICE.fullmatch(title.strip()) is None:
        return ()
    return (f"line 1 is the title in SPICE, and {title.strip()!r} looks like a device: put a title above it",)


def lines_of(card: Card, lines: Sequence[str]) -> list[int]:
    """Indices of the physical lines that a card was written on, comments between them not counted."""
    found = [card.number - 1]
    index = card.number
    while len(found) < card.n_lines:
        if not is_comment(lines[index]) and lines[index].lstrip(BLANKS).startswith("+"):
            found.append(index)
        index += 1
    return found


def top_level(cards: Sequence[Card]) -> Iterator[tuple[int, bool]]:
    """(number, whether it stands outside of every subcircuit and condition) of every card."""
    depth = 0
    for card in cards:
        depth -= card.words[0] in _CLOSING
        yield card.number, depth <= 0
        depth += card.words[0] in _OPENING


def refuse_commands(cards: Sequence[Card]) -> None:
    """Refuse cards that run, repeat or compute what pycosim does itself.

    Raises:
        ConfigurationError: the line, and what to do in place of it.
    """
    for card in cards:
        advice = _REFUSED.get(card.words[0])
        if advice is not None:
            raise ConfigurationError(f"line {card.number}: {card.words[0]} is refused: {advice}")


def chosen_analysis(cards: Sequence[Card], wanted: str | None) -> str:
    """The card of the one analysis that is run.

    Args:
        cards: of the deck.
        wanted: name of one that the deck has ("tran"), a whole card (".tran 1n 1u"), or None for the only one.

    Raises:
        ConfigurationError: there is none, or there are several.
    """
    found = [card for card in cards if card.words[0] in ANALYSES]
    if wanted is not None and len(wanted.split()) > 1:
        words = f".{wanted.strip().lstrip('.')}".split()
        if words[0].lower() not in ANALYSES or "\n" in wanted.strip():
            raise ConfigurationError(f"analysis must be one of {' '.join(ANALYSES)} and its numbers, found {wanted!r}")
        return " ".join([words[0].lower(), *words[1:]])
    if wanted is not None:
        kind = f".{wanted.strip().lower().lstrip('.')}"
        found = [card for card in found if card.words[0] == kind]
        if not found and kind == ".op":
            return ".op"
        if not found:
            near = difflib.get_close_matches(kind, ANALYSES, n=1)
            hint = f"did you mean {near[0]}?" if near and near[0] != kind else f"write a whole card: {kind} ..."
            raise ConfigurationError(f"the deck has no analysis {kind}; {hint}")
    if not found:
        raise ConfigurationError(
            f'the deck has no analysis; write one of {" ".join(ANALYSES)} into it, or give analysis = ".tran 1n 1u"'
        )
    if len(found) > 1:
        lines = ", ".join(f"{card.words[0]} (line {card.number})" for card in found)
        raise ConfigurationError(
            f'a sweep runs one analysis, found {lines}; keep one, or choose with analysis = "{found[0].words[0][1:]}"'
        )
    return found[0].text
