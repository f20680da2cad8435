"""Every plot of a report, by name."""

from __future__ import annotations

import dataclasses

from matplotlib.figure import Figure

from pycosim.evaluate.circuit_plots import (
    draw_cell_iv,
    draw_column_check,
    draw_column_waveforms,
    draw_retention,
    draw_transfer,
)
from pycosim.evaluate.curve_plots import draw_curves
from pycosim.evaluate.drawing import drawing_style
from pycosim.evaluate.figures import (
    AdaptationFigure,
    CellIvFigure,
    ColumnCheckFigure,
    ColumnWaveforms,
    RetentionFigure,
    TransferFigure,
    WorkloadFigure,
)
from pycosim.evaluate.report import Report
from pycosim.evaluate.system_plots import draw_accuracy, draw_adaptation, draw_energy, draw_latency, draw_workload

COLUMN_ERROR_TARGET = 0.1e-9
"""Seconds: bound on the rms error of a column's pulse in its histogram, a tenth of a 1 ns level. Ours."""


def draw_figures(report: Report) -> dict[str, Figure]:
    """Draw everything that the report has data for.

    Args:
        report: any report.

    Returns:
        Name to drawing: "accuracy", "latency", "energy", the names of the fields of `Figures` that are
            present, and those of the report's curves.
    """
    present = {field.name: getattr(report.figures, field.name) for field in dataclasses.fields(report.figures)}
    with drawing_style():
        return {
            "accuracy": draw_accuracy(report.accuracy),
            "latency": draw_latency(report.latency),
            "energy": draw_energy(report.energy),
            **{name: draw_data(data) for name, data in present.items() if data is not None},
            **{name: draw_curves(data) for name, data in report.curves.items()},
        }


def draw_data(
    data: CellIvFigure
    | ColumnWaveforms
    | TransferFigure
    | ColumnCheckFigure
    | RetentionFigure
    | AdaptationFigure
    | WorkloadFigure,
) -> Figure:
    """Draw one figure's arrays the way that suits them; call it inside `drawing_style`."""
    match data:
        case CellIvFigure():
            return draw_cell_iv(data)
        case ColumnWaveforms():
            return draw_column_waveforms(data)
        case TransferFigure():
            return draw_transfer(data)
        case ColumnCheckFigure():
            return draw_column_check(data, target=COLUMN_ERROR_TARGET)
        case RetentionFigure():
            return draw_retention(data)
        case AdaptationFigure():
            return draw_adaptation(data)
        case WorkloadFigure():
            return draw_workload(data)
