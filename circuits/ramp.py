"""The ramp that all columns of a tile share: a constant current into one capacitor.

Topology: a cascoded PMOS mirror charges the ramp capacitor from the reset level; a transmission gate ties it there
until the conversion begins. The gate of the cascode is the switch: at the supply it is off. The current flows into the
reset switch before the ramp begins, so that the slope is constant from its first moment.

Why shared: a column that discharges its own capacitor by its own current has its own gain error, the mismatch of that
current. A shared ramp gives all columns the same slope, so one setting trims a tile; and its energy is divided by 64.
The price is a coupling between columns: what each comparator takes from the ramp as it trips. The capacitor is large
against the sum of these inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySpice.Spice.Netlist import SubCircuit

from circuits.devices import Mosfet, add_mosfet
from circuits.gates import GateWidths, add_switch
from circuits.quantities import check_count, check_quantity
from circuits.technology import Technology

RAMP_PINS = ("ramp", "vdd", "vrst", "cascode", "rst", "rstb")


@dataclass(frozen=True, slots=True, kw_only=True)
class RampParameters:
    """Sizes of the ramp of one tile (ours).

    Attributes:
        n_columns: columns that share it.
        capacitance: drawn capacitor (F).
        column_load: what each column adds to it (F). Ours: the sampling capacitor in series with the comparator's
            input, and two junctions.
        mirror: one unit of the current mirror.
        cascode: below all units.
        ratio: units of the mirror for one unit of its diode.
        current_margin: factor on the bias current. Ours: the mirror's lower drain voltage and the junctions on the ramp
            take 3 % of the slope.
        cascode_bias: gate of the cascode below the supply while it is on (V).
        decoupling: from the mirror's gate to the supply (F).
        reset: the switch to the reset level.
    """

    n_columns: int = 64
    capacitance: float = 4e-12
    column_load: float = 4e-15
    mirror: Mosfet = field(
        default_factory=lambda: Mosfet(polarity="pmos", width=10e-6, length=200e-9, threshold_shift=0.1)
    )
    cascode: Mosfet = field(
        default_factory=lambda: Mosfet(polarity="pmos", width=60e-6, length=100e-9, threshold_shift=0.1)
    )
    ratio: int = 4
    current_margin: float = 1.032
    cascode_bias: float = 0.45
    decoupling: float = 1e-12
    reset: GateWidths = field(default_factory=lambda: GateWidths(nmos=16e-6, pmos=4e-6))

    @property
    def load(self) -> float:
        """Everything that the current charges (F)."""
        return self.capacitance + self.n_columns * self.column_load


def ramp_generator(parameters: RampParameters, technology: Technology, slope: float) -> SubCircuit:
    """The subcircuit `ramp_generator` with the pins `RAMP_PINS`.

    Args:
        parameters: sizes.
        technology: its process.
        slope: of the ramp (V/s).

    Raises:
        CircuitError: a size, slope or number of columns that is none.
    """
    check_count("columns of a ramp", parameters.n_columns, 100_000)
    check_count("ratio of the ramp's mirror", parameters.ratio, 1000)
    check_quantity("ramp capacitance", parameters.capacitance, "F", 1e-18, 1e-9)
    check_quantity("load of a column on the ramp", parameters.column_load, "F", 0.0, 1e-9)
    check_quantity("cascode bias", parameters.cascode_bias, "V", 0.0, technology.supply_voltage)
    check_quantity("slope of the ramp", slope, "V/s", 1.0, 1e12)
    block = SubCircuit("ramp_generator", *RAMP_PINS)
    block.I("bias", "gate", 0, parameters.current_margin * slope * parameters.load / parameters.ratio)
    add_mosfet(block, technology, "diode", parameters.mirror, ("gate", "gate", "vdd", "vdd"))
    units = replace(parameters.mirror, multiplier=parameters.ratio)
    add_mosfet(block, technology, "mirror", units, ("high", "gate", "vdd", "vdd"))
    add_mosfet(block, technology, "cascode", parameters.cascode, ("ramp", "cascode", "high", "vdd"))
    block.C("gate", "gate", "vdd", parameters.decoupling)
    block.C("ramp", "ramp", 0, parameters.capacitance)
    add_switch(block, technology, "reset", ("ramp", "vrst"), ("rst", "rstb"), parameters.reset)
    return block
