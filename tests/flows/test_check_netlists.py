"""The check of a folder of netlists names what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycosim.errors import InputError
from pycosim.flows.netlists import MANIFEST, check_netlists, write_netlists


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_netlists(tmp_path / "netlists")
    return tmp_path / "netlists"


def a_deck(folder: Path) -> Path:
    return next(folder.glob("column__*.cir"))


def test_what_was_just_written_is_right(folder: Path) -> None:
    assert check_netlists(folder) == []


def test_a_changed_netlist_is_named(folder: Path) -> None:
    path = a_deck(folder)
    path.write_text(path.read_text(encoding="utf-8").replace("w=6.4e-08", "w=6.5e-08"), encoding="utf-8")
    assert check_netlists(folder) == [path.name]


@pytest.mark.parametrize("change", [b"", b"\r\n", b"\xff\xfe"])
def test_a_change_of_line_ends_or_of_bytes_is_a_change(folder: Path, change: bytes) -> None:
    path = a_deck(folder)
    path.write_bytes(path.read_bytes().replace(b"\n", change))
    assert check_netlists(folder) == [path.name]


def test_a_missing_netlist_is_named(folder: Path) -> None:
    path = a_deck(folder)
    path.unlink()
    assert check_netlists(folder) == [path.name]


def test_a_foreign_netlist_is_named_and_other_files_are_left_alone(folder: Path) -> None:
    (folder / "mine.cir").write_text("mine\n.end\n", encoding="utf-8")
    (folder / "README.md").write_text("notes\n", encoding="utf-8")
    assert check_netlists(folder) == ["mine.cir"]


def test_a_changed_or_missing_manifest_is_named(folder: Path) -> None:
    (folder / MANIFEST).write_text("{}\n", encoding="utf-8")
    assert check_netlists(folder) == [MANIFEST]
    (folder / MANIFEST).unlink()
    assert check_netlists(folder) == [MANIFEST]


def test_writing_again_repairs_a_folder(folder: Path) -> None:
    a_deck(folder).write_text("broken\n", encoding="utf-8")
    write_netlists(folder)
    assert check_netlists(folder) == []


def test_a_folder_that_is_not_there_is_answered_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder .*absent.*; write them first with `pycosim netlists`"):
        check_netlists(tmp_path / "absent")
