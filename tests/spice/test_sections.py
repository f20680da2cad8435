from pathlib import Path

import pytest

from pycosim.errors import UnsafeNetlist
from pycosim.spice.safety import check_netlist
from pycosim.spice.sections import reached_sections

from .decks import deck

LIBRARY = """\
.lib typical
.param width=1
.lib 'cards.lib' common
.endl typical
.lib options
.lib 'not_delivered.lib' capacitors
.endl options
.lib common
.model nn nmos level=1
.endl common
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "Cards.lib"
    path.write_text(LIBRARY.replace("cards.lib", "Cards.lib"))
    return path


def test_sections_are_followed_from_the_deck(library: Path) -> None:
    text = f'title\n.lib "{library}" typical\n.end\n'
    assert reached_sections(text, frozenset({library})) == {library: frozenset({"typical", "common"})}


def test_an_included_library_counts_as_read_whole(library: Path) -> None:
    text = f'title\n.include "{library}"\n.end\n'
    assert reached_sections(text, frozenset({library})) == {library: frozenset({"typical", "common", "options"})}


def test_a_file_that_an_unread_section_names_does_not_matter(library: Path) -> None:
    good = deck("good", f'.lib "{library}" typical\nr1 a 0 1k\nv1 a 0 1\n.op', "v(a)", libraries=(library,))
    assert "typical" in check_netlist(good)


@pytest.mark.parametrize("card", [".lib {} options", ".include {}", ".LIB {} OPTIONS"])
def test_a_foreign_file_that_a_read_section_names_is_refused(library: Path, card: str) -> None:
    body = card.format(f'"{library}"') + "\nr1 a 0 1k\nv1 a 0 1\n.op"
    with pytest.raises(UnsafeNetlist, match=r"not_delivered\.lib"):
        check_netlist(deck("bad", body, "v(a)", libraries=(library,)))


def test_a_command_in_an_unread_section_is_refused_all_the_same(library: Path) -> None:
    library.write_text(LIBRARY.replace(".param width=1", "shell ls").replace("cards.lib", "Cards.lib"))
    body = f'.lib "{library}" common\nr1 a 0 1k\nv1 a 0 1\n.op'
    with pytest.raises(UnsafeNetlist, match="command"):
        check_netlist(deck("bad", body, "v(a)", libraries=(library,)))
