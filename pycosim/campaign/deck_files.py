"""FILES OF A DECK: which ones it may read, where its sections are, and a digest that follows their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from pycosim.errors import ConfigurationError
from pycosim.spice.deck import Card, read_cards, split_lines, strip_comment
from pycosim.spice.flatten import library_cards
from pycosim.spice.sections import FILE_CARD, by_section, find_library

FILE_CARDS: Final = frozenset({".inc", ".include", ".lib"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where cards come from.

    Attributes:
        lines: as they are written.
        folder: that files are relative to; None where there is none.
        old_style: whether `.lib file` is an include, as in PSpice and LTspice.
    """

    lines: Sequence[str]
    folder: Path | None
    old_style: bool

    def named(self, card: Card) -> tuple[str, str] | None:
        """File and section ("" without) that a card reads, in the case in which they are written; None for others."""
        if card.words[0] not in FILE_CARDS:
            return None
        found = FILE_CARD.fullmatch(strip_comment(self.lines[card.number - 1]))
        if found is None or (card.words[0] == ".lib" and bool(found[3]) == self.old_style):
            return None
        return found[2].strip("\"'"), found[3] or ""

    def path(self, named: str) -> Path:
        """Where a file lies."""
        return ((self.folder or Path("/")) / named).resolve()


def gather_files(cards: Sequence[Card], source: Source, also: Sequence[Path]) -> list[Path]:
    """Every file that a deck reads, directly or through another one, in the order of first mention.

    Files that only other files name, and that are not there or not allowed, are left out: a library names files that
    come with some of its sections only. `pycosim.spice.safety` refuses the deck if it reads one of these.

    Args:
        cards: of the deck.
        source: the deck; it may read the files of its folder.
        also: further files that it may read, and folders whose files it may read.

    Raises:
        ConfigurationError: the deck names a file that is not there, that lies elsewhere, or that ngspice cannot name.
    """
    folder = source.folder
    allowed = [path.resolve() for path in (*([] if folder is None else [folder]), *also)]
    found: list[Path] = []
    for card in cards:
        if card.words[0] == ".lib" and len(card.words) == 2 and not source.old_style:
            raise ConfigurationError(
                f"line {card.number}: wanted '.lib file section', found {card.text!r}; write .include, or for "
                'libraries of PSpice and LTspice settings = { ngbehavior = "ps" }'
            )
    for card, path in _targets(cards, source):
        where = f"line {card.number} reads {path}"
        if not _within(path, allowed):
            raise ConfigurationError(
                f"{where}, which is not in the deck's folder{f' {folder}' if folder else ''}; name the file, or a "
                "folder that holds it, in libraries, or copy it beside the deck"
            )
        if not path.is_file():
            raise ConfigurationError(f"{where}, which is not there; paths are relative to the deck's folder")
        found.append(path)
    return _with_nested(found, allowed, source.old_style)


def in_order(cards: Sequence[Card], source: Source) -> Iterator[tuple[Card, Path | None]]:
    """Cards of a deck, and after each that reads a file the cards of that file, with it; one level deep."""
    for card in cards:
        yield card, None
        named = source.named(card)
        if named is None:
            continue
        path = source.path(named[0])
        for sections, inner in by_section(library_cards(path)):
            if not named[1] or named[1].lower() in sections:
                yield inner, path


def section_names(path: Path) -> tuple[str, ...]:
    """Sections of a library in its order, in lower case."""
    return tuple(dict.fromkeys(name for names, _ in by_section(library_cards(path)) for name in sorted(names)))


def reads_unmistakably(named: str, path: Path, files: Iterable[Path]) -> bool:
    """Whether a name in a deck leads to this file alone among those that the deck reads."""
    return find_library(named, frozenset(files), None) == path


def files_digest(text: str, settings: Sequence[tuple[str, str]], files: Sequence[Path]) -> str:
    """SHA-256 (hex) of a deck, of ngspice's settings and of the content of its files, wherever these lie."""
    digest = hashlib.sha256(text.encode())
    for key, value in settings:
        digest.update(f"\0{key}={value}".encode())
    for path in files:
        stat = path.stat()
        digest.update(b"\0" + _content_digest(path, stat.st_mtime_ns, stat.st_size))
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _content_digest(path: Path, mtime: int, size: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _targets(cards: Sequence[Card], source: Source) -> Iterator[tuple[Card, Path]]:
    """Cards that read a file, with the file."""
    for card in cards:
        named = source.named(card)
        if named is None:
            continue
        path = source.path(named[0])
        if named[1] and any(sign.isspace() for sign in str(path)):
            raise ConfigurationError(
                f"line {card.number} reads a section of {path}, and ngspice ends that name at the blank: "
                "rename the folder or file without blanks"
            )
        yield card, path


def _with_nested(files: list[Path], allowed: Sequence[Path], old_style: bool) -> list[Path]:
    known = list(dict.fromkeys(files))
    for path in known:  # grows while it is read
        text = path.read_text(encoding="utf-8", errors="replace")
        inner = Source(lines=split_lines(text), folder=path.parent, old_style=old_style)
        for _, nested in _targets(read_cards(text, has_title=False), inner):
            if nested not in known and nested.is_file() and _within(nested, allowed):
                known.append(nested)
    return known


def _within(path: Path, allowed: Sequence[Path]) -> bool:
    return any(path == one or path.is_relative_to(one) for one in allowed)
