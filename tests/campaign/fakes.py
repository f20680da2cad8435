"""Decks and an executor that need no simulator, and do what their deck says: the worker's side of cluster tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pycosim.campaign.task import Measurement, Point, Result, Task
from pycosim.spice import Waveforms


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeDeck:
    """A netlist whose text is a word and a number: 'sleep 0.01', 'die 9', 'once FILE', 'fail 1'."""

    text: str
    name: str = "fake"
    probes: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    libraries: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        return self.text


def final(waves: Waveforms, point: Point) -> float:
    return 0.0


MEASUREMENT = Measurement(name="final", unit="V", function=final, version="1")


def fake_tasks(n: int, text: str = "sleep 0.01") -> list[Task]:
    """Tasks that give three times their index."""
    return [fake_task(index, text) for index in range(n)]


def fake_task(index: int, text: str) -> Task:
    return Task(index=index, netlist=FakeDeck(text=text), measurements=(MEASUREMENT,), point={"x": index / 7})


class FakeExecutor:
    """Runs fake decks; says 'fake-1', or what $FAKE_SIMULATOR says, and notes in a folder that it was closed."""

    n_workers = 1

    def __init__(self, notes: Path | None = None, *, run_root: Path) -> None:
        self._notes = notes
        self._run_root = run_root

    def simulator_version(self) -> str:
        return os.environ.get("FAKE_SIMULATOR", "fake-1")

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        for task in tasks:
            yield task.index, self._result(task)

    def close(self) -> None:
        if self._notes is not None:
            (self._notes / f"closed-{os.getpid()}-{id(self)}").touch()

    def _result(self, task: Task) -> Result:
        word, value = task.netlist.text.split()
        if word == "sleep":
            time.sleep(float(value))
        elif word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "crash":
            raise ZeroDivisionError(value)
        elif word == "note":
            with Path(value).open("a") as file:
                file.write(f"{task.index} {os.getpid()}\n")
        elif word == "fail":
            folder = self._run_root / f"fake-{task.index}"
            folder.mkdir()
            (folder / "deck.cir").write_text(task.netlist.text)
            return Result(values={}, kind="ConvergenceFailure", failure="no luck")
        return Result(values={"final": 3.0 * task.index})
