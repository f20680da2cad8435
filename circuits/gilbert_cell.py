r"""The MOS Gilbert cell: a four-quadrant multiplier of two differential voltages.

    dI = i(outn) - i(outp) = k V_x V_y,   k = sqrt(beta_upper beta_lower / 2)     [textbook, square law, small V]

    outn  outp  outn  outp      i(outp), i(outn): what the outputs sink; v(outp) - v(outn) = R_L dI
     |     |     |     |
     u1    u2    u3    u4       upper quad: u1 and u4 driven by up, u2 and u3 by un: V_x
      \   /       \   /
       l1           l2          lower pair: l1 driven by lp, l2 by ln: V_y
       |            |
     R_deg        R_deg         optional degeneration: linear over more of V_y, less gain
        \         /
           tail

Currents add: outputs of many cells on one pair of loads give the sum of their products (Kirchhoff).

Exact law of square-law devices, with I1, I2 = (I_SS +- d(V_y, beta_l, I_SS)) / 2 and d(V, b, I) = V sqrt(b I - b^2
V^2 / 4): dI = d(V_x, beta_u, I1) - d(V_x, beta_u, I2). The upper port expands by V_x^2 / (8 V_ov,u^2), with
V_ov,u = sqrt(I_SS / (2 beta_u)), so that a sine of amplitude A has HD3 = (A / V_ov,u)^2 / 32; the lower one, with
V_ov,l = sqrt(I_SS / beta_l), is exactly linear while V_x is small.

The usual size is one that works at 3.3 V: W/L = 5, 100 uA, gates at 2.4 V and 1.5 V, 10 kohm loads. Lengths of 1 um and
widths of 5 um keep a threshold's deviation near 2 mV. The tail is a transistor, because an ideal current source leaves
the solver free to find a node at megavolts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.quantities import check_quantity
from circuits.technology import Technology

GILBERT_CELL_PINS = ("outp", "outn", "up", "un", "lp", "ln", "bias")
"""Outputs, upper port, lower port, gate of the tail transistor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GilbertCellParameters:
    """Sizes and operating point of one cell (ours).

    Attributes:
        upper, lower: one transistor of the quad, and of the pair.
        tail: the tail transistor; its gate is set by a diode-connected copy (`bias_generator`).
        tail_current: I_SS (A).
        degeneration: resistor in each source of the lower pair (ohm); 0 for none.
        load: resistor from each output to the supply when one cell stands alone (ohm).
        upper_level, lower_level: common-mode levels of the two ports (V).
    """

    upper: Mosfet = field(default_factory=lambda: Mosfet(polarity="nmos", width=5e-6, length=1e-6))
    lower: Mosfet = field(default_factory=lambda: Mosfet(polarity="nmos", width=5e-6, length=1e-6))
    tail: Mosfet = field(default_factory=lambda: Mosfet(polarity="nmos", width=20e-6, length=1e-6))
    tail_current: float = 100e-6
    degeneration: float = 0.0
    load: float = 10e3
    upper_level: float = 2.4
    lower_level: float = 1.5

    def __post_init__(self) -> None:
        """Check that every number is one."""
        check_quantity("tail current of the multiplier", self.tail_current, "A", 1e-9, 1.0)
        check_quantity("degeneration of the multiplier", self.degeneration, "ohm", 0.0, 1e6)
        check_quantity("load of the multiplier", self.load, "ohm", 1.0, 1e8)
        check_quantity("upper level of the multiplier", self.upper_level, "V", 0.0, 10.0)
        check_quantity("lower level of the multiplier", self.lower_level, "V", 0.0, 10.0)

    def subcircuits(self, technology: Technology) -> tuple[SubCircuit, SubCircuit]:
        """The cell `gilbert_cell` with the pins `GILBERT_CELL_PINS`, and `gilbert_bias` with the pins (bias, vdd).

        The second is a diode-connected copy of the tail transistor that carries the tail current; its source stands for
        a reference on the chip.

        Raises:
            CircuitError: a transistor that the technology does not allow.
        """
        cell = SubCircuit("gilbert_cell", *GILBERT_CELL_PINS)
        lower = ("s1", "s2") if self.degeneration else ("tail", "tail")
        nodes = {
            "u1": ("outn", "up", "c1", "0"),
            "u2": ("outp", "un", "c1", "0"),
            "u3": ("outn", "un", "c2", "0"),
            "u4": ("outp", "up", "c2", "0"),
            "l1": ("c1", "lp", lower[0], "0"),
            "l2": ("c2", "ln", lower[1], "0"),
        }
        for element, at in nodes.items():
            add_mosfet(cell, technology, element, self.upper if element[0] == "u" else self.lower, at)
        if self.degeneration:
            cell.R("s1", "s1", "tail", self.degeneration)
            cell.R("s2", "s2", "tail", self.degeneration)
        add_mosfet(cell, technology, "t", self.tail, ("tail", "bias", "0", "0"))
        generator = SubCircuit("gilbert_bias", "bias", "vdd")
        generator.I("ref", "vdd", "bias", self.tail_current)
        add_mosfet(generator, technology, "d", self.tail, ("bias", "bias", "0", "0"))
        return cell, generator


def ideal_gilbert_parameters() -> GilbertCellParameters:
    """The cell of the textbook: transistors without channel-length modulation, of the technology "square"."""
    flat = Mosfet(polarity="nmos", width=5e-6, length=1e-6, flavour="ideal")
    return GilbertCellParameters(upper=flat, lower=flat, tail=Mosfet(polarity="nmos", width=20e-6, length=1e-6))


def thick_oxide_gilbert_parameters() -> GilbertCellParameters:
    """A cell of BSIM4 transistors with 3 nm of gate oxide at 1.8 V, of the technology "oxide"; sizes ours.

    Three transistors and a load share 1.8 V, so the overdrives are about half of those at 3.3 V.
    """

    def nmos(width: float) -> Mosfet:
        return Mosfet(polarity="nmos", width=width, length=0.5e-6, flavour="thick_nmos")

    return GilbertCellParameters(
        upper=nmos(2e-6),
        lower=nmos(2e-6),
        tail=nmos(10e-6),
        tail_current=50e-6,
        load=8e3,
        upper_level=1.4,
        lower_level=0.9,
    )


def square_law_gain(upper: float, lower: float) -> float:
    """Small-signal gain k = sqrt(beta_u beta_l / 2) in A/V^2 from the current factors (A/V^2) [textbook].

    Raises:
        CircuitError: a current factor that is not above 0.
    """
    for what, value in (("upper", upper), ("lower", lower)):
        check_quantity(f"current factor of the {what} transistors", value, "A/V^2", 1e-12, 1e3)
    return sqrt(upper * lower / 2)
