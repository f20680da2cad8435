"""What a hostile or careless user may hand to the benches: each wrong operand gets one sentence, never a deck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from circuits.benches.cell import gain_cell_dc_bench, gain_cell_read_bench, retention_bench
from circuits.benches.column import column_bench
from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.conveyor import ConveyorParameters
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import wire_load
from circuits.technology import load_technology
from circuits.testbench import Testbench, render_netlist
from circuits.timing import ColumnTiming

TECHNOLOGY = load_technology("generic28")
CELL = GainCellParameters()
CONVERTER = ChargeToPulseParameters()
NAN, INF = float("nan"), float("inf")


def dc(stored_voltages: Any = (0.1,), cell: GainCellParameters = CELL, step: Any = 0.045) -> Testbench:
    return gain_cell_dc_bench(cell, TECHNOLOGY, stored_voltages=stored_voltages, word_line_step=step)


def read(
    stored_voltages: Any = (0.1,),
    pulse_width: Any = 3e-9,
    word_line: Any = None,
    write_time: Any = 8e-9,
    max_step: Any = 50e-12,
) -> Testbench:
    return gain_cell_read_bench(
        CELL,
        TECHNOLOGY,
        stored_voltages=stored_voltages,
        pulse_width=pulse_width,
        word_line_voltage=word_line,
        write_time=write_time,
        max_step=max_step,
    )


def hold(stored_voltages: Any = (0.1,), hold_time: Any = 1e-3) -> Testbench:
    return retention_bench(CELL, TECHNOLOGY, stored_voltages=stored_voltages, hold_time=hold_time)


def column(stored_voltages: Any = (0.1,), pulse_widths: Any = (3e-9,), max_step: Any = 100e-12) -> Testbench:
    return column_bench(
        CELL,
        CONVERTER,
        TECHNOLOGY,
        ColumnTiming(),
        stored_voltages=stored_voltages,
        pulse_widths=pulse_widths,
        max_step=max_step,
    )


def convert(
    charge: Any = 1e-13,
    n_rows: Any = 64,
    converter: ChargeToPulseParameters = CONVERTER,
    name: Any = "charge_to_pulse",
) -> Testbench:
    return charge_to_pulse_bench(converter, TECHNOLOGY, ColumnTiming(), charge=charge, n_rows=n_rows, name=name)


WRONG_LEVELS = [
    [],
    (),
    np.array([]),
    [NAN],
    [INF],
    [1.2],  # above the supply
    [-0.3],
    [0.1, 900.0],  # millivolts
    ["x"],
    [None],
    "0.45",
    0.45,
    None,
    [[0.1, 0.2]],
    np.zeros((2, 2)),
]


@pytest.mark.parametrize("bench", [dc, read, hold, column])
@pytest.mark.parametrize("levels", WRONG_LEVELS, ids=repr)
def test_stored_voltages_that_are_none_are_refused(bench: Callable[[Any], Testbench], levels: object) -> None:
    with pytest.raises(CircuitError, match="stored_voltages") as caught:
        bench(levels)
    assert "found" in str(caught.value)


@pytest.mark.parametrize("bench", [dc, read, hold])
def test_levels_may_be_an_array_and_reach_both_rails(bench: Callable[[Any], Testbench]) -> None:
    given_array = render_netlist(bench(np.linspace(0.0, 0.9, 8)))
    given_list = render_netlist(bench([float(v) for v in np.linspace(0.0, 0.9, 8)]))
    assert given_array.digest == given_list.digest


def test_rounding_at_the_rails_is_no_error() -> None:
    assert 7 * (0.9 / 7) > 0.9
    for bench in (dc, read, hold, column):
        assert bench([7 * (0.9 / 7)])
        assert bench([0.3 - 0.1 * 3])  # -5.6e-17


@pytest.mark.parametrize("width", [NAN, INF, -1e-9, 0.0, 1e-12, 15.0, "1n", None])
def test_a_read_pulse_that_is_none_is_refused(width: object) -> None:
    with pytest.raises(CircuitError, match=r"pulse_width .* must be"):
        read(pulse_width=width)


@pytest.mark.parametrize("volts", [NAN, INF, -1.0, 0.2, 2.0])
def test_a_word_line_outside_mid_supply_to_supply_is_refused(volts: float) -> None:
    with pytest.raises(CircuitError, match=r"word_line_voltage must be at least 0\.45 and at most 0\.9 V"):
        read(word_line=volts)


@pytest.mark.parametrize("seconds", [NAN, INF, -1e-9, 0.0, 1.0])
def test_a_write_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(CircuitError, match="write_time must be"):
        read(write_time=seconds)


@pytest.mark.parametrize("step", [NAN, INF, -1e-12, 0.0])
def test_a_time_step_that_is_none_is_refused(step: float) -> None:
    for bench in (read, column):
        with pytest.raises(CircuitError, match="step must be at least 1e-15 s"):
            bench(max_step=step)


@pytest.mark.parametrize("seconds", [NAN, INF, -1.0, 0.0, 1e-9, 1e9])
def test_a_hold_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(CircuitError, match="hold_time must be at least 1e-06 and at most 1000 s"):
        hold(hold_time=seconds)


@pytest.mark.parametrize("step", [NAN, -0.045, 0.0, 1e-9, 5.0])
def test_a_step_of_the_word_line_that_is_none_is_refused(step: float) -> None:
    with pytest.raises(CircuitError, match="word_line_step must be"):
        dc(step=step)


@pytest.mark.parametrize("width", [NAN, INF, -1e-9, 15.0, "1n"])
def test_an_input_pulse_that_is_none_is_refused_and_not_taken_for_no_pulse(width: object) -> None:
    with pytest.raises(CircuitError, match=r"pulse_widths\[1\]"):
        column(stored_voltages=[0.1, 0.2], pulse_widths=[1e-9, width])


def test_an_input_pulse_longer_than_the_window_is_refused() -> None:
    with pytest.raises(CircuitError, match=r"16 ns is longer than the input window of 15 ns"):
        column(pulse_widths=[16e-9])


def test_an_input_pulse_shorter_than_its_edge_is_refused() -> None:
    with pytest.raises(CircuitError, match="10 ps is shorter than its 50 ps edge"):
        column(pulse_widths=[10e-12])


def test_operands_of_different_lengths_are_refused() -> None:
    with pytest.raises(CircuitError, match="one level and one pulse per row, found 2 and 1"):
        column(stored_voltages=[0.1, 0.2], pulse_widths=[1e-9])


def test_a_column_may_be_read_without_any_pulse() -> None:
    text = render_netlist(column(stored_voltages=[0.9, 0.0], pulse_widths=[0.0, 0.0])).text
    assert "Vrwlp0 rwlp0 0 0.45" in text


@pytest.mark.parametrize("charge", [NAN, INF, 1.0, -1.0, 600.0, None])
def test_a_charge_that_is_none_is_refused(charge: object) -> None:
    with pytest.raises(CircuitError, match="charge must be"):
        convert(charge=charge)


@pytest.mark.parametrize("n_rows", [0, -3, 1.5, NAN, 10**9])
def test_a_bit_line_without_cells_is_refused(n_rows: float) -> None:
    with pytest.raises(CircuitError, match="n_rows must be"):
        convert(n_rows=n_rows)


@pytest.mark.parametrize("name", ["x\n.control\nshell ls", "../../x", ""])
def test_the_name_of_a_bench_cannot_carry_a_command(name: str) -> None:
    with pytest.raises(CircuitError, match="not a plain name"):
        render_netlist(convert(name=name))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"storage_capacitance": NAN}, "storage capacitance must be"),
        ({"storage_capacitance": -12e-15}, "storage capacitance must be"),
        ({"storage_capacitance": 0.0}, "storage capacitance must be"),
        ({"storage_capacitance": 12.0}, "storage capacitance must be"),  # femtofarad
        ({"on_margin": NAN}, "margin of the write gate must be"),
        ({"off_margin": 1100.0}, "margin of the write gate must be"),
        ({"pitch": NAN}, "pitch of the cell must be"),
        ({"pitch": 1.0}, "pitch of the cell must be"),
        ({"read_nmos": replace(CELL.read_nmos, width=64.0)}, "transistor rn: width must be"),
        ({"read_pmos": replace(CELL.read_pmos, length=1e-9)}, "transistor rp: .* below the minimum"),
    ],
)
def test_a_cell_of_absurd_sizes_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        dc(cell=replace(CELL, **changes))


@pytest.mark.parametrize("name", ["integration_capacitance", "discharge_current", "saturation_current"])
@pytest.mark.parametrize("value", [NAN, INF, 0.0, -1e-15, 700.0])
def test_a_converter_of_absurd_sizes_is_refused(name: str, value: float) -> None:
    with pytest.raises(CircuitError, match=f"{name.replace('_', ' ')} must be|charge must be"):
        convert(converter=replace(CONVERTER, **{name: value}))


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        ("comparator", {"tail_current": 0.0}, "comparator current must be"),
        ("comparator", {"bias_decoupling": NAN}, "decoupling of the comparator must be"),
        ("sink", {"decoupling": 0.2}, "decoupling of the sink must be"),
        ("source", {"decoupling": -1e-15}, "decoupling of the source must be"),
        ("source", {"cascode_bias": 550.0}, "cascode bias must be"),
    ],
)
def test_a_part_of_a_converter_with_absurd_sizes_is_refused(part: str, changes: dict[str, Any], message: str) -> None:
    changed = replace(getattr(CONVERTER, part), **changes)
    with pytest.raises(CircuitError, match=message):
        convert(converter=replace(CONVERTER, **{part: changed}))


@pytest.mark.parametrize("volts", [NAN, -0.1, 350.0])
def test_a_reset_level_outside_the_supply_is_refused(volts: float) -> None:
    with pytest.raises(CircuitError, match=r"reset voltage must be at least 0 and at most 0\.9 V"):
        convert(converter=replace(CONVERTER, reset_share=volts / 0.9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"miller_capacitance": NAN}, "Miller capacitance must be"),
        ({"tail_current": -24e-6}, "tail current must be"),
        ({"copy_ratio": 0}, "copy ratio must be"),
        ({"copy_ratio": 7.5}, "copy ratio must be a whole number"),
        ({"cascode_bias": (0.48, NAN)}, "cascode bias must be"),
        ({"cascode_bias": (480.0, 420.0)}, "cascode bias must be"),
    ],
)
def test_a_conveyor_of_absurd_sizes_is_refused(changes: dict[str, Any], message: str) -> None:
    conveyor = replace(ConveyorParameters(), **changes)
    with pytest.raises(CircuitError, match=message):
        convert(converter=replace(CONVERTER, conveyor=conveyor))


@pytest.mark.parametrize("length", [NAN, -1e-6, 64.0])
def test_a_wire_without_length_is_refused(length: float) -> None:
    with pytest.raises(CircuitError, match="length of a wire must be"):
        wire_load(TECHNOLOGY, length)


def test_a_wire_is_its_resistance_and_capacitance_per_length() -> None:
    wire = wire_load(TECHNOLOGY, 64e-6)
    assert wire.resistance == pytest.approx(256.0, rel=1e-12)  # 4 ohm/um
    assert wire.capacitance == pytest.approx(12.8e-15, rel=1e-12)  # 0.2 fF/um
