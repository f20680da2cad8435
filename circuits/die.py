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
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from circuits.errors import CircuitError
from circuits.flatten import Element, flatten
from circuits.quantities import check_quantity
from circuits.technology import Device, Technology


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
    devices = {d.model.lower(): (d, a) for d, a in _devices(technology)}
    return [line for element in _flat(tuple(lines)) for line in _deviated(element, devices, technology, die)]


@lru_cache(maxsize=8)  # every die of a circuit is written from the same flat one
def _flat(lines: tuple[str, ...]) -> tuple[Element, ...]:
    return tuple(flatten(lines))


def _devices(technology: Technology) -> Iterator[tuple[Device, float]]:
    usual = {"nmos": technology.mismatch.a_vth_nmos, "pmos": technology.mismatch.a_vth_pmos}
    for device in (technology.nmos, technology.pmos, *technology.flavours.values()):
        yield device, usual[device.polarity] if device.a_vth is None else device.a_vth


def _deviated(
    element: Element, devices: Mapping[str, tuple[Device, float]], technology: Technology, die: Die
) -> Iterator[str]:
    """The element, and where the threshold has no parameter a source before its gate."""
    model = element.words[-1].lower() if element.words else ""
    if element.letter not in "mx" or model not in devices:
        yield element.line()
        return
    device, a_vth = devices[model]
    values, nodes = dict(element.values), list(element.nodes)
    area = float(values["w"]) * float(values["l"]) * float(values.get("m", "1"))
    threshold, factor = die.deviations(_name(element.name, device), area, a_vth, technology.mismatch.a_beta)
    values["w"] = f"{float(values['w']) * (1 + factor):.9g}"
    if device.threshold_parameter:
        values[device.threshold_parameter] = f"{float(values.get(device.threshold_parameter, '0')) + threshold:.9g}"
    elif threshold:
        gate = f"{element.name}.gate"
        yield f"V{element.name}.mismatch {nodes[1]} {gate} {threshold:.9g}"
        nodes[1] = gate
    yield replace(element, nodes=tuple(nodes), values=values).line()


def _name(name: str, device: Device) -> str:
    """The transistor's name without what its kind of instance adds, so that technologies share the sample."""
    path, _, last = name.rpartition(".")
    last = last.removeprefix("m") if device.instance == "subcircuit" else last
    return f"{path}.{last}" if path else last
