"""The active integrator: a second charge-to-pulse circuit, whose gain is a ratio of capacitors and a shared ramp.

It computes what `circuits.charge_to_pulse` computes: pulse_width = T_max * clip(charge / S_sat, 0, 1). Topology: ours.

    rbl --+--||-- x -[amplifier]- out --[gate]-- integral --[sample]-- s --||-- c -[inverter]- ... AND window = pulse
          |  C_az                                   |                   |   C_s
          +------------------||---------------------+          ramp --[convert]
                             C_f

Phases:
1. Reset and auto-zero. The bit line is tied to V_DD/2, the far side of C_f to the reset level, and the amplifier's
   output to its own input: x takes whatever voltage the amplifier wants to have there, its offset included, and C_az
   keeps the difference to V_DD/2. The bit line is then held at V_DD/2 itself, whatever the transistors' thresholds.
2. Integrate. The amplifier holds the bit line through C_f: integral = reset level + charge / C_f. No current is copied.
3. Hold. The amplifier is switched off and the bit line tied to V_DD/2 again. What the bit line had not settled was
   on the integral one to one; now only the charge of C_f is left there.
4. Sample. The comparator, an inverter, is tied to its own trip point while C_s sits on the integral: its threshold
   is on C_s too. Opening its switch takes the sample.
5. Convert. C_s is switched to a ramp that all columns of the tile share (`circuits.ramp`). It rises by S_sat / C_f in
   T_max, from a little below the reset level; the inverter trips when it has risen by charge / C_f. pulse = inverter
   AND window. The window opens `window_delay` after the ramp starts, which hides the delay of the inverters, and is
   T_max long: the saturation.

What it costs: C_f. A full charge of 1.2 pC moves it by 0.4 V, so it has 3 pF, four times the conveyor's capacitor. And
time: hold, sample and the foot of the ramp take more than a nanosecond beyond what the conveyor needs.

Charges beyond the output's swing are not lost: the bit line moves instead, and C_f keeps them until they return.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.gates import GateWidths, add_switch
from circuits.integrating_amplifier import AmplifierParameters, integrating_amplifier
from circuits.logic import inverter, logic_mosfet, nand2, transmission_gate
from circuits.quantities import check_quantity
from circuits.ramp import RampParameters, ramp_generator
from circuits.technology import Technology
from circuits.timing import ColumnTiming

INTEGRATOR_CLOCKS = ("on", "az", "rst", "mid", "fb", "smp", "cz", "conv")
"""Each with its complement: amplifier on, its auto-zero, reset of C_f, bit line to V_DD/2, C_f to the amplifier,
sampling, auto-zero of the comparator, conversion."""

INTEGRATOR_PINS = (
    *("rbl", "integral", "ramp", "pulse", "vdd", "vddb", "ref", "vrst", "vcn", "vcp", "window"),
    *(f"{clock}{side}" for clock in INTEGRATOR_CLOCKS for side in ("", "b")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveIntegratorParameters:
    """Sizes of the active integrator (ours, found by simulation at tt, 27 C, 0.9 V).

    Attributes:
        amplifier: holds the bit line.
        ramp: shared by the columns of a tile.
        feedback_capacitance: integrates the charge (F).
        auto_zero_capacitance: between bit line and amplifier (F). Its noise sqrt(kT/C) = 0.3 mV is an offset of the bit
            line, a hundredth of a level.
        sampling_capacitance: of the comparator (F); its sqrt(kT/C) of 0.4 mV is 13 ps.
        reset_share: level of the far side of C_f over the supply.
        ramp_foot: what the ramp starts below that level (V), so that the comparator stands at a rail before it trips.
        zero_switch, trip_switch: of the auto-zeros of amplifier and comparator; NMOS and PMOS alike, because their
            injected charges then cancel.
        reset_switch, feedback_switch, sample_switch: reset of C_f, C_f to the amplifier, C_s to integral and ramp.
        low_threshold: what the |Vth| of the switches around the amplifier lie below nominal (V). They stand near
            mid-supply; their leak does no harm there, because no terminal comes near the gate's off level.
        inverter_nmos, inverter_pmos: the comparator's first inverter; long, because it stands at its trip point.
        saturation_current: bit-line current that gives a full pulse in a full window (A).
        collected: share of the cells' charge that arrives: the first edge takes the bit line 0.1 V away for half a
            nanosecond, and the cells give less meanwhile. It sets the slope of the ramp, once for a tile.
    """

    amplifier: AmplifierParameters = field(default_factory=AmplifierParameters)
    ramp: RampParameters = field(default_factory=RampParameters)
    feedback_capacitance: float = 3.0e-12
    auto_zero_capacitance: float = 40e-15
    sampling_capacitance: float = 30e-15
    reset_share: float = 0.22 / 0.9
    ramp_foot: float = 0.01
    zero_switch: GateWidths = field(default_factory=lambda: GateWidths(nmos=0.4e-6, pmos=0.4e-6))
    trip_switch: GateWidths = field(default_factory=lambda: GateWidths(nmos=0.2e-6, pmos=0.2e-6))
    reset_switch: GateWidths = field(default_factory=lambda: GateWidths(nmos=2e-6, pmos=4e-6))
    feedback_switch: GateWidths = field(default_factory=lambda: GateWidths(nmos=4e-6, pmos=8e-6))
    sample_switch: GateWidths = field(default_factory=lambda: GateWidths(nmos=0.6e-6, pmos=0.6e-6))
    low_threshold: float = 0.12
    inverter_nmos: Mosfet = field(default_factory=lambda: Mosfet(polarity="nmos", width=0.2e-6, length=100e-9))
    inverter_pmos: Mosfet = field(default_factory=lambda: Mosfet(polarity="pmos", width=0.4e-6, length=100e-9))
    saturation_current: float = 80e-6
    collected: float = 0.972

    def reset_voltage(self, technology: Technology) -> float:
        """Level of the far side of C_f (V)."""
        return self.reset_share * technology.supply_voltage

    @property
    def ramp_slope(self) -> float:
        """Slope of the ramp (V/s): that of the integral at the saturation current."""
        return self.collected * self.saturation_current / self.feedback_capacitance


def integrator_timing() -> ColumnTiming:
    """The plan of a column with the active integrator.

    It wakes 3 ns earlier than the conveyor, to zero itself under the write, which delays the read by half a nanosecond,
    and it samples before it converts.
    """
    return ColumnTiming(
        input_start=6.0e-9,
        wake_time=4.5e-9,
        reset_margin=1.2e-9,
        settle_time=0.5e-9,
        gap=1.1e-9,
        window_delay=0.87e-9,
    )


def active_integrator(parameters: ActiveIntegratorParameters, technology: Technology) -> tuple[SubCircuit, ...]:
    """The subcircuit `active_integrator` with the pins `INTEGRATOR_PINS`, and `ramp_generator`, after what they use.

    Raises:
        CircuitError: a size or level that is none.
    """
    for what, value in (
        ("feedback capacitance", parameters.feedback_capacitance),
        ("auto-zero capacitance", parameters.auto_zero_capacitance),
        ("sampling capacitance", parameters.sampling_capacitance),
    ):
        check_quantity(what, value, "F", 1e-18, 1e-9)
    check_quantity("reset voltage", parameters.reset_voltage(technology), "V", 0.0, technology.supply_voltage)
    check_quantity("saturation current", parameters.saturation_current, "A", 1e-12, 1.0)
    block = SubCircuit("active_integrator", *INTEGRATOR_PINS)
    _add_integrator(block, parameters, technology)
    _add_comparator(block, parameters, technology)
    return (
        integrating_amplifier(parameters.amplifier, technology),
        inverter(technology, "inverter", 0.2e-6, 0.4e-6),
        inverter(technology, "inverter_driver", 0.6e-6, 1.2e-6),
        nand2(technology),
        transmission_gate(technology, "bias_gate", 1e-6, 2e-6),
        ramp_generator(parameters.ramp, technology, parameters.ramp_slope),
        block,
    )


def _add_integrator(block: SubCircuit, parameters: ActiveIntegratorParameters, technology: Technology) -> None:
    """Bias (on the shared supply vddb), amplifier, its auto-zero, C_f and its reset."""
    amplifier, low = parameters.amplifier, parameters.low_threshold
    block.I("tail", "vddb", "nb", amplifier.tail_current)
    add_mosfet(block, technology, "nb", amplifier.tail, ("nb", "nb", "0", "0"))
    block.C("nb", "nb", 0, amplifier.tail_decoupling)
    block.X("tailon", "bias_gate", "nb", "tail", "on", "onb", "vdd")
    add_mosfet(block, technology, "tailoff", logic_mosfet(technology, "nmos", 0.4e-6), ("tail", "onb", "0", "0"))
    block.X("amplifier", "integrating_amplifier", "x", "ref", "out", "vdd", "tail", "vcn", "vcp")
    block.C("az", "rbl", "x", parameters.auto_zero_capacitance)
    add_switch(block, technology, "az", ("x", "out"), ("az", "azb"), parameters.zero_switch, low)
    block.C("f", "rbl", "integral", parameters.feedback_capacitance)
    add_switch(block, technology, "mid", ("rbl", "ref"), ("mid", "midb"), parameters.reset_switch, low)
    add_switch(block, technology, "rst", ("integral", "vrst"), ("rst", "rstb"), parameters.reset_switch, low)
    add_switch(block, technology, "f", ("integral", "out"), ("fb", "fbb"), parameters.feedback_switch, low)


def _add_comparator(block: SubCircuit, parameters: ActiveIntegratorParameters, technology: Technology) -> None:
    """The sampling inverter, two more that restore the level, and the gate of the window."""
    add_switch(block, technology, "smp", ("integral", "s"), ("smp", "smpb"), parameters.sample_switch)
    add_switch(block, technology, "conv", ("ramp", "s"), ("conv", "convb"), parameters.sample_switch)
    block.C("s", "s", "c", parameters.sampling_capacitance)
    add_mosfet(block, technology, "cn", parameters.inverter_nmos, ("q", "c", "0", "0"))
    add_mosfet(block, technology, "cp", parameters.inverter_pmos, ("q", "c", "vdd", "vdd"))
    add_switch(block, technology, "cz", ("c", "q"), ("cz", "czb"), parameters.trip_switch)
    block.X("q1", "inverter", "q", "qb", "vdd")
    block.X("q2", "inverter", "qb", "q2", "vdd")
    block.X("and", "nand2", "q2", "window", "pulseb", "vdd")
    block.X("driver", "inverter_driver", "pulseb", "pulse", "vdd")
