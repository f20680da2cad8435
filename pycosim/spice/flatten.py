"""Which device touches which node, subcircuits expanded: enough of a deck to find floating nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Final

from pycosim.spice.deck import Card, parse_number, read_cards

_MAX_DEPTH: Final = 20
VOLTAGE: Final = re.compile(r"\bv\(\s*([^\s,()]+)\s*(?:,\s*([^\s,()]+)\s*)?\)")
"""A voltage in an expression or an output: of one node, or between two."""
_GROUND: Final = frozenset({"0", "gnd"})


class Terminal(Enum):
    """What a terminal means for the DC path of its node."""

    CONDUCTS = "conducts"
    DRIVES = "drives"
    """A voltage source: it conducts, and the node needs nothing else."""
    BLOCKS = "blocks"
    """A capacitor, a gate, a current source or a voltage that is only read."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One terminal of one device on one node, in flat names (``x1.node``)."""

    device: str
    node: str
    kind: Terminal


@dataclass(frozen=True, slots=True)
class Subcircuit:
    """Body of a ``.subckt``."""

    ports: tuple[str, ...]
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Flat:
    """A flattened deck.

    Args:
        touches: every terminal.
        links: groups of nodes that one device connects for direct current.
        unsure: nodes that a device touches in a way not understood here; never reported.
        complete: False where a subcircuit was not found, so that nothing may be concluded.
    """

    touches: tuple[Touch, ...]
    links: tuple[tuple[str, ...], ...]
    unsure: frozenset[str]
    complete: bool


@dataclass(slots=True)
class _Draft:
    """A `Flat` in the making."""

    touches: list[Touch] = field(default_factory=list)
    links: list[tuple[str, ...]] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)
    complete: bool = True


@lru_cache(maxsize=64)
def _library_cards(path: Path, mtime: int, size: int) -> tuple[Card, ...]:
    return read_cards(path.read_text(encoding="utf-8", errors="replace"), has_title=False)


def library_cards(path: Path) -> tuple[Card, ...]:
    """Cards of a library file, read again only when it changed."""
    stat = path.stat()
    return _library_cards(path, stat.st_mtime_ns, stat.st_size)


def flatten(deck: Sequence[Card], libraries: Sequence[Path]) -> Flat:
    """Expand the subcircuits of a deck down to devices."""
    subcircuits: dict[str, Subcircuit] = {}
    for path in libraries:
        _split(library_cards(path), subcircuits)
    top = _split(deck, subcircuits)
    shared = {word for card in top if card.words[0] == ".global" for word in card.words[1:]} | _GROUND
    draft = _Draft()
    _expand(top, "", {}, frozenset(shared), subcircuits, draft, 0)
    return Flat(tuple(draft.touches), tuple(draft.links), frozenset(draft.unsure), draft.complete)


def _split(cards: Sequence[Card], subcircuits: dict[str, Subcircuit]) -> list[Card]:
    """Take the subcircuit definitions out; what is left is the top level."""
    top: list[Card] = []
    open_ones: list[tuple[str, tuple[str, ...], list[Card]]] = []
    for card in cards:
        word = card.words[0]
        if word in {".subckt", ".macro"} and len(card.words) > 1:
            open_ones.append((card.words[1], _positional(card.words[2:]), []))
        elif word in {".ends", ".eom"} and open_ones:
            name, ports, body = open_ones.pop()
            subcircuits.setdefault(name, Subcircuit(ports, tuple(body)))
        else:
            (open_ones[-1][2] if open_ones else top).append(card)
    return top


def _positional(words: Sequence[str]) -> tuple[str, ...]:
    """The words before the first ``name=value`` or ``params:``."""
    found: list[str] = []
    for index, word in enumerate(words):
        if "=" in word or word == "params:" or (index + 1 < len(words) and words[index + 1].startswith("=")):
            break
        found.append(word)
    return tuple(found)


