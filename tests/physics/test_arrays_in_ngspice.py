"""Arrays in ngspice: cut into rows and columns they give the pulses of one flat netlist, and every charge is found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from rig import Array, Converter

from circuits.benches.array import read_only
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import ArrayWires
from circuits.technology import Technology
from pycosim.errors import InputError
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.spice import NgspicePool
from pycosim.studies.tile_reads import FLAT_SIZE, tile_circuit
from pycosim.sweeps.array import CellArray, flat_reads, separate_reads, word_line_settling
from pycosim.sweeps.column import Column, column_reads
from pycosim.sweeps.column_charge import integrator_law
from pycosim.sweeps.tile import TileOperands, flat_tile, tile_by_columns, usable_pulses

pytestmark = pytest.mark.ngspice

TENTH = 0.1e-9
"""What the cut may change a pulse by (s): a tenth of a count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Pulses of one array (s): flat, cut, and with lines that have no resistance."""

    flat: Array
    cut: Array
    ideal: Array


@pytest.fixture(scope="module")
def column(technology: Technology, cell: GainCellParameters, unsigned: Converter) -> Column:
    return Column(
        cell=cell,
        converter=unsigned.parameters,
        technology=technology,
        timing=read_only(unsigned.timing),
        written=False,
    )


def cut(pool: NgspicePool, column: Column, size: int) -> Cut:
    """A square array whose lines drop as much as those of 64 x 64 cells at the narrowest wire, on random operands."""
    narrow = (size / 64) ** 2
    array = CellArray(column=replace(column, wires=ArrayWires(word_line=narrow, bit_line=narrow)))
    rng = np.random.default_rng(size)
    stored = np.asarray(column.technology.supply_voltage / 7 * rng.integers(2, 8, (size, size)), dtype=np.float64)
    widths = np.asarray(1e-9 * rng.integers(4, 16, size), dtype=np.float64)
    reads = separate_reads(array, pool, stored_voltages=stored, pulse_widths=widths)
    ideal = column_reads(column, pool, stored_voltages=stored.T, pulse_widths=np.broadcast_to(widths, stored.T.shape))
    flat, _ = flat_reads(array, pool, stored_voltages=stored, pulse_widths=widths)
    return Cut(flat=flat, cut=reads["pulse_width"].values, ideal=ideal["pulse_width"].values)


@pytest.mark.slow
def test_cutting_an_8_by_8_array_changes_no_pulse_by_a_tenth_of_a_count(pool: NgspicePool, column: Column) -> None:
    found = cut(pool, column, 8)
    assert np.abs(found.cut - found.flat).max() < TENTH  # found: 7 ps
    assert (found.flat > 0.2e-9).all()  # there is a pulse to change
    assert np.abs(found.ideal - found.flat).max() > TENTH  # and the wires do change it: the cut has to know them


@pytest.mark.slow
def test_cutting_a_16_by_16_array_changes_no_pulse_by_a_tenth_of_a_count(column: Column) -> None:
    with NgspicePool(timeout=600.0) as patient:  # the flat one takes half a minute, and minutes on a busy machine
        found = cut(patient, column, 16)
    assert np.abs(found.cut - found.flat).max() < TENTH  # found: 19 ps
    assert np.abs(found.ideal - found.flat).max() > 5 * TENTH


def test_every_charge_of_a_read_is_found_again(pool: NgspicePool, column: Column) -> None:
    """Counted at the word lines, at the foot of the bit line and on the capacitor."""
    wired = replace(column, wires=ArrayWires())
    stored = 0.9 / 7 * np.array([[7, 6, 7, 5, 7, 6, 2, 7], [4, 4, 3, 4, 5, 3, 4, 4]])
    widths = np.array([[15, 12, 9, 15, 11, 6, 8, 14], [10, 15, 4, 7, 12, 3, 9, 15]]) * 1e-9
    reads = column_reads(wired, pool, stored_voltages=stored, pulse_widths=widths)
    full = column.converter.saturation_current * column.timing.max_pulse_width
    cells, foot, integrated = (reads[f"charge_{place}"].values for place in ("cells", "foot", "integrated"))
    assert cells[0] > 0.4 * full
    # Kirchhoff's current law; what is left is on storage nodes and wires
    assert foot == pytest.approx(cells, abs=0.002 * full)
    gain, offset = integrator_law(column.converter, column.technology, column.timing, pool, n_rows=stored.shape[1])
    # junctions on the integration node hold some percent beside the drawn capacitor
    assert gain == pytest.approx(1.0, abs=0.04)
    assert (integrated - offset) / gain == pytest.approx(foot, abs=0.01 * full)


def test_the_far_end_of_a_word_line_drops_by_the_current_of_all_cells(
    pool: NgspicePool, column: Column, static_table: Array
) -> None:
    wires = ArrayWires(word_line=1.0)
    array = CellArray(column=replace(column, wires=wires), driver_resistance=16.0)
    n = 32
    time, drop = word_line_settling(array, pool, n_columns=n, stored_voltage=0.9, tolerance=5e-3)
    resistance = column.technology.wire.resistance_per_length * column.cell.pitch
    most = static_table.max() * (resistance * n * (n + 1) / 2 + 16.0 * n)
    # the closed form is of cells that keep their current; they lose some of it by the drop itself, a tenth at its end
    assert 0.88 * most < drop < most
    assert 50e-12 < time < 150e-12  # the edge, and the few picoseconds of the line


@pytest.mark.slow
def test_a_tile_in_one_netlist_gives_the_pulses_of_its_columns(pool: NgspicePool) -> None:
    """Written, integrated, converted, integrated and converted; the columns are driven by each other's pulses."""
    design = make_design(GainCellConfig())
    tile = tile_circuit(design).for_rows(FLAT_SIZE)
    keys = [[5, 6, 4, 4], [6, 2, 5, 5], [3, 7, 7, 3], [5, 4, 7, 4]]
    values = [[1, 5, 1, 7], [7, 1, 3, 6], [5, 5, 3, 0], [1, 0, 3, 1]]
    operands = TileOperands(
        pulse_widths=np.array([14, 3, 0, 3]) * 1e-9,
        keys=design.levels[np.array(keys)],
        values=design.levels[np.array(values)],
    )
    flat = flat_tile(tile, operands, pool)
    first, second = tile_by_columns(tile, operands, pool)
    assert first["pulse_width"].values == pytest.approx(flat.weights, abs=TENTH)
    assert second["pulse_width"].values == pytest.approx(flat.outputs, abs=TENTH)
    assert ((flat.weights > 1e-9) & (flat.weights < 14e-9)).all()  # nothing clips
    assert ((np.abs(flat.outputs) > 1e-9) & (np.abs(flat.outputs) < 14e-9)).all()
    # the transistors between the arrays keep the width
    assert usable_pulses(flat.driven, tile.second.column) == pytest.approx(
        usable_pulses(flat.weights, tile.second.column), abs=0.03e-9
    )
    assert np.abs(flat.write_error).max() < 5e-3  # charge injection, and what the neighbours' writes add


def test_an_array_needs_wires_and_a_flat_one_is_not_written(pool: NgspicePool, column: Column) -> None:
    with pytest.raises(InputError, match="wires"):
        CellArray(column=column)
    written = CellArray(column=replace(column, wires=ArrayWires(), written=True))
    with pytest.raises(InputError, match="written"):
        flat_reads(written, pool, stored_voltages=np.full((2, 2), 0.5), pulse_widths=np.full(2, 1e-9))
