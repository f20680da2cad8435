"""PARAMETERS OF A DECK: what its `.param` lines set, and numbers where the deck has arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pycosim.campaign.bench import Parameter
from pycosim.campaign.expressions import evaluate
from pycosim.errors import ConfigurationError
from pycosim.spice.deck import BLANKS, parse_number, strip_comment

DIGITS: Final = 15
"""Significant digits of a deck's numbers: 10u is 1e-05 then, and not a product with a rounding."""

_NAME: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<arguments>\s*\([^()]*\))?\s*=(?!=)\s*")
_QUOTED: Final = re.compile(r"\{[^}]*\}|'[^']*'|\"[^\"]*\"")
_COMMENT: Final = re.compile(r"[;$/]+\s*(?:\[(?P<unit>[^\]]*)\])?\s*(?P<meaning>.*)")
_SPICE_NUMBER: Final = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[a-z]*")

_TWO_READINGS: Final = re.compile(r"[-+.\d]+(e[-+]?\d+)?(a|mil).*")
"""9A is 9 in a .param of ngspice 39, and 9e-18 in a device; 3mil is 0.003 and 76.2e-6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One `name = value` of a `.param` card.

    Attributes:
        name: as it is written.
        text: the value as it is written.
        arguments: "(x)" of a function, else "".
        unit: from a comment behind it, `; [ohm] load`.
        meaning: the rest of that comment.
    """

    name: str
    text: str
    arguments: str = ""
    unit: str = ""
    meaning: str = ""

    @property
    def number(self) -> float | None:
        """The value, where it is a number and no arithmetic.

        Raises:
            ConfigurationError: a suffix of which ngspice has two readings.
        """
        text = self.text.strip("{}'\" ")
        number = None if self.arguments else parse_number(text)
        if number is not None and _TWO_READINGS.fullmatch(text.lower()):
            raise ConfigurationError(
                f".param {self.name}={text}: ngspice reads this suffix one way in .param lines and another way in "
                "devices; write the number with an exponent"
            )
        return None if number is None else float(f"{number:.{DIGITS}g}")

    def parameter(self) -> Parameter | None:
        """What a sweep may vary; None for arithmetic and functions."""
        number = self.number
        return None if number is None else Parameter(default=number, unit=self.unit, meaning=self.meaning)


def read_assignments(lines: Sequence[str]) -> list[Assignment]:
    """The assignments of one `.param` card, whose physical lines these are, comments included.

    Raises:
        ConfigurationError: text that is no assignment.
    """
    parts = [strip_comment(line) for line in lines]
    bodies = [part.lstrip("+" + BLANKS) if k else part.split(None, 1)[-1] for k, part in enumerate(parts)]
    text = " ".join(bodies)
    masked = _QUOTED.sub(lambda found: "_" * len(found[0]), text)
    heads = list(_NAME.finditer(masked))
    if not heads or masked[: heads[0].start()].strip(BLANKS + ","):
        raise ConfigurationError(f"wanted '.param name=value', found {' '.join(parts)[:80]!r}")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    comments = _comments(lines, bodies)
    return [
        Assignment(
            name=head["name"],
            text=text[head.end() : end].strip(BLANKS + ","),
            arguments=(head["arguments"] or "").strip(),
            unit=(comments.get(head["name"]) or ("", ""))[0],
            meaning=(comments.get(head["name"]) or ("", ""))[1],
        )
        for head, end in zip(heads, ends, strict=True)
    ]


def names_set(card: str) -> list[str]:
    """Names that a `.param` card sets, of which nothing else need be understood."""
    return [head["name"] for head in _NAME.finditer(_QUOTED.sub("_", card))]


def in_numbers(text: str, names: Mapping[str, float]) -> float | None:
    """Value of a deck's arithmetic, numbers with suffixes among it; None for what only ngspice understands.

    Args:
        text: without its braces or quotes, in any case.
        names: parameter in lower case -> value.
    """
    plain = _SPICE_NUMBER.sub(lambda found: repr(parse_number(found[0])), text.lower())
    if any(_TWO_READINGS.fullmatch(word) for word in _SPICE_NUMBER.findall(text.lower())):
        return None
    try:
        return evaluate(plain, names)
    except ConfigurationError:
        return None


def known_numbers(assignments: Iterable[Assignment], values: Mapping[str, float]) -> dict[str, float]:
    """Lower-case name -> value of every parameter that can be computed here, in the order of the deck.

    Args:
        assignments: of the whole deck.
        values: those that are given, by name as written.
    """
    known: dict[str, float] = {}
    for one in assignments:
        value = values.get(one.name, one.number)
        if value is None and not one.arguments:
            value = in_numbers(one.text.strip("{}'\" "), known)
        if value is not None:
            known[one.name.lower()] = value
    return known


def _comments(lines: Sequence[str], bodies: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Name -> unit and meaning, where a line sets one name and has a comment."""
    found: dict[str, tuple[str, str]] = {}
    for line, body in zip(lines, bodies, strict=True):
        names = names_set(body)
        comment = _COMMENT.fullmatch(line.strip(BLANKS).removeprefix(strip_comment(line)).strip(BLANKS))
        if len(names) == 1 and comment is not None:
            found[names[0]] = ((comment["unit"] or "").strip(), comment["meaning"].strip())
    return found
