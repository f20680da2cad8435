"""COMMANDS of sweeps: `pycosim sweep SPEC.toml`, `pycosim plot STORE`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pycosim.cli_campaign import (
    KNOWN_POINTS,
    OUT_DEFAULT,
    RetryFailed,
    Scheduler,
    Workers,
    kept_in,
    results_folder,
    tell_notes,
)
from pycosim.cli_messages import EXIT_MISSING, Debug, one_sentence

if TYPE_CHECKING:
    import xarray as xr

SHOWN_REASONS = 3
"""Different reasons of failed points that are printed, the most frequent first."""


def sweep(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.toml", help="What to run; see docs/sweeps.md.")],
    out: Annotated[
        Path | None,
        typer.Option(help=f"Store; {KNOWN_POINTS}", show_default=OUT_DEFAULT),
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    retry_failed: RetryFailed = False,
    debug: Debug = False,
) -> None:
    """Simulate a bench over axes: sizes, corners, seeds, operands; into one dataset, of which nothing is lost."""
    with one_sentence(debug):
        from rich.console import Console

        from pycosim.campaign.progress import RichSweep
        from pycosim.campaign.spec import load_spec
        from pycosim.campaign.store import SWEEP
        from pycosim.campaign.sweep import run_spec

        wanted = load_spec(spec)
        tell_notes(wanted.campaign.bench)
        store = results_folder(out, spec)
        with RichSweep(Console(stderr=True)) as progress, kept_in(store, progress):
            dataset = run_spec(
                wanted, store, workers=workers, scheduler=scheduler, retry_failed=retry_failed, progress=progress
            )
        typer.echo(_summary(dataset, progress.tally.simulated))
        typer.echo(f"Sweep: {store / SWEEP}")
        if bool((dataset["failure"] != "").all()):
            raise typer.Exit(EXIT_MISSING)


def plot(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="Folder that 'pycosim sweep' wrote, or its sweep.nc.")],
    x: Annotated[str | None, typer.Option(help="An axis, or a measurement.", show_default="longest axis")] = None,
    y: Annotated[
        str | None,
        typer.Option(help="A measurement; none, with a measurement as x, is a histogram.", show_default="first one"),
    ] = None,
    hue: Annotated[str | None, typer.Option(help="Axis that gives the colours.")] = None,
    at: Annotated[
        list[str] | None, typer.Option(help="One value of a further axis, as 'corner=ss'; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File: .png, .svg or .pdf.", show_default="<y>_over_<x>.png in STORE")
    ] = None,
    debug: Debug = False,
) -> None:
    """Draw a sweep: a measurement over an axis or another measurement; further axes are shown as their spread."""
    with one_sentence(debug):
        from pycosim.campaign.plot import choose_view, draw_sweep, save_plot
        from pycosim.campaign.store import load_sweep

        dataset = load_sweep(store)
        view = choose_view(dataset, x=x, y=y, hue=hue, at=at or ())
        folder = store if store.is_dir() else store.parent
        typer.echo(save_plot(draw_sweep(dataset, view), out or folder / f"{view.name}.png"))


def _summary(dataset: xr.Dataset, simulated: int) -> str:
    """Points, how many were simulated, failed or needed the ladder, and why they failed."""
    failures = Counter(text for text in dataset["failure"].values.ravel().tolist() if text)
    climbed = Counter(text for text in dataset["rung"].values.ravel().tolist() if text)
    lines = [f"{dataset['failure'].size} points, {simulated} simulated now, {failures.total()} failed"]
    lines += [f"  {count} converged on the rung {rung} of the ladder" for rung, count in climbed.most_common()]
    lines += [f"  {count} failed: {reason}" for reason, count in failures.most_common(SHOWN_REASONS)]
    if len(failures) > SHOWN_REASONS:
        lines.append(f"  and {len(failures) - SHOWN_REASONS} further reasons: variable 'failure' of the dataset")
    return "\n".join(lines)
