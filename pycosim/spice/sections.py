"""Sections of model libraries: where each begins, and which of them a deck reads.

A library holds ``.lib name`` ... ``.endl`` sections, and a deck reads one with ``.lib file name``. What other sections
name is never opened: foundry libraries name files that come only with some of their options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pycosim.spice.deck import Card, read_cards
from pycosim.spice.flatten import library_cards

FILE_CARD: Final = re.compile(r"""(\.\w+)[ \t]+("[^"]*"|'[^']*'|[^\s"']+)(?:[ \t]+([\w.-]+))?""")
"""A card that names a file: the card, the file, and after .lib the section."""

EVERY: Final = "*"
"""Stands for all sections of a library: it is included whole."""


def by_section(cards: Sequence[Card]) -> Iterator[tuple[frozenset[str], Card]]:
    """Yield every card with the names of the sections that are open there; none outside of sections."""
    sections: frozenset[str] = frozenset()
    for card in cards:
        if card.words[0] == ".lib" and len(card.words) == 2:
            sections |= {card.words[1].strip("\"'")}
        yield sections, card
        if card.words[0] == ".endl":
            sections = frozenset()


def reached_sections(deck: str, libraries: frozenset[Path]) -> dict[Path, frozenset[str]] | None:
    """Sections that a deck reads of each library, directly or through another section, names in lower case.

    A library that is read with ``.include`` counts as read whole: every section of it. None where two libraries differ
    in case alone, and so cannot be told apart in cards: then everything counts as read.
    """
    if len({str(path).lower() for path in libraries}) < len(libraries):
        return None
    reached: dict[Path, set[str]] = {}
    waiting = [_target(card, libraries, None) for card in read_cards(deck)]
    while waiting:
        target = waiting.pop()
        if target is None or target[1] in reached.setdefault(target[0], set()):
            continue
        path, wanted = target
        reached[path].add(wanted)
        for sections, card in by_section(library_cards(path)):
            if wanted == EVERY or wanted in sections:
                waiting.append(_target(card, libraries, path.parent))
    return {path: _with_every(path, names) for path, names in reached.items()}


def find_library(named: str, libraries: frozenset[Path], directory: Path | None) -> Path | None:
    """The library of this name: absolute, from ``directory``, or (in a deck) the end of exactly one path."""
    if named.startswith("/") or directory is not None:
        resolved = ((directory or Path("/")) / named).resolve()
        return resolved if resolved in libraries else None
    tail = tuple(part for part in Path(named).parts if part not in {".", ".."})
    ends = [path for path in libraries if tail and path.parts[-len(tail) :] == tail]
    return ends[0] if len(ends) == 1 else None


def _target(card: Card, libraries: frozenset[Path], directory: Path | None) -> tuple[Path, str] | None:
    """The library and section that a card reads; None where it reads none of the libraries."""
    found = FILE_CARD.fullmatch(card.text)
    if found is None or card.words[0] not in {".lib", ".include", ".inc"}:
        return None
    if card.words[0] == ".lib" and not found[3]:
        return None
    path = _same_name(found[2].strip("\"'"), libraries, directory)
    return None if path is None else (path, found[3] or EVERY)


def _same_name(named: str, libraries: frozenset[Path], directory: Path | None) -> Path | None:
    """`find_library` without regard to case, for cards are in lower case."""
    lower = {Path(str(path).lower()): path for path in libraries}
    folder = None if directory is None else Path(str(directory).lower())
    found = find_library(named.lower(), frozenset(lower), folder)
    return None if found is None else lower.get(found)


def _with_every(path: Path, names: set[str]) -> frozenset[str]:
    if EVERY not in names:
        return frozenset(names)
    return frozenset().union(*(sections for sections, _ in by_section(library_cards(path))))
