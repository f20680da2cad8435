"""A simulator that keeps every deck it is given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from stand_ins import StandIn

from pycosim.errors import InputError, SimulationError
from pycosim.spice import NetlistLike, Simulator, Waveforms
from pycosim.spice.keep import KeepNetlists


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    name: str
    text: str
    probes: tuple[str, ...] = ("v(a)",)
    settings: tuple[tuple[str, str], ...] = ()
    libraries: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def deck(number: int, name: str = "r") -> Deck:
    return Deck(name=name, text=f"r\nv1 a 0 {number}\n.op\n.end\n")


def constant(netlist: NetlistLike) -> Waveforms:
    return Waveforms(axis=np.zeros(1), axis_name="sweep", signals={"v(a)": np.zeros(1)}, netlist_digest=netlist.digest)


def test_each_digest_is_written_once_under_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "netlists"
    keep = KeepNetlists(StandIn(constant), folder)
    keep.run(deck(1))
    (folder / f"r__{deck(1).digest[:12]}.cir").unlink()  # would come back if it were written again
    keep.run_many([deck(1), deck(2), deck(2)])
    keep.run(deck(1))
    assert sorted(path.name for path in folder.iterdir()) == [f"r__{deck(2).digest[:12]}.cir"]


def test_a_kept_deck_has_the_bytes_that_ran(tmp_path: Path) -> None:
    with KeepNetlists(StandIn(constant), tmp_path) as keep:
        keep.run_many([deck(2), deck(1)])
        kept = keep.kept
    assert list(kept) == [deck(2).digest, deck(1).digest]  # in the order of first use
    for digest, (name, path) in kept.items():
        assert name == "r"
        assert path.parent == tmp_path
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


def test_a_deck_is_on_disk_before_it_runs_and_stays_there_when_it_fails(tmp_path: Path) -> None:
    def fails(netlist: NetlistLike) -> Waveforms:
        assert list(tmp_path.iterdir())
        raise SimulationError("gave up", netlist=netlist.name)

    keep = KeepNetlists(StandIn(fails), tmp_path)
    with pytest.raises(SimulationError, match="gave up"):
        keep.run(deck(1))
    (outcome,) = keep.run_many([deck(1)])
    assert isinstance(outcome, SimulationError)
    assert len(list(tmp_path.iterdir())) == 1


def test_it_is_a_simulator_that_passes_everything_on(tmp_path: Path) -> None:
    inner = StandIn(constant)
    told: list[tuple[int, int]] = []
    keep = KeepNetlists(inner, tmp_path)
    assert isinstance(keep, Simulator)
    with keep as same:
        outcomes = same.run_many([deck(1), deck(2)], lambda done, total: told.append((done, total)))
    assert [outcome.netlist_digest for outcome in outcomes if isinstance(outcome, Waveforms)] == [
        deck(1).digest,
        deck(2).digest,
    ]
    assert told == [(1, 2), (2, 2)]
    assert inner.closed == 1


def test_what_is_kept_cannot_be_changed_from_outside(tmp_path: Path) -> None:
    keep = KeepNetlists(StandIn(constant), tmp_path)
    keep.kept["x"] = ("x", tmp_path)
    assert keep.kept == {}


@pytest.mark.parametrize("name", ["../r", "a/r", "/tmp/r"])
def test_a_name_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    keep = KeepNetlists(StandIn(constant), tmp_path / "netlists")
    with pytest.raises(InputError, match="must be a file name"):
        keep.run(deck(1, name))
    assert [path.name for path in tmp_path.rglob("*")] == ["netlists"]
