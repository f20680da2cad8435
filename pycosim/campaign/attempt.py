"""One task from its first run to its result: what is measured, and which rung of the ladder comes next."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Final

from pycosim.campaign.task import Measurement, Point, Result, Task
from pycosim.errors import ConvergenceFailure, SimulationError
from pycosim.spice import NetlistLike, Waveforms
from pycosim.spice.call import Run
from pycosim.spice.ladder import climb
from pycosim.spice.rundirectory import new_run_directory, remove_run, write_run

_DIGITS: Final = 12  # of a digest, in the name of a folder


class Attempt:
    """A task, and the netlist that is to be run for it now.

    Args:
        task: what is wanted.
        run_root: folder in which a failed task leaves one folder `<name>-<digest>`; None for the run directories of
            the engine as they are.
    """

    def __init__(self, task: Task, run_root: Path | None) -> None:
        self.task = task
        self.netlist: NetlistLike = task.netlist
        self._run_root = run_root
        self._rung = ""
        self._rungs = list(task.ladder)
        self._tried: list[str] = []
        self._first: SimulationError | None = None
        self._seconds = 0.0

    def result_of(self, run: Run) -> Result | None:
        """The result, or None where `netlist` is another one now that is to be run."""
        self._seconds += run.seconds
        if isinstance(run.outcome, Waveforms):
            return self._measured(run.outcome)
        return None if self._climbs_after(run.outcome) else self._failed()

    def _climbs_after(self, error: SimulationError) -> bool:
        """Whether there is a next rung; only a solver that gave up begins the ladder."""
        if self._first is None:
            self._first = error
            if not isinstance(error, ConvergenceFailure):
                return False
        else:
            self._tried.append(f"{self._rung} ({type(error).__name__})")
            if error.run_directory is not None:
                remove_run(error.run_directory)
        while self._rungs:
            self._rung = self._rungs.pop(0)
            climbed = climb(self.task.netlist, self._rung)
            if climbed is not None:
                self.netlist = climbed
                return True
        return False

    def _measured(self, waves: Waveforms) -> Result:
        values, failure, kind = _values(self.task.measurements, waves, self.task.point)
        directory = self._first.run_directory if self._first is not None else None
        if directory is not None:
            remove_run(directory)
        if failure:
            self._keep_deck()
        return Result(values=values, failure=failure, kind=kind, rung=self._rung, seconds=self._seconds)

    def _failed(self) -> Result:
        assert self._first is not None
        self._name_folder(self._first.run_directory)
        tried = f"; tried without success: {', '.join(self._tried)}" if self._tried else ""
        kind = type(self._first).__name__
        return Result(values={}, failure=f"{self._first.message}{tried}", kind=kind, seconds=self._seconds)

    def _keep_deck(self) -> None:
        """Write the deck whose waveforms could not be measured."""
        with contextlib.suppress(OSError):  # the result says what failed; a full disk is the store's to tell
            directory = new_run_directory(self.netlist.name, self._run_root)
            write_run(directory, self.netlist.text, self.netlist.settings)
            self._name_folder(directory)

    def _name_folder(self, directory: Path | None) -> None:
        """Call the folder of a failure by the digest, so that a second failure of the deck takes its place."""
        if directory is None or self._run_root is None:
            return
        stem = directory.name.rpartition("-")[0]
        named = directory.with_name(f"{stem}-{self.task.netlist.digest[:_DIGITS]}")
        with contextlib.suppress(OSError):
            remove_run(named)
            directory.rename(named)


def _values(measurements: tuple[Measurement, ...], waves: Waveforms, point: Point) -> tuple[dict[str, float], str, str]:
    """Numbers by name, what failed in one sentence, and the kind of the first failure."""
    values: dict[str, float] = {}
    failures: list[tuple[str, str]] = []
    for one in measurements:
        try:
            value = float(one.function(waves, point))
        except Exception as error:  # a measurement is anybody's function: whatever it raises is a failed point
            failures.append(
                (f"the measurement {one.name} raised {type(error).__name__}: {error}", type(error).__name__)
            )
            continue
        if math.isfinite(value) or (one.optional and math.isnan(value)):
            values[one.name] = value
        else:
            failures.append((f"the measurement {one.name} gave {value}, no number", "MeasurementError"))
    return values, "; ".join(text for text, _ in failures), failures[0][1] if failures else ""
