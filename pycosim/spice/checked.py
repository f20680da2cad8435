"""A deck that may be run: checked once for all decks that differ in the values of their devices only.

A sweep gives thousands of decks that differ in a few numbers, and no check looks at these. So a deck is known by its
skeleton: every line as it is, but for numbers where a value stands, and comments. Decks of one skeleton, with the same
libraries and settings, are refused or allowed alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from pycosim.spice.deck import BLANKS, Extent, analysis_extent, is_comment, read_cards, split_lines
from pycosim.spice.prepare import has_noise_source, runnable_deck
from pycosim.spice.safety import line_problem
from pycosim.spice.simulator import NetlistLike
from pycosim.spice.structure import check_structure

_NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:meg|[tgkmunpf])?"
_ASSIGNED: Final = re.compile(rf"(?<==){_NUMBER}(?=[ \t]|$)", re.ASCII | re.IGNORECASE)
_ALONE: Final = re.compile(rf"(?<=[ \t(,]){_NUMBER}(?=[ \t),]|$)", re.ASCII | re.IGNORECASE)
_DEVICES_OF_VALUE: Final = "rclvi"
_MOST_KEPT: Final = 64
_COMMENT: Final = "*"


@dataclass(frozen=True, slots=True)
class Checked:
    """What the engine needs to know of a deck that passed.

    Args:
        deck: text to give to ngspice.
        needs_fresh_worker: whether ngspice keeps a number of it for the next deck.
        extent: how far a complete run goes.
    """

    deck: str
    needs_fresh_worker: bool
    extent: Extent | None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A deck that passed, as changes of its lines: row -> text."""

    replaced: tuple[tuple[int, str], ...]
    needs_fresh_worker: bool
    extent: Extent | None


class Checker:
    """Checks decks; remembers the skeletons of those that passed."""

    def __init__(self) -> None:
        self._known: dict[object, _Verdict] = {}

    def check(self, netlist: NetlistLike) -> Checked:
        """The deck as it may be run.

        Raises:
            UnsafeNetlist: see `pycosim.spice.safety.check_netlist`.
            SuspectNetlist: see `pycosim.spice.structure.check_structure`.
        """
        lines = split_lines(netlist.text)
        key = _key(netlist, lines)
        verdict = self._known.get(key)
        if verdict is None:
            verdict = _judge(netlist, lines)
            self._known[key] = verdict
            if len(self._known) > _MOST_KEPT:
                del self._known[next(iter(self._known))]
        for row, text in verdict.replaced:
            lines[row] = text
        return Checked("\n".join(lines), verdict.needs_fresh_worker, verdict.extent)


def _judge(netlist: NetlistLike, lines: list[str]) -> _Verdict:
    deck = runnable_deck(netlist)
    check_structure(netlist)
    return _Verdict(_replaced(lines, deck.split("\n")), has_noise_source(netlist), analysis_extent(read_cards(deck)))


def _replaced(before: list[str], after: list[str]) -> tuple[tuple[int, str], ...]:
    """The rows that `runnable_deck` wrote anew; a row that it inserted goes with the one after it."""
    inserted = len(after) - len(before)
    rows = []
    shift = 0
    for row, line in enumerate(before):
        if inserted and not shift and after[row] != line and after[row + inserted] == line:
            rows.append((row, "\n".join(after[row : row + inserted + 1])))
            shift = inserted
        elif after[row + shift] != line:
            rows.append((row, after[row + shift]))
    return tuple(rows)


def _key(netlist: NetlistLike, lines: list[str]) -> object:
    """Equal for decks that no check tells apart."""
    libraries = tuple((path, *_state(path)) for path in netlist.libraries)
    return lines[0], tuple(map(_skeleton, lines[1:])), libraries, netlist.settings


def _state(path: Path) -> tuple[int, int]:
    """When a library was changed last, and its size; of one that is gone a state that no other has."""
    try:
        stat = path.stat()
    except OSError:
        return -1, -1
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=1 << 14)  # the lines of a model come back in every deck
def _skeleton(line: str) -> str:
    """The line, its values left out."""
    bare = line.lstrip(BLANKS)
    if is_comment(line):
        return line if line_problem(line, False) else _COMMENT
    if bare[0] == ".":
        return _ASSIGNED.sub("=#", line) if bare[:3].lower() == ".ic" else line
    if bare[0].lower() not in _DEVICES_OF_VALUE:
        return _ASSIGNED.sub("#", line) if bare[0].lower() in "mx" else line
    words = bare.split(None, 3)
    return " ".join((*words[:3], _ALONE.sub("#", f" {words[3]}"))) if len(words) > 3 else line
