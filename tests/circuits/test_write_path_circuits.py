"""The write path as circuits: what is drawn, what is refused, what a test can say without a simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.benches.write_path import write_path_bench
from circuits.die import Die
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.gates import code_nodes
from circuits.technology import load_technology
from circuits.testbench import Testbench, render_netlist
from circuits.write_driver import WriteDriverParameters, add_data_line_driver, add_write_driver, write_driver
from circuits.write_line_driver import WriteLineDriverParameters, write_line_driver

TECHNOLOGY = load_technology("generic28")
CELL = GainCellParameters()
DRIVER = WriteDriverParameters()
LINES = WriteLineDriverParameters()


def bench(codes: list[int], rows: list[int] | None = None) -> Testbench:
    return write_path_bench(CELL, DRIVER, LINES, TECHNOLOGY, codes=codes, rows=rows)


def test_a_code_is_written_with_its_lowest_bit_first() -> None:
    assert code_nodes(6, 4) == ("0", "vdd", "vdd", "0")


@pytest.mark.parametrize(("n_levels", "n_bits"), [(2, 1), (3, 2), (8, 3), (9, 4), (16, 4)])
def test_a_driver_has_as_many_bits_as_its_levels_need(n_levels: int, n_bits: int) -> None:
    assert WriteDriverParameters(n_levels=n_levels).n_bits == n_bits


def test_levels_go_from_ground_to_the_supply_in_equal_steps() -> None:
    assert WriteDriverParameters(n_levels=4).levels(TECHNOLOGY) == pytest.approx([0.0, 0.3, 0.6, 0.9])


def test_a_tap_sees_both_halves_of_the_string_in_parallel() -> None:
    for code in range(8):
        below, above = code * DRIVER.unit_resistance, (7 - code) * DRIVER.unit_resistance
        assert DRIVER.tap_impedance(code) == pytest.approx(below * above / (below + above))


def test_the_ladder_has_one_resistor_a_step_and_the_ends_are_the_rails() -> None:
    ladder, driver = write_driver(DRIVER, TECHNOLOGY)
    assert sum(line.startswith("R") for line in str(ladder).splitlines()) == DRIVER.n_levels - 1
    assert DRIVER.taps()[0] == "0"
    assert DRIVER.taps()[-1] == "reference"
    # 8 switches and the idle one, 8 NAND of 4 inputs with their inverters, 5 more inverters
    transistors = [line for line in str(driver).splitlines() if line.startswith("M")]
    assert len(transistors) == 2 * 9 + 8 * (8 + 2) + 2 * 5


@pytest.mark.parametrize("n_levels", [1, 33, 2.5])
def test_a_number_of_levels_that_no_decoder_has_is_refused(n_levels: int) -> None:
    with pytest.raises(CircuitError, match="levels"):
        write_driver(WriteDriverParameters(n_levels=n_levels), TECHNOLOGY)


def test_a_code_that_the_driver_does_not_have_is_refused() -> None:
    with pytest.raises(CircuitError, match="codes"):
        bench([8])
    with pytest.raises(CircuitError, match="code"):
        add_data_line_driver(Circuit("c"), DRIVER, "d", line="wbl", code=-1)
    with pytest.raises(CircuitError, match="one code for each line"):
        add_write_driver(Circuit("c"), DRIVER, TECHNOLOGY, codes=[1, 2], lines=["wbl0"])


def test_groups_need_one_number_of_rows_each() -> None:
    with pytest.raises(CircuitError, match="each group"):
        bench([1, 2], [1])


def test_equal_rows_are_one_row_with_a_multiplier() -> None:
    text = render_netlist(bench([3], [64])).text
    assert "m=64" in text
    assert f"m={64 * 63}" in text  # the cells of the other columns
    assert text.count("Xwritten") == 1


def test_rows_that_stand_for_others_cannot_deviate_from_them() -> None:
    with pytest.raises(CircuitError, match="m=64"):
        render_netlist(replace(bench([3], [64]), die=Die(seed=1)))


def test_a_whole_driver_has_a_ladder_and_one_driver_a_line() -> None:
    circuit = Circuit("c")
    add_write_driver(circuit, DRIVER, TECHNOLOGY, codes=[0, 7, 3], lines=["a", "b", "c"])
    text = str(circuit)
    assert text.count("Xladder") == 1
    assert text.count("Xdriver_") == 3


def test_a_shifter_is_drawn_only_where_a_rail_is_beyond_the_logics() -> None:
    def shifters(cell: GainCellParameters) -> int:
        # inverters are 2 x 2 of the logic and 2 x 2 of the outputs, a shifter is 4
        lines = str(write_line_driver(LINES, cell, TECHNOLOGY)).splitlines()
        return (sum(line.startswith("M") for line in lines) - 8) // 4

    assert shifters(replace(CELL, on_margin=0.0)) == 2  # down for wwl, up for wwlb
    assert shifters(replace(CELL, on_margin=0.1)) == 4
    assert shifters(replace(CELL, on_margin=0.0, off_margin=0.0)) == 0
