"""The active integrator as a circuit: its closed forms, what is drawn, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits.active_integrator import ActiveIntegratorParameters, active_integrator, integrator_timing
from circuits.benches.active_integrator import active_integrator_bench, active_integrator_column_bench
from circuits.benches.passive_column import passive_column_bench
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.ramp import RampParameters, ramp_generator
from circuits.technology import load_technology
from circuits.testbench import render_netlist
from circuits.timing import ColumnTiming

TECHNOLOGY = load_technology("generic28")
CELL = GainCellParameters()
INTEGRATOR = ActiveIntegratorParameters()
TIMING = integrator_timing()


def test_the_ramp_rises_by_what_a_full_charge_moves_the_integral() -> None:
    full = INTEGRATOR.saturation_current * TIMING.max_pulse_width
    moved = INTEGRATOR.collected * full / INTEGRATOR.feedback_capacitance
    assert INTEGRATOR.ramp_slope * TIMING.max_pulse_width == pytest.approx(moved, rel=1e-12)


def test_integral_and_ramp_stay_between_the_rails() -> None:
    top = INTEGRATOR.reset_voltage(TECHNOLOGY) + INTEGRATOR.ramp_slope * TIMING.max_pulse_width
    assert 0.2 < INTEGRATOR.reset_voltage(TECHNOLOGY) < top < TECHNOLOGY.supply_voltage - 0.2


def test_the_ramp_charges_its_capacitor_and_every_column() -> None:
    ramp = RampParameters(n_columns=10, capacitance=1e-12, column_load=5e-15)
    assert ramp.load == pytest.approx(1.05e-12, rel=1e-12)
    text = str(ramp_generator(ramp, TECHNOLOGY, 2e7))
    (bias,) = (line for line in text.splitlines() if line.startswith("Ibias"))
    wanted = ramp.current_margin * 2e7 * 1.05e-12 / ramp.ratio
    assert float(bias.split()[3]) == pytest.approx(wanted, rel=1e-9)


def test_the_integrator_copies_no_current() -> None:
    """The amplifier has one output stage: two transistors and two cascodes hang on its gate and output."""
    amplifier = active_integrator(INTEGRATOR, TECHNOLOGY)[0]
    drains = [line.split()[1] for line in str(amplifier).splitlines() if line.startswith("M")]
    assert amplifier.name == "integrating_amplifier"
    assert drains.count("out") == 2


def test_the_same_column_gives_the_same_netlist() -> None:
    decks = [
        render_netlist(
            active_integrator_column_bench(
                CELL, INTEGRATOR, TECHNOLOGY, TIMING, stored_voltages=[0.1, 0.8], pulse_widths=[3e-9, 0.0]
            )
        )
        for _ in range(2)
    ]
    assert decks[0].text == decks[1].text
    assert decks[0].name == "active_integrator_column"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("feedback", replace(INTEGRATOR, feedback_capacitance=0.0)),
        ("auto-zero", replace(INTEGRATOR, auto_zero_capacitance=-1e-15)),
        ("sampling", replace(INTEGRATOR, sampling_capacitance=float("nan"))),
    ],
)
def test_a_capacitor_of_the_integrator_must_be_one(name: str, wrong: ActiveIntegratorParameters) -> None:
    with pytest.raises(CircuitError, match=f"{name} capacitance must be"):
        active_integrator(wrong, TECHNOLOGY)


def test_a_ramp_that_falls_is_refused() -> None:
    with pytest.raises(CircuitError, match="slope of the ramp"):
        ramp_generator(RampParameters(), TECHNOLOGY, -2e7)


def test_a_charge_in_femtocoulomb_is_refused() -> None:
    with pytest.raises(CircuitError, match="charge must be"):
        active_integrator_bench(INTEGRATOR, TECHNOLOGY, TIMING, charge=600.0)


def test_a_column_needs_one_pulse_per_level() -> None:
    for pulses in ([], [1e-9], [1e-9, 1e-9, 1e-9], [1e-9, 16e-9]):
        with pytest.raises(CircuitError, match="pulse"):
            active_integrator_column_bench(
                CELL, INTEGRATOR, TECHNOLOGY, TIMING, stored_voltages=[0.1, 0.8], pulse_widths=pulses
            )
        with pytest.raises(CircuitError, match="pulse"):
            passive_column_bench(
                CELL,
                TECHNOLOGY,
                ColumnTiming(),
                capacitance=1e-12,
                stored_voltages=[0.1, 0.8],
                pulse_widths=pulses,
            )
