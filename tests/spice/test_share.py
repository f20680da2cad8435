"""Circuits in one deck: taken apart again they are those that were put in, and agree with each alone to tolerance."""

from __future__ import annotations

import numpy as np
import pytest

from circuits.technology import load_technology
from pycosim.campaign.catalogue import shipped_bench
from pycosim.spice import NetlistLike, NgspicePool, Waveforms
from pycosim.spice.share import shared

from . import decks
from .decks import Deck, deck

CARDS = ".model dd d is=1e-14\n.subckt half p q\nr1 p q 1k\n.ends\n"


def divider(value: str, *probes: str, name: str = "t", cards: str = CARDS, analysis: str = ".tran 0.1n 9n") -> Deck:
    body = (
        f"{cards}v1 a 0 pulse(0 1 1n 1n 1n 3n 9n)\nx1 a b half\nc1 b 0 {value}p\nd1 b 0 dd\n.ic v(b)=0.1\n"
        f".options reltol=1e-5\n{analysis}"
    )
    return deck(name, body, *(probes or ("v(b)", "v(x1.q)", "i(v1)", "v(0)")[:1]))


@pytest.mark.ngspice
@pytest.mark.parametrize(
    ("name", "measured", "tolerance"),
    [
        ("gain_cell_dc", "read_current", 1e-6),  # Newton's last iteration at reltol 1e-5 is far better than that
        ("gain_cell", "charge", 2e-4),  # reltol 1e-4 of the transient, twice
    ],
)
def test_dies_in_one_deck_measure_what_they_measure_alone(
    name: str, measured: str, tolerance: float, pool: NgspicePool
) -> None:
    bench = shipped_bench(name, load_technology("generic28"))
    points = [bench.point({"seed": seed}) for seed in range(4)]
    netlists = [bench.make(point) for point in points]
    together = shared(netlists)
    assert together is not None
    measure = bench.measurements[measured].function
    each = [measure(pool.run(netlist), point) for netlist, point in zip(netlists, points, strict=True)]
    split = together.split(pool.run(together))
    assert [measure(waves, point) for waves, point in zip(split, points, strict=True)] == pytest.approx(
        each, rel=tolerance
    )
    assert [waves.netlist_digest for waves in split] == [netlist.digest for netlist in netlists]
    assert np.std(each) > 10 * tolerance * np.abs(each[0])  # they are different dies


@pytest.mark.ngspice
def test_linear_circuits_in_one_deck_are_alone_to_rounding(pool: NgspicePool) -> None:
    netlists: list[NetlistLike] = [
        deck(f"d{value}", f"v1 in 0 3\nr1 in out 1k\nr2 out 0 {value}k\n.op", "v(out)", "i(v1)") for value in (1, 2, 5)
    ]
    together = shared(netlists)
    assert together is not None
    for value, waves in zip((1, 2, 5), together.split(pool.run(together)), strict=True):
        assert waves.signals["v(out)"][0].real == pytest.approx(3 * value / (1 + value), rel=1e-9)
        assert waves.signals["i(v1)"][0].real == pytest.approx(-3 / (1 + value) * 1e-3, rel=1e-9)


@pytest.mark.ngspice
def test_subcircuits_initial_conditions_and_inner_nodes_stay_with_their_circuit(pool: NgspicePool) -> None:
    netlists = [divider(value, "v(b)", "i(v1)") for value in ("1", "2.5")]
    together = shared(netlists)
    assert together is not None
    for netlist, waves in zip(netlists, together.split(pool.run(together)), strict=True):
        alone = pool.run(netlist)
        assert waves.signals["v(b)"][0].real == pytest.approx(0.1, abs=1e-6)
        moments = np.linspace(0, 9e-9, 50)
        for probe in ("v(b)", "i(v1)"):
            a = np.interp(moments, waves.time, waves.signals[probe].real)
            b = np.interp(moments, alone.time, alone.signals[probe].real)
            assert np.abs(a - b).max() < 5e-3 * np.abs(b).max()  # interpolated between steps of 0.1 ns


@pytest.mark.parametrize(
    "other",
    [
        divider("1", cards=CARDS.replace("1e-14", "1e-15")),
        divider("1", cards=CARDS.replace("1k", "2k")),
        divider("1", analysis=".tran 0.1n 8n"),
        divider("1", analysis=".tran 0.1n 9n\n.options method=gear"),
        divider("1", "i(x1.v1)"),
        divider("1", "@c1[i]"),
        decks.DIVIDER,
        decks.LOW_PASS,
        decks.NOISE,
        decks.SWEEP,
    ],
    ids=range(10),
)
def test_decks_that_differ_in_more_than_devices_do_not_share(other: Deck) -> None:
    assert shared([divider("2"), other]) is None
    assert shared([other, divider("2")]) is None


@pytest.mark.parametrize(
    "body",
    [
        "v1 a 0 1\nr1 a 0 {agauss(1k,1,1)}\n.op",
        "v1 a 0 0 trrandom(2 10p 0 1m)\nr1 a 0 1k\n.tran 1p 1n",
        "v1 a 0 1\nr1 a 0 1k\n.op\n.tran 1p 1n",
        "v1 a 0 1\nr1 a 0 1k\n.dc v1 0 1 0.5 temp 0 100 50",
        "v1 a 0 1\nr1 a 0 1k\n.global a\n.op",
        "v1 a 0 1 ac 1\nr1 a 0 1k\n.ac dec 2 1 1k",
        "v1 a 0 1\nr1 a 0 1k\n.options savecurrents\n.op",
    ],
)
def test_decks_that_mean_something_else_in_a_subcircuit_do_not_share(body: str) -> None:
    assert shared([deck("one", body, "v(a)"), deck("two", body, "v(a)")]) is None


def test_the_current_of_a_swept_source_is_nobody_s_own() -> None:
    body = "v1 a 0 1\nr1 a 0 1k\n.dc v1 0 1 0.5"
    assert shared([deck("one", body, "i(v1)"), deck("two", body, "i(v1)")]) is None


@pytest.mark.ngspice
def test_a_swept_source_is_common_to_all(pool: NgspicePool) -> None:
    netlists = [deck(f"s{r}", f"v1 a 0 1\nv2 b 0 0\nr1 a b {r}k\n.dc v1 0 1 0.5", "v(a)", "i(v2)") for r in (1, 4)]
    together = shared(netlists)
    assert together is not None
    for r, waves in zip((1, 4), together.split(pool.run(together)), strict=True):
        assert isinstance(waves, Waveforms)
        assert waves.signals["v(a)"].real == pytest.approx([0, 0.5, 1])
        assert waves.signals["i(v2)"].real == pytest.approx(np.array([0, 0.5, 1]) / r * 1e-3, rel=1e-9)
