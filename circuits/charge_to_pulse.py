"""The charge-to-pulse circuit: a column's charge becomes the width of a pulse, with no ADC between.

What it computes: pulse_width = T_max * clip(charge / S_sat, 0, 1), S_sat = 80 uA * 15 ns = 1.2 pC (HardSigmoid
[2025 Leroux]); the signed variant emits |pulse_width| = T_max * min(|charge| / (40 uA * 15 ns), 1) and a sign bit.
The topology is ours; the paper publishes none.

Phases:
1. Reset: a transmission gate ties the integration node to the reset level (0.35 V, signed 0.45 V). Until the conveyor
   wakes, two more hold the bit line and the conveyor's gate at V_DD/2, so that it may wake late: without them its first
   swing of 0.25 V couples into cells that are just being written, unless it wakes 3.5 ns before the read.
2. Integrate: the conveyor (`circuits/conveyor.py`) holds the bit line at V_DD/2 and copies an eighth of its current
   onto the integration capacitor (700 fF, so that S_sat moves it by 0.21 V and the copy stays saturated).
3. Hold: the cascode gates go to the rails; conveyor off, bit line released. Signed: the comparator's decision is
   latched as the sign and chooses the sink or the source.
4. Convert: a cascoded constant current discharges the capacitor back to the reset level. The comparator trips when
   it gets there. pulse = comparator AND window. The window opens `window_delay` after the discharge begins, which
   hides the delay of the comparator and switch, and is T_max long, which is the saturation. A negative charge never
   lets the comparator go high: pulse width 0.

Why a discharge by constant current: the width is then charge over current, linear whatever the capacitor's exact
value (it cancels), and the saturation is a clock, the same for every column. The price is mismatch: every
column needs the trim of its offset and its gain that `circuits/trim.py` draws.

Every device is a transistor of the technology or a capacitor; ideal sources are supplies, clocks, bias currents.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import SubCircuit

from circuits.conveyor import ConveyorParameters, conveyor
from circuits.devices import Mosfet, add_mosfet
from circuits.logic import ComparatorParameters, logic_cells, logic_mosfet
from circuits.quantities import check_quantity
from circuits.technology import Technology
from circuits.trim import TrimCodes, TrimParameters, add_offset_trim, add_trimmed_mirror, check_codes

CONVERTER_PINS = (
    "rbl",
    "integral",
    "pulse",
    "sign",
    "vdd",
    "vddb",
    "ref",
    "vrst",
    *("vcn", "vcp", "on", "onb", "rst", "rstb", "cmp", "cmpb", "dis", "disb", "window", "latch", "latchb"),
)


def _nmos(width: float, length: float, shift: float, units: int = 1) -> Mosfet:
    return Mosfet(polarity="nmos", width=width, length=length, threshold_shift=shift, multiplier=units)


def _pmos(width: float, length: float, shift: float, units: int = 1) -> Mosfet:
    return Mosfet(polarity="pmos", width=width, length=length, threshold_shift=shift, multiplier=units)


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkParameters:
    """Sizes of the cascoded NMOS mirror that discharges the integration node (ours).

    Attributes:
        mirror: the device that sets the current; its diode has the same size.
        cascode: above it; a stack of two diodes sets both gates.
        switch_width: of the NMOS that steers the current, at a minimum gate length of 30 nm (m).
        decoupling: from each of both gates to ground (F).
    """

    mirror: Mosfet = field(default_factory=lambda: _nmos(60e-9, 2.4e-6, -0.1, 200))
    cascode: Mosfet = field(default_factory=lambda: _nmos(2e-6, 60e-9, -0.1))
    switch_width: float = 1e-6
    decoupling: float = 200e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceParameters:
    """Sizes of the cascoded PMOS mirror that brings back a negative charge; signed converter only (ours).

    Attributes:
        mirror: the device that sets the current; its diode has the same size.
        cascode: below it.
        cascode_bias: gate of the cascode below the supply (V).
        switch_width: of the PMOS that steers the current, at a minimum gate length of 30 nm (m).
        decoupling: from the mirror's gate to ground (F).
    """

    mirror: Mosfet = field(default_factory=lambda: _pmos(60e-9, 1.2e-6, 0.1, 200))
    cascode: Mosfet = field(default_factory=lambda: _pmos(4e-6, 60e-9, 0.1))
    cascode_bias: float = 0.55
    switch_width: float = 2e-6
    decoupling: float = 200e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeToPulseParameters:
    """Sizes of the charge-to-pulse circuit (ours, hand-tuned at tt, 27 C, 0.9 V).

    Attributes:
        signed: the signed variant.
        conveyor: the bit-line clamp and copy.
        integration_capacitance: F.
        reset_share: level of the reset and of the comparison over the supply. A share, because bit line and reset
            are taps of one divider: the copy then keeps the same share of the supply as headroom on both sides.
        discharge_current: bias of the discharging sink (A); signed: of sink and source.
        comparator, sink, source: their sizes.
        trim, codes: the trim, and what its register holds.
        saturation_current: bit-line current that gives a full pulse in a full window (A).
    """

    signed: bool = False
    conveyor: ConveyorParameters = field(default_factory=ConveyorParameters)
    integration_capacitance: float = 700e-15
    reset_share: float = 0.35 / 0.9
    discharge_current: float = 9.94e-6
    comparator: ComparatorParameters = field(default_factory=ComparatorParameters)
    sink: SinkParameters = field(default_factory=SinkParameters)
    source: SourceParameters = field(default_factory=SourceParameters)
    trim: TrimParameters = field(default_factory=TrimParameters)
    codes: TrimCodes = field(default_factory=TrimCodes)
    saturation_current: float = 80e-6

    def reset_voltage(self, technology: Technology) -> float:
        """Level of the reset and of the comparison (V)."""
        return self.reset_share * technology.supply_voltage


def signed_parameters() -> ChargeToPulseParameters:
    """The signed variant: +-40 uA full scale, symmetric about V_DD/2."""
    return ChargeToPulseParameters(
        signed=True,
        integration_capacitance=400e-15,
        reset_share=0.5,
        trim=TrimParameters(offset_bits=7, offset_source=_pmos(60e-9, 500e-9, 0.0)),
        discharge_current=4.945e-6,
        saturation_current=40e-6,
    )


def charge_to_pulse(parameters: ChargeToPulseParameters, technology: Technology) -> tuple[SubCircuit, ...]:
    """The subcircuit `charge_to_pulse` with the pins `CONVERTER_PINS`, after those that it instantiates.

    Raises:
        CircuitError: a size, level or current that is none.
    """
    check_quantity("integration capacitance", parameters.integration_capacitance, "F", 1e-18, 1e-9)
    check_quantity("reset voltage", parameters.reset_voltage(technology), "V", 0.0, technology.supply_voltage)
    check_quantity("discharge current", parameters.discharge_current, "A", 1e-12, 1.0)
    check_quantity("comparator current", parameters.comparator.tail_current, "A", 1e-12, 1.0)
    check_quantity("decoupling of the comparator", parameters.comparator.bias_decoupling, "F", 1e-18, 1e-9)
    check_quantity("decoupling of the sink", parameters.sink.decoupling, "F", 1e-18, 1e-9)
    check_quantity("decoupling of the source", parameters.source.decoupling, "F", 1e-18, 1e-9)
    check_quantity("cascode bias", parameters.source.cascode_bias, "V", 0.0, technology.supply_voltage)
    check_quantity("saturation current", parameters.saturation_current, "A", 1e-12, 1.0)
    check_codes(parameters.codes, parameters.trim)
    block = SubCircuit("charge_to_pulse", *CONVERTER_PINS)
    block.X("conveyor", "conveyor", "rbl", "gate", "integral", "vdd", "ref", "tail", "vcn", "vcp", "copyn", "copyp")
    block.X("precharge", "bias_gate", "rbl", "ref", "onb", "on", "vdd")
    block.X("idle", "latch_gate", "gate", "ref", "onb", "on", "vdd")
    block.C("int", "integral", 0, parameters.integration_capacitance)
    _bias(block, parameters, technology)
    add_offset_trim(
        block, technology, parameters.trim, parameters.codes.offset, sink=("copyn", "nd2"), source=("copyp", "pb")
    )
    block.X("reset", "bias_gate", "integral", "vrst", "rst", "rstb", "vdd")
    block.X("comparator", "comparator", "integral", "vrst", "q", "vdd", "cbias")
    if parameters.signed:
        _signed_discharge(block, parameters, technology)
        _sign_logic(block)
    else:
        _sink_switch(block, parameters, technology, "dis", "disb")
        block.X("and", "nand2", "q", "window", "pulseb", "vdd")
        block.R("sign", "sign", 0, 1e6)
    block.X("driver", "inverter_driver", "pulseb", "pulse", "vdd")
    return (conveyor(parameters.conveyor, technology), *logic_cells(technology, parameters.comparator), block)


def _bias(block: SubCircuit, parameters: ChargeToPulseParameters, technology: Technology) -> None:
    """Bias diodes (on the shared supply vddb), decoupled, and the switches that gate the tails."""
    tail, comparator, sink = parameters.conveyor.tail, parameters.comparator, parameters.sink
    block.I("tail", "vddb", "nb", parameters.conveyor.tail_current)
    add_mosfet(block, technology, "nb", tail, ("nb", "nb", "0", "0"))
    block.C("nb", "nb", 0, parameters.conveyor.tail_decoupling)
    block.X("tailon", "bias_gate", "nb", "tail", "on", "onb", "vdd")
    add_mosfet(block, technology, "tailoff", logic_mosfet(technology, "nmos", 0.4e-6), ("tail", "onb", "0", "0"))
    block.I("comparator", "pb", 0, comparator.tail_current)
    add_mosfet(block, technology, "pb", comparator.tail, ("pb", "pb", "vddb", "vddb"))
    block.C("pb", "pb", 0, comparator.bias_decoupling)
    block.X("cmpon", "bias_gate", "pb", "cbias", "cmp", "cmpb", "vdd")
    add_mosfet(block, technology, "cmpoff", logic_mosfet(technology, "pmos", 0.4e-6), ("cbias", "cmp", "vdd", "vdd"))
    # cascoded discharge sink: two stacked diodes set both gates
    block.I("sink", "vddb", "nd", parameters.discharge_current)
    add_mosfet(block, technology, "da", sink.cascode, ("nd", "nd", "nd2", "0"))
    add_mosfet(block, technology, "db", sink.mirror, ("nd2", "nd2", "0", "0"))
    block.C("nd", "nd", 0, sink.decoupling)
    block.C("nd2", "nd2", 0, sink.decoupling)
    add_trimmed_mirror(
        block, technology, parameters.trim, "db2", sink.mirror, parameters.codes.sink, ("sd", "nd2", "0")
    )
    add_mosfet(block, technology, "da2", sink.cascode, ("sink", "nd", "sd", "0"))


def _sink_switch(
    block: SubCircuit, parameters: ChargeToPulseParameters, technology: Technology, on: str, onb: str
) -> None:
    """The sink's current comes from the integration node while `on`, else from the reference, so it never stops."""
    switch = logic_mosfet(technology, "nmos", parameters.sink.switch_width)
    add_mosfet(block, technology, "sw1", switch, ("integral", on, "sink", "0"))
    add_mosfet(block, technology, "sw2", switch, ("ref", onb, "sink", "0"))


