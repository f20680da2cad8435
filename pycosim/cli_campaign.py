"""WHAT COMMANDS OF SWEEPS AND TUNINGS SHARE: options, the folder of the results, and what is told on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pycosim.campaign.bench import SweepBench
    from pycosim.campaign.progress import RichCampaign

Workers = Annotated[int | None, typer.Option(help="Simulator processes.", show_default="SPEC's, or one per processor")]

Scheduler = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler, instead of processes of this machine.")
]

RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Run points again that failed before.")]

KNOWN_POINTS = "points that are known there are not run again."
"""Of the folder of the results, in the help of --out."""

OUT_DEFAULT = "runs/<name of SPEC>"
"""See `results_folder`."""


def results_folder(out: Path | None, spec: Path) -> Path:
    """Where the results lie."""
    return out or Path("runs") / spec.stem


def tell_notes(bench: SweepBench) -> None:
    """Say what the bench remarks of its circuit."""
    for note in bench.notes:
        typer.echo(f"note: {note}", err=True)


@contextmanager
def kept_in(folder: Path, progress: RichCampaign) -> Iterator[None]:
    """Say on Ctrl-C how far it came, and that nothing of that is lost."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"{progress.line}; they are kept in {folder}: the same command goes on", err=True)
        raise
