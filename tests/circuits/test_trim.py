"""The trim: how many units a code switches on, and which codes and mirrors are refused."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from circuits.charge_to_pulse import ChargeToPulseParameters, charge_to_pulse, signed_parameters
from circuits.errors import CircuitError
from circuits.technology import load_technology
from circuits.trim import TrimCodes, TrimParameters

TECHNOLOGY = load_technology("generic28")
UNITS = 200
"""Of a mirror at code 0, as shipped."""


def conducting(parameters: ChargeToPulseParameters, name: str, rail: str) -> int:
    """Units of a mirror that conduct: those without a switch, and those whose switch has its gate on this rail."""
    text = str(charge_to_pulse(parameters, TECHNOLOGY)[-1])
    units = 0
    for line in text.splitlines():
        words = line.split()
        if re.fullmatch(rf"M{name}\d*s", words[0]):
            units += multiplier(line) if words[2] == rail else 0
        elif words[0] == f"M{name}":
            units += multiplier(line)
    return units


def multiplier(line: str) -> int:
    found = re.search(r"\bm=(\d+)", line)
    return int(found[1]) if found else 1


@pytest.mark.parametrize("code", [-64, -1, 0, 1, 21, 63])
def test_a_gain_code_adds_that_many_units(code: int) -> None:
    unsigned = replace(ChargeToPulseParameters(), codes=TrimCodes(sink=code))
    assert conducting(unsigned, "db2", "vdd") == UNITS + code
    signed = replace(signed_parameters(), codes=TrimCodes(source=code))
    assert conducting(signed, "sa", "0") == UNITS + code
    assert conducting(signed, "db2", "vdd") == UNITS


@pytest.mark.parametrize("code", [-63, -1, 0, 1, 40, 63])
def test_an_offset_code_switches_units_of_one_direction(code: int) -> None:
    drawn = replace(ChargeToPulseParameters(), codes=TrimCodes(offset=code))
    assert conducting(drawn, "ton", "vdd") == max(-code, 0)
    assert conducting(drawn, "top", "0") == max(code, 0)


def test_every_group_of_units_is_twice_the_one_before() -> None:
    text = str(charge_to_pulse(ChargeToPulseParameters(), TECHNOLOGY)[-1])
    groups = [line for line in text.splitlines() if re.match(r"Mdb2\d ", line)]
    assert [multiplier(line) for line in groups] == [1, 2, 4, 8, 16, 32, 64]


def test_a_converter_may_be_drawn_without_trim() -> None:
    bare = replace(ChargeToPulseParameters(), trim=TrimParameters(gain_bits=0, offset_bits=0))
    text = str(charge_to_pulse(bare, TECHNOLOGY)[-1])
    assert conducting(bare, "db2", "vdd") == UNITS
    assert not re.search(r"Mton|Mtop|Mdb2\d", text)


@pytest.mark.parametrize(
    "codes", [{"sink": 64}, {"sink": -65}, {"source": 64}, {"offset": 64}, {"offset": -64}, {"offset": 0.5}]
)
def test_a_code_that_the_register_cannot_hold_is_refused(codes: dict[str, int]) -> None:
    with pytest.raises(CircuitError, match="must be a whole number from"):
        charge_to_pulse(replace(ChargeToPulseParameters(), codes=TrimCodes(**codes)), TECHNOLOGY)


@pytest.mark.parametrize("bits", [-1, 11, 2.5])
def test_a_number_of_bits_that_is_none_is_refused(bits: int) -> None:
    with pytest.raises(CircuitError, match="bits of the gain trim"):
        TrimParameters(gain_bits=bits)


def test_a_mirror_with_too_few_units_says_what_to_do() -> None:
    sized = ChargeToPulseParameters()
    coarse = replace(sized, sink=replace(sized.sink, mirror=replace(sized.sink.mirror, multiplier=64)))
    with pytest.raises(CircuitError, match="set gain_bits=0 for no trim"):
        charge_to_pulse(coarse, TECHNOLOGY)
