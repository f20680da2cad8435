"""The input driver of a row: a digital code becomes a pulse of that many nanoseconds on the read word line pair.

    start  --[replica of the tree]--------+
                                          NAND --> pulse --> word line driver --> rwlp (mid-supply -> supply)
    until1..15 --[tree chosen by code]----+                                       rwln (mid-supply -> ground)

`start` rises when every pulse begins; `until<k>` falls k time units later (code 0 is tied to ground: no pulse at all).
They are shared by all rows. A binary tree of tri-state inverters takes the line of the row's code. `start` passes
through a replica of the tree, so that the delay of the choice cancels in the width. Why tri-state inverters and not
transmission gates: the shared lines then see gates only, the same whatever the codes of the rows are; through a
transmission gate every row of the same code would load the line, and 64 of them would delay it by tens of picoseconds.
No latch either: the pulse is `start` AND `until`, which cannot miss an edge.

The word line driver pulls both lines to the rails with one large transistor each, and holds them at mid-supply with a
PMOS and an NMOS in parallel (each alone has half the supply as drive). Sizes come from the drop that the cells' current
makes in it.

The clock that makes `start` and `until` (a delay line or a ring of one time unit a stage) is not part of it: ideal
sources.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import Circuit, SubCircuit

from circuits.devices import add_mosfet
from circuits.errors import CircuitError
from circuits.gates import GateWidths, add_inverter, add_nand, add_tristate_inverter, code_nodes, tapered
from circuits.logic import logic_mosfet
from circuits.quantities import check_count, check_quantity
from circuits.stimuli import pulse
from circuits.technology import Technology
from circuits.timing import LONGEST_TIME

MOST_BITS = 6
"""Most bits of a code: the tree doubles with each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseDriverParameters:
    """Sizes of the input driver (ours); widths are those at a minimum gate length of 30 nm.

    Attributes:
        n_bits: of a code.
        unit_time: what the code counts (s) [2025 Leroux: 1 ns].
        upper_width: PMOS that pulls rwlp to the supply (m); 32 um carry 64 cells with a drop of some mV.
        lower_width: NMOS that pulls rwln to ground (m).
        idle: transistors that hold each line at mid-supply.
        gate: of the tree.
        taper: gate width that an inverter of the buffers drives, over its own.
    """

    n_bits: int = 4
    unit_time: float = 1e-9
    upper_width: float = 32e-6
    lower_width: float = 16e-6
    idle: GateWidths = field(default_factory=lambda: GateWidths(nmos=4e-6, pmos=8e-6))
    gate: GateWidths = field(default_factory=lambda: GateWidths(nmos=0.4e-6, pmos=0.8e-6))
    taper: float = 3.0

    @property
    def n_codes(self) -> int:
        """Codes, 0 included."""
        return int(2**self.n_bits)

    def phases(self) -> tuple[str, ...]:
        """Nodes of the shared lines: the start, and the end of every code but 0."""
        return ("start", *(f"until{code}" for code in range(1, self.n_codes)))


def pulse_driver(parameters: PulseDriverParameters, technology: Technology) -> tuple[SubCircuit, ...]:
    """The subcircuits `pulse_select` and `word_line_driver`, both flat.

    Pins of pulse_select: pulse, the bits of the code (lowest first), `phases()`, vdd. Pins of word_line_driver: pulse,
    rwlp, rwln, mid, vdd (buffers) and vline (the supply that rwlp is pulled to).

    Raises:
        CircuitError: a number of bits, width or ratio that is none.
    """
    check_count("n_bits", parameters.n_bits, MOST_BITS)
    check_quantity("unit time of a code", parameters.unit_time, "s", 1e-12, LONGEST_TIME)
    check_quantity("taper", parameters.taper, "", 1.0, 100.0)
    return _pulse_select(parameters, technology), word_line_driver(parameters, technology)


def word_line_driver(parameters: PulseDriverParameters, technology: Technology) -> SubCircuit:
    """The subcircuit `word_line_driver` alone, for a pulse that comes from elsewhere (a charge-to-pulse circuit).

    Raises:
        CircuitError: a width that the technology does not allow.
    """
    block = SubCircuit("word_line_driver", "pulse", "rwlp", "rwln", "mid", "vdd", "vline")
    idle, taper = parameters.idle, parameters.taper
    # active low: the gates that pull rwlp up, and the idle NMOS of both lines; active high: their complements
    last_low = tapered(parameters.upper_width + 2 * idle.nmos, taper)
    last_high = tapered(parameters.lower_width + 2 * idle.pmos, taper)
    middle_low = tapered(last_low.nmos + last_low.pmos, taper)
    middle_high = tapered(last_high.nmos + last_high.pmos, taper)
    first_high = tapered(middle_high.nmos + middle_high.pmos, taper)
    loads = (middle_low, first_high)
    first = tapered(sum(w.nmos + w.pmos for w in loads), taper)
    add_inverter(block, technology, "first", ("pulse", "a"), first)
    add_inverter(block, technology, "low1", ("a", "b"), middle_low)
    add_inverter(block, technology, "low2", ("b", "low"), last_low)
    add_inverter(block, technology, "high1", ("a", "c"), first_high)
    add_inverter(block, technology, "high2", ("c", "d"), middle_high)
    add_inverter(block, technology, "high3", ("d", "high"), last_high)
    upper = logic_mosfet(technology, "pmos", parameters.upper_width)
    lower = logic_mosfet(technology, "nmos", parameters.lower_width)
    idle_nmos, idle_pmos = idle.mosfets(technology)
    add_mosfet(block, technology, "upper", upper, ("rwlp", "low", "vline", "vline"))
    add_mosfet(block, technology, "lower", lower, ("rwln", "high", "0", "0"))
    for line in ("rwlp", "rwln"):
        add_mosfet(block, technology, f"{line}n", idle_nmos, (line, "low", "mid", "0"))
        add_mosfet(block, technology, f"{line}p", idle_pmos, (line, "high", "mid", "vdd"))
    return block


