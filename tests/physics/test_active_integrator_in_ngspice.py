"""The active integrator in ngspice: dV = Q / C, width = dV / slope, its limits, and what the auto-zero takes away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from circuits.active_integrator import ActiveIntegratorParameters, integrator_timing
from circuits.benches.active_integrator import active_integrator_bench
from circuits.die import Die
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import render_netlist
from circuits.timing import ColumnTiming
from pycosim.spice import NgspicePool, Waveforms
from pycosim.sweeps.active_integrator import (
    IntegratorColumn,
    integrator_column_reads,
    integrator_transfer,
    passive_charges,
)
from pycosim.sweeps.cell import read_charges

pytestmark = pytest.mark.ngspice

INTEGRATOR = ActiveIntegratorParameters()
TIMING = integrator_timing()
FULL = INTEGRATOR.saturation_current * TIMING.max_pulse_width
SHARES = (-1.0, -0.1, 0.1, 0.5, 0.9, 1.5)


@pytest.fixture(scope="module")
def column(technology: Technology, cell: GainCellParameters) -> IntegratorColumn:
    return IntegratorColumn(cell=cell, integrator=INTEGRATOR, technology=technology, timing=TIMING)


@pytest.fixture(scope="module")
def widths(pool: NgspicePool, column: IntegratorColumn) -> dict[float, float]:
    """Share of a full charge -> pulse width (s)."""
    found = integrator_transfer(column, pool, charges=[share * FULL for share in SHARES])
    return dict(zip(SHARES, (float(w) for w in found["pulse_width"].values[0]), strict=True))


def waves_of(
    pool: NgspicePool,
    technology: Technology,
    shares: Sequence[float],
    integrator: ActiveIntegratorParameters = INTEGRATOR,
) -> list[Waveforms]:
    benches = [active_integrator_bench(integrator, technology, TIMING, charge=share * FULL) for share in shares]
    outcomes = pool.run_many([render_netlist(bench) for bench in benches])
    assert all(isinstance(outcome, Waveforms) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Waveforms)]


def at(waves: Waveforms, probe: str, time: float) -> float:
    return float(np.interp(time, waves.time, np.real(waves.signals[probe])))


def test_the_integral_moves_by_charge_over_capacitance(pool: NgspicePool, technology: Technology) -> None:
    """1 %: junctions on both sides of C_f take a few femtofarads of 3 pF. Two capacitors: it is C_f that counts."""
    for capacitance in (3.0e-12, 4.5e-12):
        low, high = waves_of(pool, technology, (0.1, 0.6), replace(INTEGRATOR, feedback_capacitance=capacitance))
        held = TIMING.discharge_start - 0.4e-9  # bit line back at mid-supply, sample not yet taken
        moved = at(high, "v(integral)", held) - at(low, "v(integral)", held)
        assert moved == pytest.approx(0.5 * FULL / capacitance, rel=0.01)


def test_the_pulse_widens_by_charge_over_capacitance_and_slope(widths: dict[float, float]) -> None:
    """1.5 %: the integral as above, and the ramp within 0.6 % of its slope."""
    per_charge = 1 / (INTEGRATOR.feedback_capacitance * INTEGRATOR.ramp_slope)
    assert widths[0.5] - widths[0.1] == pytest.approx(0.4 * FULL * per_charge, rel=0.015)
    assert widths[0.9] - widths[0.5] == pytest.approx(0.4 * FULL * per_charge, rel=0.015)


def test_a_negative_charge_gives_no_pulse(widths: dict[float, float]) -> None:
    assert widths[-0.1] == 0.0
    assert widths[-1.0] == 0.0


def test_a_charge_beyond_full_gives_the_window(widths: dict[float, float]) -> None:
    """10 ps: the edges of the window are not quite those of the pulse."""
    assert widths[1.5] == pytest.approx(TIMING.max_pulse_width, abs=10e-12)


def test_the_ramp_is_straight(pool: NgspicePool, technology: Technology) -> None:
    """Slopes of the first and the last third agree to 1.5 %, and with the drawn one: current over capacitance."""
    (waves,) = waves_of(pool, technology, (0.5,))
    times = TIMING.discharge_start + np.array([0.5e-9, 5e-9, 10.5e-9, 15e-9])
    level = np.interp(times, waves.time, np.real(waves.signals["v(ramp)"]))
    first, last = (level[1] - level[0]) / 4.5e-9, (level[3] - level[2]) / 4.5e-9
    assert first == pytest.approx(last, rel=0.015)
    assert first == pytest.approx(INTEGRATOR.ramp_slope, rel=0.02)


def test_the_auto_zero_keeps_the_amplifiers_offset_from_the_bit_line(pool: NgspicePool, technology: Technology) -> None:
    """Over six dies the amplifier's own input moves by its offset, the bit line by less than a third of that.

    The pair alone has a sigma of 1.5 mV um sqrt(2 / (3 um 0.1 um)) = 3.9 mV, its load adds as much. What is left on the
    bit line is what the auto-zero's switch injects, and the finite gain.
    """
    middle = TIMING.input_start + TIMING.input_window / 2
    inputs, bit_lines = [], []
    for seed in range(1, 7):
        die = Die(seed=seed, parts=("integrator",))
        bench = replace(active_integrator_bench(INTEGRATOR, technology, TIMING, charge=0.0), die=die)
        waves = pool.run(render_netlist(replace(bench, probes=(*bench.probes, "v(integrator.x)"))))
        inputs.append(at(waves, "v(integrator.x)", middle))
        bit_lines.append(at(waves, "v(rbl)", middle))
    assert np.std(inputs, ddof=1) > 3e-3
    assert np.std(bit_lines, ddof=1) < np.std(inputs, ddof=1) / 3
    assert np.mean(bit_lines) == pytest.approx(technology.mid_voltage, abs=4e-3)


def test_an_integrator_column_is_the_sum_of_its_cells(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters, column: IntegratorColumn
) -> None:
    """Eight rows, charges known from single cells: 0.1 ns, a tenth of a count."""
    levels = np.array([7, 7, 6, 5, 7, 1, 4, 7])
    codes = np.array([15, 9, 12, 7, 0, 3, 11, 14])
    grid = [k * technology.supply_voltage / 7 for k in range(8)]
    used = sorted(set(codes.tolist()) - {0})
    single = read_charges(cell, technology, pool, stored_voltages=grid, pulse_widths=[c * 1e-9 for c in used])
    table = single["charge"].values[0]
    total = sum(table[used.index(code), level] for code, level in zip(codes, levels, strict=True) if code)
    reads = integrator_column_reads(
        column,
        pool,
        stored_voltages=np.array([[grid[k] for k in levels]] * 2),
        pulse_widths=np.stack([codes, codes * 0]) * 1e-9,
    )
    assert float(reads["pulse_width"][0]) == pytest.approx(total / INTEGRATOR.saturation_current, abs=0.1e-9)
    assert float(reads["pulse_width"][1]) == 0.0
    assert float(reads["energy_word_lines"][0]) > float(reads["energy_word_lines"][1])


def test_a_bare_capacitor_takes_the_whole_charge_in_the_limit_of_a_large_one(
    pool: NgspicePool, technology: Technology, cell: GainCellParameters
) -> None:
    """In 200 pF the bit line moves by 1 mV; 2 % is what the simulator's tolerance makes of that."""
    grid = [0.3, 0.6, 0.9]
    single = read_charges(cell, technology, pool, stored_voltages=grid, pulse_widths=[10e-9])["charge"].values[0, 0]
    found = passive_charges(
        cell,
        technology,
        ColumnTiming(),
        pool,
        capacitances=[1e-12, 200e-12],
        stored_voltages=np.array([grid]),
        pulse_widths=np.full((1, 3), 10e-9),
    )["charge"].values[:, 0]
    assert found[1] == pytest.approx(float(single.sum()), rel=0.02)
    assert found[0] < found[1]
