"""A bench without a circuit: its deck is the text of a point, its measurements are arithmetic; and who counts runs."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from circuits.errors import CircuitError
from circuits.testbench import Netlist
from pycosim.campaign.axes import Grid, read_axis
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.cache import ResultCache
from pycosim.campaign.campaign import Campaign, run_campaign
from pycosim.campaign.task import Measurement, Point, Result, Task, Value
from pycosim.spice import Waveforms

WAVES = Waveforms(axis=np.zeros(1), axis_name="sweep", signals={}, netlist_digest="")

PARAMETERS = {
    "width": Parameter(default=2.0, unit="m", meaning="width"),
    "length": Parameter(default=0.5, unit="m"),
    "copies": Parameter(default=1),
    "corner": Parameter(default="tt", choices=("tt", "ss", "ff")),
    "note": Parameter(default=""),
    "seed": Parameter(default=None),
}


def make(point: Point) -> Netlist:
    if point["width"] == 13.0:
        raise CircuitError("13 m wide brings bad luck; choose another width")
    if point["width"] == 14.0:
        raise ZeroDivisionError("a plain bug")
    text = repr({name: value for name, value in point.items() if name != "copies"})
    return Netlist(name="paper", text=text, digest=hashlib.sha256(text.encode()).hexdigest(), probes=())


def area(waves: Waveforms, point: Point) -> float:
    return float(point["width"]) * float(point["length"]) * float(point["copies"]) + float(point.get("seed", 0)) / 7


def side(waves: Waveforms, point: Point) -> float:
    if float(point["width"]) < 0:
        raise ValueError("a width below 0 has no side")
    return math.sqrt(float(point["width"]))


def nothing(waves: Waveforms, point: Point) -> float:
    return math.nan


def measurement(name: str, unit: str, function: Callable[[Waveforms, Point], float], version: str = "1") -> Measurement:
    return Measurement(name=name, unit=unit, function=function, version=version)


MEASUREMENTS = {
    one.name: one
    for one in (
        measurement("area", "m2", area),
        measurement("side", "m", side),
        measurement("nothing", "", nothing),
        replace(measurement("maybe", "", nothing), optional=True),
    )
}

PAPER = SweepBench(name="paper", parameters=PARAMETERS, make=make, measurements=MEASUREMENTS)


@dataclass
class CountingExecutor:
    """Measures at once, in order, backwards or in pairs; counts what it was given; fails where it is told to."""

    failing: Mapping[float, tuple[str, str]] = field(default_factory=dict)
    rungs: Mapping[float, str] = field(default_factory=dict)
    version: str = "paper-1"
    backwards: bool = False
    pause: float = 0.0
    stop_after: int = -1
    ran: list[int] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    n_workers: int = 1

    def simulator_version(self) -> str:
        return self.version

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        for task in reversed(list(tasks)) if self.backwards else tasks:
            if len(self.ran) == self.stop_after:
                raise KeyboardInterrupt
            self.ran.append(task.index)
            self.measured += [one.name for one in task.measurements]
            if self.pause:
                time.sleep(self.pause)
            yield task.index, self._result(task)

    def close(self) -> None:
        pass

    def _result(self, task: Task) -> Result:
        width = float(task.point["width"])
        if width in self.failing:
            kind, failure = self.failing[width]
            return Result(values={}, failure=failure, kind=kind)
        values, failures = {}, []
        for one in task.measurements:
            try:
                values[one.name] = one.function(WAVES, task.point)
            except ValueError as error:
                failures.append(str(error))
        kind = "ValueError" if failures else ""
        return Result(values=values, failure="; ".join(failures), kind=kind, rung=self.rungs.get(width, ""))


def campaign(
    axes: Mapping[str, object],
    measure: tuple[str, ...] = ("area",),
    *,
    fixed: Mapping[str, Value] | None = None,
    bench: SweepBench = PAPER,
    ladder: tuple[str, ...] = (),
    zipped: tuple[tuple[str, ...], ...] = (),
) -> Campaign:
    grid = Grid(axes=tuple(read_axis(name, wanted) for name, wanted in axes.items()), zipped=zipped)
    return Campaign(bench=bench, grid=grid, measure=measure, fixed=fixed or {}, ladder=ladder)


def run(
    wanted: Campaign, cache: ResultCache, executor: CountingExecutor | None = None, *, retry_failed: bool = False
) -> tuple[xr.Dataset, CountingExecutor]:
    executor = executor or CountingExecutor()
    return run_campaign(wanted, executor, cache, retry_failed=retry_failed), executor