def _expand(
    cards: Sequence[Card],
    prefix: str,
    outside: Mapping[str, str],
    shared: frozenset[str],
    subcircuits: Mapping[str, Subcircuit],
    draft: _Draft,
    depth: int,
) -> None:
    """Add the devices of one level; ``outside`` maps ports to the flat nodes of the level above."""

    def flat_node(name: str) -> str:
        if name in _GROUND:
            return "0"
        return outside.get(name) or (name if name in shared else prefix + name)

    for card in cards:
        letter = card.text[0]
        if letter == ".":
            continue
        if letter == "x":
            words = _positional(card.words)
            inner = subcircuits.get(words[-1])
            if inner is None or len(words) - 2 != len(inner.ports) or depth >= _MAX_DEPTH:
                draft.complete = False
                continue
            nodes = dict(zip(inner.ports, map(flat_node, words[1:-1]), strict=True))
            _expand(inner.cards, f"{prefix}{words[0]}.", nodes, shared, subcircuits, draft, depth + 1)
            continue
        device = prefix + card.words[0]
        terminals, conducting = _device(card.text)
        for name, kind in terminals:
            if kind is None:
                draft.unsure.add(flat_node(name))
            else:
                draft.touches.append(Touch(device, flat_node(name), kind))
        if conducting:
            draft.links.append(tuple(map(flat_node, conducting)))


_Terminals = tuple[tuple[str, Terminal | None], ...]


@lru_cache(maxsize=1 << 14)  # the devices of a subcircuit come back in every instance and every deck
def _device(card_text: str) -> tuple[_Terminals, tuple[str, ...]]:
    """Terminals of a device card, and the nodes that it connects for direct current."""
    words = card_text.split()
    return tuple(_terminals(card_text, words)), _conducting(card_text, words)


_TWO_POLES: Final = {
    "r": Terminal.CONDUCTS, "l": Terminal.CONDUCTS, "d": Terminal.CONDUCTS, "w": Terminal.CONDUCTS,
    "c": Terminal.BLOCKS, "i": Terminal.BLOCKS, "f": Terminal.BLOCKS,
    "v": Terminal.DRIVES, "h": Terminal.DRIVES,
}  # fmt: skip


def _terminals(text: str, words: Sequence[str]) -> Iterator[tuple[str, Terminal | None]]:
    """Node names of a device with what their terminals mean; None for one that is not understood."""
    letter = words[0][0]
    read = [(name, Terminal.BLOCKS) for pair in VOLTAGE.findall(text) for name in pair if name]
    if letter in _TWO_POLES:
        yield from ((name, _TWO_POLES[letter]) for name in words[1:3])
    elif letter in "bge":
        kind = Terminal.DRIVES if letter == "e" or (letter == "b" and _is_voltage_source(text)) else Terminal.BLOCKS
        yield from ((name, kind) for name in words[1:3])
        if letter != "b":
            plain = len(words) == 6 and parse_number(words[5]) is not None
            yield from ((name, Terminal.BLOCKS if plain else None) for name in words[3:5] if _may_be_node(name))
            yield from ((name, None) for name in words[5:] if not plain and _may_be_node(name))
    elif letter == "m":
        yield from zip(words[1:5], _MOS, strict=False)
        yield from ((name, None) for name in _positional(words[6:]))
    elif letter == "j":
        yield from ((name, Terminal.CONDUCTS) for name in words[1:4])
    elif letter == "q":
        yield from ((name, Terminal.CONDUCTS) for name in words[1:4])
        yield from ((name, None) for name in words[4:6])
    elif letter == "s":
        yield from ((name, Terminal.CONDUCTS) for name in words[1:3])
        yield from ((name, Terminal.BLOCKS) for name in words[3:5])
    elif letter != "k":
        yield from ((name.strip("[]()"), None) for name in words[1:])
    yield from read


_MOS: Final = (
    Terminal.CONDUCTS,
    Terminal.BLOCKS,
    Terminal.CONDUCTS,
    Terminal.CONDUCTS,
)  # drain gate source bulk


def _is_voltage_source(text: str) -> bool:
    return re.search(r"\bv\s*=", text) is not None


def _may_be_node(word: str) -> bool:
    return not set(word) & set("={}'\"*/") and "(" not in word


def _conducting(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """Nodes that the device connects for direct current."""
    letter = words[0][0]
    if letter in "rldvhwjqse" or (letter == "b" and _is_voltage_source(text)):
        return tuple(words[1 : 4 if letter in "jq" else 3])
    if letter == "m" and len(words) > 4:
        return (words[1], words[3], words[4])
    return ()
