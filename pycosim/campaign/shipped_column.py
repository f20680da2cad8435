"""Whole columns as benches of a sweep: cells with operands from a seed, written, read and converted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from circuits.benches.cell import CELLS_PER_LINE
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.conditions import Dies, condition_parameters, technology_at
from pycosim.campaign.paths import path_parameters, with_values
from pycosim.campaign.shipped_converter import ConverterAt
from pycosim.campaign.task import Measurement, Point
from pycosim.spice import Waveforms
from pycosim.sweeps.column import UNITS, Column, read_figures

Array = NDArray[np.float64]

N_INPUTS = 16
"""Codes of an input pulse [2025 Leroux]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFigure:
    """One of the figures of `pycosim.sweeps.column.read_figures`, as a measurement.

    Attributes:
        name: of the figure.
        technology: the process.
        signed: whether the converter is.
    """

    name: str
    technology: Technology
    signed: bool

    def __call__(self, waves: Waveforms, point: Point) -> float:
        """The figure (SI)."""
        return read_figures(waves, _column(self.technology, self.signed, point))[self.name]


def column(technology: Technology, *, signed: bool) -> SweepBench:
    """Benches `column` and `signed_column`; a read of 64 cells takes about a second."""
    drawn = ConverterAt.drawn(signed)
    return SweepBench(
        name="signed_column" if signed else "column",
        parameters={
            "operands": Parameter(default=0, meaning="seed of levels and pulses"),
            "level_bias": Parameter(default=0.0 if signed else 1.0, meaning="bias towards high levels"),
            "n_levels": Parameter(default=8, meaning="stored levels"),
            "n_rows": Parameter(default=CELLS_PER_LINE, meaning="cells"),
            **condition_parameters(technology),
            **path_parameters(GainCellParameters(), "cell"),
            **path_parameters(drawn.converter, "converter"),
            **path_parameters(drawn.timing, "timing"),
        },
        make=Dies(partial(_bench, technology, signed)),
        measurements={
            name: Measurement(
                name=name,
                unit=unit,
                function=ReadFigure(name=name, technology=technology, signed=signed),
                version="1",
                optional=name == "start_delay",  # a column without a pulse has none
            )
            for name, unit in UNITS.items()
            if name != "sample"
        },
    )


def drawn_operands(point: Point, supply_voltage: float, input_window: float) -> tuple[Array, Array]:
    """Stored voltages (V) and pulse widths (s) of every row, from the seed `operands`.

    Each level has the probability exp(level_bias x), x from -1 for the lowest to 1 for the highest; pulses have equal
    probabilities.

    Args:
        point: `operands`, `level_bias`, `n_levels`, `n_rows`.
        supply_voltage: of the highest level (V).
        input_window: longest pulse (s).
    """
    rng = np.random.default_rng([int(point["operands"])])
    count, n_levels = int(point["n_rows"]), int(point["n_levels"])
    odds = np.exp(float(point["level_bias"]) * np.linspace(-1.0, 1.0, n_levels))
    levels = rng.choice(np.linspace(0.0, supply_voltage, n_levels), count, p=odds / odds.sum())
    widths = rng.integers(0, N_INPUTS, count) * (input_window / (N_INPUTS - 1))
    return np.asarray(levels, dtype=np.float64), np.asarray(widths, dtype=np.float64)


def _column(technology: Technology, signed: bool, point: Point) -> Column:
    here = ConverterAt.of(signed, point)
    return Column(
        cell=with_values(GainCellParameters(), "cell", point),
        converter=here.converter,
        technology=technology_at(technology, point),
        timing=here.timing,
        n_levels=int(point["n_levels"]),
    )


def _bench(technology: Technology, signed: bool, point: Point) -> Testbench:
    whole = _column(technology, signed, point)
    operands = drawn_operands(point, whole.technology.supply_voltage, whole.timing.input_window)
    return whole.bench(*operands)
