"""Exported circuits as text: where they came from, what they refuse, and that no simulator is made to do more."""

from dataclasses import replace

import numpy as np
import pytest
from rig_models import (
    CELLS,
    CONVERTERS,
    DECAYS,
    LOOKUP,
    MODELS,
    POLYNOMIAL,
    QUANTIZER,
    RECORD,
    SIGMOID,
    TABLE,
    WITHOUT_CIRCUIT,
)

from circuits.testbench import Netlist
from pycosim.attention import linear_models
from pycosim.errors import InputError
from pycosim.export import Source, circuit_of, ngspice_text, replace_subcircuit, table_files, verilog_a_text
from pycosim.export.sampled import sample, separate, staircase
from pycosim.models import LookupCell, ModelRecord
from pycosim.spice.safety import check_netlist


def source(model: object, name: str = "block", record: ModelRecord = RECORD) -> Source:
    return Source(name=name, model=model, record=record, digest="12" * 32)


def subcircuit(model: object, name: str = "block", record: ModelRecord = RECORD) -> str:
    circuit = circuit_of(source(model, name, record))
    return ngspice_text(circuit.block, circuit.comments)


def deck(text: str) -> Netlist:
    return Netlist(name="deck", text=f"a deck\n{text}R1 a 0 1\n.op\n.end\n", digest="0" * 64, probes=("v(a)",))


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_becomes_a_subcircuit_that_passes_the_checks_of_decks(name: str) -> None:
    text = subcircuit(MODELS[name])
    check_netlist(deck(text))
    assert max(len(line) for line in text.splitlines() if not line.startswith("*")) <= 120


@pytest.mark.parametrize("language", ["ngspice", "verilog-a"])
def test_a_file_says_where_its_model_came_from_and_how_good_it_is(language: str) -> None:
    circuit = circuit_of(source(LOOKUP))
    render = ngspice_text if language == "ngspice" else verilog_a_text
    head = [line for line in render(circuit.block, circuit.comments).splitlines() if line[:1] in "*/"]
    for said in (
        "LookupCell 'block', model schema_version 1",
        "model file sha256 " + "12" * 32,
        "10 aC rms on fitted points, 20 aC rms on held-out points",
        "domain: pulse_width 0 s .. 15 ns",
        "fitted to netlist sha256 " + "ab" * 32,
        "note: of a test",
        "this file's tables add at most",
    ):
        assert any(said in line for line in head), said


def test_text_of_a_record_cannot_become_a_card() -> None:
    note = "fine\n.control\nshell touch x\n.endc\n*ng_script `x` \\"
    text = subcircuit(SIGMOID, record=replace(RECORD, note=note))
    check_netlist(deck(text))
    assert "\n.control" not in text and "shell" in next(line for line in text.splitlines() if "note" in line)


def test_the_same_model_gives_the_same_text() -> None:
    assert subcircuit(LOOKUP) == subcircuit(LOOKUP)


@pytest.mark.parametrize("name", ["Gain Cell", "1st", "a;b", "", "a\n.control"])
def test_a_name_that_no_language_takes_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="needs a name of small letters"):
        source(SIGMOID, name)


@pytest.mark.parametrize("name", WITHOUT_CIRCUIT)
def test_models_of_whole_columns_and_spreads_have_no_circuit(name: str) -> None:
    with pytest.raises(InputError, match=r"no circuit is known for a .*; export cells, converters, decays"):
        circuit_of(source(WITHOUT_CIRCUIT[name]))


def test_what_has_no_circuit_is_refused() -> None:
    with pytest.raises(InputError, match="no circuit is known for a AttentionModels"):
        circuit_of(source(linear_models()))
    with pytest.raises(InputError, match="--decay wants a decay model, found HardSigmoid"):
        circuit_of(source(POLYNOMIAL), decay=source(SIGMOID, "second"))
    with pytest.raises(InputError, match="tolerance must be finite and greater than 0"):
        circuit_of(source(LOOKUP), tolerance=0.0)


