"""Stored waveforms stand in for ngspice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import InputError, MissingProbe, SimulationError
from pycosim.spice import Replay, Simulator, Waveforms, record_waveforms
from pycosim.spice.replay import recording_path

from .decks import DISCHARGE, DIVIDER, LOW_PASS, LOW_PASS_NOISE, NOISE_BY_DEVICE, Deck


def waveforms_of(netlist: Deck, **signals: np.ndarray) -> Waveforms:
    time = np.linspace(0, 1e-9, 5)
    given = {"v(a)": np.exp(-time), **signals}
    return Waveforms(axis=time, axis_name="time", signals=given, netlist_digest=netlist.digest)


def test_what_was_recorded_comes_back_bit_for_bit(tmp_path: Path) -> None:
    recorded = waveforms_of(DISCHARGE, phase=np.exp(1j * np.arange(5)))
    record_waveforms(tmp_path / "new", DISCHARGE, recorded)
    with Replay(tmp_path / "new") as replay:
        replayed = replay.run(DISCHARGE)
    assert replayed.axis_name == "time"
    np.testing.assert_array_equal(replayed.time, recorded.time)
    assert list(replayed.signals) == ["v(a)", "phase"]
    for probe, values in recorded.signals.items():
        np.testing.assert_array_equal(replayed.signals[probe], values)
        assert replayed.signals[probe].dtype == values.dtype
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"{DISCHARGE.digest}.npz"]


@pytest.mark.ngspice
def test_a_simulator_can_be_recorded(tmp_path: Path, pool: Simulator) -> None:
    simulated = pool.run(DIVIDER)
    record_waveforms(tmp_path, DIVIDER, simulated)
    replayed = Replay(tmp_path).run(DIVIDER)
    for probe in DIVIDER.probes:
        np.testing.assert_array_equal(replayed.signals[probe], simulated.signals[probe])


@pytest.mark.ngspice
@pytest.mark.parametrize("netlist", [LOW_PASS, LOW_PASS_NOISE, NOISE_BY_DEVICE], ids=lambda netlist: netlist.name)
def test_spectra_can_be_recorded(netlist: Deck, tmp_path: Path, pool: Simulator) -> None:
    simulated = pool.run(netlist)
    record_waveforms(tmp_path, netlist, simulated)
    replayed = Replay(tmp_path).run(netlist)
    assert replayed.axis_name == "frequency"
    np.testing.assert_array_equal(replayed.axis, simulated.axis)
    for probe in netlist.probes:
        np.testing.assert_array_equal(replayed.signals[probe], simulated.signals[probe])


def test_a_missing_recording_says_what_was_wanted_and_how_to_record(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=f"rc_discharge: no recording of digest {DISCHARGE.digest}") as failure:
        Replay(tmp_path).run(DISCHARGE)
    assert "record_waveforms(folder, netlist, waveforms)" in str(failure.value)


def test_many_runs_record_their_failures(tmp_path: Path) -> None:
    record_waveforms(tmp_path, DISCHARGE, waveforms_of(DISCHARGE))
    seen: list[int] = []
    first, second = Replay(tmp_path).run_many([DISCHARGE, DIVIDER], lambda done, total: seen.append(done))
    assert isinstance(first, Waveforms)
    assert isinstance(second, SimulationError)
    assert seen == [1, 2]


def test_a_recording_without_a_probe_is_said_so(tmp_path: Path) -> None:
    bare = waveforms_of(DIVIDER)
    record_waveforms(tmp_path, DIVIDER, bare)
    with pytest.raises(MissingProbe, match=r"has no v\(out\), i\(v1\)"):
        Replay(tmp_path).run(DIVIDER)


def test_waveforms_of_another_netlist_are_not_recorded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wanted waveforms of netlist divider"):
        record_waveforms(tmp_path, DIVIDER, waveforms_of(DISCHARGE))


@pytest.mark.parametrize("content", [b"", b"PK no archive", b"\x93NUMPY"])
def test_a_broken_recording_is_an_error(tmp_path: Path, content: bytes) -> None:
    recording_path(tmp_path, DISCHARGE).write_bytes(content)
    with pytest.raises(SimulationError, match="cannot be read"):
        Replay(tmp_path).run(DISCHARGE)


def test_a_pickle_in_a_recording_is_not_loaded(tmp_path: Path) -> None:
    path = recording_path(tmp_path, DISCHARGE)
    np.savez(path, axis=np.array([{}], dtype=object), axis_name=np.array("time"))
    with pytest.raises(SimulationError, match="cannot be read"):
        Replay(tmp_path).run(DISCHARGE)


def test_a_digest_that_is_no_word_is_no_file(tmp_path: Path) -> None:
    class Outside:
        name, text, probes, settings, libraries = "x", "", (), (), ()
        digest = "../../etc/x"

    with pytest.raises(InputError, match="wanted a digest of letters"):
        Replay(tmp_path).run(Outside())


@pytest.mark.parametrize("kind", ["Replay", "NgspiceBatch", "NgspicePool"])
def test_every_engine_is_a_simulator(kind: str, tmp_path: Path) -> None:
    import pycosim.spice

    engine = getattr(pycosim.spice, kind)
    assert isinstance(engine(tmp_path) if kind == "Replay" else engine(), Simulator)
