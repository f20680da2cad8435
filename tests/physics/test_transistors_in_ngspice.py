"""The cards of generic28, and a user's foundry cards, as ngspice sees them: currents, corners, temperature."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySpice.Spice.Netlist import Circuit

from circuits.devices import Mosfet, add_mosfet
from circuits.technology import Polarity, Technology, load_technology
from circuits.testbench import DcSweep, Netlist, SourceSweep, Testbench, render_netlist
from pycosim.spice import NgspicePool, find_ngspice

Array = NDArray[np.float64]

pytestmark = pytest.mark.ngspice

WIDTH = 1e-6
STEP = 0.025  # of the gate sweep (V)
POLARITIES: tuple[Polarity, Polarity] = ("nmos", "pmos")


def transistor_bench(
    technology: Technology, device: Mosfet, *, step: float = STEP, exchanged: bool = False
) -> Testbench:
    """A gate sweep from 0 to the supply with the drain at the supply; for a PMOS everything is mirrored.

    With `exchanged` the pins that are named drain and source change places.
    """
    sign = 1.0 if device.polarity == "nmos" else -1.0
    supply = technology.supply_voltage
    circuit = Circuit("transistor")
    circuit.V("g", "g", 0, 0.0)
    circuit.VCVS("gate", "gate", 0, "g", "0", sign)
    circuit.V("d", "d", 0, sign * supply)
    nodes = ("0", "gate", "d", "0") if exchanged else ("d", "gate", "0", "0")
    add_mosfet(circuit, technology, "1", device, nodes)
    return Testbench(
        name="transistor",
        circuit=circuit,
        analysis=DcSweep(inner=SourceSweep(source="vg", start=0.0, stop=supply, step=step)),
        probes=("i(vd)",),
        technology=technology,
        options={"reltol": "1e-6"},
    )


def drain_current(pool: NgspicePool, technology: Technology, device: Mosfet, *, exchanged: bool = False) -> Array:
    """Current into the drain (A, positive for both polarities) along the gate sweep."""
    waves = pool.run(render_netlist(transistor_bench(technology, device, exchanged=exchanged)))
    return np.abs(np.real(waves.signals["i(vd)"]))


def logic(polarity: Polarity) -> Mosfet:
    return Mosfet(polarity=polarity, width=WIDTH, length=30e-9)


@pytest.mark.parametrize("polarity", POLARITIES)
def test_subthreshold_slope_is_between_the_thermal_limit_and_90_mv_per_decade(
    pool: NgspicePool, technology: Technology, polarity: Polarity
) -> None:
    # the limit is ln(10) k T / q: 59.6 mV at 27 C, 71.1 mV at 85 C; a planar 28 nm device has 70 to 90 at 27 C
    for celsius, limit, most in ((27.0, 59.6e-3, 90e-3), (85.0, 71.1e-3, 110e-3)):
        current = drain_current(pool, technology.at(temperature=celsius), logic(polarity))
        slope = STEP / np.log10(current[5] / current[4])  # 100 to 125 mV of gate drive
        assert limit < slope < most


@pytest.mark.parametrize("polarity", POLARITIES)
def test_a_transistor_turns_on_by_five_decades(pool: NgspicePool, technology: Technology, polarity: Polarity) -> None:
    current = drain_current(pool, technology, logic(polarity))
    assert (np.diff(current) > 0).all()
    assert current[-1] / current[0] > 1e5
    assert 400e-6 < current[-1] < 1100e-6  # uA/um of a low-power 28 nm device: N 935, P 568 in the feasibility study


@pytest.mark.parametrize("polarity", POLARITIES)
def test_corners_order_the_currents_fast_typical_slow(
    pool: NgspicePool, technology: Technology, polarity: Polarity
) -> None:
    on, off = {}, {}
    for corner in technology.corners:
        current = drain_current(pool, technology.at(corner=corner), logic(polarity))
        on[corner], off[corner] = current[-1], current[0]
    assert on["ff"] > on["tt"] > on["ss"]
    assert off["ff"] > off["tt"] > off["ss"]
    fast, slow = ("fs", "sf") if polarity == "nmos" else ("sf", "fs")  # first letter: NMOS, second: PMOS
    assert on[fast] > on["tt"] > on[slow]


@pytest.mark.parametrize("polarity", POLARITIES)
def test_heat_weakens_an_open_transistor_and_opens_a_closed_one(
    pool: NgspicePool, technology: Technology, polarity: Polarity
) -> None:
    cold, warm, hot = (
        drain_current(pool, technology.at(temperature=celsius), logic(polarity)) for celsius in (0.0, 27.0, 85.0)
    )
    assert cold[-1] > warm[-1] > hot[-1]
    assert cold[0] < warm[0] < hot[0]


@pytest.mark.parametrize("polarity", POLARITIES)
def test_parallel_transistors_carry_the_sum_of_their_currents(
    pool: NgspicePool, technology: Technology, polarity: Polarity
) -> None:
    one = drain_current(pool, technology, logic(polarity))
    eight = drain_current(pool, technology, replace(logic(polarity), multiplier=8))
    wide = drain_current(pool, technology, replace(logic(polarity), width=8 * WIDTH))
    assert eight == pytest.approx(8 * one, rel=1e-5)  # reltol is 1e-6
    assert wide == pytest.approx(8 * one, rel=1e-2)  # the width correction of the cards is zero, their w0 is not


@pytest.mark.parametrize("polarity", POLARITIES)
def test_drain_and_source_are_the_same(pool: NgspicePool, technology: Technology, polarity: Polarity) -> None:
    # at zero bias of the other pin the device is conducting from the other end; the body is at the low end in both
    ahead = drain_current(pool, technology, logic(polarity))
    back = drain_current(pool, technology, logic(polarity), exchanged=True)
    assert back == pytest.approx(ahead, rel=1e-5)


@pytest.mark.parametrize("polarity", POLARITIES)
def test_a_threshold_shift_moves_the_characteristic_along_the_gate(
    pool: NgspicePool, technology: Technology, polarity: Polarity
) -> None:
    shift = 2 * STEP
    raised = replace(logic(polarity), threshold_shift=shift if polarity == "nmos" else -shift)
    plain, shifted = drain_current(pool, technology, logic(polarity)), drain_current(pool, technology, raised)
    # in weak inversion the shifted current is that of a gate two steps lower, to 10 %, which is 3 mV of the gate: the
    # mobility of BSIM4 depends on the threshold too
    assert shifted[6:11] == pytest.approx(plain[4:9], rel=0.1)
    assert shifted[-1] < plain[-1]


FREEPDK45 = """
[technology]
name = "freepdk45"
supply_voltage = 1.1
minimum_width = 90e-9
minimum_length = 50e-9
[technology.corners]
tt = "nom"
[[technology.libraries]]
path = "{folder}/freepdk45/freepdk_PDK45.lib"
[devices.nmos]
model = "PDK45NVTG"
threshold_parameter = "delvto"
[devices.pmos]
model = "PDK45PVTG"
threshold_parameter = "delvto"
"""

GF180MCU = """
[technology]
name = "gf180mcu"
supply_voltage = 3.3
minimum_width = 220e-9
minimum_length = 280e-9
[technology.corners]
tt = "typical"
ff = "ff"
ss = "ss"
[[technology.libraries]]
path = "{folder}/gf180mcu/design.ngspice"
[[technology.libraries]]
path = "{folder}/gf180mcu/sm141064.ngspice"
section = "{{corner}}"
[devices.nmos]
model = "nfet_03v3"
instance = "subcircuit"
[devices.pmos]
model = "pfet_03v3"
instance = "subcircuit"
[settings]
ngbehavior = "hsa"
"""

REST = """
[mismatch]
a_vth_nmos = 3e-9
a_vth_pmos = 3e-9
a_beta = 1e-8
[wire]
resistance_per_length = 1e6
capacitance_per_length = 2e-10
"""


def foundry(text: str, reference_data: Path, folder: Path) -> Technology:
    """A user's technology file that points to foundry cards which stay where they are."""
    path = folder / "mine.toml"
    path.write_text(text.format(folder=reference_data / "pdk") + REST, encoding="utf-8")
    return load_technology(path)


