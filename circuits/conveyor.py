"""The current conveyor at the foot of a column: holds the bit line at mid-supply and copies its current, 8 to 1.

Topology: a five-transistor OTA (NMOS inputs) compares the bit line with V_DD/2 and drives the common gate of a
cascoded class-AB push-pull stage. Eight units of that stage feed the bit line, so the loop is closed on it; one
unit of the same gate voltage feeds the integration node. A Miller capacitor from gate to bit line compensates.
Class AB, because a column carries -200 to +400 uA while a constant bias would have to carry the largest current
all the time. The cascodes keep the copy in saturation while the integration node moves, and are its switch too:
with their gates at the rails both branches are off and the bit line is released, with no switch in series.

The cascodes have the normal threshold: with one that is 0.1 V lower, and their gates 0.1 V lower, they leak ten times
as much while they are off, which moves the held charge at 85 C by a tenth of a nanosecond.

The loop through the bit line is least stable where there is the least current: at ss, 0 C and 0.81 V both output
transistors are nearly off at V_DD/2, and their transconductance no longer outruns that of the amplifier into the Miller
capacitor. Two things keep it stable there, and a test at every cold corner holds it: a resistor in series with the
Miller capacitor, whose zero comes to the left half plane, and output transistors of less width over length and a nearly
normal threshold. As wide as 0.8 um over 60 nm with a threshold of +0.1 V they idle with 0.4 pJ less in a read at tt and
oscillate by 0.23 V. They are 100 nm long because mismatch follows their area: at the same ratio of 0.35 um to 60 nm the
offset of a column spreads half as much again, beyond the trim. Without the resistor the same stability takes a slower
amplifier, which loses twice the charge to idle cells; 16 kohm make the loop unstable at tt; wider cascodes load the bit
line and ring longer.

Tried and rejected (this project's feasibility study): cascode (Ahuja) compensation oscillates; more gm1 per Miller
capacitance rings by 60 mV; cascode gates at 0.6/0.3 V push the copy out of saturation beyond +-0.15 V.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.quantities import check_count, check_quantity
from circuits.technology import Technology

CONVEYOR_PINS = ("rbl", "gate", "out", "vdd", "ref", "tail", "vcn", "vcp", "on", "op")
"""`on` and `op` are between the output transistors of the copy and their cascodes: what trims the copy goes there."""


def _nmos(width: float, length: float, shift: float = 0.0) -> Mosfet:
    return Mosfet(polarity="nmos", width=width, length=length, threshold_shift=shift)


def _pmos(width: float, length: float, shift: float = 0.0) -> Mosfet:
    return Mosfet(polarity="pmos", width=width, length=length, threshold_shift=shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConveyorParameters:
    """Sizes of the conveyor (ours).

    Attributes:
        tail: mirror device of the OTA's tail current; carries the bias current 1:1.
        pair: OTA input pair; low threshold, because its common mode is V_DD/2.
        load: OTA mirror load.
        miller_capacitance: gate to bit line (F).
        miller_resistance: in series with it (ohm).
        output_nmos, output_pmos: one unit of the class-AB stage.
        cascode_nmos, cascode_pmos: one unit of its cascodes.
        copy_ratio: units on the bit line for one unit on the integration node.
        tail_current: OTA bias (A).
        cascode_bias: gates of the cascodes while the conveyor is on (V): of the NMOS above ground, of the PMOS below
            the supply. Each is counted from the rail of its own device, so that the transistor under the cascode keeps
            its drain voltage at every supply.
        tail_decoupling: from the gate of the bias diode to ground (F).
    """

    tail: Mosfet = field(default_factory=lambda: _nmos(4e-6, 100e-9, -0.1))
    pair: Mosfet = field(default_factory=lambda: _nmos(5e-6, 100e-9, -0.12))
    load: Mosfet = field(default_factory=lambda: _pmos(2e-6, 150e-9))
    miller_capacitance: float = 40e-15
    miller_resistance: float = 4e3
    output_nmos: Mosfet = field(default_factory=lambda: _nmos(0.6e-6, 100e-9, 0.035))
    output_pmos: Mosfet = field(default_factory=lambda: _pmos(1.2e-6, 100e-9, -0.035))
    cascode_nmos: Mosfet = field(default_factory=lambda: _nmos(1.8e-6, 40e-9))
    cascode_pmos: Mosfet = field(default_factory=lambda: _pmos(3.6e-6, 40e-9))
    copy_ratio: int = 8
    tail_current: float = 20e-6
    cascode_bias: tuple[float, float] = (0.58, 0.58)
    tail_decoupling: float = 500e-15


def conveyor(parameters: ConveyorParameters, technology: Technology) -> SubCircuit:
    """The conveyor as a subcircuit `conveyor` with the pins `CONVEYOR_PINS`.

    Raises:
        CircuitError: a size or current that is none.
    """
    check_quantity("Miller capacitance", parameters.miller_capacitance, "F", 1e-18, 1e-9)
    check_quantity("Miller resistance", parameters.miller_resistance, "ohm", 1e-3, 1e9)
    check_quantity("tail current", parameters.tail_current, "A", 1e-12, 1.0)
    check_count("copy ratio", parameters.copy_ratio, 1000)
    check_quantity("decoupling of the tail", parameters.tail_decoupling, "F", 1e-18, 1e-9)
    for level in parameters.cascode_bias:
        check_quantity("cascode bias", level, "V", 0.0, technology.supply_voltage)
    block = SubCircuit("conveyor", *CONVEYOR_PINS)
    add_mosfet(block, technology, "tail", parameters.tail, ("s", "tail", "0", "0"))
    add_mosfet(block, technology, "1", parameters.pair, ("d", "rbl", "s", "0"))
    add_mosfet(block, technology, "2", parameters.pair, ("gate", "ref", "s", "0"))
    add_mosfet(block, technology, "3", parameters.load, ("d", "d", "vdd", "vdd"))
    add_mosfet(block, technology, "4", parameters.load, ("gate", "d", "vdd", "vdd"))
    block.R("c", "gate", "zero", parameters.miller_resistance)
    block.C("c", "zero", "rbl", parameters.miller_capacitance)
    _class_ab(block, parameters, technology, "m", "rbl", parameters.copy_ratio)
    _class_ab(block, parameters, technology, "o", "out", 1)
    return block


def _class_ab(
    block: SubCircuit,
    parameters: ConveyorParameters,
    technology: Technology,
    prefix: str,
    output: str,
    units: int,
) -> None:
    """A cascoded push-pull branch of `units` units from the common gate to `output`."""

    def times(mosfet: Mosfet) -> Mosfet:
        return replace(mosfet, multiplier=units)

    low, high = f"{prefix}n", f"{prefix}p"
    add_mosfet(block, technology, f"{prefix}n", times(parameters.output_nmos), (low, "gate", "0", "0"))
    add_mosfet(block, technology, f"{prefix}nc", times(parameters.cascode_nmos), (output, "vcn", low, "0"))
    add_mosfet(block, technology, f"{prefix}p", times(parameters.output_pmos), (high, "gate", "vdd", "vdd"))
    add_mosfet(block, technology, f"{prefix}pc", times(parameters.cascode_pmos), (output, "vcp", high, "vdd"))
