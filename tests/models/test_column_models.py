"""Models of whole columns: the staircase of a read, laws of its terms, the column itself, and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosim.errors import DomainError, InputError
from pycosim.models.activity import TERMS, ColumnActivity, column_activity
from pycosim.models.cell import PolynomialCell
from pycosim.models.column import WRITE, ColumnSurrogate, load_column, save_column
from pycosim.models.column_law import ColumnLaw
from pycosim.models.converter import HardSigmoid
from pycosim.models.io import ModelRecord

CELL = PolynomialCell.linear(20e-6)
MID = 0.45


def activity(widths: list[float], levels: list[float]) -> ColumnActivity:
    return column_activity(CELL, np.array(widths), np.array(levels), mid_voltage=MID)


def law(terms: dict[str, float], *, quantity: str = "energy", unit: str = "J", high: float = 1.0) -> ColumnLaw:
    n = len(terms)
    return ColumnLaw(
        quantity=quantity,
        unit=unit,
        terms=tuple(terms),
        coefficients=tuple(terms.values()),
        low=(-high,) * n,
        high=(high,) * n,
    )


def column(n_rows: int = 4) -> ColumnSurrogate:
    wide = 1e3
    return ColumnSurrogate(
        cell=CELL,
        converter=HardSigmoid(saturation_charge=1e-13, max_pulse_width=15e-9),
        correction=law({"signed_square": -50.0}, quantity="correction", unit="C"),
        energy={
            "converter": law({"one": 1e-12, "line_sinks": 0.9}, high=wide),
            "word_lines": law({"cells_source": 0.9, "pulses": 1e-15}, high=wide),
            WRITE: law({"cells_raised": 1e-14}, high=wide),
        },
        conversion=law({"one": 0.7e-9, "output_time": 1.0}, quantity="time", unit="s", high=wide),
        settle_time=0.5e-9,
        mid_voltage=MID,
        n_rows=n_rows,
    )


def test_the_current_of_a_column_is_a_staircase_of_its_rows_pulses() -> None:
    found = activity([2e-9, 0.0, 5e-9], [0.65, 0.9, 0.25])  # +4 uA for 2 ns, nothing, -4 uA for 5 ns
    np.testing.assert_allclose(found.durations, [0.0, 2e-9, 3e-9])
    np.testing.assert_allclose(found.currents[1:], [0.0, -4e-6], atol=1e-18)
    np.testing.assert_allclose(found.active, [3, 2, 1])
    assert found.term("line_sources") == pytest.approx(12e-15)
    assert found.term("cells_source") == pytest.approx(20e-15)
    assert found.term("cells_sink") == pytest.approx(8e-15)
    assert found.term("square") == pytest.approx(3e-9 * 16e-12)
    assert found.term("signed_square") == pytest.approx(-3e-9 * 16e-12)
    assert found.term("loaded_charge") == pytest.approx(-12e-15)
    assert found.term("pulses") == 2


@given(st.integers(0, 2**32 - 1))
def test_no_term_but_that_of_the_place_depends_on_the_order_of_the_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    widths, levels = rng.uniform(0, 15e-9, (3, 8)) * (rng.uniform(size=(3, 8)) < 0.6), rng.uniform(0, 0.9, (3, 8))
    order = rng.permutation(8)
    one = column_activity(CELL, widths, levels, mid_voltage=MID).with_output(np.array([1e-9, 0.0, 2e-9]))
    other = column_activity(CELL, widths[:, order], levels[:, order], mid_voltage=MID).with_output(one.output)
    for name in set(TERMS) - {"far_charge"}:
        # sums in another order: rounding of the largest term, since sums may all but cancel
        size = float(np.abs(one.term(name)).max())
        np.testing.assert_allclose(other.term(name), one.term(name), rtol=1e-9, atol=1e-9 * size + 1e-30, err_msg=name)


@given(st.integers(0, 2**32 - 1))
def test_the_steps_of_the_staircase_hold_the_charge_of_the_cells(seed: int) -> None:
    rng = np.random.default_rng(seed)
    widths, levels = rng.uniform(0, 15e-9, (5, 16)), rng.uniform(0, 0.9, (5, 16))
    found = column_activity(CELL, widths, levels, mid_voltage=MID)
    np.testing.assert_allclose(found.over_time(found.currents), found.charge, rtol=1e-9, atol=1e-24)
    np.testing.assert_allclose(found.term("line_sinks") - found.term("line_sources"), found.charge, atol=1e-24)


def test_operands_of_two_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="must both be"):
        column_activity(CELL, np.zeros(3), np.zeros(4), mid_voltage=MID)


def test_a_term_of_the_output_needs_an_output() -> None:
    with pytest.raises(InputError, match="with_output"):
        activity([1e-9], [0.9]).term("output_time")
    with pytest.raises(InputError, match="a term must be one of"):
        activity([1e-9], [0.9]).term("colour")


def test_a_law_is_the_sum_of_its_parts() -> None:
    found, energy = activity([2e-9, 5e-9], [0.65, 0.25]), law({"one": 2.0, "cells_sink": 3.0}, high=10.0)
    assert energy.value(found) == pytest.approx(2.0 + 3.0 * 8e-15)
    assert sum(float(part) for part in energy.parts(found).values()) == pytest.approx(float(energy.value(found)))


def test_a_law_raises_outside_its_range_or_clips_and_counts() -> None:
    narrow = ColumnLaw(
        quantity="energy", unit="J", terms=("pulses",), coefficients=(1.0,), low=(0.0,), high=(1.0,), outside="raise"
    )
    two = activity([1e-9, 1e-9], [0.9, 0.9])
    with pytest.raises(DomainError, match="pulses"):
        narrow.value(two)
    clipping = ColumnLaw(
        quantity="energy", unit="J", terms=("pulses",), coefficients=(1.0,), low=(0.0,), high=(1.0,), outside="clip"
    )
    assert clipping.value(two) == 1.0
    assert (clipping.clips.clipped, clipping.clips.seen) == (1, 1)


def test_a_law_of_an_unknown_term_is_refused() -> None:
    with pytest.raises(InputError, match="different names"):
        law({"colour": 1.0})
    with pytest.raises(InputError, match="one per term"):
        ColumnLaw(quantity="e", unit="J", terms=("one",), coefficients=(), low=(0.0,), high=(1.0,))


def test_a_column_that_carries_no_current_costs_less() -> None:
    idle = column().read(np.zeros(4), np.full(4, 0.9))
    busy = column().read(np.full(4, 1e-9), np.full(4, 0.9))
    assert idle.read_energy < busy.read_energy
    assert idle.pulse_width == 0 < busy.pulse_width
    assert idle.latency < busy.latency
    assert busy.total_energy - busy.read_energy == pytest.approx(4 * 0.81e-14)  # what the write costs


@given(st.integers(0, 2**32 - 1))
def test_energy_grows_with_every_row_that_gets_a_pulse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels, widths = rng.uniform(0.45, 0.9, 4), rng.uniform(0.1e-9, 1e-9, 4)  # cells that sink: no two cancel
    energies = [float(column().read(np.where(np.arange(4) < n, widths, 0.0), levels).read_energy) for n in range(5)]
    assert energies == sorted(energies)


def test_a_correction_changes_the_charge_that_is_converted() -> None:
    widths, levels = np.full(4, 1e-9), np.full(4, 0.9)
    current = 4 * 9e-6
    assert float(column().charge(widths, levels)) == pytest.approx(current * 1e-9 - 50 * current**2 * 1e-9)


def test_a_column_refuses_operands_of_another_number_of_rows() -> None:
    with pytest.raises(InputError, match="rows of this column"):
        column(4).read(np.zeros(5), np.zeros(5))


def test_a_column_is_the_same_after_it_was_saved(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    widths, levels = rng.uniform(0, 15e-9, (6, 4)), rng.uniform(0, 0.9, (6, 4))
    record = ModelRecord(netlist_digests=("ab",), held_out_residual_rms=1e-15, unit="C", note="why")
    save_column(tmp_path / "column", column(), {"correction": record})
    loaded, records = load_column(tmp_path / "column")
    one, other = column().read(widths, levels), loaded.read(widths, levels)
    np.testing.assert_array_equal(other.pulse_width, one.pulse_width)
    np.testing.assert_array_equal(other.total_energy, one.total_energy)
    np.testing.assert_array_equal(other.latency, one.latency)
    assert records["correction"] == record


def test_a_column_without_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="save_column writes one"):
        load_column(tmp_path)
    save_column(tmp_path, column())
    (tmp_path / "column.json").write_text('{"schema_version": 1}', encoding="utf-8")
    with pytest.raises(InputError, match="has the keys"):
        load_column(tmp_path)


def test_rows_that_are_up_are_summed_by_step() -> None:
    found = activity([2e-9, 0.0, 5e-9], [0.65, 0.9, 0.25])
    np.testing.assert_allclose(found.rows_up(np.array([1.0, 10.0, 100.0])), [111.0, 101.0, 100.0])
    # 0 uA for 2 ns, then -4 uA for 3 ns through the row at 0.25 V alone, 0.2 V below half the supply
    assert found.term("low_charge") == pytest.approx(-4e-6 * 3e-9 * 0.2)
    assert found.term("railed_charge") == pytest.approx(-4e-6 * 3e-9 * 0.2**4)
