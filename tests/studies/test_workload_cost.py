"""Cost of the transformer's own reads: every column of a token, and spreads that follow from the laws."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.flows.characterization import Design, make_design
from pycosim.flows.config import GainCellConfig
from pycosim.models.cell import PolynomialCell
from pycosim.models.column import WRITE, ColumnSurrogate
from pycosim.models.column_law import ColumnLaw
from pycosim.models.converter import HardSigmoid
from pycosim.studies.workload import ReadOperands, transformer_traces
from pycosim.studies.workload_cost import read_cost, spread_of, token_operands, workload_cost


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(GainCellConfig())


def law(terms: dict[str, float], unit: str) -> ColumnLaw:
    n = len(terms)
    return ColumnLaw(
        quantity="x",
        unit=unit,
        terms=tuple(terms),
        coefficients=tuple(terms.values()),
        low=(-1e3,) * n,
        high=(1e3,) * n,
    )


def column() -> ColumnSurrogate:
    return ColumnSurrogate(
        cell=PolynomialCell.linear(20e-6),
        converter=HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=15e-9),
        correction=None,
        energy={
            "converter": law({"one": 2e-12}, "J"),
            "word_lines": law({"pulses": 1e-15}, "J"),
            WRITE: law({"one": 1e-13}, "J"),
        },
        conversion=law({"one": 1e-9, "output_time": 1.0}, "s"),
        settle_time=0.5e-9,
        mid_voltage=0.45,
        n_rows=64,
    )


def test_a_token_reads_every_column_of_the_whole_tiles_behind_it(design: Design) -> None:
    hardware, traces = transformer_traces(design, 256)
    keys, values = token_operands(traces[0], hardware, 0, 1, 200)
    n_tiles = 201 // hardware.tile
    assert keys.pulse_widths.shape == (n_tiles * hardware.tile, 64)
    assert values.pulse_widths.shape == (n_tiles * 64, hardware.tile)
    assert (keys.pulse_widths == keys.pulse_widths[0]).all()  # one query for all columns
    np.testing.assert_array_equal(values.pulse_widths[0], values.pulse_widths[63])  # one weight per row of a tile
    np.testing.assert_allclose(
        np.unique(values.stored_voltages), np.intersect1d(np.unique(values.stored_voltages), hardware.stored_axis.nodes)
    )


def test_the_cost_of_a_text_is_the_sum_over_its_columns(design: Design) -> None:
    cost = workload_cost(design, column(), column(), n_tokens=3, seed=0, n_text=256)
    n_reads = cost.first.n_reads + cost.second.n_reads
    rows = 64 * (cost.first.n_reads * cost.first.active + cost.second.n_reads * cost.second.active)
    assert cost.token.mean * 3 == pytest.approx(n_reads * 2e-12 + rows * 1e-15)
    assert cost.write == pytest.approx(2e-13)
    assert cost.first.energy["read"].mean == pytest.approx(2e-12 + 64 * cost.first.active * 1e-15)
    assert cost.first.clipped == 0


def test_reads_without_pulses_take_the_least() -> None:
    idle = ReadOperands(stored_voltages=np.full((5, 64), 0.9), pulse_widths=np.zeros((5, 64)))
    busy = ReadOperands(stored_voltages=np.full((5, 64), 0.9), pulse_widths=np.full((5, 64), 1e-9))
    least, most = read_cost(column(), idle), read_cost(column(), busy)
    assert least.energy["read"].mean == pytest.approx(2e-12)
    assert most.energy["read"].mean == pytest.approx(2e-12 + 64e-15)
    assert least.latency.mean == pytest.approx(1.5e-9)
    assert most.latency.mean > least.latency.mean
    assert (least.active, most.active) == (0.0, 1.0)


def test_a_spread_has_mean_deviation_and_quantiles() -> None:
    spread = spread_of(np.arange(101.0))
    assert (spread.mean, spread.low, spread.median, spread.high) == (50.0, 5.0, 50.0, 95.0)
    assert spread.deviation == pytest.approx(np.sqrt((101**2 - 1) / 12))
