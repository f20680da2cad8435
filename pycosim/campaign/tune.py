"""TUNE: one call from words to found sizes: `pycosim.tune(...)` and `pycosim tune SPEC.toml`."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from rich.console import Console

from pycosim.campaign.bench import SweepBench
from pycosim.campaign.cache import ResultCache
from pycosim.campaign.pareto import knee, non_dominated
from pycosim.campaign.search import search
from pycosim.campaign.sensitivity import sensitivity
from pycosim.campaign.sweep import as_text, opened
from pycosim.campaign.task import Executor, Measurement
from pycosim.campaign.trials import SilentTune, Trial, Trials, TuneProgress, best_of
from pycosim.campaign.tune_progress import RichTune
from pycosim.campaign.tune_spec import Problem, TuneSpec, read_tune
from pycosim.campaign.tune_store import save_tune, to_history


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tuned:
    """What came of a tuning.

    Attributes:
        problem: what was tuned, and for what.
        given: the circuit as it was given.
        best: of one objective the best feasible candidate, of several the one on the front nearest to its ideal corner;
            without a feasible one that which misses least (`best.feasible` says so).
        front: feasible candidates that no other beats in all objectives.
        history: every candidate, see `pycosim.campaign.tune_store.to_history`.
        sensitivity: see `pycosim.campaign.sensitivity.sensitivity`.
        trials: every candidate as a value, in the order of the history.
    """

    problem: Problem
    given: Trial
    best: Trial
    front: tuple[Trial, ...]
    history: xr.Dataset
    sensitivity: xr.Dataset
    trials: tuple[Trial, ...]


def tune(
    bench: str | SweepBench | Mapping[str, object],
    *,
    tune: Mapping[str, object],
    minimise: Sequence[str] | Mapping[str, object] = (),
    maximise: Sequence[str] | Mapping[str, object] = (),
    limit: Mapping[str, object] | None = None,
    axes: Mapping[str, object] | None = None,
    conditions: Mapping[str, object] | None = None,
    tied: Mapping[str, object] | None = None,
    measure: Mapping[str, Measurement | Mapping[str, object]] | None = None,
    parameters: Mapping[str, object] | None = None,
    zip: Sequence[Sequence[str]] = (),
    technology: str | None = None,
    search: Mapping[str, object] | None = None,
    simulator: Mapping[str, object] | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    retry_failed: bool = False,
    progress: TuneProgress | bool = False,
) -> Tuned:
    """Tune a circuit, in the words of the TOML file (`pycosim.campaign.tune_spec`).

    Args:
        bench: a shipped name, "mine.cir", "mine.py:make_bench", a table with `file` (docs/own_circuits.md), or a bench.
        tune: name -> {"low", "high", "spacing"}.
        minimise: names of measurements, or name -> {"measure", "over", "at", "axes", "parameters"}.
        maximise: the same.
        limit: name -> "< 1e-3", or such a table with "below" or "above".
        axes: where every goal is judged; crossed.
        conditions: name -> changed parameters, crossed with the axes.
        tied: name -> {"follows", "times", "plus"}.
        measure: measurements of one's own.
        parameters: what all points share; of a tuned parameter where it starts.
        zip: groups of axes that move together.
        technology: of a shipped bench: built in, or the path of a TOML file.
        search: {"method", "evaluations", "population", "polish", "step", "seed"}.
        simulator: {"workers", "timeout", "ladder", "share"}.
        scheduler: address of a Dask scheduler; None for processes of this machine.
        out: folder of the results and of every point, so that the next call goes on; None keeps nothing.
        retry_failed: run points again that failed before.
        progress: told of every point and candidate; True shows them on standard error.

    Raises:
        ConfigurationError: a word or value that is none; near words are named.
        StoreError: the folder cannot be read or written.
        SimulationError: no simulator, or no scheduler.
    """
    words = {
        "bench": bench,
        "technology": technology,
        "measure": measure or {},
        "parameters": parameters or {},
        "axes": axes or {},
        "zip": zip,
        "simulator": simulator or {},
        "conditions": conditions or {},
        "tune": tune,
        "tied": tied or {},
        "minimise": minimise,
        "maximise": maximise,
        "limit": limit or {},
        "search": search or {},
    }
    spec = read_tune(words, source="tune", folder=Path(), text=as_text(words, "tune"))
    folder = None if out is None else Path(out)
    with contextlib.ExitStack() as shown:
        told = shown.enter_context(RichTune(Console(stderr=True))) if progress is True else progress or None
        return run_tune(spec, folder, scheduler=scheduler, retry_failed=retry_failed, progress=told)


def run_tune(
    spec: TuneSpec,
    out: Path | None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    retry_failed: bool = False,
    progress: TuneProgress | None = None,
) -> Tuned:
    """Tune what was read, and write its folder.

    Args:
        spec: what to tune.
        out: folder; None keeps nothing.
        workers: simulator processes; None for what the spec says.
        scheduler: address of a Dask scheduler; None for processes of this machine.
        retry_failed: run points again that failed before.
        progress: told of every point and candidate.

    Raises:
        ConfigurationError: workers and a scheduler, or optuna is needed and absent.
        StoreError: the folder cannot be read or written.
        SimulationError: no simulator, or no scheduler.
    """
    with opened(spec.simulator, out, workers=workers, scheduler=scheduler) as (executor, cache):
        tuned = search_in(spec, executor, cache, progress, retry_failed=retry_failed)
        if out is not None:
            save_tune(out, spec.problem, spec.text, tuned.history, tuned.sensitivity, tuned.best)
        return tuned


def search_in(
    spec: TuneSpec,
    executor: Executor,
    cache: ResultCache,
    progress: TuneProgress | None = None,
    *,
    retry_failed: bool = False,
) -> Tuned:
    """Search with an executor and a cache of the caller's; see `run_tune`."""
    problem = spec.problem
    trials = Trials(problem, executor, cache, progress or SilentTune(), retry_failed=retry_failed)
    search(trials, spec.search)
    front = front_of(trials.history, problem)
    best = chosen(trials.history, front, problem)
    found = sensitivity(trials, best, spec.search.step)
    return Tuned(
        problem=problem,
        given=trials.history[0],
        best=best,
        front=front,
        history=to_history(problem, trials.history, front, trials.simulator),
        sensitivity=found,
        trials=tuple(trials.history),
    )


def front_of(history: Sequence[Trial], problem: Problem) -> tuple[Trial, ...]:
    """The feasible candidates that no other beats in all objectives."""
    feasible = [one for one in history if one.feasible]
    mask = non_dominated(_costs(feasible, problem))
    return tuple(one for one, kept in zip(feasible, mask, strict=True) if kept)


def chosen(history: Sequence[Trial], front: Sequence[Trial], problem: Problem) -> Trial:
    """The best candidate; see `Tuned`."""
    if len(problem.objectives) > 1 and front:
        return front[knee(_costs(front, problem))]
    best = best_of(history, problem.objectives)
    assert best is not None, "the circuit as it is given is always there"
    return best


def _costs(trials: Sequence[Trial], problem: Problem) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    costs = [[goal.cost(one.worst[goal.name]) for goal in problem.objectives] for one in trials]
    return np.array(costs).reshape(len(trials), len(problem.objectives))
