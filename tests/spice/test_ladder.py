"""The ladder: each rung solves a deck that ngspice does not, and edits nothing but what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pycosim.errors import ConvergenceFailure, InputError
from pycosim.spice import NgspicePool
from pycosim.spice.deck import read_cards
from pycosim.spice.ladder import LADDER, climb

from . import climbs, decks
from .decks import Deck, deck

RESCUES = (
    ("tighter_step", climbs.NEEDS_TIGHTER_STEP),
    ("gmin_stepping", climbs.NEEDS_GMIN_STEPPING),
    ("source_stepping", climbs.NEEDS_SOURCE_STEPPING),
    ("other_method", climbs.NEEDS_OTHER_METHOD),
    ("relaxed_tolerance", climbs.NEEDS_RELAXED_TOLERANCE),
)


@pytest.mark.ngspice
@pytest.mark.parametrize(("rung", "netlist"), RESCUES, ids=[rung for rung, _ in RESCUES])
def test_a_rung_solves_what_ngspice_does_not(rung: str, netlist: Deck, pool: NgspicePool) -> None:
    with pytest.raises(ConvergenceFailure):
        pool.run(netlist)
    climbed = climb(netlist, rung)
    assert climbed is not None
    pool.run(climbed)


@pytest.mark.ngspice
def test_gmin_stepping_finds_the_solution_of_the_equation(pool: NgspicePool) -> None:
    climbed = climb(climbs.NEEDS_GMIN_STEPPING, "gmin_stepping")
    assert climbed is not None
    waves = pool.run(climbed)
    v = waves.signals["v(b)"].real
    drawn = (waves.axis - v) / 753 - 0.0764 * np.arctan(5.39 * (v - 1.44))  # A: what flows in and not out
    assert np.abs(drawn).max() < 1e-3 * 2 / 753  # reltol of the voltages


@pytest.mark.ngspice
def test_a_tighter_step_ends_where_the_source_ends(pool: NgspicePool) -> None:
    climbed = climb(climbs.NEEDS_TIGHTER_STEP, "tighter_step")
    assert climbed is not None
    waves = pool.run(climbed)
    assert waves.signals["v(b)"][-1].real == pytest.approx(climbs.JUMP_AFTER, rel=1e-3)  # reltol


@pytest.mark.ngspice
@pytest.mark.parametrize("rung", LADDER)
@pytest.mark.parametrize("netlist", decks.SOUND, ids=lambda netlist: netlist.name)
def test_no_rung_changes_what_a_sound_deck_gives(rung: str, netlist: Deck, pool: NgspicePool) -> None:
    climbed = climb(netlist, rung)
    if climbed is None:
        return
    before, after = pool.run(netlist), pool.run(climbed)
    for probe, signal in before.signals.items():
        size = np.abs(signal).max()
        tolerance = 0.02 if rung == "relaxed_tolerance" else 5e-3  # of the largest value: reltol over many steps
        last = np.abs(after.signals[probe][-1] - signal[-1])
        assert last <= tolerance * size, probe


@pytest.mark.ngspice
def test_the_rungs_leave_a_deck_without_solution_without_one(pool: NgspicePool) -> None:
    for rung in LADDER:
        climbed = climb(decks.NO_SOLUTION, rung)
        assert climbed is not None
        with pytest.raises(ConvergenceFailure):
            pool.run(climbed)


def options_of(text: str) -> list[str]:
    return [card.text for card in read_cards(text) if card.words[0] == ".options"]


def transient(body: str) -> Deck:
    return deck("t", f"v1 a 0 sin(0 1 1g)\nr1 a 0 1k\n{body}", "v(a)")


@pytest.mark.parametrize(
    ("before", "largest"),
    [
        (".tran 1n 10n", 0.02e-9),  # ngspice's own: the smaller of the step and a fiftieth of the run
        (".tran 0.1n 10n", 0.01e-9),
        (".tran 1n 10n 0 0.5n", 0.05e-9),
        (".tran 1n 10n 5n", 0.01e-9),
        (".TRAN 1n\n* a comment\n+ 10n 0\n+ 0.5n uic", 0.05e-9),
    ],
)
def test_a_tighter_step_is_a_tenth_of_the_largest(before: str, largest: float) -> None:
    climbed = climb(transient(before), "tighter_step")
    assert climbed is not None
    (card,) = (card for card in read_cards(climbed.text) if card.words[0] == ".tran")
    assert float(card.words[4]) == pytest.approx(largest)
    assert card.words[1:3] == ("0.1n" if "0.1n" in before else "1n", "10n")
    assert ("uic" in card.words) == ("uic" in before)


def test_a_transient_written_as_an_expression_has_no_tighter_step() -> None:
    assert climb(transient(".param t=1n\n.tran {t} 10n"), "tighter_step") is None


@pytest.mark.parametrize("rung", ["tighter_step", "other_method"])
@pytest.mark.parametrize("netlist", [decks.DIVIDER, decks.SWEEP, decks.LOW_PASS], ids=lambda netlist: netlist.name)
def test_what_a_rung_does_not_touch_is_not_run_again(rung: str, netlist: Deck) -> None:
    assert climb(netlist, rung) is None


@pytest.mark.parametrize("rung", ["gmin_stepping", "source_stepping"])
def test_a_transient_without_operating_point_has_no_stepping_of_it(rung: str) -> None:
    assert climb(transient(".tran 1n 10n uic"), rung) is None


@pytest.mark.parametrize(("written", "other"), [("", "gear"), ("method=trap", "gear"), ("METHOD=Gear", "trap")])
def test_the_other_method_is_the_one_that_the_deck_does_not_name(written: str, other: str) -> None:
    climbed = climb(transient(f".options reltol=1e-5 {written}\n.tran 1n 10n"), "other_method")
    assert climbed is not None
    assert f"method={other}" in options_of(climbed.text)[-1]


def test_a_relaxed_tolerance_is_ten_times_the_deck_s_own_and_a_per_cent_at_most() -> None:
    for written, relaxed in (("reltol=1e-5", 1e-4), ("", 1e-2), ("reltol=5e-3", 1e-2)):
        climbed = climb(transient(f".options abstol=1p {written}\n.tran 1n 10n"), "relaxed_tolerance")
        assert climbed is not None
        values = dict(word.split("=") for word in options_of(climbed.text)[-1].split()[1:])
        assert float(values["reltol"]) == pytest.approx(relaxed)
        assert float(values["abstol"]) == pytest.approx(1e-11)
        assert math.isclose(float(values["vntol"]), 1e-5)


def test_every_rung_keeps_the_other_lines_and_gives_another_digest() -> None:
    netlist = transient(".options reltol=1e-5\n.tran 1n 10n")
    texts = set()
    for rung in LADDER:
        climbed = climb(netlist, rung)
        assert climbed is not None
        changed = set(netlist.text.split("\n")) - set(climbed.text.split("\n"))
        assert changed <= {".tran 1n 10n"}
        assert climbed.digest != netlist.digest
        texts.add(climbed.text)
    assert len(texts) == len(LADDER)


def test_an_unknown_rung_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="tighter_step, gmin_stepping"):
        climb(decks.DIVIDER, "prayer")
