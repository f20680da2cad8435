"""COMMAND that probes attention itself: `pycosim probe`."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence


class Task(enum.StrEnum):
    """Which probe."""

    all = "all"
    recall = "recall"
    induction = "induction"
    sorting = "sorting"
    brackets = "brackets"


class Cell(enum.StrEnum):
    """Published hardware."""

    linear = "linear"
    cubic = "cubic"


def probe(
    task: Annotated[Task, typer.Option(help="Which task.")] = Task.all,
    models: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of an earlier 'pycosim run', whose hardware is probed.")
    ] = None,
    cell: Annotated[
        Cell | None,
        typer.Option(help="Published hardware, without --models.", show_default="linear, that of the training, alone"),
    ] = None,
    axis: Annotated[list[str] | None, typer.Option(help="What varies; may be repeated.", show_default="all")] = None,
    sequences: Annotated[int | None, typer.Option(min=1, help="Of each task.", show_default="256")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Folder with weights of your own.", show_default="those of the package")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sequences and of the first die.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Few values and sequences: seconds.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for probes.json and probes.svg.")] = None,
    debug: Debug = False,
) -> None:
    """Let small transformers recall, copy, sort and match brackets, with exact and with analog attention."""
    with one_sentence(debug):
        import dataclasses

        from rich.console import Console

        from pycosim.evaluate.system_report import terminal_table
        from pycosim.flows.probe_axes import AXES
        from pycosim.flows.probe_report import axis_table, summary_table, write_probes
        from pycosim.flows.probes import ProbePlan, choose_hardware, run_probes
        from pycosim.flows.progress import RichProgress
        from pycosim.probes import TASKS, load_probe

        plan = ProbePlan.short(seed) if quick else ProbePlan(seed=seed)
        if sequences is not None:
            plan = dataclasses.replace(plan, n_sequences=sequences)
        axes: Sequence[str] = axis or tuple(AXES)
        other = choose_hardware(models, cell)
        probes = [load_probe(name, weights) for name in (TASKS if task is Task.all else [task.value])]
        with RichProgress(Console(stderr=True)) as progress:
            points = run_probes(probes, other, plan, progress, axes=axes)
        console = Console()
        name = "published linear" if other is None else other.name
        console.print(f"Probes of attention: {name}, {plan.n_sequences} sequences of each task", markup=False)
        for table in (summary_table(points), *(axis_table(points, name) for name in axes)):
            console.print("", terminal_table(table))
            if table.note:
                console.print(table.note, style="dim")
        if out is not None:
            for path in write_probes(points, out, hardware=name):
                console.print(f"{path}", soft_wrap=True, highlight=False, markup=False)
