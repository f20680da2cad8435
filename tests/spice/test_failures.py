"""Every way to fail has its exception, which names netlist and run directory and says what to try."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import (
    ConvergenceFailure,
    MissingProbe,
    SimulationError,
    SimulationTimeout,
    SimulatorCrashed,
    SuspectNetlist,
    UndefinedModel,
)
from pycosim.spice import NgspiceBatch, NgspicePool, Simulator
from pycosim.spice.deck import Extent
from pycosim.spice.rawfile import Plot
from pycosim.spice.results import to_waveforms

from . import decks
from .decks import Deck

pytestmark = pytest.mark.ngspice

CASES: list[tuple[Deck, type[SimulationError], str]] = [
    (decks.NO_SOLUTION, ConvergenceFailure, "[Tt]imestep too small.*method=gear"),
    (decks.UNKNOWN_MODEL, UndefinedModel, "nope.*include the library"),
    (decks.UNKNOWN_SUBCIRCUIT, UndefinedModel, "nope.*include the library"),
    (decks.UNKNOWN_PARAMETER, UndefinedModel, r"nope.*define it with \.param"),
    (decks.UNKNOWN_MODEL_PARAMETER, UndefinedModel, "nope.*correct its name or the level"),
    (decks.UNKNOWN_INSTANCE_PARAMETER, UndefinedModel, "nope"),
    (decks.WRONG_PORTS, UndefinedModel, "[Tt]oo few parameters.*as many nodes"),
    (decks.MISSING_PROBE, MissingProbe, r"'v\(bitline\)' is not among .* nearest are v\(bit_line\)"),
    (decks.NOTHING_SAVED, MissingProbe, "correct the names"),
    (decks.FLOATING, SuspectNetlist, r"floating: no DC path to ground from x; connect it, or give it \.ic"),
    (decks.DANGLING, SuspectNetlist, r"floating: only one terminal touches x \(r2\)"),
    (decks.NO_RESISTANCE, SuspectNetlist, "r1 has no resistance"),
    (decks.NO_RESISTANCE_IN_MODEL, SuspectNetlist, "r1.*set to 1 mOhm"),
    (decks.LOOP, SuspectNetlist, "loop of voltage sources"),
    (decks.NOISE_OF_NO_NODE, SuspectNetlist, r"line 5: the output outt of \.noise is no node .* nearest are out"),
    (decks.NOISE_OF_NO_SOURCE, UndefinedModel, r"v7 not in circuit.*refer \.noise to a V or I source"),
    (decks.NOISE_OF_A_RESISTOR, UndefinedModel, r"r1 is not of proper type.*refer \.noise"),
    (decks.NOISE_WITHOUT_AC, SuspectNetlist, "v1 has no AC value.*dc 0.45 ac 1"),
    (decks.NOISE_WITHOUT_INTEGRAL, MissingProbe, "and for its integral onoise_total"),
    (decks.NOISE_MISSING_PROBE, MissingProbe, "'onoise_spectra' is not among .* nearest are onoise_spectrum"),
    (decks.NOISE_BACKWARDS, SuspectNetlist, r"frequencies must rise, found 1e\+06 to 1000 Hz"),
    (decks.RESPONSE_TO_NOTHING, SuspectNetlist, "line 4: no source has an AC value"),
    (decks.WRONG_IC, SuspectNetlist, "non-existent node.*nope.*correct its name"),
]


@pytest.mark.parametrize("engine", ["pool", "batch"])
@pytest.mark.parametrize(("netlist", "kind", "said"), CASES, ids=[case[0].name for case in CASES])
def test_each_failure_is_its_own_exception(
    netlist: Deck, kind: type[SimulationError], said: str, engine: str, request: pytest.FixtureRequest
) -> None:
    simulator: Simulator = request.getfixturevalue(engine)
    with pytest.raises(kind, match=said) as failure:
        simulator.run(netlist)
    assert type(failure.value) is kind
    assert failure.value.netlist == netlist.name
    directory = failure.value.run_directory
    assert directory is not None
    assert (directory / "deck.cir").read_text() == netlist.text
    assert str(directory) in str(failure.value)


@pytest.mark.parametrize("engine", ["pool", "batch"])
def test_a_deck_that_kills_ngspice_is_a_crash(engine: str, request: pytest.FixtureRequest) -> None:
    simulator: Simulator = request.getfixturevalue(engine)
    # A later ngspice may find the recursion; then it must be an error all the same.
    with pytest.raises(SimulationError) as failure:
        simulator.run(decks.RECURSIVE)
    assert isinstance(failure.value, SimulatorCrashed) or "recursive" in str(failure.value)
    assert failure.value.run_directory is not None


@pytest.mark.parametrize("engine", [NgspiceBatch, NgspicePool])
def test_an_endless_run_is_a_time_out(engine: type[NgspiceBatch | NgspicePool], tmp_path: Path) -> None:
    with (
        engine(timeout=0.5, run_root=tmp_path) as simulator,
        pytest.raises(SimulationTimeout, match=r"no result after 0\.5 s.*raise the timeout") as failure,
    ):
        simulator.run(decks.ENDLESS)
    assert failure.value.run_directory is not None
    assert failure.value.run_directory.parent == tmp_path


def test_a_failure_does_not_stop_the_runs_beside_it(pool: NgspicePool) -> None:
    netlists = [decks.DIVIDER, decks.RECURSIVE, decks.UNKNOWN_MODEL, decks.DIVIDER, decks.DISCHARGE]
    seen: list[tuple[int, int]] = []
    outcomes = pool.run_many(netlists, lambda done, total: seen.append((done, total)))
    failed = [isinstance(outcome, SimulationError) for outcome in outcomes]
    assert failed == [False, True, True, False, False]
    assert seen == [(n, 5) for n in range(1, 6)]


def test_the_directory_of_a_sound_run_is_removed_unless_asked_for(tmp_path: Path) -> None:
    NgspiceBatch(run_root=tmp_path).run(decks.DIVIDER)
    assert not list(tmp_path.iterdir())
    NgspiceBatch(run_root=tmp_path, keep_runs=True).run(decks.DIVIDER)
    (kept,) = tmp_path.iterdir()
    assert {path.name for path in kept.iterdir()} >= {"deck.cir", ".spiceinit", "ngspice.log", "out.raw"}


def test_half_a_transient_is_refused(pool: NgspicePool) -> None:
    whole = pool.run(decks.DISCHARGE)
    half = {"time": whole.time[:100], "v(a)": whole.signals["v(a)"][:100]}
    with pytest.raises(ConvergenceFailure, match=r"the transient ended at .* wanted 5e-06 s"):
        to_waveforms([Plot("tran1", half)], "", decks.DISCHARGE, Extent("time", 5e-6))


def test_half_a_spectrum_is_refused(pool: NgspicePool) -> None:
    whole = pool.run(decks.LOW_PASS_NOISE)
    half = {"frequency": whole.axis[:40], "onoise_spectrum": whole.signals["onoise_spectrum"][:40]}
    integral = Plot("noise2", {"v(onoise_total)": np.array([6.4e-5])})
    extent = Extent("frequency", float(whole.axis[-1]))
    with pytest.raises(ConvergenceFailure, match=r"the frequency sweep ended at .* Hz, wanted 1e\+12 Hz"):
        to_waveforms([Plot("noise1", half), integral], "", decks.NOISE, extent)
    with pytest.raises(SimulationError, match="no data over frequency"):
        to_waveforms([integral], "", decks.NOISE, extent)
