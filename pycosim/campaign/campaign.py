"""CAMPAIGN: every point of a sweep, from the cache or simulated by an executor, into one dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import xarray as xr

from circuits.errors import CircuitError
from pycosim.campaign.axes import Grid
from pycosim.campaign.bench import SweepBench
from pycosim.campaign.cache import Entry, Key, ResultCache, result_keys
from pycosim.campaign.dataset import DIGEST, FAILURE, RUNG, Table, to_dataset
from pycosim.campaign.progress import SilentSweep, SweepProgress
from pycosim.campaign.task import Executor, Measurement, Result, Task, Value
from pycosim.errors import ConfigurationError, PycosimError, SimulatorCrashed
from pycosim.spice import NetlistLike


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What a sweep runs.

    Attributes:
        bench: makes and measures decks.
        grid: the points.
        fixed: parameters that all points share, beyond the bench's defaults.
        measure: names of the bench's measurements.
        ladder: rungs that may be tried after a run that did not converge; () for none.

    Raises:
        ConfigurationError: a name that the bench does not have, a value of another kind, a parameter that is both
            fixed and swept, or a measurement that is called as an axis.
    """

    bench: SweepBench
    grid: Grid
    measure: tuple[str, ...]
    fixed: Mapping[str, Value] = field(default_factory=dict)
    ladder: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Bring every value to the kind that its parameter wants."""
        self.bench.chosen(self.measure)
        object.__setattr__(self, "fixed", self.bench.checked_fixed(self.fixed, self.grid))
        object.__setattr__(self, "grid", self.bench.checked_grid(self.grid))
        taken = {*self.grid.coordinates(), FAILURE, RUNG, DIGEST}
        if twice := taken.intersection(self.measure):
            raise ConfigurationError(
                f"the measurement {twice.pop()} has the name of an axis or of what the dataset holds anyway "
                f"({FAILURE}, {RUNG}, {DIGEST}): call it otherwise"
            )

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What is taken of every point."""
        return self.bench.chosen(self.measure)

    def points(self) -> Iterator[dict[str, Value]]:
        """Every parameter of every point, in the order of the grid."""
        return (self.bench.point({**self.fixed, **swept}) for swept in self.grid.points())


