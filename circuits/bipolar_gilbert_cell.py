"""The bipolar Gilbert cell: dI = I_E tanh(V_x / 2 V_T) tanh(V_y / 2 V_T)  [textbook].

The topology of `circuits.gilbert_cell` with junction transistors, whose model card the technology's library carries.
Its range is that of the thermal voltage: 1 % of compression at 9 mV, 5 % at 20.7 mV. Emitter degeneration widens the
lower port to about I_E R.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySpice.Spice.Netlist import SubCircuit

from circuits.gilbert_cell import GILBERT_CELL_PINS
from circuits.identifiers import check_identifier
from circuits.quantities import check_quantity
from circuits.technology import Technology


@dataclass(frozen=True, slots=True, kw_only=True)
class BipolarGilbertParameters:
    """Sizes and operating point of one cell (ours).

    Attributes:
        model: card of the junction transistors, in the technology's library.
        tail_current: I_E (A).
        degeneration: resistor in each emitter of the lower pair (ohm); 0 for none.
        load: resistor from each output to the supply (ohm).
        upper_level, lower_level: common-mode levels of the two ports (V).
    """

    model: str = "npnsq"
    tail_current: float = 100e-6
    degeneration: float = 0.0
    load: float = 10e3
    upper_level: float = 2.3
    lower_level: float = 1.5

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_identifier(self.model, "model of the junction transistors")
        check_quantity("tail current of the multiplier", self.tail_current, "A", 1e-9, 1.0)
        check_quantity("degeneration of the multiplier", self.degeneration, "ohm", 0.0, 1e6)
        check_quantity("load of the multiplier", self.load, "ohm", 1.0, 1e8)
        check_quantity("upper level of the multiplier", self.upper_level, "V", 0.0, 10.0)
        check_quantity("lower level of the multiplier", self.lower_level, "V", 0.0, 10.0)

    def subcircuits(self, technology: Technology) -> tuple[SubCircuit, SubCircuit]:
        """The cell `gilbert_cell` with the pins `GILBERT_CELL_PINS`, and `gilbert_bias` with the pins (bias, vdd).

        Raises:
            CircuitError: a supply below the levels of the ports.
        """
        check_quantity("supply of the multiplier", technology.supply_voltage, "V", self.upper_level)
        cell = SubCircuit("gilbert_cell", *GILBERT_CELL_PINS)
        lower = ("e1", "e2") if self.degeneration else ("tail", "tail")
        nodes = {
            "u1": ("outn", "up", "c1"),
            "u2": ("outp", "un", "c1"),
            "u3": ("outn", "un", "c2"),
            "u4": ("outp", "up", "c2"),
            "l1": ("c1", "lp", lower[0]),
            "l2": ("c2", "ln", lower[1]),
            "t": ("tail", "bias", "0"),
        }
        for element, at in nodes.items():
            cell.BJT(element, *at, model=self.model)
        if self.degeneration:
            cell.R("e1", "e1", "tail", self.degeneration)
            cell.R("e2", "e2", "tail", self.degeneration)
        generator = SubCircuit("gilbert_bias", "bias", "vdd")
        generator.I("ref", "vdd", "bias", self.tail_current)
        generator.BJT("d", "bias", "bias", "0", model=self.model)
        return cell, generator
