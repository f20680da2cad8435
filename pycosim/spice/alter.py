"""Decks that differ only in numbers: the commands that make the loaded circuit the next one, to the last bit.

Reading a deck takes ngspice longer than a short run. Where the next deck differs from the loaded one only in values of
devices, ``alter`` sets these and the circuit runs again; everything else is read anew.

The result is the same *bit for bit*, not just to tolerance, so that a sweep does not depend on which worker ran what
before. ``alter`` reads a number by other code than a deck is read by, and 6.4e-08 may differ in its last bit; with a
whole mantissa (64e-9) both compute mantissa times a power of ten, in that order.

Altered are values of resistors, capacitors, inductors and independent sources (constant, pulse, pwl, sin), and
width, length and threshold shift of transistors, where the device is written at the top level. Not altered, because
ngspice would not follow, or not to the bit: devices in subcircuits, temperature and options, parameters, models,
``.ic``, transistors of another model than BSIM4 or whose model may be binned (ngspice chooses the bin when it reads the
deck), coupled inductors, sources with very many points, and anything random.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_NUMBER: Final = re.compile(r"([+-]?)(\d+)?(?:\.(\d*))?(?:e([+-]?\d{1,3}))?(meg|[tgkmunpf])?", re.ASCII)
_EXPONENTS: Final = {
    None: 0, "t": 12, "g": 9, "meg": 6, "k": 3, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15,
}  # fmt: skip
_NAME: Final = re.compile(r"[a-z][a-z0-9_.]*", re.ASCII)
_SOURCE: Final = re.compile(r"(pulse|pwl|sin)\s*\(([^()]*)\)")
_VALUES: Final = {"r": "resistance", "c": "capacitance", "l": "inductance"}
_TRANSISTOR_PARAMETERS: Final = frozenset({"w", "l", "delvto"})
_RANDOM: Final = re.compile(r"\b(trnoise|trrandom|a?gauss|a?unif|limit|rnd|sgauss|sunif)\b|\bseed\b|\.if\b")
_BSIM4: Final = re.compile(r"\blevel\s*=\s*(14|54)\b")
_FILES: Final = (".inc", ".lib")
_MOST_DIGITS: Final = 15  # of a mantissa that a double holds exactly
_LONGEST: Final = 512  # characters of a command: libngspice 39 takes 1024 and writes beyond them, without a word


class LoadedDeck:
    """A deck that ngspice has read, and what may be altered in it.

    Args:
        text: as it was read, and altered since.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        lower = [line.strip().lower() for line in self._lines]
        self._may_change = not any(_RANDOM.search(line) for line in lower[1:] if not line.startswith("*"))
        self._top = list(_at_top_level(lower))
        self._coupled = any(line.startswith("k") for line in lower[1:])
        has_files = any(line.startswith(_FILES) for line in lower)
        self._models = frozenset() if has_files else frozenset(_model_names(lower))

    def alterations(self, text: str) -> tuple[str, ...] | None:
        """Commands after which the loaded circuit is the one of `text`, which is then the loaded deck.

        Args:
            text: the next deck.

        Returns:
            The commands; None where the deck has to be read.
        """
        lines = text.split("\n")
        if not self._may_change or len(lines) != len(self._lines):
            return None
        commands: list[str] = []
        for row, (before, after) in enumerate(zip(self._lines, lines, strict=True)):
            if before == after or row == 0:
                continue
            if before.startswith("*") and after.startswith("*"):
                continue
            found = self._commands(before.lower(), after.lower()) if self._top[row] else None
            if found is None or any(len(command) > _LONGEST for command in found):
                return None
            commands += found
        self._lines = lines
        return tuple(commands)

    def _commands(self, before: str, after: str) -> list[str] | None:
        """Of one device."""
        name = before.partition(" ")[0]
        if not _NAME.fullmatch(name) or name != after.partition(" ")[0]:
            return None
        if name[0] == "m":
            return _transistor(name, before.split(), after.split(), self._models)
        if name[0] in "vi":
            return _source(name, before, after)
        if name[0] in _VALUES and not (name[0] == "l" and self._coupled):
            return _two_poles(name, before.split(), after.split())
        return None


def whole_mantissa(word: str) -> str | None:
    """A number of a deck with a whole mantissa and the power of ten that ngspice gives it: 4.70n is 470e-11.

    Returns:
        The text, or None where it is no number, or one whose mantissa a double does not hold exactly.
    """
    found = _NUMBER.fullmatch(word)
    if found is None:
        return None
    sign, whole, fraction, exponent, scale = found.groups()
    digits = (whole or "") + (fraction or "")
    if not digits or len(digits) > _MOST_DIGITS:
        return None
    return f"{sign}{digits}e{int(exponent or 0) - len(fraction or '') + _EXPONENTS[scale]}"


def _at_top_level(lines: Sequence[str]) -> Iterator[bool]:
    """Whether a row is a card of one line outside of subcircuits."""
    depth = 0
    for row, line in enumerate(lines):
        depth += line.startswith((".subckt", ".macro"))
        below = next((after for after in lines[row + 1 :] if after and not after.startswith("*")), "")
        yield not depth and line[:1] not in ("", "+", "*", ".") and not below.startswith("+")
        depth -= line.startswith((".ends", ".eom"))


def _model_names(lines: Sequence[str]) -> Iterator[str]:
    """Of BSIM4 cards: of the other levels nobody has looked whether they follow to the bit."""
    for line in lines:
        words = line.split(None, 2)
        if len(words) > 2 and words[0] == ".model" and _BSIM4.search(words[2]):
            yield words[1]


def _transistor(name: str, before: Sequence[str], after: Sequence[str], models: frozenset[str]) -> list[str] | None:
    """Geometry and threshold shift; the model must be there under exactly this name, and so is not binned."""
    if len(before) != len(after) or before[:6] != after[:6] or len(before) < 6 or before[5] not in models:
        return None
    commands = []
    for old, new in zip(before[6:], after[6:], strict=True):
        if old == new:
            continue
        parameter, equals, word = new.partition("=")
        value = whole_mantissa(word)
        if not equals or value is None or old.partition("=")[0] != parameter:
            return None
        if parameter not in _TRANSISTOR_PARAMETERS or whole_mantissa(old.partition("=")[2]) is None:
            return None
        commands.append(f"alter @{name}[{parameter}] = {value}")
    return commands


def _two_poles(name: str, before: Sequence[str], after: Sequence[str]) -> list[str] | None:
    if len(before) != 4 or len(after) != 4 or before[1:3] != after[1:3]:
        return None
    value = whole_mantissa(after[3])
    if value is None or whole_mantissa(before[3]) is None:
        return None
    return [f"alter @{name}[{_VALUES[name[0]]}] = {value}"]


def _source(name: str, before: str, after: str) -> list[str] | None:
    """A constant, or a function of time of the same kind and with as many numbers."""
    old, new = before.split(None, 3), after.split(None, 3)
    if len(old) != 4 or len(new) != 4 or old[:3] != new[:3]:
        return None
    value = whole_mantissa(new[3])
    if value is not None:
        return [f"alter @{name}[dc] = {value}"] if whole_mantissa(old[3]) is not None else None
    was, now = _SOURCE.fullmatch(old[3].strip()), _SOURCE.fullmatch(new[3].strip())
    if was is None or now is None or was[1] != now[1]:
        return None
    numbers = [whole_mantissa(word) for word in now[2].split()]
    if None in numbers or len(numbers) != len(was[2].split()):
        return None
    return [f"alter @{name}[{now[1]}] = [ {' '.join(number or '' for number in numbers)} ]"]
