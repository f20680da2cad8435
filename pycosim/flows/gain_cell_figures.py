"""Stage 8 of the gain-cell flow: the arrays behind the report's figures."""

from __future__ import annotations

import numpy as np
import xarray as xr

from pycosim.evaluate import published
from pycosim.evaluate.figures import (
    AdaptationFigure,
    CellIvFigure,
    ColumnCheckFigure,
    ColumnWaveforms,
    Figures,
    RetentionFigure,
    Span,
    Trace,
    TransferFigure,
)
from pycosim.fitting.fit import hold_out_every
from pycosim.flows.characterization import Design
from pycosim.flows.gain_cell_result import GainCellResult
from pycosim.flows.gain_cell_workload import workload_figure
from pycosim.models.converter import ConverterModel
from pycosim.spice import Waveforms


def gain_cell_figures(result: GainCellResult) -> Figures:
    """Every figure of a gain-cell report, from what the stages measured."""
    cell, transfers, fits, checks = result.cell, result.transfers, result.fits, result.checks
    leak = fits.leak.model
    history = result.accuracy.adaptation.history
    losses = result.accuracy.calibration_losses
    return Figures(
        cell_iv=CellIvFigure(
            stored_voltage=np.asarray(published.STORED_VOLTAGES),
            word_line_voltage=np.asarray(published.WORD_LINE_VOLTAGES),
            simulated=cell.read_current["read_current"].values,
            published=published.read_current(),
            pulse=cell.pulse_table[:, -1],
        ),
        column_waveforms=_waveforms(result.design, result.example),
        transfer=_transfer(transfers[0], fits.hard_sigmoid.model),
        signed_transfer=_transfer(transfers[1], fits.signed_pulse.model),
        column_check=ColumnCheckFigure(predicted=checks[0].predicted, simulated=checks[0].simulated),
        signed_column_check=ColumnCheckFigure(predicted=checks[1].predicted, simulated=checks[1].simulated),
        retention=RetentionFigure(
            time=cell.drift["age"].values[1:],
            simulated=cell.drift["voltage"].values[1:].T,
            fitted=leak.voltage(cell.drift["stored_voltage"].values[:, None], cell.drift["age"].values[None, 1:]),
        ),
        adaptation=AdaptationFigure(
            iterations=np.array([row.step for row in history], dtype=float),
            cross_entropy=np.array([np.nan if row.loss is None else row.loss for row in history]),
            linear=losses["linear"],
            exact=losses["exact"],
        ),
        workload=None if result.reads is None else workload_figure(result.reads),
    )


def _transfer(transfer: xr.Dataset, law: ConverterModel) -> TransferFigure:
    charge = transfer["charge"].values
    return TransferFigure(
        charge=charge,
        pulse_width=transfer["pulse_width"].values,
        fitted=law.pulse_width(charge),
        held_out=hold_out_every(3, charge.size),
    )


def _waveforms(design: Design, waves: Waveforms) -> ColumnWaveforms:
    timing = design.first.timing

    def trace(label: str, panel: str, probe: str) -> Trace:
        return Trace(label=label, panel=panel, unit="V", values=np.real(waves.signals[probe]))

    return ColumnWaveforms(
        time=waves.time,
        traces=(
            trace("write word line", "write", "v(wwl)"),
            *(trace(f"stored, row {k}", "write", f"v(sn{k})") for k in range(4)),
            *(trace(f"word line, row {k}", "input", f"v(rwlp{k})") for k in range(4)),
            trace("bit line", "bit line", "v(rbl)"),
            trace("integration node", "integration", "v(integral)"),
            trace("window", "output", "v(window)"),
            trace("pulse", "output", "v(pulse)"),
        ),
        spans=(
            Span(name="write", start=timing.write_start, stop=timing.write_start + timing.write_time),
            Span(name="integrate", start=timing.input_start, stop=timing.input_start + timing.input_window),
            Span(name="convert", start=timing.window_start, stop=timing.window_end),
        ),
    )
