"""COMMAND that lets a model write: `pycosim generate`."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence


class Shown(enum.StrEnum):
    """What computes the attention; `both` sets exact and analog side by side."""

    exact = "exact"
    linear = "linear"
    analog = "analog"
    both = "both"


def generate(
    prompt: Annotated[str, typer.Argument(help="Text to begin with.")] = "",
    model: Annotated[
        str | None,
        typer.Option(
            help="Shipped name, .safetensors, .npz, llama2.c's .bin, or a folder of Hugging Face (GPT-2, Llama).",
            show_default="softmax, or linear for analog attention",
        ),
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Tokenizer's file or folder.", show_default="beside the model")
    ] = None,
    attention: Annotated[Shown, typer.Option(help="What computes the attention.")] = Shown.exact,
    models: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of an earlier 'pycosim run', for analog attention.")
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to write, at most.")] = 200,
    temperature: Annotated[float, typer.Option(help="0 takes the most probable token always.")] = 0.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from the so many most probable.", show_default="all")] = None,
    top_p: Annotated[float, typer.Option(help="Draw from the most probable of this probability together.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    debug: Debug = False,
) -> None:
    """Let a transformer write after a prompt, keys and values kept: in memory, or in gain cells that age."""
    with one_sentence(debug):
        from pycosim.flows.evaluate import AttentionKind
        from pycosim.flows.generation import begin_attention, continue_text
        from pycosim.flows.saved_attention import load_attention
        from pycosim.transformer.load import load_model
        from pycosim.transformer.sampling import Sampling

        sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p)
        saved = None if models is None else load_attention(models)
        kinds = ["exact", "analog"] if attention is Shown.both else [attention.value]
        prepared = []  # all that can be wrong is found before the first text
        for kind in map(AttentionKind, kinds):
            source = model or ("softmax" if kind is AttentionKind.exact else "linear")
            ready = load_model(source, tokenizer=tokenizer)
            prepared.append((kind, source, ready, begin_attention(ready, kind, saved)))
        for kind, source, ready, begin in prepared:
            typer.echo(f"--- {kind} attention, {source}: {prompt!r} ...", err=True)
            written = continue_text(
                ready,
                begin,
                prompt,
                tokens,
                sampling=sampling,
                seed=seed,
                show=lambda text: typer.echo(text, nl=False),
            )
            typer.echo()
            rate = written.n_tokens / written.seconds
            typer.echo(f"--- {written.n_tokens} tokens, {rate:.0f} a second", err=True)
