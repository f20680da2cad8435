"""The input driver as a circuit."""

from __future__ import annotations

import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.benches.pulse_driver import pulse_driver_bench
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.pulse_driver import PulseDriverParameters, add_phases, add_pulse_driver, pulse_driver
from circuits.technology import load_technology
from circuits.testbench import render_netlist

TECHNOLOGY = load_technology("generic28")
CELL = GainCellParameters()
DRIVER = PulseDriverParameters()


@pytest.mark.parametrize("n_bits", [1, 2, 3, 4])
def test_the_tree_has_one_choice_less_than_codes_and_a_replica_as_deep(n_bits: int) -> None:
    select, _ = pulse_driver(PulseDriverParameters(n_bits=n_bits), TECHNOLOGY)
    transistors = sum(line.startswith("M") for line in str(select).splitlines())
    choices, replica = 2**n_bits - 1, n_bits
    inverters = n_bits + 1 + 2 * (n_bits % 2)  # of the bits, of the output, and of an odd tree
    assert transistors == 8 * (choices + replica) + 2 * inverters + 4


def test_every_row_shares_the_phases() -> None:
    circuit = Circuit("c")
    add_phases(circuit, DRIVER, TECHNOLOGY, start=1e-9)
    for row in range(2):
        add_pulse_driver(circuit, DRIVER, f"row{row}", code=3 + row, rwlp=f"rwlp{row}", rwln=f"rwln{row}")
    text = str(circuit)
    assert text.count("Vuntil") == 15
    assert text.count("word_line_driver") == 2
    assert DRIVER.phases()[:3] == ("start", "until1", "until2")


@pytest.mark.parametrize("code", [-1, 16, 1.5])
def test_a_code_that_the_driver_does_not_have_is_refused(code: int) -> None:
    with pytest.raises(CircuitError, match="code"):
        add_pulse_driver(Circuit("c"), DRIVER, "row", code=code, rwlp="p", rwln="n")


def test_sections_that_do_not_divide_the_cells_are_refused() -> None:
    with pytest.raises(CircuitError, match="divide"):
        pulse_driver_bench(CELL, DRIVER, TECHNOLOGY, code=1, stored_voltages=[0.1] * 10, n_sections=4)


def test_cells_of_a_section_that_store_the_same_are_one_with_a_multiplier() -> None:
    bench = pulse_driver_bench(
        CELL, DRIVER, TECHNOLOGY, code=1, stored_voltages=[0.1] * 8 + [0.2, 0.3] * 4, n_sections=2
    )
    text = render_netlist(bench).text
    assert text.count("gain_cell m=8") == 1
    assert text.count("gain_cell m=4") == 2
    assert bench.initial_voltages == {"sn0_0": 0.1, "sn1_0": 0.2, "sn1_1": 0.3}
