"""RECORDING: what measurements look at must be in the circuit, and in what its deck records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from pycosim.campaign.bench import SweepBench
from pycosim.campaign.deck_cards import ANALYSES
from pycosim.campaign.measure import Measure, probes_of
from pycosim.campaign.task import Measurement, Point
from pycosim.errors import ConfigurationError
from pycosim.flows.config import near_words
from pycosim.spice import NetlistLike
from pycosim.spice.deck import Card, read_cards, split_lines
from pycosim.spice.edited import edited
from pycosim.spice.flatten import Flat, flatten
from pycosim.spice.safety import check_netlist
from pycosim.spice.structure import check_structure

_PROBE: Final = re.compile(r"([vi])\((.*)\)")
_DEVICE: Final = re.compile(r"(@)(.*)\[\w+\]")
_BRANCHES: Final = frozenset("vlehb")
"""First letters of devices whose current ngspice has as i(name)."""


def recording(bench: SweepBench, measurements: Sequence[Measurement]) -> SweepBench:
    """The bench with further measurements, whose probes its decks then record; of two of one name the new one holds.

    Raises:
        ConfigurationError: a probe that its circuit does not have, or a measurement of another analysis.
        SimulationError: a deck of the bench that would not run.
    """
    if not measurements:
        return bench
    probes = probes_of(measurements)

    def make(point: Point) -> NetlistLike:
        return with_probes(bench.make(point), probes)

    more = {one.name: one for one in measurements}
    check_measurable(make(bench.point({})), bench.parameters, measurements)
    return replace(bench, make=make, measurements={**bench.measurements, **more})


def with_probes(netlist: NetlistLike, probes: Sequence[str]) -> NetlistLike:
    """The netlist, recording these probes as well; a deck of noise, or one that records everything, does already."""
    more = tuple(probe for probe in probes if probe not in netlist.probes)
    if not more:
        return netlist
    lines, cards = split_lines(netlist.text), read_cards(netlist.text)
    words = {card.words[0] for card in cards}
    if ".noise" not in words and (".save" in words or not netlist.probes):
        lines[cards[-1].number - 1 : cards[-1].number - 1] = [f".save {probe}" for probe in more]
    return edited(netlist, "\n".join(lines), change="\0".join(more), probes=more)


def check_measurable(netlist: NetlistLike, parameters: Iterable[str], measurements: Sequence[Measurement]) -> None:
    """Refuse a deck that would not run, and measurements of what it does not have, before any point is simulated.

    Args:
        netlist: of any point.
        parameters: names that a level may be computed of.
        measurements: those of the kinds known here are checked.

    Raises:
        ConfigurationError: a measurement of another analysis, or of a node, source or parameter that is not there.
        SimulationError: the deck would run a command, read a foreign file, or has a floating node.
    """
    check_netlist(netlist)
    check_structure(netlist)
    cards = read_cards(netlist.text)
    flat = flatten(cards, [path.resolve() for path in netlist.libraries])
    judged = flat.complete and not any(card.words[0] == ".if" for card in cards)
    analysis = next((card.words[0] for card in cards if card.words[0] in ANALYSES), None)
    for one in measurements:
        if not isinstance(one.function, Measure):
            continue
        try:
            if analysis is not None:
                one.function.check_axis(ANALYSES[analysis], analysis)
            for name in one.function.parameters - set(parameters):
                raise ConfigurationError(
                    f"a level names {name!r}, which is no parameter; {near_words(name, sorted(parameters))}"
                )
            for probe in one.function.probes:
                _check_kind(probe, analysis)
                if judged:
                    _check_probe(probe, cards, flat)
        except ConfigurationError as error:
            raise ConfigurationError(f"measure {one.name}: {error}") from None


def _check_kind(probe: str, analysis: str | None) -> None:
    if analysis is not None and probe.startswith(("onoise", "inoise")) != (analysis == ".noise"):
        have = "onoise_spectrum and inoise_spectrum" if analysis == ".noise" else "v(node) and i(source)"
        raise ConfigurationError(f"a deck with {analysis} gives {have}, and no {probe}")


def _check_probe(probe: str, cards: Sequence[Card], flat: Flat) -> None:
    found = _PROBE.fullmatch(probe) or _DEVICE.fullmatch(probe)
    if found is None:
        return
    name = found[2]
    if found[1] == "@" and "." not in name:
        known = sorted(card.words[0] for card in cards if not card.text.startswith("."))
        if name not in known:
            raise ConfigurationError(f"the circuit has no device {name!r}; {near_words(name, known)}")
    elif found[1] == "v":
        nodes = {touch.node for touch in flat.touches} | flat.unsure
        if name not in nodes:
            raise ConfigurationError(f"the circuit has no node {name!r}; {near_words(name, sorted(nodes))}")
    elif found[1] == "i" and "." not in name:
        devices = {card.words[0] for card in cards if not card.text.startswith(".")}
        branches = sorted(device for device in devices if device[0] in _BRANCHES)
        if name in devices and name not in branches:
            raise ConfigurationError(
                f"ngspice has i() of voltage sources and inductors only ({', '.join(branches) or 'none here'}): write "
                f'"@{name}[i]" (of a transistor "@{name}[id]"), or put a source of 0 V in series'
            )
        if name not in devices:
            raise ConfigurationError(f"the circuit has no source {name!r}; {near_words(name, branches)}")
