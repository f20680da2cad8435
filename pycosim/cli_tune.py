"""COMMAND of tunings: `pycosim tune SPEC.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

FILE_WIDTH = 120
"""Characters of a line where there is no terminal."""


def tune(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.toml", help="What to tune, and for what; see docs/tune.md.")],
    out: Annotated[
        Path | None,
        typer.Option(help=f"Folder; {KNOWN_POINTS}", show_default=OUT_DEFAULT),
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    retry_failed: RetryFailed = False,
    debug: Debug = False,
) -> None:
    """Change sizes of a circuit until it meets its goals best: at every corner, within limits, from a seed."""
    with one_sentence(debug):
        from rich.console import Console

        from pycosim.campaign.plot import save_plot
        from pycosim.campaign.tune import run_tune
        from pycosim.campaign.tune_plots import draw_front, draw_sensitivity
        from pycosim.campaign.tune_progress import RichTune
        from pycosim.campaign.tune_report import tune_report
        from pycosim.campaign.tune_spec import load_tune
        from pycosim.campaign.tune_store import BEST, HISTORY

        wanted = load_tune(spec)
        tell_notes(wanted.problem.bench)
        folder = results_folder(out, spec)
        with RichTune(Console(stderr=True)) as progress, kept_in(folder, progress):
            tuned = run_tune(
                wanted, folder, workers=workers, scheduler=scheduler, retry_failed=retry_failed, progress=progress
            )
        save_plot(draw_sensitivity(tuned.sensitivity, tuned.problem), folder / "sensitivity.png")
        front = draw_front(tuned.problem, tuned.trials, tuned.front, tuned.given, tuned.best)
        if front is not None:
            save_plot(front, folder / "front.png")
        console = Console()
        if not console.is_terminal:
            console.width = FILE_WIDTH
        console.print(tune_report(tuned))
        typer.echo(f"{progress.tally.simulated} points simulated now, {progress.tally.failed} of all failed")
        typer.echo(f"History: {folder / HISTORY}, found values: {folder / BEST}")
        if not tuned.best.feasible:
            typer.echo("no candidate keeps every limit; the values found are those that miss least", err=True)
            raise typer.Exit(EXIT_MISSING)
