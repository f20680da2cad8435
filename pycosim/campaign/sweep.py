"""SWEEP: one call from words to a dataset: `pycosim.sweep(...)` and `pycosim sweep SPEC.toml`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from rich.console import Console

from pycosim.campaign.bench import SweepBench
from pycosim.campaign.cache import ResultCache
from pycosim.campaign.campaign import run_campaign
from pycosim.campaign.local import LocalExecutor
from pycosim.campaign.progress import RichSweep, SweepProgress
from pycosim.campaign.spec import SimulatorSettings, Spec, read_spec
from pycosim.campaign.store import FAILURES, open_cache, save_sweep
from pycosim.campaign.task import Executor, Measurement
from pycosim.errors import ConfigurationError


def sweep(
    bench: str | SweepBench | Mapping[str, object],
    *,
    measure: Sequence[str | Measurement | Mapping[str, object]] | Mapping[str, object],
    axes: Mapping[str, object],
    parameters: Mapping[str, object] | None = None,
    zip: Sequence[Sequence[str]] = (),
    technology: str | None = None,
    simulator: Mapping[str, object] | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    retry_failed: bool = False,
    progress: SweepProgress | bool = False,
) -> xr.Dataset:
    """Run a sweep, in the words of its TOML file (`pycosim.campaign.spec`).

    Args:
        bench: a shipped name, "mine.cir", "mine.py:make_bench", a table with `file` (docs/own_circuits.md), or a bench.
        measure: names of the bench's measurements, or measurements of one's own.
        axes: name -> values: a list or an array, {"start", "stop", "n"}, {"start", "stop", "step"}, {"seeds"}; crossed.
        parameters: what all points share.
        zip: groups of axes that move together.
        technology: of a shipped bench: built in, or the path of a TOML file.
        simulator: {"workers", "timeout", "ladder", "share"}.
        scheduler: address of a Dask scheduler; None for processes of this machine.
        out: store that keeps every point, so that the next call runs only what is new; None keeps nothing.
        retry_failed: run points again that failed before.
        progress: told of every point; True shows rate, time left and failures on standard error.

    Returns:
        The measurements over the axes, with `failure`, `rung` and `netlist_digest`; see
        `pycosim.campaign.dataset.to_dataset`.

    Raises:
        ConfigurationError: a word or value that is none; near words are named.
        StoreError: the store cannot be read or written.
        SimulationError: no simulator, or no scheduler.
    """
    words = {
        "bench": bench,
        "technology": technology,
        "measure": measure,
        "parameters": parameters or {},
        "axes": axes,
        "zip": zip,
        "simulator": simulator or {},
    }
    spec = read_spec(words, source="sweep", folder=Path(), text=as_text(words, "sweep"))
    store = None if out is None else Path(out)
    with contextlib.ExitStack() as shown:
        told = shown.enter_context(RichSweep(Console(stderr=True))) if progress is True else progress or None
        return run_spec(spec, store, scheduler=scheduler, retry_failed=retry_failed, progress=told)


def run_spec(
    spec: Spec,
    out: Path | None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    retry_failed: bool = False,
    progress: SweepProgress | None = None,
) -> xr.Dataset:
    """Run a sweep that was read, and write its store.

    Args:
        spec: what to run.
        out: store; None keeps nothing.
        workers: simulator processes; None for what the spec says.
        scheduler: address of a Dask scheduler; None for processes of this machine.
        retry_failed: run points again that failed before.
        progress: told of every point.

    Raises:
        ConfigurationError: workers and a scheduler, or no worker.
        StoreError: the store cannot be read or written.
        SimulationError: no simulator, or no scheduler.
    """
    with opened(spec.simulator, out, workers=workers, scheduler=scheduler) as (executor, cache):
        dataset = run_campaign(spec.campaign, executor, cache, progress, retry_failed=retry_failed)
        if out is not None:
            save_sweep(out, dataset, spec.text)
        return dataset


@contextlib.contextmanager
def opened(
    settings: SimulatorSettings, out: Path | None, *, workers: int | None, scheduler: str | None
) -> Iterator[tuple[Executor, ResultCache]]:
    """Where points run, and what is known of them; both are given back at the end.

    Args:
        settings: how decks are run.
        out: folder of the results; None keeps nothing.
        workers: other than in the settings, where given.
        scheduler: address of a Dask scheduler; None for processes of this machine.

    Raises:
        ConfigurationError: workers and a scheduler, or no worker.
        StoreError: the folder cannot be read or written.
        SimulationError: no scheduler.
    """
    if workers is not None and scheduler is not None:
        raise ConfigurationError("workers are of this machine, and a scheduler has its own; leave one of them out")
    settings = settings if workers is None else replace(settings, workers=workers)
    with (
        ResultCache(None) if out is None else open_cache(out) as cache,
        _executor(settings, scheduler, out) as executor,
    ):
        yield executor, cache


@contextlib.contextmanager
def _executor(settings: SimulatorSettings, scheduler: str | None, out: Path | None) -> Iterator[Executor]:
    """Processes of this machine, or a cluster; given back at the end."""
    executor: Executor
    if scheduler is None:
        executor = LocalExecutor(
            settings.workers,
            settings.timeout,
            None if out is None else out / FAILURES,
            share=settings.share,
        )
    else:
        try:
            from pycosim.campaign.cluster import DaskExecutor
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"a scheduler needs Dask, and {error.name} is not installed; run: pip install 'pycosim-spice[cluster]'"
            ) from error
        executor = DaskExecutor(
            scheduler,
            on_worker=partial(LocalExecutor, n_workers=1, timeout=settings.timeout, share=settings.share),
            run_root=None if out is None else out / FAILURES,
        )
    try:
        yield executor
    finally:
        executor.close()


def as_text(words: Mapping[str, object], call: str) -> str:
    """The words of a Python call as TOML; what has no text stands by its name."""
    lines = (f"{name} = {_toml(value)}" for name, value in words.items() if value)
    return f"# from Python: pycosim.{call}(...)\n" + "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A value on one line; JSON's strings, numbers and booleans are TOML's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value)
    return json.dumps(str(getattr(value, "name", value)))
