"""No text from outside makes ngspice run a command or read a file that the netlist does not name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycosim.errors import UnsafeNetlist
from pycosim.spice.installation import find_ngspice
from pycosim.spice.prepare import runnable_deck
from pycosim.spice.safety import check_netlist

from .decks import SOUND, Deck

CARDS = ["v1 a 0 1", "r1 a 0 1k", ".op"]
PAYLOAD = "shell touch c"  # lower case, as ngspice makes of a hidden command
FAST = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), max_examples=300)

# Each of these made ngspice 39 run the payload (test_the_tricks_are_real runs them).
TRICKS: dict[str, list[str]] = {
    "control block": ["t", ".control", PAYLOAD, ".endc"],
    "mixed case": ["t", ".CoNtRoL", PAYLOAD, ".endc"],
    "leading blanks": ["t", "  \t.control", PAYLOAD, ".endc"],
    "longer word": ["t", ".controlled", PAYLOAD, ".endc"],
    "hidden command": ["t", "*#" + PAYLOAD],
    "hidden after blanks": ["t", "  *#" + PAYLOAD],
    "hidden by a semicolon": ["t", ";#" + PAYLOAD],
    "hidden by a dollar": ["t", " $#" + PAYLOAD],
    "script": ["*ng_script", PAYLOAD],
    "script by .title": ["t", ".title *ng_script", PAYLOAD],
    "script by .title in line 1": [".title *NG_script", PAYLOAD],
    "title longer than a buffer": ["t" * 4999 + "*#" + PAYLOAD],
    "inside .if": ["t", ".if (1)", ".control", PAYLOAD, ".endc", ".endif"],
}

# These did not, in ngspice 39; they stay refused.
REFUSED: dict[str, list[str]] = {
    "continued control": ["t", ".con", "+trol", PAYLOAD, ".endc"],
    "backslashes": ["t", ".con\\\\", "trol", PAYLOAD, ".endc"],
    "backslash": ["t", "r2 a 0 1 \\", "+ 2"],
    "hidden by slashes": ["t", "//#" + PAYLOAD],
    "continued hidden": ["t", "* note \\\\", "#" + PAYLOAD],
    "exec": ["t", ".exec " + PAYLOAD],
    "csparam": ["t", ".csparam x=1"],
    "shell": ["t", PAYLOAD],
    "upper-case shell": ["t", "SHELL touch c"],
    "source": ["t", "source other.cir"],
    "codemodel": ["t", "codemodel evil.cm"],
    "pre_osdi": ["t", "pre_osdi evil.osdi"],
    "back quotes": ["t", ".options foo=`touch c`"],
    "carriage return": ["t", "* x\r*#" + PAYLOAD],
    "form feed": ["t", "* x\x0c*#" + PAYLOAD],
    "vertical tab": ["t", "* x\x0b.control"],
    "NUL": ["t", "r2 a 0 1\x00"],
    "no-break space": ["t", "\u00a0.control"],
    "Kelvin sign": ["t", ".\u212aontrol"],
    "include": ["t", ".include /etc/passwd"],
    "inc": ["t", ".INC '/etc/passwd'"],
    "include without a blank": ["t", '.include"/etc/passwd"'],
    "longer include": ["t", ".includes /etc/passwd"],
    "continued include": ["t", ".include", "+ /etc/passwd"],
    "lib": ["t", ".lib /etc/passwd tt"],
    "section in a deck": ["t", ".lib tt", ".endl"],
    "home": ["t", ".include ~/x"],
    "variable": ["t", ".include $HOME/x"],
    "file source": ["t", "a1 %v([a]) fs", '.model fs filesource (file="/etc/passwd")'],
    "continued file source": ["t", "a1 %v([a]) fs", ".model fs", '+ filesource (file="/etc/passwd")'],
    "table": ["t", ".model t1 table2d (offset=0)"],
    "program": ["t", '.model p d_process (process_file="/bin/sh")'],
    "library": ["t", '.model p d_cosim (simulation="evil.so")'],
    "state file": ["t", '.model p d_dff (state_file="/etc/passwd")'],
    "model of an unknown type": ["t", ".model p nonsense"],
    "model type by a parameter": ["t", ".model p {kind}"],
    "at sign": ["t", "@ stop reading"],
    "card as title": [".include /etc/passwd"],
    "control as title": [".control", PAYLOAD, ".endc"],
    "continuation as title": ["+ x"],
    "empty title": [""],
    "blank title": ["   "],
}


def _text(head: list[str], *tail: str) -> str:
    return "\n".join([*head, *CARDS, ".end", *tail]) + "\n"


def _check(text: str, *libraries: Path, **variables: str) -> str:
    return check_netlist(Deck(name="outside", text=text, settings=tuple(variables.items()), libraries=tuple(libraries)))


@pytest.mark.parametrize("head", [*TRICKS.values(), *REFUSED.values()], ids=[*TRICKS, *REFUSED])
def test_a_trick_is_refused(head: list[str]) -> None:
    with pytest.raises(UnsafeNetlist, match=r"netlist outside: .*line \d"):
        _check(_text(head))


@pytest.mark.parametrize(
    "tail", [["*#" + PAYLOAD], ["r9 a 0 1"], [".end"], ["second deck", ".control", PAYLOAD, ".endc", ".end"]]
)
def test_what_follows_the_end_is_refused(tail: list[str]) -> None:
    with pytest.raises(UnsafeNetlist):
        _check(_text(["t"], *tail))


def test_a_deck_without_end_is_refused() -> None:
    with pytest.raises(UnsafeNetlist, match=r"wanted one \.end"):
        _check("t\nr1 a 0 1\n")


@pytest.mark.ngspice
@pytest.mark.parametrize("head", TRICKS.values(), ids=list(TRICKS))
def test_the_tricks_are_real(head: list[str], tmp_path: Path) -> None:
    """Documents why they are refused; a later ngspice may close one of these doors."""
    if not _runs_the_payload(_text(head), tmp_path):
        pytest.skip("this ngspice no longer runs it")


@pytest.mark.parametrize("netlist", SOUND, ids=lambda netlist: netlist.name)
def test_a_sound_deck_passes_unchanged(netlist: Deck) -> None:
    assert check_netlist(netlist) == netlist.text


@pytest.mark.parametrize(
    "lines",
    [
        [".title my circuit"],
        ["a title: shell, source and .control are words here"],
        ["t", "* ---- a comment # with a sign ----", "*** header ***", "$ comment", "; comment", "// comment"],
        ["t", "* 5 µm in a comment"],
        ["t", "r2 a 0 1 ; shell comment", "r3 a 0 1 $ .control comment"],
        ["t", "cd a 0 1p", "rshell a 0 1", "xsource a sub", ".subckt sub p", "r1 p 0 1", ".ends"],
        ["t", ".param profile=3", ".MODEL d1 D", "+ (is=1e-14", "* between", "+ n=1)"],
        ["t", "\tr2 a 0", "\t+ 1k"],
        ["t", ".if (1)", "r2 a 0 1", ".endif", ".temp 27", ".global vdd", ".nodeset v(a)=1", ".func f(x) {x}"],
    ],
)
def test_ordinary_text_passes(lines: list[str]) -> None:
    text = _text(lines)
    assert _check(text) == text


def test_a_library_is_named_by_its_path_or_the_end_of_it(tmp_path: Path) -> None:
    library = tmp_path / "cards" / "generic.lib"
    library.parent.mkdir()
    library.write_text(".lib tt\n.model dd d\n.endl tt\n")
    for named in (f'"{library}" tt', f"'{library}' tt", f"{library} tt", "generic.lib tt", "../cards/generic.lib tt"):
        checked = _check(_text(["t", f".LIB {named}"]), library)
        assert f'.lib "{library.resolve()}" tt' in checked.splitlines()
    with pytest.raises(UnsafeNetlist, match="not among the netlist's libraries"):
        _check(_text(["t", ".lib other/generic.lib tt"]), library)
    with pytest.raises(UnsafeNetlist, match="not among the netlist's libraries"):
        _check(_text(["t", f".include {library}x"]), library)


def test_libraries_are_checked_as_well(tmp_path: Path) -> None:
    bad, inner, outer = (tmp_path / name for name in ("bad.lib", "inner.lib", "outer.lib"))
    bad.write_text(f".control\n{PAYLOAD}\n.endc\n")
    inner.write_text(".model dd d\r\n")
    outer.write_text(".include inner.lib\n")
    deck = _text(["t", '.include "outer.lib"'])
    assert _check(deck, outer, inner)
    with pytest.raises(UnsafeNetlist, match=r"library .*outer\.lib: line 1 reads"):
        _check(deck, outer)
    with pytest.raises(UnsafeNetlist, match=r"library .*bad\.lib: line \d"):
        _check(_text(["t", ".include bad.lib"]), bad)
    with pytest.raises(UnsafeNetlist, match="cannot be read"):
        _check(_text(["t"]), tmp_path / "absent.lib")
    inner.write_text(f"*#{PAYLOAD}\n* changed\n")
    with pytest.raises(UnsafeNetlist, match=r"inner\.lib: line 1 is a hidden command"):
        _check(deck, outer, inner)


@pytest.mark.parametrize("behaviour", ["ps", "psa", "lt", "ltpsa"])
def test_in_ltspice_and_pspice_modes_a_section_is_a_file(behaviour: str, tmp_path: Path) -> None:
    library = tmp_path / "cards.lib"
    library.write_text(".lib tt\n.endl tt\n")
    with pytest.raises(UnsafeNetlist, match=r"reads '\.lib tt'"):
        _check(_text(["t"]), library, ngbehavior=behaviour)


@pytest.mark.parametrize(
    ("name", "value"),
    [("sourcepath", "/tmp"), ("addcontrol", ""), ("ngbehavior", "hs;shell"), ("ngbehavior", "`x`"), ("a b", "1")],
)
def test_a_setting_that_could_run_or_read_is_refused(name: str, value: str) -> None:
    with pytest.raises(UnsafeNetlist, match="is refused; known are"):
        _check(_text(["t"]), **{name: value})


def test_a_deck_with_random_numbers_gets_a_seed() -> None:
    random = Deck(name="random", text=_text(["t", "r2 a 0 {agauss(1k,1,3)}"]))
    assert runnable_deck(random).splitlines()[-2:] == [".options seed=1", ".end"]
    seeded = Deck(name="seeded", text=_text(["t", "r2 a 0 {agauss(1k,1,3)}", ".option seed=5"]))
    assert runnable_deck(seeded) == seeded.text


@given(st.text())
@FAST
def test_any_text_is_refused_or_passes_and_nothing_else(text: str) -> None:
    try:
        assert _check(text) == text
    except UnsafeNetlist as error:
        assert error.netlist == "outside"


def _mutated(line: str) -> st.SearchStrategy[str]:
    """The line in another case, with something before or behind it, or cut and continued."""
    case = st.sampled_from([str, str.upper, str.title, str.swapcase])
    before = st.sampled_from(
        ["", " ", "\t", "*", ";", "$", " $", "//", "+", "+ ", "*+", ".title ", "r9 a 0 1 ;", "\\\\"]
    )
    behind = st.sampled_from(["", " ", "\\", "\\\\", " ; x", " $ x", "\r", "\n+", "\n\n"])
    cut = st.tuples(st.integers(0, len(line)), st.sampled_from(["", "", "", "\n+", "\n+ ", "\\\\\n", "\n*\n+"]))
    return st.builds(
        lambda change, a, z, at: a + change(line[: at[0]] + at[1] + line[at[0] :]) + z, case, before, behind, cut
    )


ATTACKS = [".control", ".endc", PAYLOAD, "*#" + PAYLOAD, "#" + PAYLOAD, "*ng_script", ".title *ng_script", ".title *#x"]
ATTACKS += [".include trap.inc", ".lib trap.inc", ".lib trap.inc tt", ".inc trap.inc", ".exec " + PAYLOAD, ".if (1)"]
HARMLESS = ["r2 a 0 1", ".subckt s p", ".ends", "* note", "", ".param x=1", ".save v(a)", ".endif", ".options x=1"]
LINES = st.sampled_from(ATTACKS).flatmap(_mutated) | st.sampled_from(HARMLESS) | st.just(PAYLOAD)


@pytest.mark.ngspice
@given(
    st.sampled_from(["t", " t", ".title t", "* t"]) | LINES, st.lists(LINES, max_size=5), st.lists(LINES, max_size=1)
)
@settings(FAST, max_examples=400)
def test_what_passes_runs_no_command_in_ngspice(
    tmp_path_factory: pytest.TempPathFactory, title: str, lines: list[str], tail: list[str]
) -> None:
    text = _text([title, *lines], *tail)
    try:
        _check(text)
    except UnsafeNetlist:
        return
    assert not _runs_the_payload(text, tmp_path_factory.mktemp("fuzz"))


def _runs_the_payload(text: str, folder: Path) -> bool:
    (folder / "deck.cir").write_bytes(text.encode())
    (folder / "trap.inc").write_text(f".control\n{PAYLOAD}\n.endc\n.lib tt\n*#{PAYLOAD}\n.endl\n")
    command = [str(find_ngspice()), "-n", "-b", "deck.cir"]
    subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False)
    return (folder / "c").exists() or (folder / "C").exists()
