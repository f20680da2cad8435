"""Rectifiers, the analog ReLU: v_out = max(v_in, v_ref), in four ways.

    passive      diode to the output, resistor to the reference: a diode drop is lost
    super_diode  an amplifier around the diode: the drop is divided by A_0; while the input is below the reference the
                 amplifier's output lies at its lower rail, and must slew two diode drops and more before it conducts
    inverting    two diodes and two resistors: v_out = max(v_ref - v_in, 0) + v_ref; the amplifier's output jumps two
                 diode drops at each zero crossing, which takes 2 V_D / slew rate: the dead time
    clamp        a source follower whose source is the output holds it at the reference; the input comes through a
                 resistor. No amplifier; the knee is a square root

All have the pins (input, ref, out, vdd, bias). A diode is a card of the technology's library or a diode-connected
transistor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.operational_amplifier import Amplifier, TwoStageParameters
from circuits.quantities import check_quantity
from circuits.technology import Technology

RectifierKind = Literal["passive", "super_diode", "inverting", "clamp"]
RECTIFIER_KINDS: tuple[RectifierKind, ...] = ("passive", "super_diode", "inverting", "clamp")
RECTIFIER_PINS = ("input", "ref", "out", "vdd", "bias")


@dataclass(frozen=True, slots=True, kw_only=True)
class RectifierParameters:
    """One rectifier (ours).

    Attributes:
        kind: which of the four.
        amplifier: transistors or macromodel, where the kind has one.
        diode: card of the technology's library, or a transistor whose gate is tied to its drain.
        resistance: from the output to the reference, of both resistors of the inverting one, or in series with the
            clamp (ohm).
        clamp: the transistor of the clamp.
        clamp_level: its gate above the reference (V): threshold and the overdrive that it needs.
    """

    kind: RectifierKind = "super_diode"
    amplifier: Amplifier = field(default_factory=TwoStageParameters)
    diode: str | Mosfet = "diodesq"
    resistance: float = 20e3
    clamp: Mosfet = field(default_factory=lambda: Mosfet(polarity="nmos", width=50e-6, length=1e-6))
    clamp_level: float = 0.62

    def __post_init__(self) -> None:
        """Check that every number is one."""
        if self.kind not in RECTIFIER_KINDS:
            raise CircuitError(f"a rectifier is one of {', '.join(RECTIFIER_KINDS)}, found {self.kind!r}")
        if isinstance(self.diode, str):
            check_identifier(self.diode, "diode of the rectifier")
        check_quantity("resistance of the rectifier", self.resistance, "ohm", 1.0, 1e12)
        check_quantity("level of the clamp", self.clamp_level, "V", -10.0, 10.0)

    @property
    def active(self) -> bool:
        """Whether it has an amplifier."""
        return self.kind in ("super_diode", "inverting")


def rectifier(parameters: RectifierParameters, technology: Technology) -> SubCircuit:
    """The subcircuit `rectifier` with the pins `RECTIFIER_PINS`; active kinds place the subcircuit `amplifier`.

    Raises:
        CircuitError: a transistor that the technology does not allow.
    """
    block, resistance = SubCircuit("rectifier", *RECTIFIER_PINS), parameters.resistance
    if parameters.kind == "passive":
        _add_diode(block, parameters, technology, "1", "input", "out")
        block.R("l", "out", "ref", resistance)
    elif parameters.kind == "super_diode":
        block.X("a", "amplifier", "input", "out", "drive", "vdd", "bias")
        _add_diode(block, parameters, technology, "1", "drive", "out")
        block.R("l", "out", "ref", resistance)
    elif parameters.kind == "inverting":
        block.R("1", "input", "sum", resistance)
        block.R("2", "sum", "out", resistance)
        block.X("a", "amplifier", "ref", "sum", "drive", "vdd", "bias")
        _add_diode(block, parameters, technology, "1", "drive", "out")
        _add_diode(block, parameters, technology, "2", "sum", "drive")
    else:
        block.R("1", "input", "out", resistance)
        block.V("g", "gate", "ref", parameters.clamp_level)
        add_mosfet(block, technology, "c", parameters.clamp, ("vdd", "gate", "out", "0"))
    return block


def _add_diode(
    block: SubCircuit, parameters: RectifierParameters, technology: Technology, name: str, anode: str, cathode: str
) -> None:
    """A junction, or a transistor with its gate at the side that current comes from."""
    if isinstance(parameters.diode, str):
        block.D(name, anode, cathode, model=parameters.diode)
    elif parameters.diode.polarity == "nmos":
        add_mosfet(block, technology, f"d{name}", parameters.diode, (anode, anode, cathode, "0"))
    else:
        add_mosfet(block, technology, f"d{name}", parameters.diode, (cathode, cathode, anode, "vdd"))
