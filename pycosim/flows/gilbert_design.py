"""Stage 1 of the Gilbert flow: technologies, cells and neurons, from the settings of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from circuits.benches.gilbert_cell import MultiplierBench
from circuits.bipolar_gilbert_cell import BipolarGilbertParameters
from circuits.gilbert_cell import GilbertCellParameters, ideal_gilbert_parameters, thick_oxide_gilbert_parameters
from circuits.gilbert_layer import NeuronParameters
from circuits.technology import Technology, load_technology
from pycosim.flows.gilbert_config import GilbertConfig
from pycosim.network.mapping import Ranges

THICK_SUPPLY = 1.8
"""Supply of the BSIM4 cells (V): usual for 3 nm of gate oxide."""

RANGES = (0.3, 0.5, 0.7)
"""Shares of the overdrives at which multipliers are compared."""

USED_RANGE = 0.5
"""Share of the overdrives that networks use. Ours: 0.3 is more linear, but offsets are then as large as the signals."""

SCORE_RANGE = 0.3
"""Largest output of a network's last layer (V). Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDesign:
    """One multiplier with what its closed form says.

    Attributes:
        bench: cell and surroundings.
        upper_overdrive, lower_overdrive: in what its ranges are counted (V).
        law: "square" or "tanh", whose closed form it has, or "" for none.
    """

    bench: MultiplierBench
    upper_overdrive: float
    lower_overdrive: float
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GilbertDesign:
    """Everything that the flow simulates.

    Attributes:
        square, thick: technologies: square law at 3.3 V, and BSIM4 at 1.8 V.
        cells: name -> multiplier.
        neurons: of the networks, in the square-law technology.
        ranges: of their voltages.
    """

    square: Technology
    thick: Technology
    cells: Mapping[str, CellDesign]
    neurons: NeuronParameters
    ranges: Ranges = field(default_factory=lambda: Ranges(inputs=0.1, weights=0.1, scores=SCORE_RANGE))

    @property
    def network_cell(self) -> CellDesign:
        """The multiplier that networks are made of, driven as they drive it."""
        return self.cells["square, one side driven"]


def make_gilbert_design(config: GilbertConfig) -> GilbertDesign:
    """The circuits at the corner and temperature of a run.

    Raises:
        CircuitError: a temperature that the technologies are not meant for.
    """
    square = load_technology("square").at(corner=config.corner, temperature=config.temperature)
    thick = load_technology("oxide").at(
        corner=config.corner, temperature=config.temperature, supply_voltage=THICK_SUPPLY
    )
    upper, lower = square_overdrives(GilbertCellParameters(), current_factor=200e-6)
    neurons = NeuronParameters(bias_input=USED_RANGE * lower)

    def mos(cell: GilbertCellParameters, *, one_side: bool = False) -> CellDesign:
        bench = MultiplierBench(cell=cell, technology=square, single_ended=one_side)
        return CellDesign(bench=bench, upper_overdrive=upper, lower_overdrive=lower, law="square")

    degenerate = GilbertCellParameters(degeneration=2e3)
    thermal = 2 * 8.617333e-5 * (config.temperature + 273.15)
    return GilbertDesign(
        square=square,
        thick=thick,
        cells={
            "ideal": mos(ideal_gilbert_parameters()),
            "square": mos(GilbertCellParameters()),
            "square, one side driven": mos(GilbertCellParameters(), one_side=True),
            "degenerated": mos(degenerate),
            "BSIM4": CellDesign(
                bench=MultiplierBench(cell=thick_oxide_gilbert_parameters(), technology=thick),
                upper_overdrive=0.1,
                lower_overdrive=0.15,
                law="",
            ),
            "bipolar": CellDesign(
                bench=MultiplierBench(cell=BipolarGilbertParameters(), technology=square),
                upper_overdrive=thermal,
                lower_overdrive=thermal,
                law="tanh",
            ),
        },
        neurons=neurons,
        ranges=Ranges(inputs=USED_RANGE * lower, weights=USED_RANGE * upper, scores=SCORE_RANGE),
    )


def square_overdrives(cell: GilbertCellParameters, *, current_factor: float) -> tuple[float, float]:
    """V_ov,u = sqrt(I_SS / 2 beta_u) and V_ov,l = sqrt(I_SS / beta_l) (V) for a KP (A/V^2) [textbook, square law]."""
    upper, lower = (current_factor * one.width / one.length for one in (cell.upper, cell.lower))
    return (cell.tail_current / (2 * upper)) ** 0.5, (cell.tail_current / lower) ** 0.5