def add_phases(circuit: Circuit, parameters: PulseDriverParameters, technology: Technology, *, start: float) -> None:
    """Add the shared lines `start` and `until<k>` as ideal sources; the first edge begins at `start` (s).

    They stay as they are until the end of the deck.

    Raises:
        CircuitError: a time that is none.
    """
    check_quantity("start of the pulses", start, "s", 0.0, LONGEST_TIME)
    supply, unit = technology.supply_voltage, parameters.unit_time
    end = start + 2 * LONGEST_TIME
    circuit.V("start", "start", 0, pulse([(start, end)], idle=0.0, active=supply))
    for code in range(1, parameters.n_codes):
        circuit.V(f"until{code}", f"until{code}", 0, pulse([(start + code * unit, end)], idle=supply, active=0.0))


def add_pulse_driver(
    circuit: Circuit, parameters: PulseDriverParameters, name: str, *, code: int, rwlp: str, rwln: str
) -> None:
    """Place the driver of one row; the pulse is its node `<name>_pulse`.

    It uses the nodes `vdd`, `vline`, `mid` and the lines of `add_phases`; the subcircuits are `pulse_driver`'s.

    Args:
        circuit: receives it.
        parameters: sizes.
        name: of the row's instances.
        code: width of its pulse in time units, constant during the deck.
        rwlp: the row's upper read word line.
        rwln: its lower one.

    Raises:
        CircuitError: no such code.
    """
    check_quantity("code of a pulse", code, "", 0, parameters.n_codes - 1)
    if int(code) != code:
        raise CircuitError(f"the code of a pulse must be a whole number, found {code:g}")
    bits = code_nodes(int(code), parameters.n_bits)
    circuit.X(f"{name}_select", "pulse_select", f"{name}_pulse", *bits, *parameters.phases(), "vdd")
    add_word_line_driver(circuit, f"{name}_driver", pulse=f"{name}_pulse", rwlp=rwlp, rwln=rwln)


def add_word_line_driver(circuit: Circuit, name: str, *, pulse: str, rwlp: str, rwln: str) -> None:
    """Place a word line driver alone between a pulse and a pair of lines; it uses `vdd`, `vline` and `mid`."""
    circuit.X(name, "word_line_driver", pulse, rwlp, rwln, "mid", "vdd", "vline")


def _pulse_select(parameters: PulseDriverParameters, technology: Technology) -> SubCircuit:
    """The tree, its replica for the start, and the gate that makes the pulse."""
    bits = [f"b{k}" for k in range(parameters.n_bits)]
    block = SubCircuit("pulse_select", "pulse", *bits, *parameters.phases(), "vdd")
    gate = parameters.gate
    nodes, replica = ["0", *parameters.phases()[1:]], "start"
    for level, bit in enumerate(bits):
        add_inverter(block, technology, f"not{bit}", (bit, f"{bit}b"), gate)
        chosen = []
        for k in range(len(nodes) // 2):
            output = f"t{level}_{k}"
            low, high = nodes[2 * k], nodes[2 * k + 1]
            add_tristate_inverter(block, technology, f"{output}a", (low, output), (f"{bit}b", bit), gate)
            add_tristate_inverter(block, technology, f"{output}b", (high, output), (bit, f"{bit}b"), gate)
            chosen.append(output)
        output = f"r{level}"
        add_tristate_inverter(block, technology, f"{output}a", (replica, output), ("vdd", "0"), gate)
        add_tristate_inverter(block, technology, f"{output}b", ("0", output), ("0", "vdd"), gate)
        nodes, replica = chosen, output
    until = nodes[0]
    if parameters.n_bits % 2:  # an odd number of inversions
        add_inverter(block, technology, "until", (until, "until"), gate)
        add_inverter(block, technology, "begun", (replica, "begun"), gate)
        until, replica = "until", "begun"
    add_nand(block, technology, "gate", (replica, until), "pulseb", gate)
    add_inverter(block, technology, "pulse", ("pulseb", "pulse"), GateWidths(nmos=2 * gate.nmos, pmos=2 * gate.pmos))
    return block
