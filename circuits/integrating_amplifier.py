"""The amplifier of the active integrator: a five-transistor OTA and a class-AB output stage, made to be auto-zeroed.

Topology: the OTA (NMOS inputs) drives the common gate of one cascoded push-pull stage; a Miller capacitor from that
gate to the output compensates. There is no copy of the output current, so nothing in it has to match anything: the
output thresholds may lie high, which makes the quiescent current small and leaves the peak current. The cascodes
are the switch of the output stage: with their gates at the rails it is off.

Tried and rejected: three inverters in place of the OTA (both their transistors work, and they do not slew). For the
same error they took the same current, and nothing but thresholds and supply sets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.quantities import check_quantity
from circuits.technology import Technology

AMPLIFIER_PINS = ("minus", "plus", "out", "vdd", "tail", "vcn", "vcp")


def _nmos(width: float, length: float, shift: float = 0.0) -> Mosfet:
    return Mosfet(polarity="nmos", width=width, length=length, threshold_shift=shift)


def _pmos(width: float, length: float, shift: float = 0.0) -> Mosfet:
    return Mosfet(polarity="pmos", width=width, length=length, threshold_shift=shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplifierParameters:
    """Sizes of the integrating amplifier (ours).

    Attributes:
        tail: mirror device of the OTA's tail current; carries the bias current 1:1.
        pair: OTA input pair; low threshold, because its common mode is V_DD/2.
        load: OTA mirror load.
        miller_capacitance: gate of the output stage to the output (F).
        output_nmos, output_pmos: the class-AB stage.
        cascode_nmos, cascode_pmos: its cascodes.
        tail_current: OTA bias (A).
        cascode_bias: gates of the cascodes while the amplifier is on: of the NMOS above ground, of the PMOS below the
            supply (V).
        tail_decoupling: from the gate of the bias diode to ground (F).
    """

    tail: Mosfet = field(default_factory=lambda: _nmos(2e-6, 100e-9, -0.1))
    pair: Mosfet = field(default_factory=lambda: _nmos(3e-6, 100e-9, -0.12))
    load: Mosfet = field(default_factory=lambda: _pmos(1.2e-6, 150e-9))
    miller_capacitance: float = 40e-15
    output_nmos: Mosfet = field(default_factory=lambda: _nmos(3.2e-6, 60e-9, 0.1))
    output_pmos: Mosfet = field(default_factory=lambda: _pmos(6.4e-6, 60e-9, -0.1))
    cascode_nmos: Mosfet = field(default_factory=lambda: _nmos(6.4e-6, 40e-9, -0.1))
    cascode_pmos: Mosfet = field(default_factory=lambda: _pmos(12.8e-6, 40e-9, 0.1))
    tail_current: float = 16e-6
    cascode_bias: tuple[float, float] = (0.48, 0.48)
    tail_decoupling: float = 500e-15


def integrating_amplifier(parameters: AmplifierParameters, technology: Technology) -> SubCircuit:
    """The amplifier as a subcircuit `integrating_amplifier` with the pins `AMPLIFIER_PINS`.

    Raises:
        CircuitError: a size, level or current that is none.
    """
    check_quantity("Miller capacitance", parameters.miller_capacitance, "F", 1e-18, 1e-9)
    check_quantity("tail current", parameters.tail_current, "A", 1e-12, 1.0)
    for level in parameters.cascode_bias:
        check_quantity("cascode bias", level, "V", 0.0, technology.supply_voltage)
    block = SubCircuit("integrating_amplifier", *AMPLIFIER_PINS)
    add_mosfet(block, technology, "tail", parameters.tail, ("s", "tail", "0", "0"))
    add_mosfet(block, technology, "1", parameters.pair, ("d", "minus", "s", "0"))
    add_mosfet(block, technology, "2", parameters.pair, ("gate", "plus", "s", "0"))
    add_mosfet(block, technology, "3", parameters.load, ("d", "d", "vdd", "vdd"))
    add_mosfet(block, technology, "4", parameters.load, ("gate", "d", "vdd", "vdd"))
    block.C("c", "gate", "out", parameters.miller_capacitance)
    add_mosfet(block, technology, "on", parameters.output_nmos, ("low", "gate", "0", "0"))
    add_mosfet(block, technology, "onc", parameters.cascode_nmos, ("out", "vcn", "low", "0"))
    add_mosfet(block, technology, "op", parameters.output_pmos, ("high", "gate", "vdd", "vdd"))
    add_mosfet(block, technology, "opc", parameters.cascode_pmos, ("out", "vcp", "high", "vdd"))
    return block
