"""COMMAND of the tolerances: `pycosim accuracy`, what a model loses as levels, decay, mismatch or noise vary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence


def accuracy(
    models: Annotated[
        Path, typer.Option(metavar="RUN", help="Folder of 'pycosim run' or 'pycosim adapt': models, adapted scalers.")
    ],
    model: Annotated[
        str, typer.Option(help="Shipped name, file or folder of a model with scalers for the hardware.")
    ] = "linear",
    tokenizer: Annotated[
        Path | None, typer.Option(help="Tokenizer's file or folder.", show_default="beside the model")
    ] = None,
    text: Annotated[Path | None, typer.Option(help="Text in UTF-8.", show_default="the shipped held-out text")] = None,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to predict, at most.")] = 16384,
    seed: Annotated[int, typer.Option(min=0, help="Seed of dies and noise.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Three sizes of everything.")] = False,
    out: Annotated[Path, typer.Option(help="Folder of figures and plot.")] = Path("runs/accuracy"),
    debug: Debug = False,
) -> None:
    """Vary levels, decay, window, mismatch and noise of a model's hardware, one by one; tables, JSON and plot."""
    with one_sentence(debug):
        from rich.console import Console
        from rich.table import Table

        from pycosim.evaluate.document import to_json
        from pycosim.evaluate.drawing import for_file, render_svg
        from pycosim.evaluate.write import write_text
        from pycosim.flows.accuracy_plots import plot_sweeps
        from pycosim.flows.accuracy_sweeps import all_cases, hardware_subject, sweep_accuracy
        from pycosim.flows.accuracy_tables import accuracy_document, accuracy_tables
        from pycosim.flows.progress import RichProgress
        from pycosim.flows.saved_attention import load_attention
        from pycosim.transformer.load import load_model

        ready = load_model(model, tokenizer=tokenizer)
        subject = hardware_subject(ready, load_attention(models), text, tokens, seed)
        with RichProgress(Console(stderr=True)) as progress:
            sweeps = sweep_accuracy(subject, all_cases(subject, quick=quick), progress)
        out.mkdir(parents=True, exist_ok=True)
        named = {Path(model).name: sweeps}
        document = {"model": model, "models": str(models), "seed": seed, **accuracy_document(sweeps)}
        write_text(out / "accuracy.json", to_json(document))
        write_text(out / "accuracy.svg", for_file(render_svg(plot_sweeps(named), "accuracy")))
        console = Console(highlight=False)
        for table in accuracy_tables(named).values():
            shown = Table(*table.header, title=table.title, title_justify="left", box=None)
            for line in table.rows:
                shown.add_row(*line)
            console.print(shown)
        typer.echo(f"Figures and plot: {out}")
