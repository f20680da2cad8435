"""Altering the loaded deck: the same to the last bit as reading it, and refused where it would not be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from circuits.technology import load_technology
from pycosim.campaign.catalogue import shipped_bench
from pycosim.errors import ConvergenceFailure
from pycosim.spice import NgspicePool, Waveforms
from pycosim.spice.alter import LoadedDeck, whole_mantissa
from pycosim.spice.deck import parse_number

from . import climbs, decks
from .decks import Deck, deck

CARD = ".model nn nmos level=54 version=4.8.2 toxe=1.55e-9 vth0=0.33 u0=0.03 vsat=1.25e5 k1=0.3 ndep=3e18\n"
DIODE = ".model dd d is=1e-14\n"
LOAD = "r1 a b 1.1k\nc1 b 0 1p\n"
TRAN = ".tran 10p 5n"
PAIR = "v1 a 0 0.9\nr1 a b 10k\n{m1}\nm2 b a 0 0 nn w=200n l=30n\nc1 b 0 1p\n"  # two of one model, one is altered

KINDS: dict[str, Callable[[float], str]] = {
    "resistor": lambda v: f"v1 a 0 1\nr1 a b {v:.9g}\nr2 b 0 1.37k\nc1 b 0 1p\n{TRAN}",
    "resistor_with_suffix": lambda v: f"v1 a 0 1\nr1 a b {v:.3f}k\nr2 b 0 1.37k\nc1 b 0 1p\n{TRAN}",
    "capacitor": lambda v: f"v1 a 0 pulse(0 1 1n 1n 1n 2n 9n)\nr1 a b 1.1k\nc1 b 0 {v:.9g}f\n{TRAN}",
    "inductor": lambda v: f"v1 a 0 pulse(0 1 1n 1n 1n 2n 9n)\nr1 a b 1.1k\nl1 b 0 {v:.9g}n\n{TRAN}",
    "voltage": lambda v: f"v1 a 0 {v / 100:.9g}\n{LOAD}d1 b 0 dd\n{DIODE}{TRAN}",
    "voltage_op": lambda v: f"v1 a 0 {v / 100:.9g}\nr1 a b 1.1k\nd1 b 0 dd\n{DIODE}.op",
    "voltage_beside_a_sweep": lambda v: (
        f"{CARD}v1 a 0 1\nv2 g 0 {v / 200:.9g}\nr1 a b 10k\nm1 b g 0 0 nn w=200n l=30n\n.dc v1 0 1 0.05"
    ),
    "voltage_that_is_swept": lambda v: (
        f"{CARD}v1 a 0 {v / 200:.9g}\nr1 a b 10k\nm1 b a 0 0 nn w=200n l=30n\n.dc v1 0 1 0.05"
    ),
    "current": lambda v: f"i1 0 b {v:.9g}u\nr1 b 0 1.1k\nc1 b 0 1p\nd1 b 0 dd\n{DIODE}{TRAN}",
    "pulse": lambda v: f"v1 a 0 pulse(0 {v / 100:.9g} 1n 1n {v * 1e-12:.9g} 2n 9n)\n{LOAD}d1 b 0 dd\n{DIODE}{TRAN}",
    "pwl": lambda v: (
        f"v1 a 0 pwl(0 0.1 1n 0.1 {1e-9 + v * 1e-12:.9g} {v / 100:.9g} 4n 0)\n{LOAD}d1 b 0 dd\n{DIODE}{TRAN}"
    ),
    "pwl_current": lambda v: (
        f"i1 0 b pwl(0 0 1n 0 {1e-9 + v * 1e-12:.9g} {v * 1e-6:.9g} 4n 0)\n{LOAD}d1 b 0 dd\nv9 a 0 0\n{DIODE}{TRAN}"
    ),
    "sin": lambda v: f"v1 a 0 sin(0 {v / 100:.9g} {v * 1e6:.9g})\n{LOAD}d1 b 0 dd\n{DIODE}{TRAN}",
    "width": lambda v: CARD + PAIR.format(m1=f"m1 b a 0 0 nn w={v * 1e-9:.9g} l=30n") + TRAN,
    "length": lambda v: CARD + PAIR.format(m1=f"m1 b a 0 0 nn w=200n l={v * 1e-9:.9g}") + TRAN,
    "threshold": lambda v: CARD + PAIR.format(m1=f"m1 b a 0 0 nn w=200n l=30n delvto={v * 1e-4:.9g}") + TRAN,
    "width_in_a_sweep": lambda v: CARD + PAIR.format(m1=f"m1 b a 0 0 nn w={v * 1e-9:.9g} l=30n") + ".dc v1 0 1 0.05",
    "small_signal": lambda v: (
        f"{CARD}v1 a 0 dc 0.6 ac 1\nv2 p 0 1\nr1 p b {v * 100:.9g}\nm1 b a 0 0 nn w={v:.9g}n l=30n\nc1 b 0 1f\n"
        ".ac dec 5 1k 100g"
    ),
    "initial_condition": lambda v: f"r1 b 0 {v:.9g}\nc1 b 0 1p\n.ic v(b)=1\n{TRAN}",
}


def bodies(kind: str, n: int = 6) -> list[Deck]:
    """Decks of a kind at `n` values with nine digits, as the project writes them."""
    values = np.random.default_rng(sum(map(ord, kind))).uniform(60, 300, n)
    return [deck(f"{kind}_{i}", KINDS[kind](float(value)), "v(b)") for i, value in enumerate(values)]


@pytest.fixture(scope="module")
def single() -> Iterator[NgspicePool]:
    with NgspicePool(n_workers=1, timeout=60.0) as one:
        yield one


def read_each(netlists: list[Deck], single: NgspicePool) -> list[Waveforms]:
    """Each read anew: another deck runs before it."""
    mixed = [one for netlist in netlists for one in (decks.DIVIDER, netlist)]
    return waves_of(single, mixed)[1::2]


def waves_of(single: NgspicePool, netlists: list[Deck]) -> list[Waveforms]:
    outcomes = single.run_many(netlists)
    assert all(isinstance(outcome, Waveforms) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Waveforms)]


def same(left: Waveforms, right: Waveforms) -> bool:
    return np.array_equal(left.axis, right.axis) and all(
        np.array_equal(left.signals[probe], right.signals[probe]) for probe in left.signals
    )


@pytest.mark.ngspice
@pytest.mark.parametrize("kind", KINDS)
def test_an_altered_deck_gives_every_bit_of_the_deck_that_was_read(kind: str, single: NgspicePool) -> None:
    netlists = bodies(kind)
    loaded = LoadedDeck(netlists[0].text)
    assert all(loaded.alterations(netlist.text) for netlist in netlists[1:])
    expected = read_each(netlists, single)
    altered = waves_of(single, [decks.DIVIDER, *netlists])[1:]
    assert [same(a, b) for a, b in zip(expected, altered, strict=True)] == [True] * len(netlists)
    assert same(altered[0], altered[1]) == (kind == "voltage_that_is_swept")  # the sweep sets it


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["gain_cell_dc", "gain_cell"])
def test_dies_of_a_shipped_bench_are_altered_and_equal_to_the_bit(name: str, single: NgspicePool) -> None:
    bench = shipped_bench(name, load_technology("generic28"))
    netlists = [bench.make(bench.point({"seed": seed})) for seed in range(5)]
    loaded = LoadedDeck(netlists[0].text)
    assert all(len(loaded.alterations(netlist.text) or ()) == 8 for netlist in netlists[1:])  # 4 transistors, w and vth
    expected = read_each(netlists, single)  # type: ignore[arg-type]
    altered = waves_of(single, [decks.DIVIDER, *netlists])[1:]  # type: ignore[list-item]
    assert all(same(a, b) for a, b in zip(expected, altered, strict=True))


@pytest.mark.ngspice
def test_a_run_that_fails_after_altering_says_what_reading_it_says(single: NgspicePool) -> None:
    netlist = climbs.NEEDS_TIGHTER_STEP
    mild = replace(netlist, text=netlist.text.replace("r1 b 0 1k", "r1 b 0 1"))
    single.run(mild)
    commands = LoadedDeck(mild.text).alterations(netlist.text)
    assert commands == ("alter @r1[resistance] = 1e3",)
    after_altering, alone = (single.run_many([one])[0] for one in (netlist, netlist))
    assert isinstance(after_altering, ConvergenceFailure)
    assert isinstance(alone, ConvergenceFailure)
    assert after_altering.message == alone.message


@pytest.mark.ngspice
def test_what_is_altered_does_not_stay_for_the_deck_after_it(single: NgspicePool) -> None:
    netlists = bodies("width", 3)
    order = [netlists[0], netlists[1], netlists[0], netlists[2], netlists[0]]
    first, _, second, _, third = waves_of(single, [decks.DIVIDER, *order])[1:]
    assert same(first, second)
    assert same(first, third)


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("6.35468648e-08", "635468648e-16"),
        ("1k", "1e3"),
        ("4.70n", "470e-11"),
        ("-0.45", "-045e-2"),
        (".5", "5e-1"),
        ("2meg", "2e6"),
        ("1.5e3u", "15e-4"),
        ("7", "7e0"),
        ("1mil", None),
        ("1e-9x", None),
        ("{a}", None),
        ("", None),
        ("+", None),
        (".", None),
        ("1.2345678901234567", None),
    ],
)
def test_a_number_is_written_with_a_whole_mantissa(written: str, whole: str | None) -> None:
    assert whole_mantissa(written) == whole
    if whole is not None:
        assert float(whole) == pytest.approx(_value(written))


def _value(written: str) -> float:
    value = parse_number(written)
    assert value is not None
    return value


BEFORE = f"v1 a 0 1\nr1 a b 1k\n.subckt s p\nr9 p 0 1k\n.ends\nx1 b s\n{CARD}m1 b a 0 0 nn w=1u l=1u m=1\n.tran 1n 9n"
CHANGES = {
    "a_device_in_a_subcircuit": ("r9 p 0 1k", "r9 p 0 2k"),
    "a_node": ("r1 a b 1k", "r1 a 0 1k"),
    "a_name": ("r1 a b 1k", "r2 a b 1k"),
    "a_model_card": ("vth0=0.33", "vth0=0.34"),
    "the_analysis": (".tran 1n 9n", ".tran 1n 8n"),
    "a_number_of_devices": ("m=1", "m=2"),
    "another_parameter": ("w=1u", "w=1u nf=2"),
    "a_value_with_a_coefficient": ("r1 a b 1k", "r1 a b 1k tc1=1e-3"),
    "an_expression": ("r1 a b 1k", "r1 a b {1k}"),
    "another_kind_of_source": ("v1 a 0 1", "v1 a 0 sin(0 1 1g)"),
    "a_small_signal_value": ("v1 a 0 1", "v1 a 0 dc 1 ac 1"),
    "a_line_more": ("r1 a b 1k", "r1 a b 1k\nr2 a b 1k"),
    "an_option": (".tran", ".options temp=85\n.tran"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_ngspice_would_not_follow_is_read_anew(change: str) -> None:
    old, new = CHANGES[change]
    before, after = deck("t", BEFORE).text, deck("t", BEFORE.replace(old, new)).text
    assert before != after
    assert LoadedDeck(before).alterations(after) is None


@pytest.mark.parametrize(
    ("card", "old", "new"),
    [
        ("r5 a b {agauss(1k,1,1)}", "r1 a b 1k", "r1 a b 2k"),  # drawn anew with each reading
        ("v9 q 0 trnoise(1m 1n 0 0)", "r1 a b 1k", "r1 a b 2k"),
        (".options seed=3", "r1 a b 1k", "r1 a b 2k"),
        (".options temp=27", ".options temp=27", ".options temp=85"),
        (".param w=1", ".param w=1", ".param w=2"),
        (".ic v(b)=1", ".ic v(b)=1", ".ic v(b)=2"),
        ("m3 b a 0 0 binned w=1u l=1u", "m3 b a 0 0 binned w=1u", "m3 b a 0 0 binned w=2u"),
        ("l1 a 0 1n\nl2 b 0 1n\nk1 l1 l2 0.9", "l1 a 0 1n", "l1 a 0 2n"),
        ("m3 b a 0 0 old w=1u l=1u\n.model old nmos level=1", "m3 b a 0 0 old w=1u", "m3 b a 0 0 old w=2u"),
        ('.lib "cards.lib" tt', "m1 b a 0 0 nn w=1u", "m1 b a 0 0 nn w=2u"),
        ("r7 a b\n+ 1k", "+ 1k", "+ 2k"),
        ("v8 c 0 pwl(0 0\n+ 1n 1)", "v8 c 0 pwl(0 0", "v8 c 0 pwl(0 1"),
    ],
)
def test_a_deck_that_reading_makes_different_is_read_anew(card: str, old: str, new: str) -> None:
    body = f"{card}\n{BEFORE}"
    assert LoadedDeck(deck("t", body).text).alterations(deck("t", body.replace(old, new)).text) is None


def test_comments_and_the_title_need_no_command() -> None:
    before, after = f"one\n* die 1\n{BEFORE}\n.end\n", f"two\n* die 2\n{BEFORE}\n.end\n"
    assert LoadedDeck(before).alterations(after) == ()


@pytest.mark.ngspice
@pytest.mark.parametrize("n_points", [30, 48, 300])
def test_a_source_with_many_points_is_the_same_whatever_ran_before(n_points: int) -> None:
    """libngspice writes beyond 1024 characters of a command: wrong values, or a crash some decks later."""

    def source(seed: int) -> Deck:
        values = np.random.default_rng(seed).standard_normal(n_points)
        points = " ".join(f"{t:.9g} {v:.9g}" for t, v in zip(np.linspace(0, 5e-9, n_points), values, strict=True))
        return deck("points", f"v1 a 0 pwl({points})\n{LOAD}{TRAN}", "v(b)")

    with NgspicePool(n_workers=1) as pool:
        found = pool.run_many([source(seed) for seed in range(6)])
    for seed, after_others in enumerate(found):
        with NgspicePool(n_workers=1) as pool:
            alone = pool.run(source(seed))
        assert isinstance(after_others, Waveforms)
        np.testing.assert_array_equal(after_others.signals["v(b)"], alone.signals["v(b)"])
