"""The charge-to-pulse circuit: a column's charge becomes the width of a pulse, with no ADC between.

What it computes: pulse_width = T_max * clip(charge / S_sat, 0, 1), S_sat = 80 uA * 15 ns = 1.2 pC (HardSigmoid
[2025 Leroux]); the signed variant emits |pulse_width| = T_max * min(|charge| / (40 uA * 15 ns), 1) and a sign bit.
The topology is ours; the paper publishes none.

Phases:
1. Reset: a transmission gate ties the integration node to the reset level (0.35 V, signed 0.45 V).
2. Integrate: the conveyor (`circuits/conveyor.py`) holds the bit line at V_DD/2 and copies an eighth of its current
   onto the integration capacitor (700 fF, so that S_sat moves it by 0.21 V and the copy stays saturated).
3. Hold: the cascode gates go to the rails; conveyor off, bit line released. Signed: the comparator's decision is
   latched as the sign and chooses the sink or the source.
4. Convert: a cascoded constant current discharges the capacitor back to the reset level. The comparator trips when
   it gets there. pulse = comparator AND window. The window opens `window_delay` after the discharge begins, which
   hides the delay of the comparator and switch, and is T_max long, which is the saturation. A negative charge never
   lets the comparator go high: pulse width 0.

Why a discharge by constant current: the width is then charge over current, linear whatever the capacitor's exact
value (it cancels), and the saturation is a clock, the same for every column. The price is mismatch: with the drawn
sizes every column needs an offset and a gain trim on silicon.

Every device is a transistor of the technology or a capacitor; ideal sources are supplies, clocks, bias currents.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import SubCircuit

from circuits.conveyor import ConveyorParameters, conveyor
from circuits.devices import Mosfet, add_mosfet
from circuits.logic import logic_cells, logic_mosfet
from circuits.quantities import check_quantity
from circuits.technology import Technology

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeToPulseParameters:
    """Sizes of the charge-to-pulse circuit (ours, hand-tuned at tt, 27 C, 0.9 V).

    Attributes:
        signed: the signed variant.
        conveyor: the bit-line clamp and copy.
        integration_capacitance: F.
        reset_voltage: level of the reset and of the comparison (V).
        discharge_current: bias of the discharging sink (A); signed: of sink and source.
        comparator_current: tail bias of the comparator (A).
        saturation_current: bit-line current that gives a full pulse in a full window (A).
    """

    signed: bool = False
    conveyor: ConveyorParameters = field(default_factory=ConveyorParameters)
    integration_capacitance: float = 700e-15
    reset_voltage: float = 0.35
    discharge_current: float = 9.95e-6
    comparator_current: float = 20e-6
    saturation_current: float = 80e-6


def signed_parameters() -> ChargeToPulseParameters:
    """The signed variant: +-40 uA full scale, symmetric about V_DD/2."""
    return ChargeToPulseParameters(
        signed=True,
        integration_capacitance=400e-15,
        reset_voltage=0.45,
        discharge_current=4.925e-6,
        saturation_current=40e-6,
    )


def charge_to_pulse(parameters: ChargeToPulseParameters, technology: Technology) -> tuple[SubCircuit, ...]:
    """The subcircuit `charge_to_pulse` with the pins `CONVERTER_PINS`, after those that it instantiates.

    Raises:
        CircuitError: a size, level or current that is none.
    """
    check_quantity("integration capacitance", parameters.integration_capacitance, "F", 1e-18, 1e-9)
    check_quantity("reset voltage", parameters.reset_voltage, "V", 0.0, technology.supply_voltage)
    check_quantity("discharge current", parameters.discharge_current, "A", 1e-12, 1.0)
    check_quantity("comparator current", parameters.comparator_current, "A", 1e-12, 1.0)
    check_quantity("saturation current", parameters.saturation_current, "A", 1e-12, 1.0)
    block = SubCircuit("charge_to_pulse", *CONVERTER_PINS)
    block.X("conveyor", "conveyor", "rbl", "gate", "integral", "vdd", "ref", "tail", "vcn", "vcp")
    block.C("int", "integral", 0, parameters.integration_capacitance)
    _bias(block, parameters, technology)
    block.X("reset", "bias_gate", "integral", "vrst", "rst", "rstb", "vdd")
    block.X("comparator", "comparator", "integral", "vrst", "q", "vdd", "cbias")
    if parameters.signed:
        _signed_discharge(block, parameters, technology)
        _sign_logic(block)
    else:
        _sink_switch(block, technology, "dis", "disb")
        block.X("and", "nand2", "q", "window", "pulseb", "vdd")
        block.R("sign", "sign", 0, 1e6)
    block.X("driver", "inverter_driver", "pulseb", "pulse", "vdd")
    return (conveyor(parameters.conveyor, technology), *logic_cells(technology), block)


def _mosfet(polarity: str, width: float, length: float, shift: float = 0.0) -> Mosfet:
    return Mosfet(polarity="nmos" if polarity == "nmos" else "pmos", width=width, length=length, threshold_shift=shift)


def _bias(block: SubCircuit, parameters: ChargeToPulseParameters, technology: Technology) -> None:
    """Bias diodes (on the shared supply vddb), decoupled, and the switches that gate the tails."""
    tail = parameters.conveyor.tail
    block.I("tail", "vddb", "nb", parameters.conveyor.tail_current)
    add_mosfet(block, technology, "nb", tail, ("nb", "nb", "0", "0"))
    block.C("nb", "nb", 0, 500e-15)
    block.X("tailon", "bias_gate", "nb", "tail", "on", "onb", "vdd")
    add_mosfet(block, technology, "tailoff", logic_mosfet(technology, "nmos", 0.4e-6), ("tail", "onb", "0", "0"))
    block.I("comparator", "pb", 0, parameters.comparator_current)
    add_mosfet(block, technology, "pb", _mosfet("pmos", 4e-6, 100e-9), ("pb", "pb", "vddb", "vddb"))
    block.C("pb", "pb", 0, 500e-15)
    block.X("cmpon", "bias_gate", "pb", "cbias", "cmp", "cmpb", "vdd")
    add_mosfet(block, technology, "cmpoff", logic_mosfet(technology, "pmos", 0.4e-6), ("cbias", "cmp", "vdd", "vdd"))
    # cascoded discharge sink: two stacked diodes set both gates
    cascode, source = _mosfet("nmos", 2e-6, 60e-9, -0.1), _mosfet("nmos", 1e-6, 200e-9, -0.1)
    block.I("sink", "vddb", "nd", parameters.discharge_current)
    add_mosfet(block, technology, "da", cascode, ("nd", "nd", "nd2", "0"))
    add_mosfet(block, technology, "db", source, ("nd2", "nd2", "0", "0"))
    block.C("nd", "nd", 0, 200e-15)
    block.C("nd2", "nd2", 0, 200e-15)
    add_mosfet(block, technology, "db2", source, ("sd", "nd2", "0", "0"))
    add_mosfet(block, technology, "da2", cascode, ("sink", "nd", "sd", "0"))


def _sink_switch(block: SubCircuit, technology: Technology, on: str, onb: str) -> None:
    """The sink's current comes from the integration node while `on`, else from the reference, so it never stops."""
    switch = logic_mosfet(technology, "nmos", 1e-6)
    add_mosfet(block, technology, "sw1", switch, ("integral", on, "sink", "0"))
    add_mosfet(block, technology, "sw2", switch, ("ref", onb, "sink", "0"))


def _signed_discharge(block: SubCircuit, parameters: ChargeToPulseParameters, technology: Technology) -> None:
    """Sink for positive charge, cascoded PMOS source for negative charge, each steered by the sign."""
    _sink_switch(block, technology, "ps", "psb")
    mirror, cascode = _mosfet("pmos", 2e-6, 200e-9, 0.1), _mosfet("pmos", 4e-6, 60e-9, 0.1)
    block.I("source", "gp", 0, parameters.discharge_current)
    add_mosfet(block, technology, "sd", mirror, ("pd", "gp", "vddb", "vddb"))
    add_mosfet(block, technology, "sb", cascode, ("gp", "pcas", "pd", "vddb"))
    add_mosfet(block, technology, "sa", mirror, ("ps2", "gp", "vdd", "vdd"))
    add_mosfet(block, technology, "sc", cascode, ("source", "pcas", "ps2", "vdd"))
    block.V("pcas", "pcas", 0, 0.35)
    block.C("gp", "gp", 0, 200e-15)
    switch = logic_mosfet(technology, "pmos", 2e-6)
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
