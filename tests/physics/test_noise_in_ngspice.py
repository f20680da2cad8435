"""Noise of transistors, capacitors and the converter against closed forms, all through decks of the circuits."""

from __future__ import annotations

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.analyses import AcSweep, Frequencies, Noise
from circuits.devices import Mosfet, add_mosfet
from circuits.technology import Technology
from circuits.testbench import Analysis, Testbench, render_netlist
from pycosim.flows.characterization import make_design
from pycosim.flows.config import GainCellConfig
from pycosim.spice import Simulator
from pycosim.sweeps.cell import storage_drift
from pycosim.sweeps.column import Column
from pycosim.sweeps.energy_balance import charging_energies
from pycosim.sweeps.noise import read_noise
from pycosim.sweeps.stored_noise import leak_noise, reset_noise, write_noise
from pycosim.sweeps.transient_noise import AddedCharge, noisy_pulses

pytestmark = pytest.mark.ngspice

BOLTZMANN = 1.380649e-23  # J/K
ROOM = 300.15  # K: 27 deg C


@pytest.fixture(scope="module")
def column() -> Column:
    return make_design(GainCellConfig()).first


def transistor(technology: Technology, analysis: Analysis, *probes: str) -> Testbench:
    """An NMOS in saturation; its drain current is the voltage of the node `current`."""
    circuit = Circuit("transistor")
    circuit.V("g", "gate", 0, "0.45 ac 1")
    circuit.V("d", "drain", 0, 0.45)
    circuit.H("1", "current", 0, "Vd", 1.0)
    circuit.R("1", "current", 0, 1e3)
    size = Mosfet(polarity="nmos", width=1e-6, length=100e-9)
    add_mosfet(circuit, technology, "1", size, ("drain", "gate", "0", "0"))
    return Testbench(name="transistor", circuit=circuit, analysis=analysis, probes=probes, technology=technology)


def test_a_transistor_has_thermal_and_flicker_noise_of_the_expected_size(
    pool: Simulator, technology: Technology
) -> None:
    band = Frequencies(start=1.0, stop=1e9, per_decade=5)
    response = pool.run(render_netlist(transistor(technology, AcSweep(frequencies=band), "v(current)")))
    transconductance = float(np.abs(response.signals["v(current)"][0]))
    spectrum = pool.run(
        render_netlist(
            transistor(
                technology,
                Noise(output="current", source="vg", frequencies=band, contributions=True),
                "onoise_spectrum",
                "onoise.m1.id",
                "onoise.m1.1overf",
            )
        )
    )
    thermal, flicker, total = (
        np.real(spectrum.signals[name]) ** 2 for name in ("onoise.m1.id", "onoise.m1.1overf", "onoise_spectrum")
    )
    excess = thermal / (4 * BOLTZMANN * ROOM * transconductance)
    # 2/3 in a long channel in saturation; a short one has a little more
    assert np.all((excess > 0.6) & (excess < 1.0)), excess
    slope = np.diff(np.log(flicker)) / np.diff(np.log(spectrum.axis))
    np.testing.assert_allclose(slope, -0.95, atol=1e-3)  # ef of the card
    np.testing.assert_allclose(thermal + flicker, total, rtol=0.05)  # what is left: gate leak and series resistance


def test_write_gates_leave_kt_over_c(pool: Simulator, column: Column) -> None:
    expected = np.sqrt(BOLTZMANN * ROOM / column.cell.storage_capacitance)
    for level in (0.0, 0.45, 0.9):
        # gate and junctions add 2-4 % of capacitance; BSIM4's noise from channel charge is up to 6 % above 4kT/R
        assert write_noise(column, pool, level=level) == pytest.approx(expected, rel=0.08)


def test_the_reset_leaves_little_more_than_kt_over_c(pool: Simulator, column: Column) -> None:
    ideal = np.sqrt(BOLTZMANN * ROOM / column.converter.integration_capacitance)
    left = reset_noise(column, pool)
    assert 0.95 * ideal < left < 1.3 * ideal  # the conveyor, which is awake, adds its noise to that of the switch


def test_noise_of_a_read_adds_up_and_grows_with_the_active_rows(pool: Simulator, column: Column) -> None:
    levels = np.tile(np.linspace(0.0, 0.9, 8), 2)
    idle, active = (
        read_noise(column, pool, stored_voltages=levels, pulse_widths=np.full(levels.size, width))
        for width in (0.0, 15e-9)
    )
    for found in (idle, active):
        # the resistors of the data lines and over the Miller capacitor are in the total only; the latter shows above
        # 4 GHz, where the integration over 15 ns lets nothing through
        passed = found.sel(frequency=slice(None, 1e9))
        np.testing.assert_allclose(passed["cells"] + passed["converter"], passed["total"], rtol=0.02)
        assert float(found["copy_gain"].sel(frequency=1e6, method="nearest")) == pytest.approx(
            1 / column.converter.conveyor.copy_ratio, rel=0.02
        )
    assert float((active["cells"] / idle["cells"]).sel(frequency=1e8, method="nearest")) > 1


def test_a_charge_moves_the_pulse_by_charge_over_current(pool: Simulator, column: Column) -> None:
    response = -1 / column.converter.discharge_current
    time = column.timing.release + 0.1e-9
    kicked = AddedCharge(node="integral", deviation=1e-15, time=time, response=response)
    found = noisy_pulses(column, pool, [kicked], charge=6e-13, n_runs=4, seed=3).isel(run=slice(1, None))
    shift, expected = (found[name].values - float(found[name][0]) for name in ("pulse_width", "expected_shift"))
    # kicked runs step alike at the kick and are good to 2 ps against each other; against the quiet one, 14 ps
    np.testing.assert_allclose(shift, expected, atol=5e-12, rtol=0.03)
    assert np.ptp(expected) > 20e-12


def test_energy_drawn_is_stored_and_dissipated_to_a_thousandth(pool: Simulator, technology: Technology) -> None:
    found = charging_energies(technology, pool, max_steps=[2e-12]).isel(max_step=0)
    assert abs(float(found["error"])) < 1e-3
    assert float(found["stored"]) == pytest.approx(float(found["stored_closed_form"]), rel=1e-6)  # 20 time constants
    assert float(found["dissipated"]) == pytest.approx(float(found["dissipated_closed_form"]), rel=1e-3)


def test_a_leak_is_shot_noise_of_at_least_the_net_current(pool: Simulator, column: Column) -> None:
    drifted = storage_drift(column.cell, column.technology, pool, stored_voltages=[0.9], hold_time=0.8e-3)
    voltage = np.ravel(drifted["voltage"].values)
    age = drifted["age"].values
    net = abs(float((voltage[-1] - voltage[0]) / (age[-1] - age[0]))) * column.cell.storage_capacitance
    density = float(leak_noise(column, pool, levels=[0.9])["density"][0])
    # currents of both signs make noise together: the net one is the smallest that it can come from
    assert 0.8 < density / (2 * 1.602176634e-19 * net) < 3.0
