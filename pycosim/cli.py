"""COMMAND LINE: `pycosim run`, `characterize`, `netlists`, `doctor`, and the commands of the files `cli_*`.

Everything is imported inside the commands, so that `pycosim --help` is quick. A deliberate error ends in one
sentence on standard error and exit status 2; `--debug` shows its traceback. Ctrl-C ends with 130.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pycosim import (
    cli_accuracy,
    cli_adapt,
    cli_classify,
    cli_evaluate,
    cli_export,
    cli_finetune,
    cli_generate,
    cli_probe,
    cli_sweep,
    cli_tile,
    cli_tune,
)
from pycosim.cli_messages import EXIT_MISSING, Debug, one_sentence

if TYPE_CHECKING:
    from pycosim.doctor import Finding

LONGEST_DECK = 900.0
"""What one deck of the studies may take (s): a flat array of 16 x 16 with its converters needs two minutes."""

app = typer.Typer(
    name="pycosim",
    help="Co-simulation of analog attention: from ngspice to a transformer's accuracy, latency and energy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    cli_sweep.sweep,
    cli_sweep.plot,
    cli_tune.tune,
    cli_tile.tile,
    cli_export.export,
    cli_adapt.adapt,
    cli_accuracy.accuracy,
    cli_evaluate.evaluate,
    cli_generate.generate,
    cli_finetune.finetune,
    cli_probe.probe,
    cli_classify.classify,
):
    app.command()(command)


@app.command()
def run(
    config: Annotated[Path | None, typer.Option(help="TOML file with settings; options win over it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run directory.", show_default="runs/<flow>-<time>")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer points, columns and tokens: at most a minute.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of every random operand.", show_default="0")] = None,
    workers: Annotated[int | None, typer.Option(help="Simulator processes.", show_default="one per processor")] = None,
    flow: Annotated[
        str, typer.Option(help="Which system: gain-cell, electro-optic, gilbert or interferometer.")
    ] = "gain-cell",
    technology: Annotated[
        str | None,
        typer.Option(help="Built-in technology, or a path to your own TOML.", show_default="that of the system"),
    ] = None,
    debug: Debug = False,
) -> None:
    """Run the whole chain: circuits in ngspice, fits, analog attention, transformer, report."""
    with one_sentence(debug):
        from rich.console import Console

        from pycosim.evaluate.any_report import terminal_any_report, write_any_report
        from pycosim.flows.catalogue import find_flow
        from pycosim.flows.progress import RichProgress

        name, start = find_flow(flow)
        overrides = {"quick": quick or None, "seed": seed, "n_workers": workers, "technology": technology}
        begin = start(config, overrides)
        directory = _run_directory(out, name)
        with RichProgress(Console(stderr=True)) as progress:
            report = begin(directory, progress)
            page = write_any_report(report, directory)
        console = Console()
        console.print(terminal_any_report(report))
        console.print(f"\nReport: {page}", soft_wrap=True, highlight=False, markup=False)


@app.command()
def characterize(
    config: Annotated[Path | None, typer.Option(help="TOML file with settings; options win over it.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the studies; those that are finished there are not run again.",
            show_default="runs/characterize, or runs/characterize-quick",
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A study by name; may be repeated.", show_default="all")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few points: to see that all runs, not to quote.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of every random operand and die.", show_default="0")] = None,
    workers: Annotated[int | None, typer.Option(help="Simulator processes.", show_default="one per processor")] = None,
    docs: Annotated[Path | None, typer.Option(help="Also write figures, plots and tables into this folder.")] = None,
    debug: Debug = False,
) -> None:
    """Study the gain-cell hardware down to the transistor: corners, mismatch, noise, timing, energy, accuracy."""
    with one_sentence(debug):
        from rich.console import Console

        from pycosim.errors import ConfigurationError
        from pycosim.flows.characterization import make_design
        from pycosim.flows.config import load_config
        from pycosim.flows.progress import RichProgress
        from pycosim.spice import NgspicePool
        from pycosim.studies.document import write_docs
        from pycosim.studies.gain_cell import characterize_gain_cell, finished_records
        from pycosim.studies.page import write_page
        from pycosim.studies.study import Laboratory

        settings = load_config(config, {"quick": quick or None, "seed": seed, "n_workers": workers})
        if docs and settings.quick:
            raise ConfigurationError("--docs writes figures to be quoted, --quick makes none; leave one of them out")
        folder = out or Path("runs") / ("characterize-quick" if settings.quick else "characterize")
        design = make_design(settings)
        with (
            RichProgress(Console(stderr=True)) as progress,
            NgspicePool(n_workers=settings.n_workers, timeout=LONGEST_DECK, run_root=folder / "failed") as pool,
        ):
            lab = Laboratory(design=design, simulator=pool, progress=progress, seed=settings.seed, quick=settings.quick)
            characterize_gain_cell(lab, folder, only or ())
        records = finished_records(lab, folder)
        page = write_page(records, folder)
        for path in write_docs(records, docs) if docs else ():
            typer.echo(path)
        typer.echo(f"Studies: {page}")


@app.command()
def netlists(
    out: Annotated[Path, typer.Option(help="Folder of the committed netlists.")] = Path("netlists"),
    check: Annotated[bool, typer.Option("--check", help="Compare only; exit status 1 where a file differs.")] = False,
    debug: Debug = False,
) -> None:
    """Write the netlists that are kept in the repository, or check that they are up to date."""
    with one_sentence(debug):
        from pycosim.flows.netlists import check_netlists, write_netlists

        if not check:
            for path in write_netlists(out):
                typer.echo(path)
            return
        differing = check_netlists(out)
        for name in differing:
            typer.echo(f"{out / name} is not what the circuits give; run 'pycosim netlists'", err=True)
        raise typer.Exit(EXIT_MISSING if differing else 0)


@app.command()
def doctor(debug: Debug = False) -> None:
    """Print the versions of everything pycosim uses, and what is missing."""
    with one_sentence(debug):
        from rich.console import Console
        from rich.table import Table

        from pycosim.doctor import examine

        findings = examine()
        table = Table(box=None, show_header=False, pad_edge=False)
        for finding in findings:
            table.add_row(finding.name, f"[bold red]missing:[/] {finding.hint}" if finding.missing else finding.found)
        Console(highlight=False).print(table)
        raise typer.Exit(EXIT_MISSING if _missing(findings) else 0)


def main() -> None:
    """Entry point of the command `pycosim`.

    BLAS gets one thread unless the user says otherwise: the matrices of a head are small, and OpenBLAS's threads spin
    when another process wants the core (measured: 0.3 s against 0.02 s for one pass of the shipped transformer).
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    app()


def _missing(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.name for finding in findings if finding.missing]


def _run_directory(out: Path | None, flow: str) -> Path:
    """The folder of this run; the flow makes it once the configuration is known to be good."""
    now = datetime.datetime.now().astimezone()
    return out if out is not None else Path("runs") / f"{flow}-{now:%Y%m%d-%H%M%S}"
