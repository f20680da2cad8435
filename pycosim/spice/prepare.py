"""The deck as it is run: checked, with absolute library names, and with a seed where it draws random numbers."""

from __future__ import annotations

import re
from typing import Final

from pycosim.spice.deck import read_cards, split_lines
from pycosim.spice.flatten import library_cards
from pycosim.spice.safety import check_netlist
from pycosim.spice.simulator import NetlistLike

_RANDOM: Final = re.compile(r"\b(trnoise|trrandom|a?gauss|a?unif|limit)\s*\(")
_NOISE_SOURCE: Final = re.compile(r"\b(trnoise|trrandom)\b")
_SEED: Final = re.compile(r"\bseed\s*=")
_SEED_CARD: Final = ".options seed=1"


def runnable_deck(netlist: NetlistLike) -> str:
    """Text to give to ngspice.

    ngspice seeds its random numbers from the process number, so that ``agauss`` and its like would differ from run to
    run; without a seed of its own such a deck gets one. (``trnoise`` has no seed in ngspice 39.)

    Raises:
        UnsafeNetlist: see `check_netlist`.
    """
    text = check_netlist(netlist)
    cards = read_cards(netlist.text)
    has_seed = any(card.text.startswith(".opt") and _SEED.search(card.text) for card in cards)
    if has_seed or not _occurs(_RANDOM, netlist):
        return text
    lines = split_lines(text)
    lines.insert(cards[-1].number - 1, _SEED_CARD)  # before .end
    return "\n".join(lines)


def has_noise_source(netlist: NetlistLike) -> bool:
    """Whether a source makes noise over time, of which ngspice keeps a number for the next deck."""
    return _occurs(_NOISE_SOURCE, netlist)


def draws_random_numbers(netlist: NetlistLike) -> bool:
    """Whether a deck or its libraries draw random numbers, which `.options seed` repeats."""
    return _occurs(_RANDOM, netlist)


def _occurs(pattern: re.Pattern[str], netlist: NetlistLike) -> bool:
    sources = (read_cards(netlist.text), *map(library_cards, netlist.libraries))
    return any(pattern.search(card.text) for source in sources for card in source)
