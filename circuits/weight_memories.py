"""Where a weight is kept: steps of a resistor string, the resistance of a transistor, a capacitor, or a DAC.

potentiometer  2^b equal resistors between two levels; one of 2^b transistors connects a tap: v = low + (high - low) k
/ 2^b ladder         R-2R ladder, its legs on two levels through inverters: the same steps from b switches instead of
2^b triode         a transistor at small V_DS: g = beta (V_G - V_T - V_DS / 2)                    [textbook, square law]
capacitor      a transistor writes a capacitor and is closed; leak I takes I t / C of it, refresh brings it back.
               What the switch's resistance leaves is noise: sqrt(kT / C)                     [textbook]
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.errors import CircuitError
from circuits.quantities import check_count, check_quantity
from circuits.technology import Technology

MOST_BITS = 8
"""Bits of a string or ladder; a string has 2^bits transistors."""


def _mosfet(polarity: str, width: float, length: float) -> Mosfet:
    return Mosfet(polarity="nmos" if polarity == "n" else "pmos", width=width, length=length)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepParameters:
    """A resistor string or an R-2R ladder (ours).

    Attributes:
        n_bits: 2^n_bits steps.
        low, high: levels of its ends (V).
        resistance: of one resistor of the string, or R of the ladder (ohm).
        switch, switch_up: NMOS of a tap or to the lower level, PMOS to the upper level of a ladder's leg.
    """

    n_bits: int = 5
    low: float = 0.0
    high: float = 1.0
    resistance: float = 2e3
    switch: Mosfet = field(default_factory=lambda: _mosfet("n", 10e-6, 0.35e-6))
    switch_up: Mosfet = field(default_factory=lambda: _mosfet("p", 30e-6, 0.35e-6))

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_count("bits of a weight", self.n_bits, MOST_BITS)
        check_quantity("lower level of a weight", self.low, "V", 0.0, 10.0)
        check_quantity("upper level of a weight", self.high, "V", self.low, 10.0)
        check_quantity("resistor of a weight", self.resistance, "ohm", 1.0, 1e12)

    @property
    def n_codes(self) -> int:
        """Codes, 0 to n_codes - 1."""
        return 1 << self.n_bits

    def level(self, code: int) -> float:
        """The voltage that a code stands for (V).

        Raises:
            CircuitError: no such code.
        """
        return self.low + (self.high - self.low) * self._check(code) / self.n_codes

    def _check(self, code: int) -> int:
        if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code < self.n_codes:
            raise CircuitError(
                f"a code of {self.n_bits} bits is a whole number from 0 to {self.n_codes - 1}, found {code}"
            )
        return code


def potentiometer(parameters: StepParameters, technology: Technology, code: int, *, name: str) -> SubCircuit:
    """The string set to a code, as a subcircuit with the pins (low, high, tap, vdd).

    Raises:
        CircuitError: no such code, or a transistor that the technology does not allow.
    """
    chosen = parameters._check(code)
    block = SubCircuit(name, "low", "high", "tap", "vdd")
    n = parameters.n_codes
    places = ["low", *(f"t{k}" for k in range(1, n)), "high"]
    for k in range(n):
        block.R(f"s{k}", places[k], places[k + 1], parameters.resistance)
        gate = "vdd" if k == chosen else "0"
        add_mosfet(block, technology, f"s{k}", parameters.switch, ("tap", gate, places[k], "0"))
    return block


def ladder(parameters: StepParameters, technology: Technology, code: int, *, name: str) -> SubCircuit:
    """The R-2R ladder set to a code, as a subcircuit with the pins (low, high, tap, vdd).

    Raises:
        CircuitError: no such code, or a transistor that the technology does not allow.
    """
    chosen = parameters._check(code)
    block = SubCircuit(name, "low", "high", "tap", "vdd")
    n, resistance = parameters.n_bits, parameters.resistance
    places = [*(f"n{k}" for k in range(n - 1)), "tap"]
    block.R("end", places[0], "low", 2 * resistance)
    for k in range(n):
        gate = "0" if chosen >> k & 1 else "vdd"
        add_mosfet(block, technology, f"n{k}", parameters.switch, (f"leg{k}", gate, "low", "0"))
        add_mosfet(block, technology, f"p{k}", parameters.switch_up, (f"leg{k}", gate, "high", "vdd"))
        block.R(f"leg{k}", f"leg{k}", places[k], 2 * resistance)
        if k:
            block.R(f"step{k}", places[k - 1], places[k], resistance)
    return block


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitorParameters:
    """A capacitor that keeps a weight (ours).

    Attributes:
        capacitance: of the store (F).
        leak: that discharges it, whatever its voltage (A): a junction's, or a gate's.
        switch: that writes it.
        write_time: how long the switch is on (s).
        refresh: from one write to the next (s).
    """

    capacitance: float = 1e-12
    leak: float = 1e-15
    switch: Mosfet = field(default_factory=lambda: _mosfet("n", 0.5e-6, 0.35e-6))
    write_time: float = 100e-9
    refresh: float = 1e-3

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_quantity("capacitor of a weight", self.capacitance, "F", 1e-18, 1e-6)
        check_quantity("leak of a weight", self.leak, "A", 0.0, 1.0)
        check_quantity("write time of a weight", self.write_time, "s", 1e-12, 1.0)
        check_quantity("refresh of a weight", self.refresh, "s", self.write_time, 1e9)


def weight_capacitor(parameters: CapacitorParameters, technology: Technology) -> SubCircuit:
    """The store as a subcircuit `weight_capacitor` with the pins (source, write, store).

    Raises:
        CircuitError: a transistor that the technology does not allow.
    """
    block = SubCircuit("weight_capacitor", "source", "write", "store")
    add_mosfet(block, technology, "w", parameters.switch, ("source", "write", "store", "0"))
    block.C("s", "store", 0, parameters.capacitance)
    if parameters.leak:
        block.I("leak", "store", 0, parameters.leak)
    return block
