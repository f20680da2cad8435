"""Cost of the transformer's own reads: every column of a token, and spreads that follow from the laws."""

from __future__ import annotations

import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.evaluate.workload_cost import spread_of
from pycosim.flows.characterization import Design, make_design
from pycosim.flows.config import GainCellConfig
from pycosim.flows.read_operands import full_window_tokens, token_operands, transformer_traces
from pycosim.flows.workload_cost import ReadMeter, TokenReads, metered_text
from pycosim.models.cell import PolynomialCell
from pycosim.models.column import WRITE, ColumnSurrogate
from pycosim.models.column_law import ColumnLaw
from pycosim.models.converter import HardSigmoid


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
            WRITE: law({"levels": 1e-14}, "J"),
        },
        conversion=law({"one": 1e-9, "output_time": 1.0}, "s"),
        settle_time=0.5e-9,
        mid_voltage=0.45,
        n_rows=64,
    )


@pytest.fixture(scope="module")
def reads(design: Design) -> TokenReads:
    return metered_text(design, (column(), column()), n_contexts=1, seed=0)


def test_a_token_with_a_full_window_reads_every_column_of_both_arrays(design: Design) -> None:
    hardware, traces = transformer_traces(design, 256)
    np.testing.assert_array_equal(full_window_tokens(hardware, 256), [255])
    np.testing.assert_array_equal(full_window_tokens(hardware, 384), [255, 319, 383])
    assert full_window_tokens(hardware, 255).size == 0
    keys, values = token_operands(traces[0], hardware, 0, 1, 255)
    assert keys.pulse_widths.shape == values.pulse_widths.shape == (256, 64)
    assert (keys.pulse_widths == keys.pulse_widths[0]).all()  # one query for all columns
    np.testing.assert_array_equal(values.pulse_widths[0], values.pulse_widths[63])  # one weight per row of a tile
    assert np.isin(values.stored_voltages.round(9), hardware.stored_axis.nodes.round(9)).all()
    weights = traces[0].weight_width[0, 1, 255]
    np.testing.assert_array_equal(values.pulse_widths[::64].ravel(), np.where(weights < 0.1e-9, 0, weights))
    with pytest.raises(InputError, match="token must fill a tile of 64 tokens, found 200; 255 does"):
        token_operands(traces[0], hardware, 0, 1, 200)


def test_the_cost_of_a_token_is_the_sum_over_its_columns(reads: TokenReads) -> None:
    assert (reads.n_tokens, reads.n_reads) == (8, 8 * 512)  # four layers of two heads
    rows = 64 * 256 * (reads.first.active + reads.second.active)
    total = reads.first.energy.sum(axis=1) + reads.second.energy.sum(axis=1)
    assert total.mean() == pytest.approx(512 * 2e-12 + rows * 1e-15)
    assert reads.clipped == 0
    assert sorted(zip(reads.layers.tolist(), reads.heads.tolist(), strict=True)) == [
        (k, h) for k in range(4) for h in (0, 1)
    ]


def test_the_write_of_a_token_is_that_of_its_own_key_and_value(design: Design) -> None:
    hardware, traces = transformer_traces(design, 256)
    meter = ReadMeter((column(), column()), hardware, n_per_call=2, seed=0)
    meter.observer(0)(traces[0])
    found = meter.reads()
    assert found is not None
    nodes = hardware.stored_axis.nodes
    step = nodes[1] - nodes[0]
    for head in (0, 1):
        for vectors, written in ((traces[0].k, found.first.write), (traces[0].v, found.second.write)):
            levels = np.clip(np.rint(vectors[0, head, 255] / step), 0, 7) * step
            assert written[head] == pytest.approx(1e-14 * levels.sum())


def test_the_slowest_column_ends_a_token(reads: TokenReads) -> None:
    assert reads.first.conversion.shape == (8, 256)
    assert reads.first.conversion.min() >= 1e-9
    assert reads.first.conversion.max() <= 16e-9 + 1e-15
    assert (reads.first.longest <= 15.0001e-9).all()
    assert (reads.second.longest <= reads.first.conversion.max(axis=1) - 1e-9 + 1e-15).all()  # phi is its input


def test_the_same_seed_meters_the_same_reads_and_a_text_without_a_full_window_none(design: Design) -> None:
    hardware, traces = transformer_traces(design, 512)

    def metered(seed: int) -> TokenReads:
        meter = ReadMeter((column(), column()), hardware, n_per_call=1, seed=seed)
        for layer, trace in enumerate(traces):
            meter.observer(layer)(trace)
        found = meter.reads()
        assert found is not None
        return found

    np.testing.assert_array_equal(metered(3).first.energy, metered(3).first.energy)
    assert any((metered(k).heads != metered(3).heads).any() for k in range(5))
    assert ReadMeter((column(), column()), hardware, n_per_call=1, seed=0).reads() is None


def test_a_spread_has_mean_deviation_and_quantiles() -> None:
    spread = spread_of(np.arange(101.0))
    assert (spread.mean, spread.low, spread.median, spread.high) == (50.0, 5.0, 50.0, 95.0)
    assert spread.deviation == pytest.approx(np.sqrt((101**2 - 1) / 12))
