"""Sizes of a column in a TOML file: what is read, what is written again, and what is refused."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.errors import CircuitError
from circuits.gain_cell import GainCellParameters
from circuits.sizes import Sizes, load_sizes, render_sizes
from circuits.timing import ColumnTiming

GIVEN = """
[cell]
read_nmos = { width = 220e-9, length = 6e-6, flavour = "high_nmos" }
storage_capacitance = 30e-15
[converter]
discharge_current = 11e-6
[converter.conveyor]
cascode_bias = [1.9, 1.8]
copy_ratio = 10
output_pmos = { width = 1e-6, length = 80e-9 }
[timing]
max_pulse_width = 75e-9
[signed.converter]
saturation_current = 40e-6
[signed.timing]
sign_time = 3e-9
"""


def sizes_of(text: str, folder: Path) -> Sizes:
    path = folder / "sizes.toml"
    path.write_text(text, encoding="utf-8")
    return load_sizes(path)


def test_an_empty_file_is_the_built_in_design(tmp_path: Path) -> None:
    found = sizes_of("", tmp_path)
    assert found.cell == GainCellParameters()
    assert found.converter == ChargeToPulseParameters()
    assert found.timing == found.signed_timing == ColumnTiming()
    assert found.signed_converter == ChargeToPulseParameters(signed=True)


def test_named_fields_are_replaced_and_the_others_kept(tmp_path: Path) -> None:
    found = sizes_of(GIVEN, tmp_path)
    assert (found.cell.read_nmos.width, found.cell.read_nmos.length) == (220e-9, 6e-6)
    assert found.cell.read_nmos.flavour == "high_nmos"
    assert found.cell.read_pmos == GainCellParameters().read_pmos
    assert found.converter.conveyor.cascode_bias == (1.9, 1.8)
    assert found.converter.conveyor.copy_ratio == 10
    assert found.converter.conveyor.pair == ChargeToPulseParameters().conveyor.pair
    assert found.timing.max_pulse_width == 75e-9


def test_a_transistor_is_given_whole_and_keeps_no_threshold_shift(tmp_path: Path) -> None:
    assert GainCellParameters().read_nmos.threshold_shift != 0
    found = sizes_of(GIVEN, tmp_path)
    assert found.cell.read_nmos.threshold_shift == 0
    assert found.converter.conveyor.output_pmos.polarity == "pmos"


def test_the_signed_converter_is_the_unsigned_one_but_for_what_is_named(tmp_path: Path) -> None:
    found = sizes_of(GIVEN, tmp_path)
    assert found.signed_converter == replace(found.converter, signed=True, saturation_current=40e-6)
    assert found.signed_timing == replace(found.timing, sign_time=3e-9)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    found = sizes_of(GIVEN, tmp_path)
    share = replace(found.converter, reset_share=0.39)  # nine digits are written, and the built-in one is 35/90
    found = replace(found, converter=share, signed_converter=replace(found.signed_converter, reset_share=0.39))
    assert sizes_of(render_sizes(found), tmp_path) == found
    single = replace(found, cell=replace(found.cell, read_pmos=None, write_pmos=None))
    assert sizes_of(render_sizes(single), tmp_path) == single


def test_every_field_of_the_built_in_design_can_be_written(tmp_path: Path) -> None:
    found = sizes_of("", tmp_path)
    text = render_sizes(found)
    for part in (found.cell, found.converter, found.timing):
        assert not [field.name for field in fields(part) if field.name not in text]
    assert render_sizes(sizes_of(text, tmp_path)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[cel]\n", "unknown key cel"),
        ("[cell]\nwidth = 1\n", "unknown key cell.width"),
        ("[cell]\nread_nmos = { width = 1e-7 }\n", "cell.read_nmos.length is missing"),
        ("[cell]\nread_nmos = 1e-7\n", "cell.read_nmos must be a table"),
        ("[cell]\nread_nmos = { width = 1e-7, length = 1e-7, flavour = '; quit' }\n", "not a plain name"),
        ("[converter]\nsigned = 1\n", "true or false"),
        ("[converter]\nreset_share = true\n", "must be a number"),
        ("[converter.conveyor]\ncopy_ratio = 1.5\n", "whole number"),
        ("[converter.conveyor]\ncascode_bias = [1.0]\n", "must be 2 numbers"),
        ("[timing]\ngap = 'long'\n", "must be a number"),
        ("[timing]\ngap = -1e-9\n", "at least 0"),
        ("signed = 3\n", "must be a table"),
        ("[cell\n", "cannot read the sizes"),
    ],
)
def test_what_is_no_size_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CircuitError, match=words):
        sizes_of(text, tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CircuitError, match=r"none\.toml"):
        load_sizes(tmp_path / "none.toml")
