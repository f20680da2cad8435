"""Cell variants: the same pins and benches, other devices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits.benches.retention import hold_bench, leak_bench
from circuits.cell_variants import cell_variant, cell_variants
from circuits.errors import CircuitError
from circuits.gain_cell import GAIN_CELL_PINS, GainCellParameters, gain_cell
from circuits.technology import load_technology
from circuits.testbench import render_netlist

TRANSISTORS = {
    "silicon": {"rn", "rp", "wn", "wp"},
    "oxide_write": {"rn", "rp", "wn"},
    "oxide": {"rn", "rp", "wn"},
    "two_transistor": {"rn", "wn"},
    "three_transistor": {"rn", "rs", "wn"},
}


def test_the_shipped_cell_is_the_first_variant() -> None:
    assert next(iter(cell_variants().values())).parameters == GainCellParameters()


@pytest.mark.parametrize("name", TRANSISTORS)
def test_a_variant_has_its_transistors_and_the_pins_of_every_cell(name: str) -> None:
    variant = cell_variant(name)
    cell = gain_cell(variant.parameters, load_technology(variant.technology))
    assert tuple(cell.external_nodes) == GAIN_CELL_PINS
    assert set(variant.parameters.transistors) == TRANSISTORS[name]
    assert variant.signed == ("rp" in TRANSISTORS[name])


def test_a_variant_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(CircuitError, match="there are silicon, oxide_write, oxide, two_transistor, three_transistor"):
        cell_variant("four_transistor")


def test_an_oxide_cell_in_a_technology_without_oxide_is_refused() -> None:
    with pytest.raises(
        CircuitError, match=r"has no nmos of the flavour 'oxide'; it has none; write \[flavours.oxide\]"
    ):
        gain_cell(cell_variant("oxide_write").parameters, load_technology("generic28"))


def test_only_a_transmission_gate_moves_the_second_write_line() -> None:
    technology = load_technology("oxide")
    assert cell_variant("oxide").parameters.write_levels(technology) == {"wwl": (-0.5, 2.1), "wwlb": (0.9, 0.9)}
    assert cell_variant("silicon").parameters.write_levels(technology) == {"wwl": (-0.2, 1.0), "wwlb": (1.1, -0.1)}


def test_a_select_transistor_is_closed_at_rest_and_the_pair_is_not_selected() -> None:
    technology = load_technology("generic28")
    assert cell_variant("three_transistor").parameters.read_levels(technology) == {
        "rwlp": (0.0, 0.9),
        "rwln": (0.0, 0.0),
    }
    pair = GainCellParameters().read_levels(technology, upper=0.8)
    assert pair["rwlp"] == (0.45, 0.8)
    assert pair["rwln"] == pytest.approx((0.45, 0.1))


def test_width_on_the_bit_line_is_that_of_the_drains() -> None:
    assert GainCellParameters().bit_line_width == pytest.approx(64e-9 + 188e-9)
    assert cell_variant("three_transistor").parameters.bit_line_width == 120e-9
    assert cell_variant("two_transistor").parameters.bit_line_width == 80e-9


def test_an_oxide_transistor_below_its_own_minimum_is_refused() -> None:
    cell = cell_variant("oxide").parameters
    short = replace(cell, write_nmos=replace(cell.write_nmos, length=40e-9))
    with pytest.raises(CircuitError, match="below the minimum 6e-08/5e-08 m of oxide's oxide_tft"):
        gain_cell(short, load_technology("oxide"))


def test_a_holding_cell_rests_at_the_levels_of_its_lines() -> None:
    variant = cell_variant("oxide")
    technology = load_technology(variant.technology)
    bench = hold_bench(variant.parameters, technology, stored_voltages=[0.1], hold_time=1e5, idle_write_line=0.9)
    lines = render_netlist(bench).text.splitlines()
    assert {"Vwwl wwl 0 -0.5", "Vwbl wbl 0 0.9", "Vrwlp rwlp 0 0.45", ".ic v(sn0)=0.1"} <= set(lines)
    assert "trtol=40000" in lines[-4 if lines[-4].startswith(".options") else -5]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hold_time": 0.0}, "hold_time must be at least 1e-06"),
        ({"stored_voltages": []}, "stored_voltages must be a row"),
        ({"stored_voltages": [1.1]}, r"stored_voltages\[0\] must be at least -0.1 and at most 1"),
        ({"idle_write_line": 1.0}, "idle_write_line must be at least 0 and at most 0.9"),
    ],
)
def test_a_hold_that_is_none_is_refused(changed: dict[str, object], message: str) -> None:
    wanted: dict[str, object] = {"stored_voltages": [0.3], "hold_time": 1.0, **changed}
    with pytest.raises(CircuitError, match=message):
        hold_bench(GainCellParameters(), load_technology("generic28"), **wanted)  # type: ignore[arg-type]


def test_a_leak_needs_a_step() -> None:
    with pytest.raises(CircuitError, match=r"step must be at least 0\.0001"):
        leak_bench(GainCellParameters(), load_technology("generic28"), step=0.0)
