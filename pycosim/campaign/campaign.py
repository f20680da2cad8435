"""CAMPAIGN: every point of a sweep, from the cache or simulated by an executor, into one dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import xarray as xr

from circuits.errors import CircuitError
from pycosim.campaign.axes import Grid
from pycosim.campaign.bench import SweepBench
from pycosim.campaign.cache import Entry, Key, ResultCache, result_keys
from pycosim.campaign.dataset import Table, to_dataset
from pycosim.campaign.progress import SilentSweep, SweepProgress
from pycosim.campaign.task import Executor, Measurement, Result, Task, Value
from pycosim.errors import PycosimError
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
        ConfigurationError: a name that the bench does not have, a value of another kind, or a parameter that is both
            fixed and swept.
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
        SimulationError: no simulator, or no scheduler any more.
    """
    run = _Run(campaign, executor, cache, progress or SilentSweep(), retry_failed)
    return run.dataset()


class _Run:
    """One call of `run_campaign`: the table that fills, and the tasks that are under way."""

    def __init__(
        self, campaign: Campaign, executor: Executor, cache: ResultCache, progress: SweepProgress, retry_failed: bool
    ) -> None:
        self._campaign = campaign
        self._executor = executor
        self._cache = cache
        self._progress = progress
        self._retry_failed = retry_failed
        self._measurements = campaign.measurements
        self._simulator = executor.simulator_version()
        self._table = Table.empty(campaign.grid.size, campaign.measure)
        self._waiting: dict[int, dict[str, Key]] = {}

    def dataset(self) -> xr.Dataset:
        self._progress.begin(self._campaign.grid.size)
        for index, result in self._executor.run(self._tasks()):
            self._take(index, result)
        self._progress.end()
        return to_dataset(self._campaign, self._simulator, self._table)

    def _tasks(self) -> Iterator[Task]:
        """The points that have to be simulated, made when an executor asks for them."""
        for index, point in enumerate(self._campaign.points()):
            try:
                netlist = self._campaign.bench.make(point)
            except Exception as error:
                self._note(index, _not_made(error))
                continue
            self._table.digests[index] = netlist.digest
            missing = self._look_up(index, netlist, point)
            if missing:
                yield Task(
                    index=index,
                    netlist=netlist,
                    measurements=tuple(one for one in self._measurements if one.name in missing),
                    point=point,
                    ladder=self._campaign.ladder,
                )

    def _look_up(self, index: int, netlist: NetlistLike, point: Mapping[str, Value]) -> Mapping[str, Key]:
        """Note what is known of a point; the keys of the measurements that are not."""
        keys = dict(
            zip(
                self._campaign.measure,
                result_keys(netlist.digest, point, self._simulator, self._campaign.ladder, self._measurements),
                strict=True,
            )
        )
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
        entries = {one.name: entry_of(result, one) for one in self._measurements if one.name in keys}
        self._cache.put({keys[name]: entry for name, entry in entries.items()})
        self._table.fill(index, entries)
        self._progress.point(simulated=True, failure=self._table.failure(index))

    def _note(self, index: int, entry: Entry) -> None:
        """A point without a deck: known at once, and cheap to find again."""
        self._table.fill(index, dict.fromkeys(self._campaign.measure, entry))
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
