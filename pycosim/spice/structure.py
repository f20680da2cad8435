"""Faults that ngspice does not tell: floating nodes and devices without a value.

ngspice 39 gives a node without a DC path whatever its last resort, a transient operating point, ends with (10
V for 1 uA into 1 pF), and a capacitor without a value 0 F, both with status 0.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from pycosim.errors import SuspectNetlist
from pycosim.spice.deck import Card, frequency_grid, read_cards
from pycosim.spice.flatten import VOLTAGE, Flat, Terminal, flatten, library_cards
from pycosim.spice.simulator import NetlistLike

_SET_VOLTAGE: Final = re.compile(r"\bv\(\s*([^\s,()]+)\s*\)\s*=")
_AC_VALUE: Final = re.compile(r"\bac\b")
_MAX_NAMED: Final = 6


def check_structure(netlist: NetlistLike) -> None:
    """Refuse a deck with a floating node, a device without a value, or a small-signal analysis of nothing.

    ngspice 39 gives zeros and status 0 for the noise of a node that does not exist and for the response to no source.

    A node floats where one single terminal touches it, or where no resistor, junction, channel, inductor or
    source connects it with ground, and neither ``.ic``, ``.nodeset`` nor ``uic`` says its voltage. Storage
    nodes (capacitor, gates and the channel of a write device) do not float. Decks with ``.if``, ``rshunt`` or
    subcircuits that are not found are not judged.

    Raises:
        SuspectNetlist: with nodes or devices, and what to add.
    """
    cards = read_cards(netlist.text)
    libraries = [path.resolve() for path in netlist.libraries]
    everything = [*cards, *(card for path in libraries for card in library_cards(path))]
    _check_values(everything, netlist)
    if any(card.words[0] == ".if" for card in cards) or _has_option(cards, "rshunt"):
        return
    flat = flatten(cards, libraries)
    if not flat.complete:
        return
    _check_small_signal(everything, flat, netlist)
    known = _known_nodes(cards) | flat.unsure
    dangling = _dangling(flat, known)
    if dangling:
        raise SuspectNetlist(
            f"floating: only one terminal touches {_some(dangling)}; connect it or remove the device",
            netlist=netlist.name,
        )
    if _uses_initial_conditions(cards):
        return
    islands = _islands(flat, known)
    if islands:
        raise SuspectNetlist(
            f"floating: no DC path to ground from {_some(islands)}; connect it, or give it .ic "
            "(storage nodes of an ideal testbench need one)",
            netlist=netlist.name,
        )


_QUANTITY: Final = {"r": "resistance", "c": "capacitance", "l": "inductance", "v": "voltage", "i": "current"}


def _check_values(cards: Iterable[Card], netlist: NetlistLike) -> None:
    for card in cards:
        if card.text[0] in _QUANTITY and len(card.words) == 3:
            raise SuspectNetlist(
                f"line {card.number}: {card.words[0]} has no {_QUANTITY[card.text[0]]}: {card.text!r}; "
                f"ngspice would take {'1 mohm' if card.text[0] == 'r' else '0'} and go on; write the value",
                netlist=netlist.name,
            )


def _check_small_signal(cards: Sequence[Card], flat: Flat, netlist: NetlistLike) -> None:
    nodes = {touch.node for touch in flat.touches} | flat.unsure | {"0"}
    for card in cards:
        grid = frequency_grid(card.text) if card.words[0] in {".noise", ".ac"} else None
        if grid is not None and grid[2] > grid[3]:
            raise SuspectNetlist(
                f"line {card.number}: frequencies must rise, found {grid[2]:g} to {grid[3]:g} Hz: swap start and stop",
                netlist=netlist.name,
            )
        if card.words[0] == ".noise":
            found = VOLTAGE.search(card.text)
            missing = [node for node in (found.groups() if found else ()) if node and node not in nodes]
            if missing:
                near = difflib.get_close_matches(missing[0], sorted(nodes), n=3)
                raise SuspectNetlist(
                    f"line {card.number}: the output {missing[0]} of .noise is no node of the circuit; "
                    f"nearest are {', '.join(near) or 'none'}; correct its name",
                    netlist=netlist.name,
                )
        if card.words[0] == ".ac" and not any(
            other.text[0] in "vi" and _AC_VALUE.search(other.text) for other in cards
        ):
            raise SuspectNetlist(
                f"line {card.number}: no source has an AC value, so that every response is 0: write 'ac 1' behind one",
                netlist=netlist.name,
            )


def _known_nodes(cards: Sequence[Card]) -> set[str]:
    """Nodes with a voltage in ``.ic`` or ``.nodeset``."""
    lines = (card.text for card in cards if card.words[0] in {".ic", ".nodeset"})
    return {node for line in lines for node in _SET_VOLTAGE.findall(line)}


def _has_option(cards: Sequence[Card], name: str) -> bool:
    return any(card.text.startswith(".opt") and re.search(rf"\b{name}\b", card.text) for card in cards)


def _uses_initial_conditions(cards: Sequence[Card]) -> bool:
    return any(card.words[0] == ".tran" and "uic" in card.words for card in cards)


def _dangling(flat: Flat, known: set[str]) -> list[str]:
    """Nodes with one single terminal that does not drive them, each with its device."""
    counts = Counter(touch.node for touch in flat.touches)
    return [
        f"{touch.node} ({touch.device})"
        for touch in flat.touches
        if counts[touch.node] == 1 and touch.kind is not Terminal.DRIVES and touch.node not in known | {"0"}
    ]


def _islands(flat: Flat, known: set[str]) -> list[str]:
    """Nodes in a group that conducts nowhere to ground and holds no node of known voltage."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for first, *others in flat.links:
        for other in others:
            parent[root(other)] = root(first)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for node in dict.fromkeys(touch.node for touch in flat.touches):
        groups[root(node)].add(node)
    fixed = known | {"0"}
    return [node for group in groups.values() if not group & fixed for node in sorted(group)]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more
