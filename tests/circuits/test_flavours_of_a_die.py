"""Mismatch of transistors of a further flavour: they deviate as the usual ones do, by their own coefficient."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.devices import Mosfet, add_mosfet
from circuits.die import Die
from circuits.technology import Device, Technology, load_technology
from circuits.testbench import Testbench, Transient, render_netlist

HIGH = Device(model="nhigh", threshold_parameter="delvto", polarity="nmos")


def threshold(technology: Technology, flavour: str) -> float:
    """What the first die adds to the threshold of one transistor (V)."""
    circuit = Circuit("one")
    mosfet = Mosfet(polarity="nmos", width=1e-6, length=100e-9, flavour=flavour)
    add_mosfet(circuit, technology, "1", mosfet, ("d", "g", "0", "0"))
    bench = Testbench(
        name="one",
        circuit=circuit,
        analysis=Transient(step=1e-12, stop=1e-9, max_step=1e-12),
        probes=("v(d)",),
        technology=technology,
        die=Die(seed=3),
    )
    (found,) = re.findall(r"delvto=(\S+)", render_netlist(bench).text)
    return float(found)


@pytest.mark.parametrize(("coefficient", "share"), [(None, 1.0), (4.5e-9, 3.0)])
def test_a_flavour_deviates_by_its_own_coefficient_or_that_of_its_polarity(
    coefficient: float | None, share: float
) -> None:
    plain = load_technology("generic28")
    technology = replace(plain, flavours={"high": replace(HIGH, a_vth=coefficient)})
    usual = threshold(technology, "")
    assert usual != 0
    assert plain.mismatch.a_vth_nmos == 1.5e-9  # what the share of three is against
    assert threshold(technology, "high") == pytest.approx(share * usual, rel=1e-6)
