"""The pool: as exact as a fresh process, and hard to kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pycosim.errors import InputError, SimulationError, SimulatorCrashed, SimulatorMissing
from pycosim.spice import NgspiceBatch, NgspicePool, Waveforms
from pycosim.spice.channel import Job
from pycosim.spice.installation import find_libngspice
from pycosim.spice.workerprocess import WorkerProcess

from . import decks
from .decks import SOUND, Deck, deck

pytestmark = pytest.mark.ngspice

POLLUTERS = (
    deck("hot", "v1 a 0 1\nr1 a 0 1k tc1=1e-3\n.temp 85\n.op", "v(a)"),
    deck(
        "options",
        "v1 a 0 1\nr1 a 0 1k\n.op\n"
        ".options temp=120 tnom=50 gmin=1e-3 reltol=0.1 method=gear abstol=1e-6 itl1=5 seed=7",
        "v(a)",
    ),
    deck(
        "other_models",
        "v1 a 0 1\nr1 a b 1k\nd1 b 0 dd\nm1 a a 0 0 nn\n.model dd d is=1e-6 n=2\n.model nn nmos level=1 vto=0.2\n.op",
        "v(b)",
    ),
    deck(
        "parameters",
        ".param c1=3 r1=5 a=7 out=2\n.func v2(x) {x*2}\nv1 a 0 {v2(a)}\nr1 a 0 {r1}\n.op",
        "v(a)",
    ),
    deck("globals", ".global out d b\nv1 out 0 5\nr1 out d 1\nr2 d b 1\nr3 b 0 1\n.op", "v(out)"),
    deck(
        "initial",
        "c1 a 0 1n\nr1 a 0 1k\nc2 out 0 1n\nr2 out 0 1\n.ic v(a)=7 v(out)=3\n.tran 1n 10n uic",
        "v(a)",
    ),
    deck("set_nodes", "v1 in 0 1\nr1 in d 1k\nd1 d 0 dd\n.model dd d is=1e-10\n.nodeset v(d)=5\n.op", "v(d)"),
    deck(
        "scaled",
        "v1 a 0 1\nm1 a a 0 0 nn w=1 l=1\n.model nn nmos level=1 vto=0.2\n.options scale=1u\n.op",
        "v(a)",
        settings=(("ngbehavior", "hsa"),),
    ),
    deck("random", "v1 a 0 1\nr1 a 0 {agauss(1k,100,3)}\n.op", "i(v1)"),
    deck("currents", "v1 a 0 1\nr1 a 0 1k\n.options savecurrents\n.op", "v(a)"),
    deck("probed", "v1 a 0 1\nr1 a 0 1k\n.probe alli\n.op"),
    decks.UNKNOWN_MODEL,
    decks.UNKNOWN_PARAMETER,
    decks.NO_SOLUTION,
    decks.MISSING_PROBE,
    decks.LOOP,
)
NOISY = deck("noisy_source", "v1 a 0 0 trrandom(2 10p 0 1m)\nr1 a 0 1k\n.tran 10p 1n", "v(a)")
RANDOM = deck("random_resistor", "v1 a 0 1\nr1 a 0 {agauss(1k,100,3)}\n.op", "i(v1)")


def same(left: Waveforms, right: Waveforms) -> bool:
    """Whether two results agree bit for bit."""
    return np.array_equal(left.axis, right.axis) and all(
        np.array_equal(left.signals[probe], right.signals[probe]) for probe in left.signals | right.signals
    )


@pytest.mark.parametrize("netlist", [*SOUND, RANDOM, NOISY], ids=lambda netlist: netlist.name)
def test_pool_and_batch_agree_bit_for_bit(netlist: Deck, pool: NgspicePool, batch: NgspiceBatch) -> None:
    assert same(pool.run(netlist), batch.run(netlist))


def test_nothing_of_an_earlier_deck_influences_a_later_one(batch: NgspiceBatch) -> None:
    later = (*SOUND, RANDOM, NOISY)
    references = {netlist.name: batch.run(netlist) for netlist in later}
    with NgspicePool(n_workers=1, timeout=30.0) as single:
        for polluter in POLLUTERS:
            single.run_many([polluter])
            for netlist, outcome in zip(later, single.run_many(later), strict=True):
                assert isinstance(outcome, Waveforms), f"{netlist.name} after {polluter.name}: {outcome}"
                assert same(outcome, references[netlist.name]), f"{netlist.name} after {polluter.name}"


def test_the_committed_netlists_run_in_both(pool: NgspicePool, batch: NgspiceBatch) -> None:
    folder = Path(__file__).parents[2] / "netlists"
    paths = [path for path in sorted(folder.glob("*.cir")) if "column" not in path.name]  # columns take seconds
    if not paths:
        pytest.skip(f"no netlists in {folder}; write them with the project's own command")
    for path in paths:
        text = path.read_text(encoding="utf-8")
        saved = [line.split()[1] for line in text.splitlines() if line.startswith(".save ")]
        probes = tuple(name for name in saved if not name.endswith("_total"))  # of the spectrum's plot, not the other
        netlist = Deck(name=path.stem, text=text, probes=probes)
        assert same(pool.run(netlist), batch.run(netlist)), path.name


def test_settings_hold_for_their_deck_only(pool: NgspicePool, batch: NgspiceBatch) -> None:
    # ngspice's variable scale multiplies a transistor's width and length, but not the model's ld.
    body = "v1 a 0 1\nm1 a a 0 0 nn w=2 l=1\n.model nn nmos level=1 vto=0.2 ld=0.1u\n.op"
    plain = deck("plain", body, "i(v1)")
    scaled = deck("scaled", body, "i(v1)", settings=(("ngbehavior", "hsa"), ("scale", "1u")))
    for _ in range(2):
        for netlist in (plain, scaled):
            assert same(pool.run(netlist), batch.run(netlist))
    assert not same(pool.run(plain), pool.run(scaled))


def test_results_come_in_the_order_of_the_netlists(pool: NgspicePool) -> None:
    netlists = [deck(f"r{value}", f"v1 a 0 1\nr1 a 0 {value}\n.op", "i(v1)") for value in range(1, 31)]
    outcomes = pool.run_many(netlists)
    currents = [outcome.signals["i(v1)"][0] for outcome in outcomes if isinstance(outcome, Waveforms)]
    assert currents == pytest.approx([-1 / value for value in range(1, 31)])


def test_a_worn_worker_is_replaced() -> None:
    with NgspicePool(n_workers=1, runs_per_worker=2) as single:
        processes = set()
        for _ in range(5):
            single.run(decks.DIVIDER)
            processes.add(_worker_ids(single)[0] if _worker_ids(single) else None)
    assert len(processes - {None}) == 3  # runs 1, 3 and 5 leave an idle worker, runs 2 and 4 end theirs


def test_a_killed_worker_costs_one_run_and_the_others_finish() -> None:
    slow = deck("slow", "v1 a 0 sin(0 1 1g)\nr1 a b 1k\nc1 b 0 1p\n.tran 1p 200n", "v(b)")
    with NgspicePool(n_workers=2, timeout=30.0) as pair:
        pair.run_many([decks.DIVIDER, decks.DIVIDER])
        victims = _worker_ids(pair)
        threading.Timer(0.3, lambda: os.kill(victims[-1], signal.SIGKILL)).start()
        outcomes = pair.run_many([slow, slow, decks.DIVIDER, decks.DIVIDER])
    crashes = [outcome for outcome in outcomes if isinstance(outcome, SimulationError)]
    assert len(crashes) == 1
    assert isinstance(crashes[0], SimulatorCrashed)
    assert "signal SIGKILL" in str(crashes[0])
    assert sum(isinstance(outcome, Waveforms) for outcome in outcomes) == 3


def test_a_job_that_arrives_while_another_runs_waits_for_its_turn(tmp_path: Path) -> None:
    # the kernel may say only now what it gave long ago: see pycosim.spice.worker
    library = find_libngspice()
    assert library is not None
    slow = "slow\nv1 a 0 sin(0 1 1g)\nr1 a b 1k\nc1 b 0 1p\n.tran 1p 100n\n.end\n"
    worker = WorkerProcess(tmp_path, str(library))
    try:
        worker.give(Job(slow, (), ("v(b)",), 30.0))
        assert worker.hear() is None  # it is ready, and begins
        time.sleep(0.1)
        worker.give(Job(decks.DIVIDER.text, (), ("v(out)",), 30.0))
        replies = [worker.hear(), worker.hear()]
    finally:
        worker.kill()
    assert all(reply is not None and reply.healthy for reply in replies)


def test_a_worker_killed_while_idle_costs_no_run() -> None:
    with NgspicePool(n_workers=1, timeout=30.0) as single:
        single.run(decks.DIVIDER)
        os.kill(_worker_ids(single)[0], signal.SIGKILL)
        time.sleep(0.2)
        single.run(decks.DIVIDER)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, though a shell that started pytest in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_leaves_the_pool_usable_and_no_run_behind() -> None:
    with NgspicePool(n_workers=1, timeout=30.0) as single:
        single.run(decks.DIVIDER)
        busy = _worker_ids(single)[0]
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            single.run(decks.ENDLESS)
        assert not _is_alive(busy)
        single.run(decks.DIVIDER)


def test_threads_may_share_a_pool(pool: NgspicePool) -> None:
    results: list[float] = []

    def work() -> None:
        results.extend(float(pool.run(decks.DIVIDER).signals["v(out)"][0].real) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == pytest.approx([2.0] * 15)


def test_a_closed_pool_starts_again() -> None:
    pool = NgspicePool(n_workers=1)
    pool.run(decks.DIVIDER)
    first = _worker_ids(pool)[0]
    pool.close()
    assert not _is_alive(first)
    pool.run(decks.DIVIDER)
    pool.close()
    pool.close()


SCRIPT = """
import os, sys
sys.path.insert(0, {root!r})
sys.path.insert(0, {tests!r})
from pycosim.spice import NgspicePool
from spice.decks import DIVIDER, ENDLESS
pool = NgspicePool(n_workers=1, timeout=300.0)
print(pool.run(DIVIDER).signals["v(out)"][0], flush=True)
print(pool._crew.idle[0].process.pid, flush=True)
{rest}
"""


def _script(rest: str) -> list[str]:
    tests = Path(__file__).parents[1]
    return [sys.executable, "-c", SCRIPT.format(root=str(tests.parent), tests=str(tests), rest=rest)]


def test_a_script_without_a_main_guard_and_without_close_leaves_no_worker(tmp_path: Path) -> None:
    done = subprocess.run(_script(""), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    value, worker = done.stdout.split()
    assert float(value) == pytest.approx(2.0)
    assert not _is_alive(int(worker))
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="macOS ends such a worker after its time limit only")
def test_a_worker_ends_in_the_middle_of_a_run_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = _script("pool.run(ENDLESS)")
    environment = os.environ | {"TMPDIR": str(tmp_path)}  # nobody is left to remove the worker's folder
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        worker = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.kill()
    for _ in range(100):
        if not _is_alive(worker):
            return
        time.sleep(0.05)
    pytest.fail("the worker runs on without its parent")


def test_a_missing_library_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "/nowhere/libngspice.so")
    with pytest.raises(SimulatorMissing, match="Install ngspice"):
        NgspicePool().run(decks.DIVIDER)


def test_a_library_that_cannot_be_loaded_is_a_crash_at_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "libngspice.so"
    broken.write_text("no library")
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", str(broken))
    with NgspicePool(run_root=tmp_path) as pool, pytest.raises(SimulatorCrashed, match="died at its start"):
        pool.run(decks.DIVIDER)


@pytest.mark.parametrize("wrong", [{"n_workers": 0}, {"timeout": 0.0}, {"runs_per_worker": 0}])
def test_a_pool_that_could_not_work_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="at least 1 worker"):
        NgspicePool(**wrong)


def _worker_ids(pool: NgspicePool) -> list[int]:
    crew = pool._crew
    return [worker.process.pid for worker in crew.idle] if crew is not None else []


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
