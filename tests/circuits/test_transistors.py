"""Transistors as they are written into a deck."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySpice.Spice.Netlist import Circuit

from circuits.devices import Mosfet, add_mosfet
from circuits.errors import CircuitError
from circuits.technology import Device, Technology, load_technology

NODES = ("d", "g", "s", "b")


@pytest.fixture(scope="module")
def technology() -> Technology:
    return load_technology("generic28")


def mosfet(
    width: float = 1e-6,
    length: float = 30e-9,
    shift: float = 0.0,
    multiplier: int = 1,
) -> Mosfet:
    return Mosfet(polarity="nmos", width=width, length=length, threshold_shift=shift, multiplier=multiplier)


def line(technology: Technology, device: Mosfet) -> list[str]:
    """Words of the one element that is written."""
    circuit = Circuit("one")
    add_mosfet(circuit, technology, "1", device, NODES)
    return str(circuit).strip().splitlines()[-1].split()


def as_subcircuit(technology: Technology, threshold_parameter: str = "") -> Technology:
    return replace(
        technology, nmos=Device(model="nfet", instance="subcircuit", threshold_parameter=threshold_parameter)
    )


def test_a_model_becomes_an_m_element(technology: Technology) -> None:
    words = line(technology, mosfet(shift=0.05, multiplier=8))
    assert words[:6] == ["M1", *NODES, "nlv"]
    assert sorted(words[6:]) == ["delvto=0.05", "l=3e-08", "m=8", "w=1e-06"]


def test_a_subcircuit_becomes_an_x_element_with_the_same_sizes(technology: Technology) -> None:
    words = line(as_subcircuit(technology, "delvt0"), mosfet(shift=-0.05, multiplier=8))
    assert words[:6] == ["Xm1", *NODES, "nfet"]
    assert sorted(words[6:]) == ["delvt0=-0.05", "l=3e-08", "m=8", "w=1e-06"]


def test_no_shift_and_no_multiplier_are_not_written(technology: Technology) -> None:
    assert sorted(line(technology, mosfet())[6:]) == ["l=3e-08", "w=1e-06"]


def test_sizes_are_written_in_metres_without_rounding_noise(technology: Technology) -> None:
    assert "w=1.904e-07" in line(technology, mosfet(width=190.4e-9 * (1 + 1e-12)))


def test_the_polarity_chooses_the_model(technology: Technology) -> None:
    assert line(technology, replace(mosfet(), polarity="pmos"))[5] == "plv"


def test_the_area_is_that_of_all_parallel_devices() -> None:
    assert mosfet(width=2e-6, length=50e-9, multiplier=3).area == pytest.approx(3e-13, rel=1e-12)


def test_the_smallest_transistor_of_the_technology_is_allowed(technology: Technology) -> None:
    assert line(technology, mosfet(width=technology.minimum_width, length=technology.minimum_length))


@pytest.mark.parametrize(("width", "length"), [(50e-9, 30e-9), (1e-6, 20e-9), (0.0, 30e-9), (-1e-6, 30e-9), (1e-6, -1)])
def test_a_transistor_below_the_minimum_is_refused(technology: Technology, width: float, length: float) -> None:
    with pytest.raises(CircuitError, match="below the minimum 6e-08/3e-08 m of generic28"):
        line(technology, mosfet(width=width, length=length))


@pytest.mark.parametrize(
    ("device", "message"),
    [
        (mosfet(width=64.0), "width must be at most 0.001 m, found 64"),  # nanometres instead of metres
        (mosfet(width=float("nan")), "width must be at most 0.001 m, found nan"),
        (mosfet(length=float("inf")), "length must be at most 0.001 m, found inf"),
        (mosfet(shift=float("nan")), "threshold shift must be at least -1 and at most 1 V, found nan"),
        (mosfet(shift=30.0), "threshold shift must be at least -1 and at most 1 V, found 30"),  # millivolts
        (mosfet(multiplier=0), "multiplier must be at least 1"),
        (mosfet(multiplier=-2), "multiplier must be at least 1"),
        (replace(mosfet(), multiplier=1.5), "multiplier must be a whole number, found 1.5"),
        (replace(mosfet(), polarity="npn"), "polarity must be 'nmos' or 'pmos', found 'npn'"),
        (replace(mosfet(), width="1u"), "width must be a number in m, found '1u'"),
    ],
)
def test_a_size_that_is_none_is_refused(technology: Technology, device: Mosfet, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        line(technology, device)


@pytest.mark.parametrize("instance", ["model", "subcircuit"])
def test_a_threshold_shift_needs_a_parameter_that_makes_it(technology: Technology, instance: str) -> None:
    device = Device(model="nfet", instance="subcircuit" if instance == "subcircuit" else "model")
    without = replace(technology, nmos=device)
    with pytest.raises(CircuitError, match=r"wants a threshold shift of \+0\.050 V, but generic28's nfet has no"):
        line(without, mosfet(shift=0.05))
    assert line(without, mosfet())
