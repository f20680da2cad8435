"""A bench whose measurements are closed forms of its parameters, and who runs it: tunings without a simulator."""

from __future__ import annotations

import hashlib
import math
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from circuits.testbench import Netlist
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.cache import ResultCache
from pycosim.campaign.task import Measurement, Point, Result, Task
from pycosim.campaign.tune import Tuned, search_in
from pycosim.campaign.tune_spec import TuneSpec, read_tune
from pycosim.spice import Waveforms

WAVES = Waveforms(axis=np.zeros(1), axis_name="sweep", signals={}, netlist_digest="")
N = 4


def place(point: Point) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(point[f"x{k}"]) for k in range(N)])


def make(point: Point) -> Netlist:
    if float(point["x1"]) > 0.99:
        raise ZeroDivisionError("no deck")
    text = repr(dict(point))
    return Netlist(name="form", text=text, digest=hashlib.sha256(text.encode()).hexdigest(), probes=())


def first(waves: Waveforms, point: Point) -> float:
    """The first function of ZDT1."""
    return float(point["x0"])


def second(waves: Waveforms, point: Point) -> float:
    """The second one: on the front 1 - sqrt(first)."""
    g = 1 + 9 * place(point)[1:].mean()
    return float(g * (1 - math.sqrt(float(point["x0"]) / g)))


def bowl(waves: Waveforms, point: Point) -> float:
    """Least, and 0, where every x is 0.3."""
    return float(np.sum((place(point) - 0.3) ** 2))


def total(waves: Waveforms, point: Point) -> float:
    """Sum of all x, more of it where it is hot."""
    return float(place(point).sum()) * (1.0 + float(point["heat"]) / 10)


def bent(waves: Waveforms, point: Point) -> float:
    """A parabola over the input; what is left of it after the best straight line is known."""
    u = float(point["input"])
    return 3.0 + 5.0 * u + float(point["x0"]) * u**2


def fragile(waves: Waveforms, point: Point) -> float:
    if float(point["x0"]) > 0.5:
        raise ValueError("broken above a half")
    return float(point["x0"])


FORMS = SweepBench(
    name="forms",
    parameters={
        **{f"x{k}": Parameter(default=0.5, unit="m") for k in range(N)},
        "tied": Parameter(default=1.0),
        "count": Parameter(default=3),
        "heat": Parameter(default=0.0, unit="degC"),
        "input": Parameter(default=0.0),
        "corner": Parameter(default="tt", choices=("tt", "ss")),
        "seed": Parameter(default=None),
    },
    make=make,
    measurements={
        function.__name__: Measurement(name=function.__name__, unit="V", function=function, version="1")
        for function in (first, second, bowl, total, bent, fragile)
    },
)

CUBE = {f"x{k}": {"low": 0.0, "high": 1.0} for k in range(N)}


@dataclass
class FormExecutor:
    """Measures at once; counts the decks, and ends the process at one of them if it is told to."""

    kill_at: int = -1
    pause: float = 0.0
    log: Path | None = None
    ran: list[str] = field(default_factory=list)
    n_workers: int = 1

    def simulator_version(self) -> str:
        return "form-1"

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        for task in tasks:
            if len(self.ran) == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.ran.append(task.netlist.digest)
            if self.log is not None:
                with self.log.open("a") as file:
                    file.write(task.netlist.digest + "\n")
            time.sleep(self.pause)
            try:
                values = {one.name: one.function(WAVES, task.point) for one in task.measurements}
                yield task.index, Result(values=values)
            except ValueError as error:
                yield task.index, Result(values={}, failure=str(error), kind="ValueError")

    def close(self) -> None:
        pass


def words(**more: object) -> dict[str, object]:
    """A tuning of the closed forms."""
    return {"bench": FORMS, "tune": CUBE, **more}


def spec(wanted: Mapping[str, object]) -> TuneSpec:
    return read_tune(wanted, source="here", folder=Path(), text="")


def tuned(executor: FormExecutor | None = None, **more: object) -> Tuned:
    with ResultCache(None) as cache:
        return search_in(spec(words(**more)), executor or FormExecutor(), cache)
