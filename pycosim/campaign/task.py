"""TASK and RESULT: what an executor is given and gives back; the only things that travel to a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pycosim.spice import NetlistLike, Waveforms

Value = float | int | str
"""A parameter of a point: a number in SI units, a count, or a word (a corner)."""

Point = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A number taken from waveforms.

    Attributes:
        name: variable of the dataset.
        unit: of the number, SI.
        function: waveforms and point -> number; a function of a module or a frozen dataclass with `__call__`, so that
            it travels to another process.
        version: changes whenever the same waveforms give another number: part of the cache's key.
        optional: NaN is an answer ("there is none"); of other measurements NaN fails the point.
    """

    name: str
    unit: str
    function: Callable[[Waveforms, Point], float]
    version: str
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One netlist to be simulated and measured.

    Attributes:
        index: place among the points of the campaign.
        netlist: the deck.
        measurements: taken of its waveforms.
        point: the parameters that made it, for the measurements.
        ladder: names of the rungs (`pycosim.spice.ladder`) that may be tried after a run that did not converge.
    """

    index: int
    netlist: NetlistLike
    measurements: tuple[Measurement, ...]
    point: Point = field(default_factory=dict)
    ladder: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a task.

    Attributes:
        values: measurement -> number; of a failed simulation none, of one whose measurement failed the others.
        failure: one sentence, "" where there was none.
        kind: name of the error's class, "" where there was none.
        rung: rung of the ladder that converged, "" for the deck as it was written.
        seconds: spent in the simulator (s).
    """

    values: Mapping[str, float]
    failure: str = ""
    kind: str = ""
    rung: str = ""
    seconds: float = 0.0


class Executor(Protocol):
    """Runs tasks somewhere: local processes, a Dask cluster."""

    @property
    def n_workers(self) -> int:
        """Tasks that run at a time."""

    def simulator_version(self) -> str:
        """What runs the decks, as the cache's key names it: 'ngspice-39'."""

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """(index, result) of every task, as they finish; draws tasks lazily, a few more than there are workers.

        A failed simulation is a result, never an exception; only what ends the campaign (no simulator, no scheduler)
        raises.
        """

    def close(self) -> None:
        """Give the workers back."""