def test_a_cell_that_gives_charge_without_a_pulse_is_refused() -> None:
    charges = LOOKUP.charges + 1e-15
    loose = LookupCell(pulse_widths=LOOKUP.pulse_widths, stored_voltages=LOOKUP.stored_voltages, charges=charges)
    with pytest.raises(InputError, match="the charge at a width of 0 s must be 0"):
        subcircuit(loose)


def test_widths_too_near_for_a_circuit_are_refused() -> None:
    close = LookupCell(pulse_widths=np.array([0.0, 1e-12, 1e-9]), stored_voltages=[0, 1], charges=np.ones((3, 2)) * 0)
    with pytest.raises(InputError, match="ns apart to become a circuit"):
        subcircuit(close)


def test_a_subcircuit_takes_the_place_of_one_with_its_name_and_pins() -> None:
    text = subcircuit(QUANTIZER, "stage")
    old = "a deck\n.SUBCKT stage value level\nR1 value level 1\n.ends\nX1 a b stage\n.end\n"
    new = replace_subcircuit(old, text)
    assert "R1 value level 1" not in new and new.count(".ends") == 1 and new.endswith("X1 a b stage\n.end\n")
    with pytest.raises(InputError, match="wanted one subcircuit stage in the deck, found 0; it has other"):
        replace_subcircuit(old.replace("stage", "other"), text)
    with pytest.raises(InputError, match="has the pins level value, wanted value level"):
        replace_subcircuit(old.replace("value level\nR1", "level value\nR1"), text)
    with pytest.raises(InputError, match=r"has no \.ends"):
        replace_subcircuit(old.replace(".ends\n", ""), text)
    with pytest.raises(InputError, match=r"begins with \.subckt"):
        replace_subcircuit(old, "R1 a b 1")


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-5])
def test_a_sampled_function_keeps_its_tolerance(tolerance: float) -> None:
    curves = sample(lambda x: np.stack([np.sin(3 * x), x**3], axis=1), -1.0, 2.0, tolerance)
    x = np.linspace(-1.0, 2.0, 5001)
    found = np.stack([np.interp(x, curves.nodes, row) for row in curves.values])
    worst = np.abs(found - np.stack([np.sin(3 * x), x**3])).max()
    # the error is known at the quarters of each interval: where a curve bends most it is a little more between them
    assert worst <= 1.1 * curves.error + 1e-12 and curves.error <= tolerance * 8


def test_a_zero_function_needs_two_nodes() -> None:
    assert sample(lambda x: np.zeros((x.size, 3)), 0.0, 1.0, 1e-4).values.shape == (3, 2)


def test_a_table_of_rank_two_becomes_two_products() -> None:
    rows, columns = np.random.default_rng(1).normal(size=(2, 6, 2))
    terms = separate(rows @ columns.T, 1e-12)
    assert terms.rows.shape == (2, 6) and terms.error < 1e-12


def test_the_area_under_a_staircase_is_that_of_its_steps() -> None:
    x, y = staircase(np.array([0.0, 0.1, 1.0, 3.0]), np.array([4.0, -2.0, 7.0]))
    assert np.trapezoid(y, x) == pytest.approx(0.4 - 1.8 + 14.0, abs=0.5 * 7.0 * 2e-3)  # half of the last ramp
    assert y[-1] == 0.0


def test_table_files_hold_the_numbers_of_the_module() -> None:
    block = circuit_of(source(TABLE)).block
    (name, text), (table,) = *table_files(block).items(), block.tables
    assert name == "block_width.tbl"
    assert np.loadtxt(text.splitlines()) == pytest.approx(np.stack([table.x, table.y], axis=1), rel=1e-11)


@pytest.mark.parametrize("name", [*CELLS, *CONVERTERS, *DECAYS])
def test_a_block_counts_what_is_outside_its_domain_where_it_has_ends(name: str) -> None:
    text = subcircuit(MODELS[name])
    bounded = name not in ("signed", "none", "relaxing", "shrinking")
    assert (" 0 outside I=" in text.replace("\n+ ", "")) == bounded
