"""A netlist whose deck was edited after it was made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pycosim.spice.simulator import NetlistLike


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedNetlist:
    """A `NetlistLike` that was made of another one; see there for the attributes."""

    name: str
    text: str
    digest: str
    probes: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    libraries: tuple[Path, ...]


def edited(netlist: NetlistLike, text: str, *, change: str, probes: tuple[str, ...] = ()) -> EditedNetlist:
    """The netlist with another deck.

    Args:
        netlist: as it was made.
        text: the new deck.
        change: what the edit is, to the letter: the new digest follows from it and the old one.
        probes: recorded beside those of the netlist.
    """
    return EditedNetlist(
        name=netlist.name,
        text=text,
        digest=hashlib.sha256(f"{netlist.digest}\0{change}".encode()).hexdigest(),
        probes=(*netlist.probes, *probes),
        settings=netlist.settings,
        libraries=netlist.libraries,
    )