def by_hand(netlist: Netlist, folder: Path) -> float:
    """Largest current (A) that a plain `ngspice -b` prints for a deck, with the netlist's settings."""
    (folder / "deck.cir").write_text(netlist.text, encoding="utf-8")
    settings = "".join(f"set {name}={value}\n" for name, value in netlist.settings)
    (folder / ".spiceinit").write_text(f"* settings\n{settings}", encoding="utf-8")
    done = subprocess.run(
        [str(find_ngspice()), "-b", "deck.cir"],
        cwd=folder,
        env=os.environ | {"OMP_THREAD_LIMIT": "1", "SPICE_USERINIT_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    rows = re.findall(r"^\d+\t(\S+)\t(\S+)", done.stdout, re.MULTILINE)
    assert rows, done.stdout[-2000:]
    return max(abs(float(current)) for _, current in rows)


@pytest.mark.parametrize(("polarity", "on_current"), [("nmos", 1148e-6), ("pmos", 776e-6)])
def test_freepdk45_cards_give_their_known_on_current(
    pool: NgspicePool, reference_data: Path, tmp_path: Path, polarity: Polarity, on_current: float
) -> None:
    technology = foundry(FREEPDK45, reference_data, tmp_path)
    device = Mosfet(polarity=polarity, width=1e-6, length=50e-9)
    # known to 1 uA/um; measured with another deck of the same cards
    assert drain_current(pool, technology, device)[-1] == pytest.approx(on_current, abs=1e-6)
    weaker = replace(device, threshold_shift=0.05 if polarity == "nmos" else -0.05)
    assert drain_current(pool, technology, weaker)[-1] < 0.98 * on_current


@pytest.mark.parametrize(("polarity", "on_current"), [("nmos", 520e-6), ("pmos", 248e-6)])
def test_gf180mcu_subcircuits_give_their_known_on_current(
    reference_data: Path, tmp_path: Path, polarity: Polarity, on_current: float
) -> None:
    technology = foundry(GF180MCU, reference_data, tmp_path)
    device = Mosfet(polarity=polarity, width=1e-6, length=280e-9)
    netlist = render_netlist(transistor_bench(technology, device, step=0.3))
    assert netlist.settings == (("ngbehavior", "hsa"),)
    assert by_hand(netlist, tmp_path) == pytest.approx(on_current, abs=1e-6)


def test_gf180mcu_corners_order_the_currents_fast_typical_slow(reference_data: Path, tmp_path: Path) -> None:
    technology = foundry(GF180MCU, reference_data, tmp_path)
    device = Mosfet(polarity="nmos", width=1e-6, length=280e-9)
    on = {
        corner: by_hand(render_netlist(transistor_bench(technology.at(corner=corner), device, step=0.3)), tmp_path)
        for corner in technology.corners
    }
    assert on["ff"] > on["tt"] > on["ss"]


def test_the_pool_reads_gf180mcu_libraries(pool: NgspicePool, reference_data: Path, tmp_path: Path) -> None:
    technology = foundry(GF180MCU, reference_data, tmp_path)
    device = Mosfet(polarity="nmos", width=1e-6, length=280e-9)
    assert drain_current(pool, technology, device)[-1] == pytest.approx(520e-6, abs=1e-6)
