"""A die: deviations by Pelgrom's law that belong to a transistor's name, whatever bench it stands in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit, SubCircuit

from circuits.benches.cell import gain_cell_dc_bench
from circuits.devices import Mosfet, add_mosfet
from circuits.die import Die, deviate
from circuits.errors import CircuitError
from circuits.flatten import flatten
from circuits.gain_cell import GainCellParameters
from circuits.technology import Device, Technology, load_technology
from circuits.testbench import render_netlist

WIDTH, LENGTH, MULTIPLIER = 0.2e-6, 60e-9, 4


@pytest.fixture(scope="module")
def technology() -> Technology:
    return load_technology("generic28")


def placed(technology: Technology, n: int) -> list[str]:
    """A subcircuit of one transistor and one capacitor, placed n times."""
    block = SubCircuit("block", "a", "vdd")
    mosfet = Mosfet(polarity="nmos", width=WIDTH, length=LENGTH, threshold_shift=0.1, multiplier=MULTIPLIER)
    add_mosfet(block, technology, "1", mosfet, ("a", "inner", "0", "0"))
    block.C("inner", "inner", 0, 1e-15)
    circuit = Circuit("placed")
    circuit.subcircuit(block)
    for k in range(n):
        circuit.X(f"b{k}", "block", f"a{k}", "vdd")
    return str(circuit).strip().splitlines()[1:]


def shifts(lines: list[str], key: str) -> np.ndarray:
    return np.array([float(e.values[key]) for e in flatten(lines) if e.letter == "m"])


def test_every_place_deviates_by_itself_with_the_deviation_of_pelgrom(technology: Technology) -> None:
    lines = deviate(placed(technology, 2000), technology, Die(seed=3))
    root_area = np.sqrt(WIDTH * LENGTH * MULTIPLIER)
    threshold = shifts(lines, "delvto") - 0.1
    factor = shifts(lines, "w") / WIDTH - 1
    # the deviation of 2000 normal numbers is known to 1.6 % (one sigma), the mean to 2.2 % of it: four sigma
    assert np.std(threshold) == pytest.approx(technology.mismatch.a_vth_nmos / root_area, rel=0.065)
    assert np.std(factor) == pytest.approx(technology.mismatch.a_beta / root_area, rel=0.065)
    assert abs(np.mean(threshold)) < 0.09 * np.std(threshold)
    assert abs(np.corrcoef(threshold, factor)[0, 1]) < 0.09


def test_a_die_without_scale_is_the_drawn_circuit(technology: Technology) -> None:
    flat = [element.line() for element in flatten(placed(technology, 3))]
    assert deviate(placed(technology, 3), technology, Die(seed=1, scale=0)) == flat


def test_nodes_and_names_are_hierarchical_and_pins_are_the_outer_nodes(technology: Technology) -> None:
    transistor, capacitor = list(flatten(placed(technology, 1)))
    assert (transistor.name, transistor.nodes) == ("b0.1", ("a0", "b0.inner", "0", "0"))
    assert (capacitor.name, capacitor.nodes, capacitor.words) == ("b0.inner", ("b0.inner", "0"), ("1e-15",))


def test_a_transistor_deviates_the_same_in_a_larger_circuit(technology: Technology) -> None:
    few, many = (deviate(placed(technology, n), technology, Die(seed=5)) for n in (2, 20))
    assert set(few) <= set(many)


def test_dies_of_other_seeds_deviate_otherwise(technology: Technology) -> None:
    one, other = (shifts(deviate(placed(technology, 5), technology, Die(seed=s)), "delvto") for s in (1, 2))
    assert not np.isclose(one, other).any()


def test_only_the_named_parts_deviate(technology: Technology) -> None:
    found = shifts(deviate(placed(technology, 3), technology, Die(seed=1, parts=("b1",))), "delvto")
    assert list(np.isclose(found, 0.1)) == [True, False, True]


def test_without_a_threshold_parameter_a_source_in_series_with_the_gate_shifts_it(technology: Technology) -> None:
    plain = replace(technology, nmos=Device(model="nlv"))
    die = Die(seed=3)
    block = "Mx d g 0 0 nlv w=1e-06 l=1e-07"
    source, transistor = deviate([block], plain, die)
    shift = float(deviate([block], technology, die)[0].split("delvto=")[1])
    assert source.split()[:3] == ["Vx.mismatch", "g", "x.gate"]
    assert float(source.split()[3]) == pytest.approx(shift)
    assert transistor.split()[:5] == ["Mx", "d", "x.gate", "0", "0"]


def test_a_netlist_of_a_die_says_so_and_has_a_digest_of_its_own(technology: Technology) -> None:
    bench = gain_cell_dc_bench(GainCellParameters(), technology, stored_voltages=[0.0, 0.9])
    drawn, sample = render_netlist(bench), render_netlist(replace(bench, die=Die(seed=7)))
    assert "* die Die(seed=7" in sample.text and drawn.digest != sample.digest
    assert sample == render_netlist(replace(bench, die=Die(seed=7)))


@pytest.mark.parametrize("wrong", [-1, 1.5, True, None])
def test_a_seed_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(CircuitError, match="whole number, 0 or more"):
        Die(seed=wrong)  # type: ignore[arg-type]


def test_an_unknown_element_is_refused() -> None:
    with pytest.raises(CircuitError, match="cannot hold the element Bx"):
        list(flatten(["Bx a 0 v=1"]))
