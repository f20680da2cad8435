"""The committed netlists: what the circuits give now, byte for byte, and decks that plain ngspice runs as they are."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from circuits.rectifiers import RECTIFIER_KINDS
from pycosim.flows.netlists import MANIFEST, check_netlists, committed_netlists, write_netlists
from pycosim.spice import find_ngspice, installation_hint

FOLDER = Path(__file__).resolve().parents[2] / "netlists"
DECKS = sorted(path.name for path in FOLDER.glob("*.cir"))

needs_ngspice = pytest.mark.skipif(find_ngspice() is None, reason=f"needs ngspice. {installation_hint()}")


HARMLESS = re.compile(
    r"Trying gmin =.*Further gmin increment"  # a step of the search for the operating point, which then succeeds
    # ngspice 39 also tries to print the densities of a noise analysis from its second plot, the integrals
    r"|.*can't parse '[io]noise_spectrum': ignored"
    r"|Warning from checkvalid: vector [io]noise_spectrum is not available or has zero length"
    r"|Error: no data saved for Noise analysis; analysis not run"
)


def test_the_committed_netlists_are_what_the_circuits_give() -> None:
    assert check_netlists(FOLDER) == []


def test_writing_them_again_gives_the_same_bytes(tmp_path: Path) -> None:
    written = write_netlists(tmp_path)
    assert sorted(path.name for path in written) == sorted(path.name for path in FOLDER.iterdir())
    assert [path.name for path in written if path.read_bytes() != (FOLDER / path.name).read_bytes()] == []


def test_there_is_one_deck_of_every_bench() -> None:
    names = {netlist.name for netlist in committed_netlists().values()}
    cells = {"gain_cell_dc", "gain_cell_read", "retention", "oxide_hold"}
    drivers = {"write_path", "pulse_driver", "word_line_driver", "gate"}
    converters = {"charge_to_pulse", "column", "signed_charge_to_pulse", "signed_column", "noise_column"}
    others = {"active_integrator", "active_integrator_column", "array", "tile"}
    kinds = ("static", "series", "divisor", "symbols", "noisy", "swing", "response", "noise")
    multipliers = {"gilbert_dc", "gilbert_ac", "gilbert_noise", "gilbert_sine", "gilbert_step", "bipolar_gilbert_dc"}
    amplifiers = {"amplifier_ac", "amplifier_step", "amplifier_dc", "amplifier_noise", "macromodel_ac"}
    sums = {"degenerated_gilbert_dc", "summer_dc", "summer_ac", "gilbert_network", "gilbert_neuron", "rectifier_step"}
    sums |= {"gilbert_neuron_noise"}
    rectifiers = {f"{kind}_rectifier_dc" for kind in RECTIFIER_KINDS}
    memories = {"potentiometer_dc", "ladder_dc", "triode", "capacitor", "noise"}
    gilbert = multipliers | amplifiers | sums | rectifiers | {f"weight_{kind}" for kind in memories}
    electro_optic = {f"electro_optic_{kind}" for kind in kinds}
    optical = electro_optic | {"interferometer", "interferometer_noise"}
    assert names == cells | drivers | converters | others | optical | gilbert


def test_the_manifest_has_the_digest_of_every_deck() -> None:
    entries = json.loads((FOLDER / MANIFEST).read_text(encoding="utf-8"))["netlists"]
    assert sorted(entries) == DECKS
    # no settings and no libraries outside the deck: the digest is that of the text alone
    digests = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in DECKS}
    assert {name: entry["digest"] for name, entry in entries.items()} == digests


def test_a_deck_names_no_file_and_no_folder_of_this_machine() -> None:
    for name in DECKS:
        text = (FOLDER / name).read_text(encoding="ascii").lower()
        assert not re.search(r"^\.(lib|include|inc)\b", text, re.MULTILINE), name
        assert "/home" not in text
        assert ".control" not in text


@pytest.mark.ngspice
@needs_ngspice
@pytest.mark.parametrize("name", DECKS)
def test_a_committed_deck_runs_as_it_is(name: str, tmp_path: Path) -> None:
    """From its own folder, without start-up file: exit status 0, nothing wrong in the log, the table printed."""
    before = sorted(path.name for path in FOLDER.iterdir())
    program = find_ngspice()
    assert program is not None
    done = subprocess.run(
        [str(program), "-b", name],
        cwd=FOLDER,
        env=os.environ | {"OMP_THREAD_LIMIT": "1", "HOME": str(tmp_path), "SPICE_USERINIT_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-2000:]
    wrong = [
        line
        for line in re.findall(
            r"^.*(?:error|warning|fatal|singular|unrecognized|unknown|failed|too small).*$", log, re.I | re.M
        )
        if not HARMLESS.match(line)
    ]
    assert wrong == []
    # one row per point: an index, the axis, the values; every page of 60 repeats the head
    rows = re.findall(r"^(\d+)\t(\S+)\t(.+)$", done.stdout, re.MULTILINE)
    few = 10 if "_dc_" in name or "gilbert_neuron__" in name else 100
    assert len(rows) > (0 if name.startswith("interferometer__") else few)  # which is an operating point
    assert "nan" not in done.stdout.lower().split()
    assert sorted(path.name for path in FOLDER.iterdir()) == before
