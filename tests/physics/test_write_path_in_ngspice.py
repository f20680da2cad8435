"""The write path in ngspice: ladder, data line, write gate, word line driver, and the decks' shortcuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from circuits.benches.write_path import write_path_bench
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench, render_netlist
from circuits.write_driver import WriteDriverParameters
from circuits.write_line_driver import WriteLineDriverParameters
from pycosim.spice import NgspicePool, Waveforms
from pycosim.sweeps.write_path import WritePath, single_level_columns, stored_levels, written_levels
from pycosim.waveforms import charge

pytestmark = pytest.mark.ngspice


def write(
    pool: NgspicePool,
    technology: Technology,
    cell: GainCellParameters,
    *,
    codes: Sequence[int],
    rows: Sequence[int] | None = None,
    n_columns: int = 2,
    write_time: float = 8e-9,
    driver: WriteDriverParameters | None = None,
) -> tuple[Waveforms, Testbench]:
    bench = write_path_bench(
        cell,
        WriteDriverParameters() if driver is None else driver,
        WriteLineDriverParameters(),
        technology,
        codes=codes,
        rows=rows,
        n_columns=n_columns,
        write_time=write_time,
    )
    return pool.run(render_netlist(bench)), bench


def end(waves: Waveforms, probe: str) -> float:
    return float(np.real(waves.signals[probe])[-1])


def with_wire_capacitance(technology: Technology, factor: float) -> Technology:
    wire = replace(technology.wire, capacitance_per_length=factor * technology.wire.capacitance_per_length)
    return replace(technology, wire=wire)


def test_rows_that_stand_for_others_behave_as_the_others(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters
) -> None:
    one, _ = write(pool, technology, cell, codes=[3], rows=[3])
    each, _ = write(pool, technology, cell, codes=[3, 3, 3])
    grid = np.linspace(0, float(one.time[-1]), 200)
    for probe, of_three in (("v(sn0)", 1), ("v(wbl0)", 1), ("i(vreference)", 1)):
        a, b = (np.interp(grid, w.time, np.real(w.signals[probe])) for w in (one, each))
        # the solver's own steps differ: 0.2 mV of 0.9 V where the line moves fastest
        assert a == pytest.approx(of_three * b, abs=1e-3 if probe[0] == "v" else 5e-6)
    assert end(one, "v(sn0)") == pytest.approx(end(each, "v(sn2)"), abs=5e-6)


def test_the_line_settles_with_the_ladders_impedance_times_its_capacitance(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters
) -> None:
    # a ladder of 100 kohm a step: tap 6 of 7 sees 100 k x 6 x 1 / 7, against which the switch's 0.7 kohm is nothing.
    # What the junctions add to the line cancels in the difference of two wires.
    driver = WriteDriverParameters(unit_resistance=100e3)

    def time_constant(factor: float) -> float:
        waves, bench = write(
            pool,
            with_wire_capacitance(technology, factor),
            cell,
            codes=[6],
            n_columns=64,
            write_time=40e-9,
            driver=driver,
        )
        line = np.real(waves.signals["v(wbl0)"])
        final = np.interp(bench.parameters["write_end"], waves.time, line)
        early, late = (bench.parameters["write_start"] + t for t in (4e-9, 10e-9))
        left = [final - np.interp(t, waves.time, line) for t in (early, late)]
        return (late - early) / float(np.log(left[0] / left[1]))

    extra = 2 * technology.wire.capacitance_per_length * 64 * cell.pitch
    found = time_constant(3.0) - time_constant(1.0)
    # 5 %: the lines are not quite settled after 40 ns, which bends the exponential's end
    assert found == pytest.approx(driver.tap_impedance(6) * extra, rel=0.05)


def test_a_line_takes_the_charge_of_its_capacitance_from_the_reference(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters
) -> None:
    # code 7 is the reference itself: no ladder between; the wires differ by a known capacitance
    def taken(factor: float) -> float:
        waves, _ = write(pool, with_wire_capacitance(technology, factor), cell, codes=[7], n_columns=64)
        return -charge(waves.time, np.real(waves.signals["i(vreference)"]))

    extra = 4 * technology.wire.capacitance_per_length * 64 * cell.pitch
    assert taken(5.0) - taken(1.0) == pytest.approx(extra * technology.mid_voltage, rel=0.02)


def test_closing_injects_half_the_channel_charge(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters
) -> None:
    """Overlaps cancel, because both gates swing equally far; at the rails only one of the channels is open."""

    def injected(capacitance: float) -> list[float]:
        over = replace(cell, storage_capacitance=capacitance)
        waves, bench = write(pool, technology, over, codes=[0, 7])
        return [
            end(waves, f"v(sn{k})")
            - float(np.interp(bench.parameters["write_end"], waves.time, waves.signals[f"v(sn{k})"]))
            for k in range(2)
        ]

    found, halved = injected(12e-15), injected(24e-15)
    oxide = 3.9 * 8.854e-12 / 1.55e-9  # F/m^2, the cards' toxe
    gate = cell.write_nmos
    overdrive = technology.supply_voltage - (0.33 + gate.threshold_shift)
    expected = 0.5 * oxide * gate.width * gate.length * overdrive / 12e-15
    # a quarter: charge is lost to the line while the gate still conducts, thresholds are not sharp
    assert found[0] == pytest.approx(-expected, rel=0.25)
    assert found[1] == pytest.approx(expected, rel=0.25)
    # the read pair's gates add a part that does not scale
    assert np.array(halved) == pytest.approx(np.array(found) / 2, rel=0.05)


@pytest.mark.parametrize("on_margin", [0.0, 0.1])
def test_the_write_word_lines_reach_the_cells_levels(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters, on_margin: float
) -> None:
    over = replace(cell, on_margin=on_margin)
    waves, bench = write(pool, technology, over, codes=[5], rows=[64])
    for line, (holding, writing) in over.write_levels(technology).items():
        signal = np.real(waves.signals[f"v({line}_end)"])
        assert np.interp(bench.parameters["write_end"], waves.time, signal) == pytest.approx(writing, abs=1e-3)
        assert (signal[0], signal[-1]) == pytest.approx((holding, holding), abs=1e-3)


@pytest.mark.parametrize("n_levels", [3, 16])
def test_the_number_of_levels_is_free(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters, n_levels: int
) -> None:
    driver = WriteDriverParameters(n_levels=n_levels)
    codes = [0, 1, n_levels // 2, n_levels - 1]
    waves, _ = write(pool, technology, cell, codes=codes, driver=driver)
    for k, code in enumerate(codes):
        assert end(waves, f"v(sn{k})") == pytest.approx(driver.levels(technology)[code], abs=4e-3)


@pytest.mark.slow
def test_a_column_is_written_to_a_fiftieth_of_a_level(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters
) -> None:
    path = WritePath(cell=cell, technology=technology)
    found = written_levels(path, pool)
    step = technology.supply_voltage / 7
    assert np.abs(found["error"].values).max() < step / 50
    assert np.abs(stored_levels(found, technology).residuals).max() < step / 100
    assert (found["quarter_level_time"] >= found["half_level_time"]).all()
    assert float(found["quarter_level_time"].max()) < 3e-9
    # a cell of another column sees the data line through the overlap of a closed gate only
    assert float(found["disturbance"].max()) < 1e-6
    # the static current is that of eight levels' seven resistors, less the footer's few ohm
    static = technology.supply_voltage**2 / (7 * path.driver.unit_resistance) * (path.write_time + 0.5e-9)
    assert float(found["energy_ladder"]) == pytest.approx(static, rel=0.01)


@pytest.mark.slow
def test_over_driven_gates_write_the_middle_level_where_gates_at_the_rails_do_not(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters
) -> None:
    slow = technology.at(corner="ss", temperature=0.0, supply_voltage=0.81)

    def error(on_margin: float) -> float:
        path = WritePath(cell=replace(cell, on_margin=on_margin), technology=slow)
        found = single_level_columns(path, pool, codes=[4], previous_voltages=[0.0])
        return abs(float(found["error"].values[0, 0]))

    quarter_level = slow.supply_voltage / 7 / 4
    assert error(0.0) > quarter_level  # 0.12 V found: both transistors have half of 0.81 V as drive, and |Vt| 0.4 V
    assert error(0.1) < quarter_level  # 17 mV found, with every row on one tap
