"""The oxide transistor and the cells that are written with it, in ngspice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySpice.Spice.Netlist import Circuit
from rig import LEVELS

from circuits.benches.column import column_bench
from circuits.cell_variants import OXIDE_WRITE, cell_variant
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.devices import Mosfet, add_mosfet
from circuits.technology import Technology, load_technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient, render_netlist
from circuits.timing import ColumnTiming
from pycosim.evaluate import published
from pycosim.spice import NgspicePool
from pycosim.sweeps.cell import read_charges, read_current_table
from pycosim.sweeps.cell_write import cell_writes
from pycosim.waveforms import charge, pulse_width

Array = NDArray[np.float64]

pytestmark = pytest.mark.ngspice

DEVICE = replace(OXIDE_WRITE, width=1e-6)
MOBILITY, OXIDE, THRESHOLD = 15e-4, 6.906e-3, 0.5  # m2/Vs, F/m2, V, of circuits/technologies/oxide.lib
DOUBLE = 2.1716e-4  # V/K, 2 n k/q with a slope factor of 1.26


@pytest.fixture(scope="module")
def oxide() -> Technology:
    return load_technology("oxide")


def phi(gate: Array, celsius: float) -> Array:
    """Overdrive (V): linear above threshold, exponential below."""
    double = DOUBLE * (celsius + 273.15)
    return double * np.logaddexp(0.0, (gate - THRESHOLD + 1e-3 * (celsius - 27)) / double)


def transfer(pool: NgspicePool, technology: Technology, drain: float, mosfet: Mosfet = DEVICE) -> tuple[Array, Array]:
    """Gate voltages and drain currents."""
    circuit = Circuit("transfer")
    circuit.V("g", "g", 0, 0)
    circuit.V("d", "d", 0, drain)
    add_mosfet(circuit, technology, "1", mosfet, ("d", "g", "0", "0"))
    bench = Testbench(
        name="transfer",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vg", start=-0.6, stop=2.1, step=0.05)),
        probes=("v(g)", "i(vd)"),
        technology=technology,
        options={"gmin": "1e-24", "abstol": "1e-27", "reltol": "1e-7"},
    )
    waves = pool.run(render_netlist(bench))
    return np.real(waves.signals["v(g)"]), -np.real(waves.signals["i(vd)"])


@pytest.mark.parametrize("celsius", [0.0, 27.0, 85.0])
@pytest.mark.parametrize("drain", [0.05, 0.9])
def test_the_oxide_transistor_is_its_law_over_sixteen_decades(
    pool: NgspicePool, oxide: Technology, celsius: float, drain: float
) -> None:
    gate, current = transfer(pool, oxide.at(temperature=celsius), drain)
    square = phi(gate, celsius) ** 2 - phi(gate - drain, celsius) ** 2
    heat = np.exp(6962.7 * (1 / 300.15 - 1 / (celsius + 273.15)))
    expected = MOBILITY * OXIDE / 2 * (1e-6 / 60e-9) * square + 3e-21 / 0.9 * drain * heat
    assert current == pytest.approx(expected, rel=1e-6)
    assert expected.max() / expected.min() > 1e15 / (1 if celsius < 80 else 1e3)


def test_the_figures_that_the_library_states_are_reached(pool: NgspicePool, oxide: Technology) -> None:
    gate, current = transfer(pool, oxide, 0.9)
    below = (gate > -0.2) & (gate < 0.2)
    assert 1 / np.polyfit(gate[below], np.log10(current[below]), 1)[0] == pytest.approx(75e-3, rel=0.01)  # V/decade
    assert current[0] < 1e-18  # A/um at -0.6 V
    assert np.interp(1.5, gate, current) == pytest.approx(85e-6, rel=0.02)  # A/um, 1 V above threshold


def test_a_threshold_shift_moves_the_whole_curve(pool: NgspicePool, oxide: Technology) -> None:
    _, plain = transfer(pool, oxide, 0.9)
    _, shifted = transfer(pool, oxide, 0.9, replace(DEVICE, threshold_shift=0.1))
    assert shifted[5:-5][2:] == pytest.approx(plain[5:-5][:-2], rel=1e-3)


def test_a_slow_corner_has_less_current(pool: NgspicePool, oxide: Technology) -> None:
    on = [transfer(pool, oxide.at(corner=corner), 0.9)[1][-1] for corner in ("ff", "tt", "ss")]
    assert on[0] > on[1] > on[2]


def test_charge_that_a_gate_pulse_moves_comes_back(pool: NgspicePool, oxide: Technology) -> None:
    circuit = Circuit("swing")
    circuit.V("g", "g", 0, "pwl(0 -0.5 1n -0.5 1.1n 2.1 3n 2.1 3.1n -0.5)")
    circuit.V("d", "d", 0, 0.3)
    circuit.V("s", "s", 0, 0.3)
    add_mosfet(circuit, oxide, "1", DEVICE, ("d", "g", "s", "0"))
    bench = Testbench(
        name="swing",
        circuit=circuit,
        analysis=Transient(step=1e-12, stop=4e-9, max_step=1e-12),
        probes=("i(vg)", "i(vd)", "i(vs)"),
        technology=oxide,
    )
    waves = pool.run(render_netlist(bench))
    gate = np.real(waves.signals["i(vg)"])
    taken = -charge(waves.time, gate, 0.5e-9, 2e-9)
    capacitance = OXIDE * 1e-6 * 60e-9
    expected = capacitance * float(phi(np.array(1.8), 27.0) - phi(np.array(-0.8), 27.0)) + 2 * 1e-16 * 2.6
    assert taken == pytest.approx(expected, rel=1e-3)  # 1 ps steps on an edge of 100 ps
    assert -charge(waves.time, gate, 0.5e-9) == pytest.approx(0.0, abs=2e-3 * expected)
    for side in ("i(vd)", "i(vs)"):
        other = charge(waves.time, np.real(waves.signals[side]), 0.5e-9, 2e-9)
        assert other == pytest.approx(expected / 2, rel=5e-3)


@pytest.mark.parametrize(("name", "capacitance"), [("oxide", 12.33e-15), ("two_transistor", 2.107e-15)])
def test_injection_is_half_the_channel_and_the_overlap_over_the_capacitance(
    pool: NgspicePool, oxide: Technology, name: str, capacitance: float
) -> None:
    cell = cell_variant(name).parameters
    writes = cell_writes(cell, oxide, pool, stored_voltages=LEVELS, tolerance=0.03).isel(temperature=0)
    levels = writes["stored_voltage"].values
    half = OXIDE * OXIDE_WRITE.width * OXIDE_WRITE.length / 2
    moved = half * (phi(2.1 - levels, 27.0) - phi(-0.5 - levels, 27.0)) + 1e-10 * OXIDE_WRITE.width * 2.6
    # the channel conducts a little while it closes, more to the side of the line: 3 %
    assert writes["injection"].values == pytest.approx(-moved / capacitance, rel=0.03)


def test_the_oxide_cell_meets_the_published_table(pool: NgspicePool, oxide: Technology) -> None:
    cell = cell_variant("oxide").parameters
    stored, lines = published.STORED_VOLTAGES, published.WORD_LINE_VOLTAGES
    static = read_current_table(cell, oxide, pool, stored_voltages=stored, word_line_voltages=lines)
    assert published.relative_rms(static["read_current"].values) < 0.01


@pytest.mark.parametrize("name", ["two_transistor", "three_transistor"])
def test_a_cell_with_one_read_transistor_reads_one_sign(pool: NgspicePool, name: str) -> None:
    variant = cell_variant(name)
    technology = load_technology(variant.technology)
    found = read_charges(variant.parameters, technology, pool, stored_voltages=LEVELS, pulse_widths=[15e-9])
    charges = found["charge"].values[0, 0]
    assert charges.min() > -1e-18  # C; the full charge is 140 fC
    assert charges.max() > 100e-15
    assert (np.diff(charges[2:]) > 0).all()


def test_a_column_of_oxide_cells_gives_the_pulse_of_its_charges(pool: NgspicePool, oxide: Technology) -> None:
    cell = cell_variant("oxide").parameters
    stored, widths = [LEVELS[7]] * 6 + [LEVELS[1]] * 2, [14e-9] * 6 + [3e-9] * 2
    bench = column_bench(
        cell, ChargeToPulseParameters(), oxide, ColumnTiming(), stored_voltages=stored, pulse_widths=widths
    )
    waves = pool.run(render_netlist(bench))
    found = pulse_width(waves.time, np.real(waves.signals["v(pulse)"]), oxide.mid_voltage)
    charges = read_charges(cell, oxide, pool, stored_voltages=[LEVELS[7], LEVELS[1]], pulse_widths=[14e-9, 3e-9])
    table = charges["charge"].values[0]
    ideal = (6 * table[0, 0] + 2 * table[1, 1]) / ChargeToPulseParameters().saturation_current
    assert found == pytest.approx(ideal, abs=0.1e-9)  # the column check's bound