def run_campaign(
    campaign: Campaign,
    executor: Executor,
    cache: ResultCache,
    progress: SweepProgress | None = None,
    *,
    retry_failed: bool = False,
) -> xr.Dataset:
    """Run what the cache does not have, and put everything into a dataset.

    A point that fails, or whose deck cannot be made, is NaN with its reason beside it. Each result is in the cache
    before the next is asked for, so that whatever ends this process costs only the points that were running.

    Args:
        campaign: what to run.
        executor: where.
        cache: what is known; takes what is found.
        progress: told of every point.
        retry_failed: run points again that failed before.

    Returns:
        See `pycosim.campaign.dataset.to_dataset`: the same values, bit for bit, however many runs it took.

    Raises:
        StoreError: the cache cannot be read or written.
        SimulationError: no simulator, no scheduler any more, or an executor that gave no answer.
    """
    table = Table.empty(campaign.grid.size, campaign.measure)
    run = _Run(campaign.bench, campaign.ladder, table, executor, cache, progress or SilentSweep(), retry_failed)
    run.fill(Wanted(point=point, measure=campaign.measure) for point in campaign.points())
    return to_dataset(campaign, run.simulator, table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A point that lies on no grid.

    Attributes:
        point: every parameter.
        measure: names of the bench's measurements.
    """

    point: Mapping[str, Value]
    measure: tuple[str, ...]


def run_points(
    bench: SweepBench,
    wanted: Sequence[Wanted],
    executor: Executor,
    cache: ResultCache,
    progress: SweepProgress | None = None,
    *,
    ladder: tuple[str, ...] = (),
    retry_failed: bool = False,
) -> Table:
    """Run a list of points as `run_campaign` runs a grid; what a point does not measure is NaN without a failure.

    Args:
        bench: makes and measures decks.
        wanted: the points.
        executor: where.
        cache: what is known; takes what is found.
        progress: told of every point.
        ladder: rungs that may be tried after a run that did not converge.
        retry_failed: run points again that failed before.

    Raises:
        StoreError: the cache cannot be read or written.
        SimulationError: no simulator, or no scheduler any more.
    """
    table = Table.empty(len(wanted), tuple(dict.fromkeys(name for one in wanted for name in one.measure)))
    _Run(bench, ladder, table, executor, cache, progress or SilentSweep(), retry_failed).fill(wanted)
    return table


class _Run:
    """One call of `run_campaign`: the table that fills, and the tasks that are under way."""

    def __init__(
        self,
        bench: SweepBench,
        ladder: tuple[str, ...],
        table: Table,
        executor: Executor,
        cache: ResultCache,
        progress: SweepProgress,
        retry_failed: bool,
    ) -> None:
        self._bench = bench
        self._ladder = ladder
        self._table = table
        self._executor = executor
        self._cache = cache
        self._progress = progress
        self._retry_failed = retry_failed
        self.simulator = executor.simulator_version()
        self._waiting: dict[int, dict[str, Key]] = {}

    def fill(self, wanted: Iterable[Wanted]) -> None:
        """Find or simulate every point."""
        self._progress.begin(len(self._table.digests))
        for index, result in self._executor.run(self._tasks(wanted)):
            if index in self._waiting:  # a cluster may answer twice for a worker that it took for lost
                self._take(index, result)
        if self._waiting:
            raise SimulatorCrashed(
                f"{len(self._waiting)} points were simulated and never came back; run the sweep again"
            )
        self._progress.end()

    def _tasks(self, wanted: Iterable[Wanted]) -> Iterator[Task]:
        """The points that have to be simulated, made when an executor asks for them."""
        for index, one in enumerate(wanted):
            try:
                netlist = self._bench.make(one.point)
            except Exception as error:
                self._note(index, one.measure, _not_made(error))
                continue
            self._table.digests[index] = netlist.digest
            missing = self._look_up(index, netlist, one)
            if missing:
                yield Task(
                    index=index,
                    netlist=netlist,
                    measurements=tuple(self._bench.measurements[name] for name in missing),
                    point=one.point,
                    ladder=self._ladder,
                )

    def _look_up(self, index: int, netlist: NetlistLike, wanted: Wanted) -> Mapping[str, Key]:
        """Note what is known of a point; the keys of the measurements that are not."""
        measurements = self._bench.chosen(wanted.measure)
        found_at = result_keys(netlist.digest, wanted.point, self.simulator, self._ladder, measurements)
        keys = dict(zip(wanted.measure, found_at, strict=True))
        found = dict(zip(keys, self._cache.find(list(keys.values())), strict=True))
        known = {name: entry for name, entry in found.items() if entry and not (entry.failure and self._retry_failed)}
        self._table.fill(index, known)
        missing = {name: key for name, key in keys.items() if name not in known}
        if missing:
            self._waiting[index] = missing
        else:
            self._progress.point(simulated=False, failure=self._table.failure(index))
        return missing

    def _take(self, index: int, result: Result) -> None:
        """Keep a result, then note it."""
        keys = self._waiting.pop(index)
        entries = {name: entry_of(result, self._bench.measurements[name]) for name in keys}
        self._cache.put({keys[name]: entry for name, entry in entries.items()})
        self._table.fill(index, entries)
        self._progress.point(simulated=True, failure=self._table.failure(index))

    def _note(self, index: int, measure: Sequence[str], entry: Entry) -> None:
        """A point without a deck: known at once, and cheap to find again."""
        self._table.fill(index, dict.fromkeys(measure, entry))
        self._progress.point(simulated=False, failure=entry.failure)


def entry_of(result: Result, measurement: Measurement) -> Entry:
    """One measurement of a result, as the cache keeps it.

    A zero has no sign afterwards: SQLite drops it, and a value that was kept must be the one that was found.
    """
    value, rung = result.values.get(measurement.name), one_line(result.rung)
    if value is not None and math.isfinite(value):
        return Entry(value=float(value) + 0.0, rung=rung)
    if value is not None and measurement.optional and math.isnan(value):
        return Entry(value=None, rung=rung)
    found = "nothing" if value is None else f"{value:g}, no number"
    failure = one_line(result.failure) or f"the measurement {measurement.name} gave {found}"
    return Entry(value=None, failure=failure, kind=result.kind or "MeasurementError", rung=rung)


def one_line(text: str) -> str:
    """Text that every file can hold: one line, no control characters, valid Unicode."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in clean).split())


def _not_made(error: Exception) -> Entry:
    """Why a point has no deck."""
    kind = type(error).__name__
    words = str(error) if isinstance(error, PycosimError | CircuitError) else f"{kind}: {error}"
    return Entry(value=None, failure=one_line(f"the deck cannot be made: {words}"), kind=kind)
