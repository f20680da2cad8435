"""COMMAND of fine-tuning: `pycosim finetune`, weights for the gain-cell hardware."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence

if TYPE_CHECKING:
    from pycosim.attention.hardware import AttentionHardware, AttentionModels
    from pycosim.transformer.gpt2 import Gpt2
    from pycosim.transformer.llama import Llama


class Hardware(enum.StrEnum):
    """What the forward pass of the training runs on."""

    linear = "linear"
    analog = "analog"


def finetune(
    text: Annotated[Path, typer.Option(help="Text to learn from, in UTF-8.")],
    out: Annotated[Path, typer.Option(help="Folder of the model, its record and its checkpoint.")],
    model: Annotated[
        str,
        typer.Option(help="Shipped name, .safetensors, .npz, llama2.c's .bin, or a folder (GPT-2, Llama)."),
    ] = "softmax",
    tokenizer: Annotated[
        Path | None, typer.Option(help="Tokenizer's file or folder.", show_default="beside the model")
    ] = None,
    held_out: Annotated[
        str, typer.Option(metavar="FILE|SHARE", help="Text to judge by, or how much to cut off the end of the other.")
    ] = "0.1",
    attention: Annotated[
        Hardware, typer.Option(help="linear: ideal cells. analog: forward through measured models (--models, --cell).")
    ] = Hardware.linear,
    models: Annotated[Path | None, typer.Option(metavar="RUN", help="Folder of an earlier 'pycosim run'.")] = None,
    cell: Annotated[str | None, typer.Option(help="A published cell instead: cubic, x3, x5, sigmoid, ...")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of the whole training.")] = 1000,
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so many; the same command goes on.", show_default="never")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Windows of text in a step.")] = 16,
    context: Annotated[
        int | None, typer.Option(min=1, help="Tokens of a window.", show_default="the model's, at most 256")
    ] = None,
    peak: Annotated[float, typer.Option(help="Highest learning rate.")] = 1e-3,
    warm_up: Annotated[
        int | None, typer.Option(min=0, help="Steps until it is reached.", show_default="a tenth, at most 200")
    ] = None,
    window: Annotated[
        int | None, typer.Option(min=1, help="Tokens that a head holds.", show_default="the run's, or the context")
    ] = None,
    tile: Annotated[
        int | None, typer.Option(min=1, help="Tokens of an array.", show_default="the run's, or 64")
    ] = None,
    input_levels: Annotated[int, typer.Option(min=0, help="Levels of a query; 0 for any width.")] = 16,
    stored_levels: Annotated[int, typer.Option(min=0, help="Levels of a key or value; 0 for any voltage.")] = 8,
    signed_queries: Annotated[
        bool, typer.Option("--signed-queries", help="Queries of both signs, on complementary word lines.")
    ] = False,
    rows_per_feature: Annotated[
        int, typer.Option(min=1, help="Rows of the keys' array for each feature, where heads have few of them.")
    ] = 1,
    variation: Annotated[
        float, typer.Option(help="Linear cells that vary from step to step, for any cell later; 1 as shipped.")
    ] = 0.0,
    noise: Annotated[
        float, typer.Option(help="Deviation of cells and converters in every step, share of full scale.")
    ] = 0.0,
    adapt_steps: Annotated[
        int, typer.Option(min=0, help="Steps of adapting the scalers to measured models before training.")
    ] = 20,
    distill: Annotated[
        str | None, typer.Option(metavar="TEACHER", help="Model with exact attention whose predictions to learn.")
    ] = None,
    distill_share: Annotated[float, typer.Option(help="Of the loss that is the teacher's.")] = 1.0,
    temperature: Annotated[float, typer.Option(help="Of teacher and student.")] = 2.0,
    seed: Annotated[int, typer.Option(min=0, help="Of every window, variation and noise.")] = 0,
    check: Annotated[bool, typer.Option("--check", help="Check the gradients and end.")] = False,
    debug: Debug = False,
) -> None:
    """Fine-tune a model of softmax attention for the gain-cell hardware, linear or as measured."""
    with one_sentence(debug):
        from pycosim.training.requirement import require_torch

        require_torch()
        from rich.console import Console

        from pycosim.errors import ConfigurationError
        from pycosim.flows.progress import RichProgress
        from pycosim.training.cells import CellVariation
        from pycosim.training.finetune import finetune as run_finetune
        from pycosim.training.gradient_check import check_gradients
        from pycosim.training.linear import Unrest
        from pycosim.training.loop import Plan
        from pycosim.training.recipe import Recipe, Teacher
        from pycosim.training.text import read_texts
        from pycosim.transformer.gpt2 import Gpt2
        from pycosim.transformer.llama import Llama
        from pycosim.transformer.load import load_model

        ready = load_model(model, tokenizer=tokenizer)
        if not isinstance(ready, Gpt2 | Llama):
            raise ConfigurationError(f"{model} must be a GPT-2 or a Llama, found {type(ready).__name__}")
        tokens = context or min(256, ready.config.n_ctx)
        hardware, measured, name = _hardware(ready, attention, models, cell, tokens, window, tile)
        hardware = _with_levels(hardware, input_levels, stored_levels, signed_queries, rows_per_feature)
        console = Console(highlight=False)
        if check:
            console.print(str(check_gradients(hardware)), soft_wrap=True)
            return
        recipe = Recipe(
            hardware=hardware,
            measured=measured,
            measured_name=name,
            adaptation_steps=adapt_steps if measured is not None else 0,
            plan=Plan(
                steps=steps,
                batch=batch,
                context=tokens,
                peak=peak,
                warm_up=min(200, steps // 10) if warm_up is None else warm_up,
                seed=seed,
            ),
            variation=CellVariation.spread(variation) if variation else None,
            unrest=Unrest(cells=noise, scores=noise, read_outs=noise) if noise else None,
            teacher=None
            if distill is None
            else Teacher(model=load_model(distill, tokenizer=tokenizer), share=distill_share, temperature=temperature),
        )
        share, other = _held_out(held_out)
        texts = read_texts(ready, text, tokens, held_out=other, share=share)
        with RichProgress(Console(stderr=True)) as progress:
            result = run_finetune(ready, texts, recipe, out, progress, minutes=minutes)
        standing = result.standing
        console.print(
            f"{standing.step} of {steps} steps: held-out loss {standing.first_loss:.4f} -> {result.last_loss:.4f} nat "
            f"on {result.n_tokens} tokens\nModel: {result.folder}",
            soft_wrap=True,
            markup=False,
        )


def _held_out(given: str) -> tuple[float, Path | None]:
    """A share of the text, or another file."""
    try:
        return float(given), None
    except ValueError:
        return 0.0, Path(given)


def _hardware(
    model: Gpt2 | Llama,
    attention: Hardware,
    models: Path | None,
    cell: str | None,
    context: int,
    window: int | None,
    tile: int | None,
) -> tuple[AttentionHardware, AttentionModels | None, str]:
    """Sizes of the hardware, the models of its circuits where they are not ideal, and what tells these from others."""
    from dataclasses import replace

    from pycosim.attention.cells import named_models
    from pycosim.attention.hardware import AttentionHardware
    from pycosim.errors import ConfigurationError
    from pycosim.flows.evaluate_model import hardware_of_run
    from pycosim.flows.hardware_scalers import TILE, whole_tiles
    from pycosim.flows.saved_attention import FOLDER, load_attention
    from pycosim.training.recipe import digest_of_folder

    given = [name for name, value in (("--models", models), ("--cell", cell)) if value is not None]
    wanted = attention is Hardware.analog
    if len(given) != int(wanted):
        raise ConfigurationError(
            f"{attention} attention wants {'either --models RUN or --cell NAME' if wanted else 'no models of cells'}, "
            f"found {' and '.join(given) or 'neither'}; make a run with: pycosim run --out FOLDER"
        )
    if models is not None:
        saved = load_attention(models)
        own = replace(saved.hardware, tile=tile or saved.hardware.tile)
        sized = hardware_of_run(replace(saved, hardware=own), model, window=window or saved.hardware.window)
        return sized, saved.models, f"run {digest_of_folder(models / FOLDER)}"
    own_tile = tile or TILE
    ideal = AttentionHardware(token_period=0.0, tile=own_tile, window=window or whole_tiles(context, own_tile))
    return (ideal, None, "linear") if cell is None else (ideal, named_models(cell), cell)


def _with_levels(hardware: AttentionHardware, inputs: int, stored: int, signed: bool, rows: int) -> AttentionHardware:
    from dataclasses import replace

    return replace(
        hardware,
        n_input_levels=inputs or None,
        n_stored_levels=stored or None,
        signed_queries=signed,
        rows_per_feature=rows,
    )
