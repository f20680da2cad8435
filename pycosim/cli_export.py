"""COMMAND of models that travel: `pycosim export RUN_OR_MODEL --to FORM`."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence


class To(enum.StrEnum):
    """What a model can become; the values of `pycosim.export.Form`, without its imports."""

    verilog_a = "verilog-a"
    ngspice = "ngspice"
    npz = "npz"
    csv = "csv"


def export(
    source: Annotated[
        Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a folder of models, or a model's .json.")
    ],
    to: Annotated[To, typer.Option("--to", help="What to write.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write into.", show_default="export/<form>")] = None,
    decay: Annotated[
        Path | None, typer.Option(help="Decay model (.json): what the storage node of exported cells does.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of a single model's block, such as gain_cell.", show_default="the file's")
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="Largest error that tables of blocks add, over their largest value.", show_default="0.0001"),
    ] = None,
    debug: Debug = False,
) -> None:
    """Write behavioural models as circuit blocks (ngspice, Verilog-A) or as plain arrays (npz, csv)."""
    with one_sentence(debug):
        from pycosim.export import TOLERANCE, Form, export_models

        folder = out or Path("export") / to.value
        tolerance = TOLERANCE if tolerance is None else tolerance
        written = export_models(source, Form(to.value), folder, decay=decay, name=name, tolerance=tolerance)
        for path in written:
            typer.echo(path)
