"""What the stages of one gain-cell run found."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from pycosim.attention.hardware import AttentionModels
from pycosim.evaluate.cost import Energy, Latency
from pycosim.flows.accuracy import AccuracyResult
from pycosim.flows.characterization import CellData, Design
from pycosim.flows.columns import ColumnCheck
from pycosim.flows.config import GainCellConfig
from pycosim.flows.cost_laws import CostLaws
from pycosim.flows.fits import GainCellFits
from pycosim.flows.workload import Workload
from pycosim.flows.workload_cost import TokenReads
from pycosim.spice import Waveforms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GainCellResult:
    """Everything that a report of one run is made from.

    Attributes:
        design: circuits and technology.
        config: every choice.
        workload: weights and text.
        cell: measurements of the cell.
        transfers: pulse width against charge of the unsigned and the signed converter.
        fits: every behavioural model.
        models: those that attention ran on, with their counts of clipped operands.
        checks: whole columns of both arrays against the models.
        example: waveforms of one column of the first array.
        latency: phases of one token.
        energy: blocks of one token.
        accuracy: perplexities and adaptation.
        laws: of energy and latency of both columns; None where the settings ask for none.
        reads: that adapted analog attention made, metered; None without laws, or where no token has a full window.
    """

    design: Design
    config: GainCellConfig
    workload: Workload
    cell: CellData
    transfers: tuple[xr.Dataset, xr.Dataset]
    fits: GainCellFits
    models: AttentionModels
    checks: tuple[ColumnCheck, ColumnCheck]
    example: Waveforms
    latency: Latency
    energy: Energy
    accuracy: AccuracyResult
    laws: CostLaws | None = None
    reads: TokenReads | None = None
