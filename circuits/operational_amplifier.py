"""The operational amplifier: two stages of transistors with Miller compensation, and a macromodel of the same pins.

    tail -> NMOS pair -> PMOS mirror -> PMOS output device over an NMOS sink
    C_c in series with R_z from the output to the first stage

DC gain A_0 = g_m1 r_1 g_m2 r_2, unity-gain frequency g_m1 / (2 pi C_c), slew rate I_tail / C_c, second pole
g_m2 / (2 pi C_load); R_z = 1 / g_m2 takes the zero away  [textbook].

The macromodel has the same two stages as ideal, limited transconductances: so a load, a capacitor or a slew works on it
as on the transistors. Its sources are behavioural and have no noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.quantities import check_quantity
from circuits.technology import Technology

AMPLIFIER_PINS = ("plus", "minus", "out", "vdd", "bias")
"""Inputs, output, supply, gate of the current sinks; the macromodel leaves `bias` alone."""


def _mosfet(polarity: str, width: float, length: float = 1e-6, flavour: str = "") -> Mosfet:
    return Mosfet(polarity="nmos" if polarity == "n" else "pmos", width=width, length=length, flavour=flavour)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStageParameters:
    """Sizes of the two-stage amplifier (ours), for the technology "square" at 3.3 V.

    The mirror's transistors carry half the tail current and the output device `sink / tail` of it, in the ratio of
    their widths, so that there is no systematic offset.

    Attributes:
        pair, mirror: of the first stage.
        tail, sink: current sinks of the two stages; the bias diode is a `tail`.
        output: PMOS of the second stage.
        tail_current: of the first stage (A).
        compensation: C_c (F).
        nulling: R_z (ohm).
    """

    pair: Mosfet = field(default_factory=lambda: _mosfet("n", 20e-6))
    mirror: Mosfet = field(default_factory=lambda: _mosfet("p", 10e-6))
    tail: Mosfet = field(default_factory=lambda: _mosfet("n", 10e-6))
    sink: Mosfet = field(default_factory=lambda: _mosfet("n", 50e-6))
    output: Mosfet = field(default_factory=lambda: _mosfet("p", 100e-6))
    tail_current: float = 20e-6
    compensation: float = 2e-12
    nulling: float = 850.0

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_quantity("tail current of the amplifier", self.tail_current, "A", 1e-9, 1.0)
        check_quantity("compensation of the amplifier", self.compensation, "F", 1e-18, 1e-6)
        check_quantity("nulling resistor of the amplifier", self.nulling, "ohm", 1e-3, 1e9)

    def subcircuits(self, technology: Technology) -> tuple[SubCircuit, SubCircuit]:
        """The subcircuit `amplifier` with the pins `AMPLIFIER_PINS`, and `amplifier_bias` with the pins (bias, vdd).

        Raises:
            CircuitError: a transistor that the technology does not allow.
        """
        block = SubCircuit("amplifier", *AMPLIFIER_PINS)
        add_mosfet(block, technology, "tail", self.tail, ("s", "bias", "0", "0"))
        add_mosfet(block, technology, "1", self.pair, ("d", "minus", "s", "0"))
        add_mosfet(block, technology, "2", self.pair, ("first", "plus", "s", "0"))
        add_mosfet(block, technology, "3", self.mirror, ("d", "d", "vdd", "vdd"))
        add_mosfet(block, technology, "4", self.mirror, ("first", "d", "vdd", "vdd"))
        add_mosfet(block, technology, "out", self.output, ("out", "first", "vdd", "vdd"))
        add_mosfet(block, technology, "sink", self.sink, ("out", "bias", "0", "0"))
        block.R("z", "out", "z", self.nulling)
        block.C("c", "z", "first", self.compensation)
        generator = SubCircuit("amplifier_bias", "bias", "vdd")
        generator.I("ref", "vdd", "bias", self.tail_current)
        add_mosfet(generator, technology, "d", self.tail, ("bias", "bias", "0", "0"))
        return block, generator


@dataclass(frozen=True, slots=True, kw_only=True)
class MacromodelParameters:
    """What the macromodel must do; `pycosim.sweeps.amplifier` measures these numbers on the transistors.

    Attributes:
        gain: open-loop gain at DC, without load.
        bandwidth: unity-gain frequency of the extrapolated first pole (Hz), GBW.
        slew_rate: largest slope of the output (V/s).
        output_resistance: r_2, of the second stage at DC, open loop (ohm).
        second_transconductance: g_m2 (S), which sets the second pole with the load.
        sink_current: what the output can sink, and in the model also source (A).
        compensation, nulling: C_c (F) and R_z (ohm).
        offset: input-referred (V), added to the plus input.
        low, high: where the output clips: above ground, and below the supply (V).
        supply_current: quiescent (A).
    """

    gain: float = 1e5
    bandwidth: float = 22e6
    slew_rate: float = 10e6
    output_resistance: float = 1e5
    second_transconductance: float = 1.2e-3
    sink_current: float = 100e-6
    compensation: float = 2e-12
    nulling: float = 850.0
    offset: float = 0.0
    low: float = 0.1
    high: float = 0.1
    supply_current: float = 140e-6

    def __post_init__(self) -> None:
        """Check that every number is one."""
        for what, value, unit in (
            ("gain", self.gain, ""),
            ("bandwidth", self.bandwidth, "Hz"),
            ("slew rate", self.slew_rate, "V/s"),
            ("output resistance", self.output_resistance, "ohm"),
            ("transconductance", self.second_transconductance, "S"),
            ("sink current", self.sink_current, "A"),
            ("compensation", self.compensation, "F"),
            ("nulling resistor", self.nulling, "ohm"),
        ):
            check_quantity(f"{what} of the macromodel", value, unit, 1e-18, 1e18)
        check_quantity("offset of the macromodel", self.offset, "V", -10.0, 10.0)
        check_quantity("supply current of the macromodel", self.supply_current, "A", 0.0, 1.0)
        for what, value in (("low", self.low), ("high", self.high)):
            check_quantity(f"clip {what} of the macromodel", value, "V", 0.0, 10.0)

    def subcircuits(self, technology: Technology) -> tuple[SubCircuit, SubCircuit]:
        """The subcircuits `amplifier` and `amplifier_bias`, as those of `TwoStageParameters`.

        Raises:
            CircuitError: clips that leave no output swing at this supply.
        """
        top = technology.supply_voltage - self.high
        check_quantity("upper clip of the macromodel", top, "V", self.low + 1e-3)
        first = 2 * pi * self.bandwidth * self.compensation  # g_m1
        limit = self.slew_rate * self.compensation
        first_resistance = self.gain / (first * self.second_transconductance * self.output_resistance)
        clamp = 100 * self.second_transconductance
        swing = self.sink_current / self.second_transconductance
        block = SubCircuit("amplifier", *AMPLIFIER_PINS)
        block.B("1", "first", "0", i=f"{limit:.9g}*tanh({first / limit:.9g}*(v(plus)-v(minus)+{self.offset:.9g}))")
        block.R("1", "first", 0, first_resistance)
        # the second stage inverts: `first` is counted so that a rise lowers the output, as on the transistors
        block.B("2", "0", "out", i=f"{self.sink_current:.9g}*tanh(-v(first)/{swing:.9g})")
        block.R("2", "out", "mid", self.output_resistance)
        block.V("mid", "mid", 0, technology.mid_voltage)
        block.B("low", "0", "out", i=f"{clamp:.9g}*max({self.low:.9g}-v(out),0)")
        block.B("high", "out", "0", i=f"{clamp:.9g}*max(v(out)-{top:.9g},0)")
        # the first stage's own node cannot leave the range in which the second one works
        block.B(
            "stop", "first", "0", i=f"{clamp:.9g}*(max(v(first)-{3 * swing:.9g},0)-max({-3 * swing:.9g}-v(first),0))"
        )
        block.R("z", "out", "z", self.nulling)
        block.C("c", "z", "first", self.compensation)
        block.I("q", "vdd", 0, self.supply_current)
        block.R("bias", "bias", 0, 1e9)
        generator = SubCircuit("amplifier_bias", "bias", "vdd")
        generator.R("b", "bias", "vdd", 1e9)
        return block, generator


Amplifier = TwoStageParameters | MacromodelParameters
"""Either has `subcircuits`, with the same names and pins."""
