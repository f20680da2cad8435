"""SIGNALS: what a measurement looks at, a probe or a sum and difference of probes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Final

import numpy as np

from pycosim.errors import ConfigurationError, InputError
from pycosim.flows.config import near_words
from pycosim.spice.simulator import Array, Waveforms

SignalText = Annotated[str, "signal"]
"""A signal as it is written: "v(out)", "i(vdd)", "v(a,b)", "v(a) - v(b)", "-i(vdd)", "@m1[gm]", "onoise_spectrum"."""

_NODE: Final = r"[^\s(),=]+"
_TERM: Final = re.compile(
    rf"(?P<sign>[+-]?)(?:(?P<kind>[vi])\((?P<first>{_NODE})(?:,(?P<second>{_NODE}))?\)"
    r"|(?P<other>@[\w.:#]+\[\w+\]|[io]noise_spectrum|onoise[._][\w.#]+))"
)
_GROUND: Final = frozenset({"0", "gnd"})
_HOW: Final = 'write "v(node)", "i(source)", "v(a,b)", or a sum or difference of them'


@dataclass(frozen=True, slots=True)
class Signal:
    """A sum of probes.

    Args:
        terms: (probe, +1 or -1), in lower case; ground is left out.
        unit: V, A, or "" where they are mixed or unknown.
    """

    terms: tuple[tuple[str, int], ...]
    unit: str

    @property
    def probes(self) -> tuple[str, ...]:
        """What a deck must record."""
        return tuple(dict.fromkeys(probe for probe, _ in self.terms))

    def of(self, waves: Waveforms) -> Array:
        """The signal of one run, (n_points,).

        Raises:
            InputError: a probe that the run did not record.
        """
        total: Array = np.zeros(waves.axis.shape)
        for probe, sign in self.terms:
            total = total + sign * _recorded(probe, waves.signals, waves.axis.size)
        return total


@lru_cache(maxsize=1024)
def read_signal(text: str) -> Signal:
    """Read a signal.

    Raises:
        ConfigurationError: it is none, and how one is written.
    """
    bare = re.sub(r"\s+", "", text).lower()
    terms: list[tuple[str, int]] = []
    kinds: set[str] = set()
    place = 0
    while place < len(bare) or not place:
        found = _TERM.match(bare, place)
        if found is None or (place and not found["sign"]) or (found["kind"] == "i" and found["second"]):
            raise ConfigurationError(f"{text!r} is no signal: {_HOW}")
        sign = -1 if found["sign"] == "-" else 1
        if found["other"]:
            terms.append((found["other"], sign))
            kinds.add("V/sqrt(Hz)" if found["other"].startswith("onoise") else "")
        else:
            kinds.add("V" if found["kind"] == "v" else "A")
            for node, side in ((found["first"], sign), (found["second"], -sign)):
                if node is not None and not (found["kind"] == "v" and node in _GROUND):
                    terms.append((f"{found['kind']}({node})", side))
        place = found.end()
    if not terms:
        raise ConfigurationError(f"{text!r} is ground, which is 0 always: {_HOW}")
    return Signal(tuple(terms), kinds.pop() if len(kinds) == 1 else "")


def _recorded(probe: str, signals: Mapping[str, Array], n_points: int) -> Array:
    if probe not in signals:
        raise InputError(f"the deck does not record {probe}; {near_words(probe, sorted(signals))}")
    values = signals[probe]
    if values.size != n_points:
        raise InputError(f"ngspice gave {values.size} values of {probe} for {n_points} points; see that it exists")
    return values
