"""A block as an ngspice subcircuit of B-sources and capacitors, and a deck in which it takes the transistors' place."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping

from pycosim.errors import InputError
from pycosim.export.block import Block, Capacitor, Current, Part, Resistor, Table, clipped, number

_SIGNAL = re.compile(r"@(\w+)")
_NAME = re.compile(r"v\(\w+\)|[\d.]+")
_HEAD = re.compile(r"\s*\.subckt\s+(\S+)(.*)", re.IGNORECASE)
_END = re.compile(r"\s*\.ends\b", re.IGNORECASE)


def ngspice_text(block: Block, comments: tuple[str, ...]) -> str:
    """Print a block as a subcircuit.

    It has only B-sources and capacitors, reads no file and needs no code model.

    Args:
        block: what to print.
        comments: lines of provenance at its head.
    """
    parameters = " ".join(f"{parameter.name}={number(parameter.default)}" for parameter in block.parameters)
    lines = [
        *(f"* {line}".rstrip() for line in (*comments, *block.about)),
        *(f"* {p.name}: {p.meaning} ({p.unit})" if p.unit else f"* {p.name}: {p.meaning}" for p in block.parameters),
        *_wrap(f".subckt {block.name} {' '.join(block.pins)} {parameters}".rstrip()),
    ]
    for card in _cards(block.parts):
        lines += _wrap(card)
    return "\n".join([*lines, f".ends {block.name}"]) + "\n"


def replace_subcircuit(deck: str, subcircuit: str) -> str:
    """Put an exported subcircuit in the place of the subcircuit of the same name in a deck.

    Args:
        deck: the text of a deck.
        subcircuit: what `ngspice_text` gave, with the name and the pins of the one that it replaces.

    Raises:
        InputError: where the deck has no such subcircuit, or one with other pins.
    """
    lines, name, pins = deck.splitlines(), *_header(_joined(subcircuit))
    heads = [k for k, line in enumerate(lines) if (found := _HEAD.match(line)) and found[1].lower() == name]
    if len(heads) != 1:
        known = sorted({found[1] for line in lines if (found := _HEAD.match(line))})
        raise InputError(f"wanted one subcircuit {name} in the deck, found {len(heads)}; it has {', '.join(known)}")
    end = next((k for k in range(heads[0], len(lines)) if _END.match(lines[k])), None)
    if end is None:
        raise InputError(f"the subcircuit {name} of the deck has no .ends")
    theirs = _header(_joined("\n".join(lines[heads[0] : end])))[1]
    if theirs != pins:
        raise InputError(f"the subcircuit {name} of the deck has the pins {' '.join(theirs)}, wanted {' '.join(pins)}")
    return "\n".join([*lines[: heads[0]], *subcircuit.splitlines(), *lines[end + 1 :]]) + "\n"


def _joined(text: str) -> list[str]:
    return re.sub(r"\n\+", " ", text).splitlines()


def _header(lines: list[str]) -> tuple[str, tuple[str, ...]]:
    head = next((found for line in lines if (found := _HEAD.match(line))), None)
    if head is None:
        raise InputError("an exported subcircuit begins with .subckt, found none; export it with --to ngspice")
    words = re.split(r"\bparams:|\s\S+\s*=", " " + head[2])[0].split()
    return head[1].lower(), tuple(word.lower() for word in words)


def _cards(parts: tuple[Part, ...]) -> list[str]:
    """One card per part; a signal that is used once, or is a mere name, goes into the expression that uses it.

    Every other signal is a node of its own, which costs the simulator two unknowns.
    """
    uses = Counter(name for part in parts for name in _SIGNAL.findall(part.value))
    meaning: dict[str, str] = {}
    cards: list[str] = []
    for part in parts:
        if isinstance(part, Capacitor | Resistor):
            kind = "C" if isinstance(part, Capacitor) else "R"
            cards.append(f"{kind}{len(cards)} {part.start} {part.end} {part.value}")
            continue
        value = _expression(part.value, meaning)
        if isinstance(part, Current):
            cards.append(f"B{len(cards)} {part.start} {part.end} I={value}")
            continue
        if part.table is not None:
            value = _table(part.table, value)
        if uses[part.name] == 1 or _NAME.fullmatch(value):
            meaning[part.name] = value if part.table is not None or _NAME.fullmatch(value) else f"({value})"
            continue
        meaning[part.name] = f"v(at_{part.name})"  # whatever the pins are called
        cards.append(f"B{len(cards)} at_{part.name} 0 V={value}")
    return cards


def _table(table: Table, operand: str) -> str:
    """A call of pwl, which would go on with its last slope beyond its ends."""
    points = ",".join(f"{number(x)},{number(y)}" for x, y in zip(table.x, table.y, strict=True))
    return f"pwl({clipped(operand, number(table.x[0]), number(table.x[-1]))},{points})"


def _expression(text: str, meaning: Mapping[str, str]) -> str:
    return re.sub(r"\bnow\b", "time", _SIGNAL.sub(lambda found: meaning[found[1]], text))


def _wrap(card: str) -> list[str]:
    """Lines of at most 110 characters, broken after blanks, commas and asterisks."""
    lines = [""]
    for piece in re.findall(r"[^ ,*]*[ ,*]?", card):
        if lines[-1] and len(lines[-1]) + len(piece) > 108:
            lines.append("")
        lines[-1] += piece
    return [lines[0].rstrip(), *textwrap.indent("\n".join(line.rstrip() for line in lines[1:]), "+ ").splitlines()]
