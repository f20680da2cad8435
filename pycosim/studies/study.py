"""STUDY: the answer to one question about the hardware, ready for the results file, the docs and the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import xarray as xr
from matplotlib.figure import Figure

from pycosim.evaluate.document import Json
from pycosim.evaluate.tables import Table as Table  # every study gives some
from pycosim.flows.characterization import Design
from pycosim.flows.progress import Progress
from pycosim.spice import Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """What every study works with.

    Attributes:
        design: the circuits under study, at the corner that figures are quoted for.
        simulator: any; a pool of workers runs many decks at once.
        progress: told what happens.
        seed: of every random operand and every die.
        quick: few points: to see that a study runs, not to quote it.
    """

    design: Design
    simulator: Simulator
    progress: Progress
    seed: int = 0
    quick: bool = False

    def advance(self, done: int, total: int) -> None:
        """Tell the progress that a sweep has done one more of its points, with what sweeps report."""
        self.progress.advance()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """The answer to one question.

    Attributes:
        name: identifier; the section of the docs.
        title: what was asked.
        figures: key of the results file -> value in SI units.
        tables: for the docs.
        datasets: file name -> what was measured, saved as NetCDF.
        plots: file name -> drawing.
    """

    name: str
    title: str
    figures: Mapping[str, Json]
    tables: tuple[Table, ...] = ()
    datasets: Mapping[str, xr.Dataset] = field(default_factory=dict)
    plots: Mapping[str, Figure] = field(default_factory=dict)
