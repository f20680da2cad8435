"""The executor of this machine: every task becomes a result, whatever its deck does."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from spice import climbs, decks
from spice.decks import Deck, deck

from pycosim.campaign.local import LocalExecutor
from pycosim.campaign.task import Measurement, Point, Result, Task
from pycosim.errors import InputError, SimulatorMissing
from pycosim.spice import Waveforms
from pycosim.spice.installation import find_libngspice, installation_hint
from pycosim.spice.ladder import LADDER

pytestmark = [
    pytest.mark.ngspice,
    pytest.mark.skipif(find_libngspice() is None, reason=f"needs libngspice. {installation_hint()}"),
]


def final(waves: Waveforms, point: Point) -> float:
    """Last value of the first probe (V)."""
    return float(np.real(next(iter(waves.signals.values()))[-1]))


def scaled(waves: Waveforms, point: Point) -> float:
    return float(point["factor"]) * final(waves, point)


def wrong(waves: Waveforms, point: Point) -> float:
    raise KeyError("v(nope)")


def nothing(waves: Waveforms, point: Point) -> float:
    return math.nan


FINAL = Measurement(name="final", unit="V", function=final, version="1")
SCALED = Measurement(name="scaled", unit="V", function=scaled, version="1")


def task(index: int, netlist: Deck, *measurements: Measurement, ladder: tuple[str, ...] = ()) -> Task:
    return Task(
        index=index, netlist=netlist, measurements=measurements or (FINAL,), point={"factor": 2.0}, ladder=ladder
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="module")
def executor(root: Path) -> Iterator[LocalExecutor]:
    local = LocalExecutor(2, timeout=3.0, run_root=root)
    yield local
    local.close()


def run_one(executor: LocalExecutor, *args: Deck | Measurement, ladder: tuple[str, ...] = ()) -> Result:
    netlist, *measurements = args
    assert isinstance(netlist, Deck)
    ((index, result),) = executor.run([task(7, netlist, *measurements, ladder=ladder)])  # type: ignore[arg-type]
    assert index == 7
    return result


def test_every_task_comes_back_once_with_its_index_and_numbers(executor: LocalExecutor) -> None:
    found = dict(executor.run(task(index, decks.DIVIDER, FINAL, SCALED) for index in range(100, 130)))
    assert sorted(found) == list(range(100, 130))
    for result in found.values():
        assert result.values == pytest.approx({"final": 2.0, "scaled": 4.0})
        assert (result.failure, result.kind, result.rung) == ("", "", "")
        assert 0 < result.seconds < 3


def test_tasks_without_end_are_drawn_as_they_are_needed(executor: LocalExecutor) -> None:
    drawn: list[int] = []

    def endless() -> Iterator[Task]:
        for index in itertools.count():
            drawn.append(index)
            yield task(index, decks.DIVIDER)

    stream = executor.run(endless())
    for n_given, _ in enumerate(itertools.islice(stream, 30), start=1):
        assert len(drawn) <= n_given + 2 * executor.n_workers + 2
    stream.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("netlist", "kind", "said"),
    [
        (decks.RECURSIVE, "SimulatorCrashed", "died with signal SIGSEGV"),
        (decks.ENDLESS, "SimulationTimeout", "no result after 3 s"),
        (decks.NO_SOLUTION, "ConvergenceFailure", "timestep too small"),
        (decks.UNKNOWN_MODEL, "UndefinedModel", "model"),
        (decks.MISSING_PROBE, "MissingProbe", "nearest are v(bit_line)"),
        (decks.DANGLING, "SuspectNetlist", "floating"),
    ],
    ids=lambda item: item.name if isinstance(item, Deck) else "",
)
def test_a_failed_simulation_is_a_result_and_the_others_finish(
    executor: LocalExecutor, root: Path, netlist: Deck, kind: str, said: str
) -> None:
    tasks = [task(0, decks.DIVIDER), task(1, netlist), task(2, decks.DIODE)]
    found = dict(executor.run(tasks))
    assert found[0].values == pytest.approx({"final": 2.0})
    assert found[2].values
    assert found[1].values == {}
    assert found[1].kind == kind
    assert said in found[1].failure
    assert str(root) not in found[1].failure  # a random name would make two runs of one campaign differ
    assert (root / f"{netlist.name}-{netlist.digest[:12]}" / "deck.cir").is_file()


def test_a_second_failure_of_a_deck_takes_the_folder_of_the_first(executor: LocalExecutor, root: Path) -> None:
    first, second = run_one(executor, decks.LOOP), run_one(executor, decks.LOOP)
    assert first.failure == second.failure
    assert len(list(root.glob(f"{decks.LOOP.name}-*"))) == 1


def test_a_measurement_that_raises_is_a_failed_result(executor: LocalExecutor, root: Path) -> None:
    broken = Measurement(name="delay", unit="s", function=wrong, version="1")
    result = run_one(executor, decks.DIVIDER, FINAL, broken)
    assert result.failure == "the measurement delay raised KeyError: 'v(nope)'"
    assert (result.kind, result.values) == ("KeyError", {"final": 2.0})  # what could be measured is kept
    assert (root / f"divider-{decks.DIVIDER.digest[:12]}" / "deck.cir").is_file()


def test_a_measurement_that_gives_no_number_is_a_failed_result(executor: LocalExecutor) -> None:
    result = run_one(executor, decks.DIVIDER, Measurement(name="delay", unit="s", function=nothing, version="1"))
    assert "the measurement delay gave nan" in result.failure


def test_the_rung_that_solved_a_deck_is_named(executor: LocalExecutor, root: Path) -> None:
    result = run_one(executor, climbs.NEEDS_TIGHTER_STEP, ladder=LADDER)
    assert result.rung == "tighter_step"
    assert result.failure == ""
    assert result.values["final"] == pytest.approx(climbs.JUMP_AFTER, rel=1e-3)  # reltol
    assert not list(root.glob(f"{climbs.NEEDS_TIGHTER_STEP.name}-*"))  # nothing failed in the end


def test_rungs_that_change_nothing_or_fail_are_passed(executor: LocalExecutor) -> None:
    assert run_one(executor, climbs.NEEDS_GMIN_STEPPING, ladder=LADDER).rung == "gmin_stepping"
    assert run_one(executor, climbs.NEEDS_SOURCE_STEPPING, ladder=LADDER).rung == "source_stepping"
    assert run_one(executor, climbs.NEEDS_RELAXED_TOLERANCE, ladder=LADDER).rung == "relaxed_tolerance"


def test_the_ladder_is_climbed_only_where_it_is_asked_for(executor: LocalExecutor) -> None:
    assert run_one(executor, climbs.NEEDS_TIGHTER_STEP).kind == "ConvergenceFailure"


def test_a_deck_that_no_rung_solves_fails_with_what_was_tried(executor: LocalExecutor, root: Path) -> None:
    result = run_one(executor, decks.NO_SOLUTION, ladder=LADDER)
    assert (result.kind, result.rung) == ("ConvergenceFailure", "")
    assert result.failure.endswith(
        "tried without success: " + ", ".join(f"{rung} (ConvergenceFailure)" for rung in LADDER)
    )
    assert len(list(root.glob(f"{decks.NO_SOLUTION.name}-*"))) == 1


@pytest.mark.parametrize("netlist", [decks.RECURSIVE, decks.ENDLESS, decks.LOOP], ids=lambda netlist: netlist.name)
def test_the_ladder_does_not_try_again_what_did_not_fail_to_converge(executor: LocalExecutor, netlist: Deck) -> None:
    assert "tried" not in run_one(executor, netlist, ladder=LADDER).failure


def test_many_tasks_that_climb_all_come_back(executor: LocalExecutor) -> None:
    decks_of_the_batch = [decks.DIVIDER, climbs.NEEDS_GMIN_STEPPING, decks.NO_SOLUTION]
    tasks = [task(i, decks_of_the_batch[i % 3], ladder=LADDER) for i in range(15)]
    found = dict(executor.run(tasks))
    assert sorted(found) == list(range(15))
    assert [found[i].rung for i in range(3)] == ["", "gmin_stepping", ""]
    assert [bool(found[i].failure) for i in range(15)] == [False, False, True] * 5


def test_the_version_names_the_simulator(executor: LocalExecutor) -> None:
    assert executor.simulator_version().startswith("ngspice-")


def test_a_missing_library_ends_the_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "/nowhere/libngspice.so")
    with pytest.raises(SimulatorMissing, match="Install ngspice"):
        list(LocalExecutor(1).run([task(0, decks.DIVIDER)]))
    with pytest.raises(SimulatorMissing, match="Install ngspice"):
        LocalExecutor(1).simulator_version()


RESISTORS = [deck(f"r{r}", f"v1 a 0 1\nr1 a 0 {r}\n.op", "i(v1)") for r in range(1, 12)]


@pytest.fixture(scope="module")
def sharing(root: Path) -> Iterator[LocalExecutor]:
    local = LocalExecutor(2, timeout=3.0, run_root=root, share=4)
    yield local
    local.close()


def test_tasks_that_share_decks_come_back_each_with_its_own_numbers(sharing: LocalExecutor) -> None:
    found = dict(sharing.run(task(10 + i, netlist) for i, netlist in enumerate(RESISTORS)))
    assert sorted(found) == list(range(10, 21))
    for index, result in found.items():
        assert result.values["final"] == pytest.approx(-1 / (index - 9), rel=1e-9)  # linear: to rounding


def test_one_that_fails_in_a_shared_deck_does_not_take_the_others_with_it(sharing: LocalExecutor, root: Path) -> None:
    netlists = [*RESISTORS[:3], deck("r_bad", "v1 a 0 1\nr1 a q 1\n.op", "i(v1)"), *RESISTORS[3:6]]
    found = dict(sharing.run(task(i, netlist) for i, netlist in enumerate(netlists)))
    assert [found[i].kind for i in range(7)] == ["", "", "", "SuspectNetlist", "", "", ""]
    assert not list(root.glob("r1_x4-*"))


def test_decks_that_cannot_share_run_alone_and_climb(sharing: LocalExecutor) -> None:
    netlists = [decks.DIVIDER, climbs.NEEDS_GMIN_STEPPING, decks.NO_SOLUTION, *RESISTORS[:2], *[decks.DIODE] * 5]
    found = dict(sharing.run(task(i, netlist, ladder=LADDER) for i, netlist in enumerate(netlists)))
    assert sorted(found) == list(range(10))
    assert found[1].rung == "gmin_stepping"
    assert found[2].kind == "ConvergenceFailure"
    assert all(found[i].values for i in (0, 1, 3, 4, 5, 6, 7, 8, 9))


def test_results_of_shared_decks_have_a_version_of_their_own(executor: LocalExecutor, sharing: LocalExecutor) -> None:
    assert sharing.simulator_version() == f"{executor.simulator_version()}-shared"


def test_no_task_in_a_deck_is_refused() -> None:
    with pytest.raises(InputError, match="share must be 1"):
        LocalExecutor(1, share=0)
