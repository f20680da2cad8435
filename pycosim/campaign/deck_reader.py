"""READING A DECK of one's own: which lines stay, which are parameters, what it runs and which files it may read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pycosim.campaign.bench import Parameter
from pycosim.campaign.deck_cards import (
    ANALYSES,
    IGNORED,
    WORTH_A_NOTE,
    chosen_analysis,
    deck_lines,
    lines_of,
    refuse_commands,
    title_note,
    top_level,
)
from pycosim.campaign.deck_files import Source, gather_files, in_order, reads_unmistakably, section_names
from pycosim.campaign.deck_parameters import Assignment, names_set, read_assignments
from pycosim.campaign.user_deck import CornerLine, Part, UserDeck
from pycosim.errors import ConfigurationError
from pycosim.spice.deck import Card, parse_number, read_cards
from pycosim.spice.prepare import draws_random_numbers
from pycosim.spice.safety import libraries_are_includes

TEMPERATURE: Final = 27.0
"""What ngspice takes where nothing is said (deg C)."""

_TEMPERATURE_OPTION: Final = re.compile(r"\btemp\s*=\s*(\S+)", re.IGNORECASE)
_SEED_OPTION: Final = re.compile(r"(\.opt\w*\b.*)\bseed\s*=\s*\S+", re.IGNORECASE)
_EMPTY_OPTION: Final = re.compile(r"\s*\.opt(ions?)?\s*", re.IGNORECASE)
_PARAMETERS: Final = frozenset({".param", ".params"})
_DROPPED: Final = frozenset({*ANALYSES, *IGNORED, *WORTH_A_NOTE, ".temp"})


def read_deck(
    text: str,
    *,
    name: str,
    folder: Path | None,
    libraries: Sequence[Path] = (),
    analysis: str | None = None,
    settings: Sequence[tuple[str, str]] = (),
) -> UserDeck:
    """Read a deck.

    Args:
        text: the file: a title, then cards.
        name: of its netlists, a plain word.
        folder: of the file, whose files it may read; None where there is none.
        libraries: further files, or folders of files, that it may read.
        analysis: which of its analyses is run ("tran"), or a whole card (".tran 1n 1u") in their place; None where it
            has one.
        settings: ngspice variables that are set before it is read.

    Raises:
        ConfigurationError: commands, no or several analyses, a parameter set twice, a file that may not be read.
    """
    lines = deck_lines(text)
    cards = read_cards("\n".join(lines))
    refuse_commands(cards)
    source = Source(lines=lines, folder=folder, old_style=libraries_are_includes(dict(settings)))
    files = gather_files(cards, source, libraries)
    corner = _corner(cards, source)
    parts = _parts(cards, source, files, corner)
    deck = UserDeck(
        name=name,
        parts=tuple(part for part in parts if not (isinstance(part, str) and _EMPTY_OPTION.fullmatch(part))),
        analysis=chosen_analysis(cards, analysis),
        parameters=_parameters(parts, corner, _temperature([card for card, _ in in_order(cards, source)])),
        files=tuple(files),
        settings=tuple(settings),
        notes=(
            *title_note(lines[0]),
            *(
                f"line {card.number}: {card.words[0]} is ignored; {WORTH_A_NOTE[card.words[0]]}"
                for card in cards
                if card.words[0] in WORTH_A_NOTE
            ),
            *_overruled(parts, cards, source),
        ),
    )
    return _with_seed(deck)


def _parts(cards: Sequence[Card], source: Source, files: Sequence[Path], corner: Parameter | None) -> list[Part]:
    """The lines of the deck, without those that pycosim writes itself."""
    lines = source.lines
    owner = {index: card for card in cards for index in lines_of(card, lines)}
    outside = dict(top_level(cards))
    parts: list[Part] = []
    for index, line in enumerate(lines):
        card = owner.get(index)
        if card is None:
            parts.append(line)
            continue
        word, begins = card.words[0], index == card.number - 1
        if word in _DROPPED:
            continue
        if word in _PARAMETERS and outside[card.number]:
            parts += read_assignments([lines[k] for k in lines_of(card, lines)]) if begins else []
        elif word.startswith(".opt"):
            parts.append(_TEMPERATURE_OPTION.sub("", line))
        else:
            parts.append(_file_line(card, line, source, files, corner) if begins else line)
    return parts


def _overruled(parts: Sequence[Part], cards: Sequence[Card], source: Source) -> list[str]:
    """A note for every parameter that a file sets again further down, so that varying it changes nothing."""
    read = [(card, path) for card, path in in_order(cards, source)]
    last: dict[str, Path | None] = {}
    for (card, path), (_, outside) in zip(read, top_level([card for card, _ in read]), strict=True):
        if card.words[0] in _PARAMETERS and outside:
            last |= dict.fromkeys(names_set(card.text), path)
    return [
        f"{path} sets {one.name} after the deck does, so that varying it changes nothing: read that file further up"
        for one in parts
        if isinstance(one, Assignment) and (path := last.get(one.name.lower())) is not None
    ]


def _temperature(cards: Sequence[Card]) -> float:
    """What ngspice would take: the last .temp, else the first number of the last option."""
    said = [(card, card.text.split(None, 1)[-1]) for card in cards if card.words[0] == ".temp"]
    options = [card for card in cards if card.words[0].startswith(".opt") and _TEMPERATURE_OPTION.search(card.text)]
    said = said or [(card, _TEMPERATURE_OPTION.findall(card.text)[0]) for card in options]
    for card, text in said[-1:]:
        value = parse_number(text.strip())
        if value is not None:
            return value
        if text.strip(" {}'") != "temperature":  # a .param of this name is the temperature
            raise ConfigurationError(
                f"line {card.number}: wanted one temperature as a number, found {card.text!r}; write one, and sweep "
                "the parameter temperature"
            )
    return TEMPERATURE


def _file_line(card: Card, line: str, source: Source, files: Sequence[Path], corner: Parameter | None) -> Part:
    """A line as it is; one that names a file so that no other file can be meant."""
    named = source.named(card)
    if named is None:
        return line
    path = source.path(named[0])
    name = named[0] if reads_unmistakably(named[0], path, files) else str(path)
    if corner is not None and named[1].lower() == corner.default:
        return CornerLine(name)
    return f'{card.words[0]} "{name}" {named[1]}'.rstrip()


def _corner(cards: Sequence[Card], source: Source) -> Parameter | None:
    """The section of the first `.lib` line, and what it may be instead: what every file has that it is read of."""
    read = [named for card in cards if (named := source.named(card)) is not None and named[1]]
    if not read:
        return None
    default = read[0][1].lower()
    paths = [source.path(named) for named, section in read if section.lower() == default]
    choices = [name for name in section_names(paths[0]) if all(name in section_names(path) for path in paths)]
    if default not in choices:
        raise ConfigurationError(
            f"the library {paths[0]} has no section {default!r}; it has {', '.join(choices) or 'none'}"
        )
    return Parameter(default=default, meaning="section of the .lib lines", choices=tuple(choices))


def _parameters(parts: Sequence[Part], corner: Parameter | None, temperature: float) -> Mapping[str, Parameter]:
    found: dict[str, Parameter] = {}
    seen: dict[str, str] = {}
    for one in (part for part in parts if isinstance(part, Assignment)):
        key = one.name.lower()
        if key in seen:
            raise ConfigurationError(f".param sets {one.name} twice, to {seen[key]!r} and to {one.text!r}: keep one")
        seen[key] = one.text
        parameter = one.parameter()
        if parameter is not None:
            found[one.name] = parameter
    for word, meant in (("seed", "the sample of random numbers"), ("corner", "the section of the .lib lines")):
        if word in seen and (word == "seed" or corner is not None):
            raise ConfigurationError(f"the deck has a .param {word}, and sweeps call {meant} so: rename it in the deck")
    if corner is not None:
        found["corner"] = corner
    if "temperature" not in seen:
        found["temperature"] = Parameter(default=temperature, unit="degC", meaning="temperature")
    return found


def _with_seed(deck: UserDeck) -> UserDeck:
    """The same deck with the parameter `seed`, where it draws random numbers; its own seed goes."""
    if not draws_random_numbers(deck.netlist({}, ())):
        return deck
    parts = tuple(_SEED_OPTION.sub(r"\1", part) if isinstance(part, str) else part for part in deck.parts)
    seed = Parameter(default=None, meaning="sample of the deck's random numbers")
    return replace(deck, parts=parts, parameters={**deck.parameters, "seed": seed})
