"""One die: every transistor gets its own deviation from what was drawn.

Pelgrom's law [1989 Pelgrom et al., doi 10.1109/JSSC.1989.572629]: the threshold of a transistor deviates by a normal
number of standard deviation a_vth / sqrt(W L m), its current factor by a_beta / sqrt(W L m), against its ideal. The
coefficients are `Technology.mismatch`.

A subcircuit is drawn once and placed often, but each place deviates by itself. So the circuit of a die is written flat:
the transistor `1` of the conveyor in the converter becomes `Mconverter.conveyor.1`, its node d `converter.conveyor.d`.
Its deviation follows from the die's seed and this name alone. Two benches that place the same circuit under the same
name therefore measure the same die: it can be calibrated in one and used in the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from circuits.errors import CircuitError
from circuits.quantities import check_quantity
from circuits.technology import Device, Technology

_N_NODES = {"m": 4, "r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "d": 2, "e": 4, "g": 4}
"""Element letter -> number of its nodes, of the elements that circuits here are made of."""

Placed = Mapping[str, tuple[tuple[str, ...], list[str]]]
"""Subcircuit -> its pins and its lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Die:
    """A sample of mismatch.

    Attributes:
        seed: which sample; 0 or more.
        scale: factor on every deviation; 0 is the drawn circuit.
        parts: the top-level instances whose transistors deviate ("converter", "c0"); () for all.
    """

    seed: int
    scale: float = 1.0
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the seed is one."""
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise CircuitError(f"the seed of a die must be a whole number, 0 or more, found {self.seed!r}")
        check_quantity("scale of the mismatch", self.scale, "", 0.0, 100.0)

    def deviations(self, name: str, area: float, a_vth: float, a_beta: float) -> tuple[float, float]:
        """Threshold (V) and relative current factor of the transistor `name` with this gate area (m^2)."""
        if self.parts and name.split(".")[0] not in self.parts:
            return 0.0, 0.0
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        threshold, factor = np.random.default_rng(int.from_bytes(digest[:16], "little")).standard_normal(2)
        spread = self.scale / float(np.sqrt(area))
        return a_vth * spread * float(threshold), a_beta * spread * float(factor)


def deviate(lines: Sequence[str], technology: Technology, die: Die) -> list[str]:
    """The lines of a circuit, written flat, each transistor with the deviation of the die.

    The threshold goes to the technology's `threshold_parameter`, or where there is none to a source in series with the
    gate; the current factor scales the width.

    Raises:
        CircuitError: an element of a kind that is not known here.
    """
    top, placed = _split(lines)
    devices = {d.model.lower(): (d, a) for d, a in _devices(technology)}
    return [line for flat in _expand(top, placed, "", {}) for line in _deviated(flat, devices, technology, die)]


def _devices(technology: Technology) -> Iterator[tuple[Device, float]]:
    yield technology.nmos, technology.mismatch.a_vth_nmos
    yield technology.pmos, technology.mismatch.a_vth_pmos


def _split(lines: Sequence[str]) -> tuple[list[str], dict[str, tuple[tuple[str, ...], list[str]]]]:
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


def _expand(lines: Sequence[str], placed: Placed, path: str, nodes: Mapping[str, str]) -> Iterator[str]:
    """Every element with flat names; `nodes` are the pins' names outside."""

    def outside(node: str) -> str:
        if node == "0" or not path:
            return node
        return nodes.get(node, f"{path}.{node}")

    for line in lines:
        words = line.split()
        letter, name = words[0][0].lower(), words[0][1:]
        full = f"{path}.{name}" if path else name
        if letter == "x" and (inner := _subcircuit(words, placed)):
            pins, body = placed[inner]
            yield from _expand(body, placed, full, dict(zip(pins, map(outside, words[1 : 1 + len(pins)]), strict=True)))
            continue
        count = _N_NODES.get(letter) if letter != "x" else _plain(words) - 2
        if count is None:
            raise CircuitError(
                f"the circuit of a die cannot hold the element {words[0]}; known are {', '.join(_N_NODES)}"
            )
        yield " ".join([f"{words[0][0]}{full}", *map(outside, words[1 : 1 + count]), *words[1 + count :]])


def _plain(words: Sequence[str]) -> int:
    """Number of words before the first parameter."""
    return next((i for i, word in enumerate(words) if "=" in word), len(words))


def _subcircuit(words: Sequence[str], placed: Placed) -> str:
    """The subcircuit that an X line places, if the circuit itself defines it."""
    name = words[_plain(words) - 1].lower()
    return name if name in placed else ""


def _deviated(
    line: str, devices: Mapping[str, tuple[Device, float]], technology: Technology, die: Die
) -> Iterator[str]:
    """The element, and where the threshold has no parameter a source before its gate."""
    words = line.split()
    end = _plain(words)
    if words[0][0].lower() not in "mx" or words[end - 1].lower() not in devices:
        yield line
        return
    device, a_vth = devices[words[end - 1].lower()]
    values = dict(word.split("=", 1) for word in words[end:])
    area = float(values["w"]) * float(values["l"]) * float(values.get("m", "1"))
    threshold, factor = die.deviations(_name(words[0], device), area, a_vth, technology.mismatch.a_beta)
    values["w"] = f"{float(values['w']) * (1 + factor):.9g}"
    if device.threshold_parameter:
        values[device.threshold_parameter] = f"{float(values.get(device.threshold_parameter, '0')) + threshold:.9g}"
    elif threshold:
        gate = f"{words[0][1:]}.gate"
        yield f"V{words[0][1:]}.mismatch {words[2]} {gate} {threshold:.9g}"
        words[2] = gate
    yield " ".join([*words[:end], *(f"{key}={value}" for key, value in values.items())])


def _name(element: str, device: Device) -> str:
    """The transistor's name without what its kind of instance adds, so that technologies share the sample."""
    path, _, name = element[1:].rpartition(".")
    name = name.removeprefix("m") if device.instance == "subcircuit" else name
    return f"{path}.{name}" if path else name
