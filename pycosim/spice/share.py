"""Independent circuits in one deck: each a subcircuit of its own, run over common time steps, and taken apart again.

Reading models and stepping through time is then paid once for all. Newton's iteration and the time steps serve the
circuit that needs most, so that a result differs from that of the circuit alone within the tolerances (``reltol``), and
depends on what shares its deck. It is never used unasked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pycosim.spice.deck import Card, read_cards
from pycosim.spice.simulator import NetlistLike, Waveforms

_PROBE: Final = re.compile(r"([vi])\(([a-z0-9_.]+)\)")
_ANALYSES: Final = frozenset({".tran", ".op", ".dc"})
_DROPPED: Final = frozenset({".print", ".plot", ".save", ".end"})
_SET: Final = re.compile(r"\bv\(\s*([^\s,()]+)\s*\)")
_UNSHARED: Final = frozenset({".global", ".nodeset", ".probe", ".if", ".meas", ".measure", ".ac", ".noise", ".temp"})
_RANDOM: Final = re.compile(r"\b(trnoise|trrandom|a?gauss|a?unif|limit)\b|savecurrents|\bseed\b")
_DEVICES: Final = "rclvimdbegfhxjq"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedNetlist:
    """Several netlists as one; a `NetlistLike`.

    Attributes:
        name: of the first one, and how many there are.
        text: the deck.
        digest: of the text.
        probes: of all, under the names that they have in the shared deck.
        settings: which all have.
        libraries: which all have.
        members: the netlists, in their order.
        renamed: of each member, probe -> name in the shared deck.
    """

    name: str
    text: str
    digest: str
    probes: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    libraries: tuple[Path, ...]
    members: tuple[NetlistLike, ...]
    renamed: tuple[dict[str, str], ...]

    def split(self, waves: Waveforms) -> tuple[Waveforms, ...]:
        """The waveforms of each member, over the common axis."""
        return tuple(
            Waveforms(
                axis=waves.axis,
                axis_name=waves.axis_name,
                signals={probe: waves.signals[name] for probe, name in names.items()},
                netlist_digest=member.digest,
            )
            for member, names in zip(self.members, self.renamed, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """A deck taken apart.

    Args:
        common: models, subcircuits, options, analysis: what all members must have alike.
        devices: at the top level, without the swept source.
        initial: ``.ic`` cards.
        swept: the device that ``.dc`` sweeps, or "".
        above: nodes of the swept source, which all members share.
    """

    common: tuple[str, ...]
    devices: tuple[str, ...]
    initial: tuple[str, ...]
    swept: str
    above: frozenset[str]


def shared(netlists: Sequence[NetlistLike]) -> SharedNetlist | None:
    """One netlist for all of them.

    Args:
        netlists: at least one; they may differ in their devices and initial conditions only.

    Returns:
        The netlist; None where they cannot share a deck: other models, options, analyses or swept sources, a
        small-signal or random deck, a probe of the swept source's current.
    """
    parts = [_parts(netlist) for netlist in netlists]
    first = parts[0]
    if first is None or any(part is None or part.common != first.common for part in parts):
        return None
    head = netlists[0]
    if any((netlist.settings, netlist.libraries) != (head.settings, head.libraries) for netlist in netlists):
        return None
    known = [part for part in parts if part is not None]
    renamed = [
        _renamed(netlist, part, index) for index, (netlist, part) in enumerate(zip(netlists, known, strict=True))
    ]
    if any(part.swept != first.swept for part in known) or None in renamed:
        return None
    names = [one for one in renamed if one is not None]
    probes = tuple(dict.fromkeys(name for one in names for name in one.values()))
    lines = [f"{head.name}: {len(netlists)} circuits in one deck", *first.common]
    if first.swept:
        lines += [f".global {' '.join(sorted(first.above))}", first.swept]
    for index, part in enumerate(known):
        lines += [f".subckt shared{index}", *part.devices, ".ends", f"x{index} shared{index}"]
        lines += [_initial_inside(card, index, part) for card in part.initial]
    lines += [*(f".save {probe}" for probe in probes), ".end", ""]
    text = "\n".join(lines)
    return SharedNetlist(
        name=f"{head.name}_x{len(netlists)}",
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        probes=probes,
        settings=head.settings,
        libraries=head.libraries,
        members=tuple(netlists),
        renamed=tuple(names),
    )


def _parts(netlist: NetlistLike) -> _Parts | None:
    cards = read_cards(netlist.text)
    if any(card.words[0] in _UNSHARED or _RANDOM.search(card.text) for card in cards):
        return None
    common: list[str] = []
    devices: list[Card] = []
    initial: list[str] = []
    depth = 0
    for card in cards:
        word = card.words[0]
        depth += word in {".subckt", ".macro"}
        if depth or (word[0] == "." and word != ".ic" and word not in _DROPPED):
            common.append(card.text)
        elif word == ".ic":
            initial.append(card.text)
        elif word[0] in _DEVICES:
            devices.append(card)
        elif word[0] != ".":
            return None
        depth -= word in {".ends", ".eom"}
    if sum(card.words[0] in _ANALYSES for card in cards) != 1:
        return None
    sweeps = [card.words[1:] for card in cards if card.words[0] == ".dc"]
    swept = [card for card in devices if sweeps and card.words[0] == sweeps[0][0]]
    if sweeps and (len(sweeps[0]) != 4 or len(swept) != 1):
        return None  # two nested sweeps, a swept temperature
    above = frozenset(swept[0].words[1:3]) - {"0", "gnd"} if swept else frozenset()
    rest = tuple(card.text for card in devices if card not in swept)
    return _Parts(tuple(common), rest, tuple(initial), swept[0].text if swept else "", above)


def _renamed(netlist: NetlistLike, part: _Parts, index: int) -> dict[str, str] | None:
    """Probe -> its name in the shared deck."""
    names: dict[str, str] = {}
    for probe in netlist.probes:
        found = _PROBE.fullmatch(probe.lower().replace(" ", ""))
        if found is None:
            return None
        if found[1] == "v":
            names[probe] = f"v({_inside(found[2], index, part)})"
        elif found[2] == part.swept.partition(" ")[0] or not found[2].startswith("v") or "." in found[2]:
            return None
        else:
            names[probe] = f"i(v.x{index}.{found[2]})"
    return names


def _initial_inside(card: str, index: int, part: _Parts) -> str:
    return _SET.sub(lambda found: f"v({_inside(found[1], index, part)})", card)


def _inside(node: str, index: int, part: _Parts) -> str:
    return node if node in part.above or node in {"0", "gnd"} else f"x{index}.{node}"