def _signed_discharge(block: SubCircuit, parameters: ChargeToPulseParameters, technology: Technology) -> None:
    """Sink for positive charge, cascoded PMOS source for negative charge, each steered by the sign."""
    source = parameters.source
    _sink_switch(block, parameters, technology, "ps", "psb")
    block.I("source", "gp", 0, parameters.discharge_current)
    add_mosfet(block, technology, "sd", source.mirror, ("pd", "gp", "vddb", "vddb"))
    add_mosfet(block, technology, "sb", source.cascode, ("gp", "pcas", "pd", "vddb"))
    add_trimmed_mirror(
        block, technology, parameters.trim, "sa", source.mirror, parameters.codes.source, ("ps2", "gp", "vdd")
    )
    add_mosfet(block, technology, "sc", source.cascode, ("source", "pcas", "ps2", "vdd"))
    block.V("pcas", "pcas", 0, technology.supply_voltage - source.cascode_bias)
    block.C("gp", "gp", 0, source.decoupling)
    switch = logic_mosfet(technology, "pmos", source.switch_width)
    add_mosfet(block, technology, "sw3", switch, ("integral", "pnb", "source", "vdd"))
    add_mosfet(block, technology, "sw4", switch, ("ref", "pn", "source", "vdd"))


def _sign_logic(block: SubCircuit) -> None:
    """Latch the comparator's decision, steer the currents by it, and gate the pulse with comparator XNOR sign."""
    block.X("latch1", "latch_gate", "q", "lq", "latch", "latchb", "vdd")
    block.X("latch2", "inverter", "lq", "signb", "vdd")
    block.X("latch3", "inverter", "signb", "sign", "vdd")
    block.X("latch4", "latch_gate", "sign", "lq", "latchb", "latch", "vdd")
    block.X("steer1", "nand2", "dis", "sign", "psb", "vdd")
    block.X("steer2", "inverter", "psb", "ps", "vdd")
    block.X("steer3", "nand2", "dis", "signb", "pnb", "vdd")
    block.X("steer4", "inverter", "pnb", "pn", "vdd")
    block.X("xnor1", "inverter", "q", "qb", "vdd")
    block.X("xnor2", "nand2", "q", "sign", "e1", "vdd")
    block.X("xnor3", "nand2", "qb", "signb", "e2", "vdd")
    block.X("xnor4", "nand2", "e1", "e2", "xnor", "vdd")
    block.X("and", "nand2", "xnor", "window", "pulseb", "vdd")
