"""COMMAND that lets a vision transformer tell images: `pycosim classify`."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence


class Kind(enum.StrEnum):
    """What computes the attention."""

    exact = "exact"
    linear = "linear"
    analog = "analog"


class Cell(enum.StrEnum):
    """Published hardware."""

    linear = "linear"
    cubic = "cubic"


def classify(
    model: Annotated[
        str | None,
        typer.Option(
            help="Shipped name, or a folder of Hugging Face (ViT).",
            show_default="digits_softmax, or digits_gain_cell for linear and analog attention",
        ),
    ] = None,
    images: Annotated[
        str, typer.Option(help="digits (held-out part), a folder with MNIST's test files, or an .npz file.")
    ] = "digits",
    attention: Annotated[Kind, typer.Option(help="What computes the attention.")] = Kind.exact,
    models: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of an earlier 'pycosim run', for analog attention.")
    ] = None,
    cell: Annotated[
        Cell | None, typer.Option(help="Published hardware, without --models.", show_default="cubic")
    ] = None,
    calibration: Annotated[
        str | None, typer.Option(help="Images to adapt on, as --images.", show_default="digits, training part")
    ] = None,
    n_images: Annotated[int | None, typer.Option("--number", min=1, help="Of images, at most.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the result, JSON.")] = None,
    debug: Debug = False,
) -> None:
    """Let a vision transformer tell images with exact, linear or analog attention."""
    with one_sentence(debug):
        from rich.console import Console

        from pycosim.errors import InputError
        from pycosim.evaluate.write import write_text
        from pycosim.flows.classify import classifier_attention, count_right, find_classifier
        from pycosim.flows.labelled_images import digits, read_images
        from pycosim.flows.probes import choose_hardware
        from pycosim.flows.progress import RichProgress

        name = model or ("digits_softmax" if attention is Kind.exact else "digits_gain_cell")
        vit = find_classifier(name)
        shown = read_images(images, vit.config).first(n_images)
        chosen = Cell.cubic if models is None and cell is None else cell
        other = choose_hardware(models, chosen) if attention is Kind.analog else None
        known = digits(held_out=False) if calibration is None else read_images(calibration, vit.config)
        with RichProgress(Console(stderr=True)) as progress:
            attend = classifier_attention(vit, attention.value, other, known.images, progress)
            progress.stage(f"{attention.value} attention: {shown.name}", total=len(shown.labels))
            found = count_right(vit, attend, shown, progress)
        hardware = "" if other is None else f", {other.name}"
        console = Console(highlight=False)
        console.print(f"{name}, {attention.value} attention{hardware}", markup=False)
        console.print(
            f"{shown.name}: {100 * found.accuracy:.2f} ± {100 * found.standard_error:.2f} % of {found.n_images}"
        )
        if out is not None:
            document = {
                "model": name,
                "images": shown.name,
                "attention": attention.value,
                "hardware": None if other is None else other.name,
                "accuracy": found.accuracy,
                "standard_error": found.standard_error,
                "n_images": found.n_images,
                "confusion": found.confusion.tolist(),
            }
            try:
                out.parent.mkdir(parents=True, exist_ok=True)
                write_text(out, json.dumps(document, indent=1) + "\n")
            except OSError as error:
                raise InputError(f"cannot write {out}: {error}; choose another file with --out") from error
