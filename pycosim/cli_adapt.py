"""COMMAND that brings a model onto gain cells without a gradient: `pycosim adapt`."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence

if TYPE_CHECKING:
    from rich.table import Table

    from pycosim.flows.adapt_model import AdaptedModel

MOST_ROWS = 14
"""Iterations that are printed; all of them are in the files."""


class Cell(enum.StrEnum):
    """Cells by name; those of `pycosim.attention.cells.CELL_NAMES`, without its imports."""

    linear = "linear"
    cubic = "cubic"
    x3 = "x3"
    x5 = "x5"
    sigmoid = "sigmoid"
    exponential = "exponential"


class Matched(enum.StrEnum):
    """Of what mean and deviation are matched, for keys and values."""

    read = "read"
    written = "written"


class Towards(enum.StrEnum):
    """Whose signals are restored."""

    linear = "linear"
    exact = "exact"


def adapt(
    model: Annotated[
        str, typer.Option(help="Shipped name, .safetensors, .npz, llama2.c's .bin, or a folder of Hugging Face.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the scalers, for 'evaluate' and 'generate' with --models.")],
    cell: Annotated[Cell | None, typer.Option(help="A published cell; or give --models.")] = None,
    models: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of a 'pycosim run': cells and converters from SPICE.")
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Tokenizer's file or folder.", show_default="beside the model")
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(
            help="Text in UTF-8: its first nine tenths calibrate, its last tenth is held out.",
            show_default="what the model carries",
        ),
    ] = None,
    iterations: Annotated[int, typer.Option(min=1, help="Steps of the adaptation, at most.")] = 50,
    sequences: Annotated[int, typer.Option(min=1, help="Windows of calibration text, at most.")] = 16,
    context: Annotated[
        int | None, typer.Option(min=2, help="Tokens of such a window.", show_default="the model's context")
    ] = None,
    window: Annotated[
        int | None, typer.Option(min=1, help="Tokens that a head holds.", show_default="the model's context")
    ] = None,
    search: Annotated[
        int, typer.Option(min=0, help="Trials of first scalers for each layer, where the model has none; 30 are many.")
    ] = 0,
    share: Annotated[
        bool, typer.Option("--share", help="Heads that share keys and values (GQA) share their scalers, too.")
    ] = False,
    match: Annotated[Matched, typer.Option(help="Of what mean and deviation are matched.")] = Matched.read,
    towards: Annotated[
        Towards | None,
        typer.Option(
            help="Whose signals are restored: the linear hardware's or exact attention's.",
            show_default="linear for a model with scalers of its own, else exact",
        ),
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, help="Held-out tokens to predict, at most.")] = 8192,
    debug: Debug = False,
) -> None:
    """Find scalers with which a language model runs on gain cells, from statistics alone; no training."""
    with one_sentence(debug):
        from rich.console import Console

        from pycosim.flows.adapt_command import AdaptRequest, run_adapt
        from pycosim.flows.adapt_model import AdaptSettings
        from pycosim.flows.progress import RichProgress

        request = AdaptRequest(
            model=model,
            tokenizer=tokenizer,
            cell=None if cell is None else cell.value,
            run=models,
            text=text,
            n_sequences=sequences,
            context=context,
            window=window,
            n_held_out=tokens,
            settings=AdaptSettings(
                steps=iterations,
                n_trials=search,
                share=share,
                match=match.value,
                reference=None if towards is None else towards.value,
            ),
        )
        with RichProgress(Console(stderr=True)) as progress:
            found, conditions = run_adapt(request, out, progress)
        console = Console(highlight=False)
        console.print(f"{model} on {conditions}", "", markup=False)
        console.print(_history_table(found))
        if found.accuracy:
            console.print("", _accuracy_table(found))
        console.print(f"\nScalers, history and plot: {out}", soft_wrap=True, markup=False)


def _history_table(found: AdaptedModel) -> Table:
    from pycosim.evaluate.quantities import show_number
    from pycosim.flows.adapt_report import history_rows

    rows = history_rows(found)
    title = f"Calibration text, towards the signals of {found.reference} attention"
    table = _table(title, ("iteration", "perplexity", "largest error of a mean", "of a deviation"))
    shown = rows if len(rows) <= MOST_ROWS else [*rows[: MOST_ROWS - 2], rows[found.adaptation.chosen], rows[-1]]
    for row in shown:
        is_chosen = row["iteration"] == found.adaptation.chosen
        figures = [show_number(float(str(row[name])), digits=4) for name in list(row)[2:]]
        table.add_row(f"{row['iteration']}{' (taken)' if is_chosen else ''}", *figures)
    return table


def _accuracy_table(found: AdaptedModel) -> Table:
    from pycosim.evaluate.quantities import show_count, show_number

    names = {
        "exact": "Exact softmax",
        "linear": "Linear hardware",
        "analog": "Analog, before adaptation",
        "adapted": "Analog, adapted",
    }
    table = _table("Held-out text", ("attention", "perplexity", "cross entropy", "tokens"))
    for key, accuracy in found.accuracy.items():
        error = show_number(accuracy.standard_error, digits=2)
        table.add_row(
            names[key],
            show_number(accuracy.perplexity, digits=4),
            f"{show_number(accuracy.cross_entropy_nats, digits=4)} ± {error} nat",
            show_count(accuracy.n_tokens),
        )
    return table


def _table(title: str, header: tuple[str, ...]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index else "left", no_wrap=bool(index))
    return table
