"""The checker: as strict as checking every deck, and asks once for decks that differ in values only."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from pycosim.errors import SuspectNetlist, UnsafeNetlist
from pycosim.spice import checked
from pycosim.spice.checked import Checker
from pycosim.spice.deck import Extent
from pycosim.spice.prepare import runnable_deck

from . import decks
from .decks import Deck, deck

BODY = "v1 a 0 pwl(0 0 1n 1.5)\nr1 a b 1k\nm1 b a 0 0 nn w=1u l=1u\n.model nn nmos level=1\n.ic v(b)=0.5\n.tran 1n 9n"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the decks that were checked in full."""
    names: list[str] = []
    full = checked._judge

    def noted(netlist: Deck, lines: list[str]) -> checked._Verdict:
        names.append(netlist.name)
        return full(netlist, lines)

    monkeypatch.setattr(checked, "_judge", noted)
    return names


def with_body(old: str, new: str, name: str = "t") -> Deck:
    assert old in BODY
    return deck(name, BODY.replace(old, new), "v(b)")


@pytest.mark.parametrize(
    ("old", "new"),
    [("1k", "2.2k"), ("1.5", "-3e-1"), ("w=1u", "w=2.345e-06"), ("v(b)=0.5", "v(b)=0.25"), ("1n 1.5", "2.5n 1.5")],
)
def test_values_are_not_looked_at_twice(old: str, new: str, judged: list[str]) -> None:
    checker = Checker()
    first, second = with_body("1k", "1k"), with_body(old, new)
    assert checker.check(first).deck == runnable_deck(first)
    assert checker.check(second).deck == runnable_deck(second)
    assert len(judged) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("r1 a b 1k", "r1 a c 1k"),
        ("r1 a b 1k", "r1 a 7 1k"),
        ("nn w", "n2 w"),
        ("v(b)=", "v(c)="),
        (".tran 1n 9n", ".tran 1n 8n"),
        ("level=1", "level=2"),
        ("1k", "{shell}"),
        ("pwl(0 0 1n 1.5)", "pwl(0 0 1n 1.5 2n 0)"),
    ],
)
def test_everything_else_is_looked_at(old: str, new: str, judged: list[str]) -> None:
    checker = Checker()
    checker.check(with_body("1k", "1k", "first"))
    with contextlib.suppress(SuspectNetlist):
        checker.check(with_body(old, new, "second"))
    assert judged == ["first", "second"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("*# shell rm x", UnsafeNetlist),
        ("* ng_script", UnsafeNetlist),
        ("* ends \\", UnsafeNetlist),
        ("r9 a 0 `x`", UnsafeNetlist),
        (".control", UnsafeNetlist),
        ("r9 a 0 1k file=x", UnsafeNetlist),
        ("r9 a 0", SuspectNetlist),
        ("r9 a q 1k", SuspectNetlist),
    ],
)
def test_a_bad_line_is_refused_after_a_thousand_good_decks_as_before(line: str, error: type[Exception]) -> None:
    checker = Checker()
    for value in range(1, 30):
        checker.check(deck("t", f"* comment {value}\n{BODY}".replace("1k", f"{value}k")))
    for _ in range(2):
        with pytest.raises(error):
            checker.check(deck("t", f"{line}\n{BODY}"))


def test_a_comment_of_another_deck_is_no_reason_to_check_again(judged: list[str]) -> None:
    checker = Checker()
    checker.check(deck("t", f"* die 1\n{BODY}"))
    checker.check(deck("t", f"* die 2\n{BODY}"))
    assert len(judged) == 1


@pytest.mark.parametrize("title", ["*ng_script", ".model x", "+ x", "", "@x", "x" * 1001])
def test_a_title_is_looked_at_every_time(title: str) -> None:
    checker = Checker()
    good = deck("t", BODY)
    checker.check(good)
    with pytest.raises(UnsafeNetlist):
        checker.check(replace(good, text=f"{title}\n" + good.text.partition("\n")[2]))


def test_a_random_deck_gets_its_seed_every_time() -> None:
    checker = Checker()
    for value in (1, 2, 3):
        one = deck("t", f"v1 a 0 {value}\nr1 a 0 {{agauss(1k,100,3)}}\n.op", "i(v1)")
        found = checker.check(one)
        assert found.deck == runnable_deck(one)
        assert ".options seed=1" in found.deck
    assert not found.needs_fresh_worker


def test_noise_sources_need_a_fresh_worker_every_time() -> None:
    checker = Checker()
    for value in (1, 2):
        one = deck("t", f"v1 a 0 0 trrandom(2 10p 0 1m)\nr1 a 0 {value}k\n.tran 10p 1n", "v(a)")
        assert checker.check(one).needs_fresh_worker


def test_the_extent_is_the_deck_s_own() -> None:
    checker = Checker()
    for stop in (9, 8, 9):
        assert checker.check(with_body(".tran 1n 9n", f".tran 1n {stop}n")).extent == Extent("time", stop * 1e-9)


def test_libraries_are_made_absolute_and_looked_at_when_they_change(tmp_path: Path, judged: list[str]) -> None:
    library = tmp_path / "cards.lib"
    library.write_text(".model nn nmos level=1\n")
    checker = Checker()

    def body(value: str) -> Deck:
        text = f'.include "cards.lib"\nv1 a 0 1\nr1 a b {value}\nm1 b a 0 0 nn w=1u l=1u\n.op'
        return deck("t", text, "v(b)", libraries=(library,))

    for value in ("1k", "2k"):
        one = body(value)
        assert checker.check(one).deck == runnable_deck(one)
        assert str(library) in checker.check(one).deck
    assert len(judged) == 1
    library.write_text(".model nn nmos level=1\n*# shell touch x\n")
    with pytest.raises(UnsafeNetlist):
        checker.check(body("3k"))
    library.unlink()
    with pytest.raises(UnsafeNetlist, match="cannot be read"):
        checker.check(body("4k"))


def test_the_sound_decks_pass_twice_alike() -> None:
    checker = Checker()
    for netlist in (*decks.SOUND, *decks.SOUND):
        assert checker.check(netlist).deck == runnable_deck(netlist)


def test_old_skeletons_are_forgotten() -> None:
    checker = Checker()
    for place in range(200):
        checker.check(deck("t", f"v1 n{place} 0 1\nr1 n{place} 0 1k\n.op"))
    assert len(checker._known) <= 64
