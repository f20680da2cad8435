"""Refuse text that would make ngspice run a command or read a file that the netlist does not name.

A deck is a program to ngspice: ``.control`` blocks, lines that start with ``*#``, a title that starts with
``*ng_script`` (also given by ``.title``) and ``;#`` or ``//`` forms of these all run commands, ``shell``
among them; ``.include``, ``.lib`` and XSPICE sources read files. So nothing is searched for and removed: dot
cards and model types must be on a list of those that do neither, and a file must be one of
``netlist.libraries``, which are checked as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from pycosim.errors import UnsafeNetlist
from pycosim.spice.deck import BLANKS, Card, is_comment, read_cards, split_lines, strip_comment
from pycosim.spice.model_types import FILELESS_MODEL_TYPES
from pycosim.spice.sections import FILE_CARD, by_section, find_library, reached_sections
from pycosim.spice.simulator import NetlistLike

_MAX_TITLE: Final = 1000  # ngspice -b cuts the first line at 5000 characters and reads the rest as a card
_DOT_CARD_NAMES: Final = """
    .ac .dc .disto .else .elseif .end .endif .endl .ends .eom .four .fourier .func .global .ic .if .inc
    .include .lib .macro .meas .measure .model .nodeset .noise .op .opt .option .options .param .params .plot
    .print .probe .pz .save .sens .subckt .temp .tf .title .tran .width
"""
_DOT_CARDS: Final = frozenset(_DOT_CARD_NAMES.split())
_FILE_CARDS: Final = frozenset({".inc", ".include", ".lib"})
_COMMANDS: Final = frozenset({"shell", "source", "codemodel", "osdi", "system", "exec"})
_SETTING_NAMES: Final = """
    enable_noisy_r ng_nomodcheck ngbehavior no_auto_gnd nomodcheck nostepsizelimit num_threads scale scalm
    skywaterpdk strict_errorhandling xtrtol
"""
_SETTINGS: Final = frozenset(_SETTING_NAMES.split())
_SETTING_VALUE: Final = re.compile(r"[\w.+-]{0,64}", re.ASCII)  # libngspice overruns its buffer at 1024
_HIDDEN_COMMAND: Final = re.compile(r"^[ \t]*[*;$/]+[ \t]*#")
_FILE_PARAMETER: Final = re.compile(r"\b(\w+_)?(ic|in|out)?file(_?name)?\s*=", re.ASCII)
_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BAD_IN_PATH: Final = re.compile(r"[\"'$~;\\\n]")


def check_netlist(netlist: NetlistLike) -> str:
    """Refuse a deck that could run a command or read a foreign file.

    Args:
        netlist: its text is the deck, its libraries the only files that the deck may include.

    Returns:
        The deck as it may be run: the same lines, names of included files made absolute.

    Raises:
        UnsafeNetlist: with the line and what to write instead.
    """
    variables = dict(netlist.settings)
    allowed = frozenset(path.resolve() for path in netlist.libraries)
    try:
        _check_settings(variables)
        old_style = libraries_are_includes(variables)
        _check_title(netlist.text)
        text = _check_lines(netlist.text, allowed, old_style, directory=None, reached=None)
        for path in allowed:
            _check_path(path)
        reached = None if old_style else reached_sections(netlist.text, allowed)
        for path in allowed:
            _check_library(path, allowed, old_style, reached.get(path, frozenset()) if reached is not None else None)
        return text
    except _RefusedError as refusal:
        raise UnsafeNetlist(str(refusal), netlist=netlist.name) from None


class _RefusedError(Exception):
    """A reason to refuse, before the name of the netlist is known."""


def _check_settings(settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        if name not in _SETTINGS or not _SETTING_VALUE.fullmatch(value):
            raise _RefusedError(
                f"the setting {name}={value!r} is refused; known are {', '.join(sorted(_SETTINGS))}, "
                "with at most 64 letters, digits, '.', '+', '-' and '_' in the value"
            )


def libraries_are_includes(settings: Mapping[str, str]) -> bool:
    """Whether ``.lib file`` is an include: in ngspice's LTspice and PSpice modes."""
    behaviour = settings.get("ngbehavior", "").lower()
    return "ps" in behaviour or "lt" in behaviour


def _check_title(text: str) -> None:
    title = split_lines(text)[0]
    bare = title.lstrip(BLANKS)
    is_card = bare.startswith(".") and bare.split()[0].lower() != ".title"
    if not bare or is_card or bare[0] in "+@" or len(title) > _MAX_TITLE:
        raise _RefusedError(
            f"line 1 is the title, found {title[:60]!r}: wanted 1 to {_MAX_TITLE} characters that are no card"
        )
    ends = [card.words[0] == ".end" for card in read_cards(text)]
    if sum(ends) != 1 or not ends[-1]:
        raise _RefusedError("wanted one .end, as the last card: ngspice reads what follows it as a second deck")


