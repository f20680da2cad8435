"""Arrays, wires and tiles as text: what is in them, and that no capacitance is lost or counted twice."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.benches.array import array_bench, read_only
from circuits.benches.column import WordLinePulse, column_bench
from circuits.benches.read_outs import add_read_outs
from circuits.benches.tile import converter_for_rows, tile_bench, tile_timing
from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.gain_cell_array import add_array
from circuits.interconnect import COUPLING_SHARE, ArrayWires, add_coupling, add_wire, wire_load
from circuits.technology import Technology, load_technology
from circuits.testbench import render_netlist
from circuits.timing import ColumnTiming, signed_timing

CELL = GainCellParameters()


@pytest.fixture(scope="module")
def technology() -> Technology:
    return load_technology("generic28")


def capacitors(circuit: Circuit) -> list[tuple[str, str, float]]:
    """Both nodes and the value (F) of every capacitor."""
    lines = [line.split() for line in str(circuit).splitlines() if line.startswith("C")]
    return [(words[1], words[2], float(words[3])) for words in lines]


def test_a_wider_wire_has_less_resistance_and_more_capacitance_to_the_layers_above_and_below(
    technology: Technology,
) -> None:
    narrow, wide = wire_load(technology, 64e-6), wire_load(technology, 64e-6, 4.0)
    assert wide.resistance == pytest.approx(narrow.resistance / 4)
    faces = (1 - COUPLING_SHARE) * narrow.capacitance
    assert wide.capacitance == pytest.approx(narrow.capacitance + 3 * faces)
    assert wide.coupling == narrow.coupling == pytest.approx(COUPLING_SHARE / 2 * narrow.capacitance)


def test_a_line_of_pi_sections_has_the_resistance_and_capacitance_of_its_sections(technology: Technology) -> None:
    circuit, section = Circuit("line"), wire_load(technology, 1e-6)
    add_wire(circuit, "line", ["a", "b", "c", "d"], section, coupled=section.coupling)
    add_coupling(circuit, "x", ["a", "b", "c", "d"], ["e", "f", "g", "h"], section.coupling)
    total = sum(value for *_, value in capacitors(circuit))
    assert total == pytest.approx(3 * section.capacitance)
    ends = [value for one, other, value in capacitors(circuit) if "a" in (one, other)]
    assert sum(ends) == pytest.approx(section.capacitance / 2)


def test_every_read_line_of_an_array_has_all_of_its_capacitance_once(technology: Technology) -> None:
    """Of each line, to ground and to both neighbours together; a coupling capacitor counts for both of its lines."""
    circuit, wires = Circuit("array"), ArrayWires(word_line=3.0, bit_line=2.0)
    add_array(circuit, CELL, technology, wires, n_rows=3, n_columns=4)
    found: dict[str, float] = {}
    for one, other, value in capacitors(circuit):
        for node in {one, other} - {"0"}:
            line = re.sub(r"^foot", "rbl", node.split("_")[0])
            found[line] = found.get(line, 0.0) + value
    word_line, bit_line = wire_load(technology, 4e-6, 3.0), wire_load(technology, 3e-6, 2.0)
    assert found == pytest.approx(
        {f"{line}{i}": word_line.capacitance for i in range(3) for line in ("rwlp", "rwln")}
        | {f"rbl{j}": bit_line.capacitance for j in range(4)}
    )


def test_an_array_has_a_cell_at_every_crossing(technology: Technology) -> None:
    circuit = Circuit("array")
    add_array(circuit, CELL, technology, ArrayWires(), n_rows=2, n_columns=3, prefix="k_", write_by="column")
    cells = [line.split() for line in str(circuit).splitlines() if line.startswith("X")]
    assert len(cells) == 6
    assert cells[-1][1:4] == ["k_rbl2_1", "k_rwlp1_2", "k_rwln1_2"]
    assert cells[-1][4:9] == ["k_wbl1_2", "k_wwl2_1", "k_wwlb2_1", "k_sn1_2", "k_vdd"]


def test_an_array_that_is_written_by_rows_has_its_data_lines_along_the_columns(technology: Technology) -> None:
    circuit = Circuit("array")
    add_array(circuit, CELL, technology, ArrayWires(), n_rows=2, n_columns=3, write_by="row")
    cell = next(line for line in str(circuit).splitlines() if line.startswith("Xc1_2"))
    assert "wbl2_1 wwl1_2 wwlb1_2" in cell


def test_an_array_without_rows_is_refused(technology: Technology) -> None:
    with pytest.raises(CircuitError, match="rows of an array"):
        add_array(Circuit("array"), CELL, technology, ArrayWires(), n_rows=0, n_columns=3)


def test_converters_of_an_array_share_clocks_and_supplies(technology: Technology) -> None:
    circuit = Circuit("read_outs")
    add_read_outs(circuit, ChargeToPulseParameters(), technology, ColumnTiming(), n_columns=3, prefix="k_")
    lines = str(circuit).splitlines()
    instances = [line.split() for line in lines if line.startswith("Xk_converter")]
    assert [words[0] for words in instances] == ["Xk_converter0", "Xk_converter1", "Xk_converter2"]
    assert instances[1][-1] == "k_charge_to_pulse"
    assert "k_rbl1" in instances[1]
    assert {"k_vdd", "k_window"} <= set(instances[0]) & set(instances[1])
    assert sum(line.startswith("Vk_window ") for line in lines) == 1


def test_two_kinds_of_converters_fit_into_one_circuit(technology: Technology) -> None:
    circuit = Circuit("read_outs")
    add_read_outs(circuit, ChargeToPulseParameters(), technology, ColumnTiming(), n_columns=1, prefix="k_")
    add_read_outs(circuit, signed_parameters(), technology, signed_timing(), n_columns=1, prefix="v_")
    text = str(circuit)
    definitions = re.findall(r"^\.subckt (\S+)", text, re.MULTILINE)
    assert len(definitions) == len(set(definitions))
    inside = set(re.findall(r"^X\S+ .* (\S+)$", text, re.MULTILINE))
    assert inside <= set(definitions)  # each finds its own gates


def test_an_array_without_columns_has_no_converters(technology: Technology) -> None:
    with pytest.raises(CircuitError, match="one column or more"):
        add_read_outs(Circuit("read_outs"), ChargeToPulseParameters(), technology, ColumnTiming(), n_columns=0)


def test_a_plan_without_a_write_keeps_every_interval_of_the_read() -> None:
    plan, short = ColumnTiming(), read_only(ColumnTiming())
    shift = plan.input_start - short.input_start
    assert shift > 0
    assert plan.window_end - short.window_end == pytest.approx(shift)
    assert short.wake > 0


def test_operands_of_an_array_must_fit(technology: Technology) -> None:
    for stored, widths in (([[0.1, 0.2], [0.3]], [1e-9, 1e-9]), ([[0.1, 0.2]], [1e-9, 1e-9])):
        with pytest.raises(CircuitError, match="rows of equal length"):
            array_bench(
                CELL,
                ChargeToPulseParameters(),
                technology,
                read_only(ColumnTiming()),
                ArrayWires(),
                stored_voltages=stored,
                pulse_widths=widths,
            )


def test_a_column_takes_the_word_lines_of_its_position(technology: Technology) -> None:
    pulse = WordLinePulse(time=(0.0, 10e-9, 10.05e-9), upper=(0.45, 0.45, 0.88), lower=(0.45, 0.45, 0.02))
    bench = column_bench(
        CELL,
        ChargeToPulseParameters(),
        technology,
        ColumnTiming(),
        stored_voltages=[0.9],
        pulse_widths=[5e-9],
        word_lines=[pulse],
        wires=ArrayWires(),
    )
    text = render_netlist(bench).text
    assert "pwl(0 0.45 1e-08 0.45 1.005e-08 0.88)" in text
    assert "i(vfoot)" in bench.probes
    with pytest.raises(CircuitError, match="word lines for its 1 rows"):
        column_bench(
            CELL,
            ChargeToPulseParameters(),
            technology,
            ColumnTiming(),
            stored_voltages=[0.9],
            pulse_widths=[5e-9],
            word_lines=[pulse, pulse],
        )
    with pytest.raises(CircuitError, match="per time"):
        replace(pulse, lower=(0.0,))


def test_the_second_array_integrates_while_the_first_one_converts() -> None:
    plan = tile_timing(ColumnTiming(), signed_timing(), n_tokens=4)
    assert len(plan.writes) == 4
    assert (np.diff(plan.writes) > ColumnTiming().write_time).all()
    assert plan.second.input_start == plan.first.window_start
    assert plan.second.release > plan.first.window_end
    assert plan.first.input_start > plan.writes[-1] + ColumnTiming().write_time


def test_a_converter_for_the_published_rows_is_the_shipped_one() -> None:
    shipped = ChargeToPulseParameters()
    assert converter_for_rows(shipped, 64) == shipped
    small = converter_for_rows(shipped, 4)
    assert small.conveyor.copy_ratio == 1
    assert small.saturation_current == pytest.approx(shipped.saturation_current / shipped.conveyor.copy_ratio)


def test_operands_of_a_tile_must_fit(technology: Technology) -> None:
    plan = tile_timing(ColumnTiming(), signed_timing(), n_tokens=2)
    converters = (ChargeToPulseParameters(), signed_parameters())
    with pytest.raises(CircuitError, match="2 tokens"):
        tile_bench(
            CELL,
            converters,
            technology,
            plan,
            ArrayWires(),
            keys=[[0.1, 0.2]],
            values=[[0.1, 0.2], [0.3, 0.4]],
            pulse_widths=[1e-9, 2e-9],
        )
