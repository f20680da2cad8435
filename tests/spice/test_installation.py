"""Finding ngspice, and living without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycosim.errors import SimulatorMissing
from pycosim.spice import NgspiceBatch
from pycosim.spice.installation import find_libngspice, find_ngspice, installation_hint, ngspice_version

from .decks import DIVIDER


def test_absence_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("PYCOSIM_NGSPICE", raising=False)
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "/nowhere/libngspice.so")
    assert find_ngspice() is None
    assert find_libngspice() is None
    assert ngspice_version() is None
    with pytest.raises(SimulatorMissing, match=r"netlist divider: no ngspice on this machine\. Install ngspice"):
        NgspiceBatch().run(DIVIDER)


def test_a_program_that_does_not_answer_has_no_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ngspice"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PYCOSIM_NGSPICE", str(program))
    assert find_ngspice() == program
    assert ngspice_version() is None


@pytest.mark.ngspice
def test_what_is_installed_is_found() -> None:
    version = ngspice_version()
    assert version is not None
    assert int(version.split(".")[0]) >= 39


def test_the_hint_is_one_sentence_for_debian_fedora_and_macos() -> None:
    for command in ("apt install ngspice libngspice0", "dnf install ngspice libngspice", "brew install ngspice"):
        assert command in installation_hint()
    assert ". " not in installation_hint()
    assert installation_hint().endswith(".")