def _check_lines(
    text: str, allowed: frozenset[Path], old_style: bool, directory: Path | None, reached: frozenset[str] | None
) -> str:
    """Check every line, then every card; return the text with absolute names of files.

    Args:
        text: a deck, or a library.
        allowed: resolved paths of the files that may be read.
        old_style: whether ``.lib file`` is an include.
        directory: folder of the library; None for a deck.
        reached: sections of the library that the deck reads; files that others name are never opened. None for all.
    """
    lines = split_lines(text)
    for number, line in enumerate(lines, start=1):
        _check_line(number, line, is_title=number == 1 and directory is None)
    for sections, card in by_section(read_cards(text, has_title=directory is None)):
        _check_card(card)
        if card.words[0] in _FILE_CARDS and (reached is None or not sections or sections & reached):
            line = strip_comment(lines[card.number - 1])
            absolute = _check_file_card(card, line, allowed, old_style, directory)
            if directory is None:
                lines[card.number - 1] = absolute
    return "\n".join(lines)


def _check_line(number: int, line: str, is_title: bool) -> None:
    problem = line_problem(line, is_title)
    if problem is not None:
        raise _RefusedError(f"line {number} {problem}: {line[:80]!r}")


@lru_cache(maxsize=1 << 14)  # the lines of a model library come back in every deck
def line_problem(line: str, is_title: bool) -> str | None:
    """Why a line is refused on its own, whatever the others say, or None."""
    if _CONTROL_CHARACTER.search(line):
        return "holds a control character; write blanks and line feeds only"
    if "ng_script" in line.lower():
        return "names ng_script, which makes ngspice run the file as commands; reword it"
    if _HIDDEN_COMMAND.match(line):
        return "is a hidden command to ngspice; put a word before the '#'"
    if line.rstrip(BLANKS).endswith("\\"):
        return "ends with a backslash; continue lines with '+'"
    if is_title or is_comment(line):
        return None
    if not line.isascii():
        return "holds a character outside ASCII; keep those to comments"
    bare = line.lower().lstrip(BLANKS)
    word = bare.split()[0]
    if bare[0] in "@!`|&>" or "`" in line:
        return "is no card; remove it"
    if word in _COMMANDS or word.startswith("pre_"):
        return "starts with a command; rename the element"
    return None


def _check_card(card: Card) -> None:
    if "file" in card.text and _FILE_PARAMETER.search(card.text):
        raise _RefusedError(f"line {card.number} names a file to read: {card.text[:60]!r}; give the values in the deck")
    if not card.text.startswith("."):
        return
    word = card.words[0]
    if word not in _DOT_CARDS:
        raise _RefusedError(f"line {card.number}: {word!r} is refused; cards are {', '.join(sorted(_DOT_CARDS))}")
    if word == ".model":
        _check_model(card)


def _check_model(card: Card) -> None:
    kind = re.split(r"[\s(]", card.text.split(None, 2)[2] if len(card.words) > 2 else "", maxsplit=1)[0]
    if kind not in FILELESS_MODEL_TYPES:
        raise _RefusedError(f"line {card.number}: the model type {kind!r} is not among those that read no file")


def _check_file_card(card: Card, line: str, allowed: frozenset[Path], old_style: bool, directory: Path | None) -> str:
    """The card with its file made absolute; ``.lib tt`` of a library, which begins a section, as it is."""
    found = FILE_CARD.fullmatch(line)
    if card.n_lines > 1 or found is None:
        raise _RefusedError(f"line {card.number}: wanted one file name and, after .lib, a section; found {line[:80]!r}")
    kind, named, section = found[1].lower(), found[2].strip("\"'"), found[3] or ""
    if kind == ".lib" and not section and not old_style:
        if directory is not None:
            return line
        raise _RefusedError(f"line {card.number}: wanted '.lib file section', found {line[:80]!r}")
    path = None if _BAD_IN_PATH.search(named) else find_library(named, allowed, directory)
    if path is None or (section and (kind != ".lib" or old_style)):
        names = ", ".join(str(path) for path in sorted(allowed)) or "none"
        raise _RefusedError(
            f"line {card.number} reads {line[:80]!r}, which is not among the netlist's libraries ({names}); "
            "list it in netlist.libraries, or remove the line"
        )
    return f'{kind} "{path}" {section}'.rstrip()


def _check_path(path: Path) -> None:
    if _BAD_IN_PATH.search(str(path)):
        raise _RefusedError(f"the path of the library {path} holds a quote, '$', '~', ';' or a backslash: move it")
    try:
        path.open("rb").close()
    except OSError as error:
        raise _RefusedError(f"the library {path} cannot be read: {error.strerror}") from None


def _check_library(path: Path, allowed: frozenset[Path], old_style: bool, reached: frozenset[str] | None) -> None:
    stat = path.stat()
    _check_library_once(path, stat.st_mtime_ns, stat.st_size, allowed, old_style, reached)


@lru_cache(maxsize=64)
def _check_library_once(
    path: Path, mtime: int, size: int, allowed: frozenset[Path], old_style: bool, reached: frozenset[str] | None
) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        _check_lines(text, allowed, old_style, directory=path.parent, reached=reached)
    except _RefusedError as refusal:
        raise _RefusedError(f"library {path}: {refusal}") from None
