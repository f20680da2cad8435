"""FILES OF A DECK: which ones it may read, where its sections are, and a digest that follows their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from pycosim.errors import ConfigurationError
from pycosim.spice.deck import Card, read_cards, split_lines, strip_comment
from pycosim.spice.flatten import library_cards
from pycosim.spice.sections import FILE_CARD, by_section, find_library

FILE_CARDS: Final = frozenset({".inc", ".include", ".lib"})


def named_file(card: Card, lines: Sequence[str]) -> tuple[str, str] | None:
    """File and section ("" without) that a card reads, in the case in which they are written; None for other cards."""
    if card.words[0] not in FILE_CARDS:
        return None
    found = FILE_CARD.fullmatch(strip_comment(lines[card.number - 1]))
    if found is None or (card.words[0] == ".lib" and not found[3]):
        return None
    return found[2].strip("\"'"), found[3] or ""


def gather_files(cards: Sequence[Card], lines: Sequence[str], folder: Path | None, also: Sequence[Path]) -> list[Path]:
    """Every file that a deck reads, directly or through another one, in the order of first mention.

    Files that only other files name, and that are not there or not allowed, are left out: a library names files that
    come with some of its sections only. `pycosim.spice.safety` refuses the deck if it reads one of these.

    Args:
        cards: of the deck.
        lines: of the deck.
        folder: of the deck, whose files it may read; None for a deck that is no file.
        also: further files that it may read, and folders whose files it may read.

    Raises:
        ConfigurationError: the deck names a file that is not there, that lies elsewhere, or that ngspice cannot name.
    """
    allowed = [path.resolve() for path in ([folder] if folder is not None else [])] + [path.resolve() for path in also]
    found: list[Path] = []
    for card, path in _targets(cards, lines, folder):
        where = f"line {card.number} reads {path}"
        if not _within(path, allowed):
            raise ConfigurationError(
                f"{where}, which is not in the deck's folder{f' {folder}' if folder else ''}; name the file, or a "
                "folder that holds it, in libraries, or copy it beside the deck"
            )
        if not path.is_file():
            raise ConfigurationError(f"{where}, which is not there; paths are relative to the deck's folder")
        found.append(path)
    return _with_nested(found, allowed)


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


def _targets(cards: Sequence[Card], lines: Sequence[str], folder: Path | None) -> Iterator[tuple[Card, Path]]:
    """Cards that read a file, with the file."""
    for card in cards:
        named = named_file(card, lines)
        if named is None:
            continue
        path = ((folder or Path("/")) / named[0]).resolve()
        if card.words[0] == ".lib" and any(sign.isspace() for sign in str(path)):
            raise ConfigurationError(
                f"line {card.number} reads a section of {path}, and ngspice ends that name at the blank: "
                "rename the folder or file without blanks"
            )
        yield card, path


def _with_nested(files: list[Path], allowed: Sequence[Path]) -> list[Path]:
    known = list(dict.fromkeys(files))
    for path in known:  # grows while it is read
        text = path.read_text(encoding="utf-8", errors="replace")
        for _, nested in _targets(read_cards(text, has_title=False), split_lines(text), path.parent):
            if nested not in known and nested.is_file() and _within(nested, allowed):
                known.append(nested)
    return known


def _within(path: Path, allowed: Sequence[Path]) -> bool:
    return any(path == one or path.is_relative_to(one) for one in allowed)
