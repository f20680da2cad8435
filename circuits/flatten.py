"""A circuit written flat: every element by its hierarchical name, no subcircuits but those of the model library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from circuits.errors import CircuitError

_N_NODES = {"m": 4, "r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "d": 2, "e": 4, "g": 4}
"""Element letter -> number of its nodes, of the elements that circuits here are made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One line of a flat circuit.

    Attributes:
        letter: kind of element, lower case.
        name: hierarchical name without its letter: "converter.conveyor.1".
        nodes: flat names.
        words: what follows, up to the parameters: model, value or source.
        values: parameters, name -> text.
    """

    letter: str
    name: str
    nodes: tuple[str, ...]
    words: tuple[str, ...]
    values: Mapping[str, str]

    def line(self) -> str:
        """The line of the deck."""
        values = [f"{key}={value}" for key, value in self.values.items()]
        return " ".join([f"{self.letter.upper()}{self.name}", *self.nodes, *self.words, *values])


_Placed = Mapping[str, tuple[tuple[str, ...], list[str]]]


def flatten(lines: Sequence[str]) -> Iterator[Element]:
    """Every element of a circuit with its subcircuits expanded.

    An X line whose subcircuit the lines do not define is an element itself: a transistor of the model library.

    Args:
        lines: of a circuit, one element per line, subcircuits among them.

    Raises:
        CircuitError: an element of a kind that is not known here, or an instance that stands for several (m=8).
    """
    top, placed = _split(lines)
    yield from _expand(top, placed, "", {})


def _split(lines: Sequence[str]) -> tuple[list[str], _Placed]:
    """Lines outside of subcircuits, and the subcircuits."""
    top: list[str] = []
    placed: dict[str, tuple[tuple[str, ...], list[str]]] = {}
    body = top
    for line in lines:
        words = line.split()
        head = words[0].lower() if words else ""
        if head == ".subckt":
            body = []
            placed[words[1].lower()] = (tuple(words[2:]), body)
        elif head == ".ends":
            body = top
        elif words:
            body.append(line)
    return top, placed


def _expand(lines: Sequence[str], placed: _Placed, path: str, pins: Mapping[str, str]) -> Iterator[Element]:
    """The elements of one level; `pins` are the names of its pins outside."""

    def flat(node: str) -> str:
        return node if node == "0" or not path else pins.get(node, f"{path}.{node}")

    for line in lines:
        words = line.split()
        letter, name = words[0][0].lower(), words[0][1:]
        full = f"{path}.{name}" if path else name
        plain = next((i for i, word in enumerate(words) if "=" in word), len(words))
        if letter == "x" and (inner := words[plain - 1].lower()) in placed:
            if words[plain:]:  # m=8 is one instance for eight, which a flat circuit cannot say
                raise CircuitError(
                    f"a flat circuit needs every instance by itself, found {words[0]} with {' '.join(words[plain:])}; "
                    "place it as often as it stands for"
                )
            ports, body = placed[inner]
            outside = dict(zip(ports, map(flat, words[1 : plain - 1]), strict=True))
            yield from _expand(body, placed, full, outside)
            continue
        count = plain - 2 if letter == "x" else _N_NODES.get(letter)
        if count is None:
            raise CircuitError(
                f"a flat circuit cannot hold the element {words[0]}; known are {', '.join(sorted(_N_NODES))} and x"
            )
        yield Element(
            letter=letter,
            name=full,
            nodes=tuple(map(flat, words[1 : 1 + count])),
            words=tuple(words[1 + count : plain]),
            values=dict(word.split("=", 1) for word in words[plain:]),
        )
