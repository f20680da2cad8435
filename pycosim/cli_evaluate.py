"""COMMAND of the transformer on a text: `pycosim evaluate`, with ngspice in its loop where asked for."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from pycosim.evaluate.accuracy import Accuracy
    from pycosim.flows.evaluate_model import Answer, ByHead
    from pycosim.flows.saved_attention import SavedAttention


class Kind(enum.StrEnum):
    """What computes the attention; the values of `pycosim.flows.evaluate.AttentionKind`, without its imports."""

    exact = "exact"
    linear = "linear"
    analog = "analog"


def evaluate(
    attention: Annotated[Kind, typer.Option(help="What computes the attention.")] = Kind.analog,
    models: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of an earlier 'pycosim run': models, adapted scalers.")
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to predict, at most.")] = 32768,
    model: Annotated[
        str | None,
        typer.Option(
            help="Shipped name, .safetensors, .npz, llama2.c's .bin, or a folder of Hugging Face (GPT-2, Llama).",
            show_default="softmax, or linear for linear and analog attention",
        ),
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Tokenizer's file or folder.", show_default="beside the model")
    ] = None,
    text: Annotated[Path | None, typer.Option(help="Text in UTF-8.", show_default="the shipped held-out text")] = None,
    stride: Annotated[
        int | None, typer.Option(min=1, help="Tokens from window to window.", show_default="the model's context")
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Also: agreement with exact attention.")] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Model whose exact attention --compare takes, for one that was fine-tuned.",
            show_default="the model itself, softmax for linear",
        ),
    ] = None,
    by_head: Annotated[
        bool, typer.Option("--by-head", help="Also: what each head costs alone; a run of the text for every head.")
    ] = False,
    choices: Annotated[
        Path | None, typer.Option(help="Multiple-choice tasks, JSON lines (ARC, PIQA, WinoGrande, HellaSwag, LAMBADA).")
    ] = None,
    spice_sample: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="So many reads, drawn at random, also go through ngspice.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="In these reads ngspice's pulse takes the place of the model's.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Simulator processes.", show_default="one per processor")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of figures, plot, and the worst read's deck.", show_default="runs/evaluate-ATTENTION"
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Measure the transformer's perplexity with a chosen attention, with transistor-level reads in its loop."""
    with one_sentence(debug):
        from rich.console import Console

        from pycosim.errors import ConfigurationError
        from pycosim.evaluate.quantities import show_count
        from pycosim.flows.evaluate import AttentionKind, choose_attention, evaluate_attention, shipped_subject
        from pycosim.flows.evaluate_model import Question, attention_of, evaluate_model
        from pycosim.flows.in_the_loop_report import effect_rows, figure_rows, place_text
        from pycosim.flows.in_the_loop_run import PLOT, LoopSettings, run_in_the_loop, write_evaluation
        from pycosim.flows.progress import RichProgress
        from pycosim.flows.saved_attention import load_attention
        from pycosim.transformer.load import load_model

        kind = AttentionKind(attention.value)
        if replace and spice_sample is None:
            raise ConfigurationError("--replace needs reads to replace: say how many with --spice-sample")
        if spice_sample is not None and kind is not AttentionKind.analog:
            raise ConfigurationError(f"{kind} attention has no circuits to sample; use --attention analog")
        if models is not None and kind is not AttentionKind.analog:
            raise ConfigurationError(f"{kind} attention uses no models of a run; leave --models out")
        saved = None if models is None else load_attention(models)
        folder = out or Path("runs") / f"evaluate-{kind}"
        console = Console(highlight=False)
        own = {
            "--model": model,
            "--text": text,
            "--stride": stride,
            "--compare": compare,
            "--by-head": by_head,
            "--choices": choices,
        }
        if reference is not None and not compare:
            raise ConfigurationError("--reference says what --compare compares with; ask for --compare, too")
        asked = [name for name, value in own.items() if value]
        if asked and spice_sample is not None:
            raise ConfigurationError(f"--spice-sample reads the shipped model on its own text; leave {asked[0]} out")
        if asked:
            question = Question(
                text=text, n_tokens=tokens, stride=stride, compare=compare, choices=choices, by_head=by_head
            )
            source = model or ("softmax" if kind is AttentionKind.exact else "linear")
            ready = load_model(source, tokenizer=tokenizer)
            other = reference or ("softmax" if source == "linear" else None)  # was trained with exact attention
            compared = None if other is None else load_model(other, tokenizer=tokenizer)
            chosen = attention_of(ready, kind, saved)
            with RichProgress(Console(stderr=True)) as progress:
                answer = evaluate_model(ready, chosen, question, progress, reference=compared)
            name = f"{model or 'shipped transformer'}, {text or 'held-out text'}"
            write_evaluation(folder, name=name, attention=chosen, accuracy=answer.accuracy, saved=saved, answer=answer)
            console.print(_title(kind.value, saved, name), "", markup=False)
            console.print(_accuracy_table(kind.value, answer.accuracy))
            console.print(*_lines(answer), sep="\n", markup=False)
            if answer.by_head is not None:
                console.print("", _head_table(answer.by_head))
            return
        subject = shipped_subject(kind, tokens)
        chosen = choose_attention(kind, subject, saved)
        if spice_sample is None or saved is None or chosen.arrays is None:
            with RichProgress(Console(stderr=True)) as progress:
                accuracy = evaluate_attention(subject, chosen, progress)
            write_evaluation(folder, name=subject.name, attention=chosen, accuracy=accuracy, saved=saved)
            console.print(_title(kind.value, saved, subject.name), "", markup=False)
            console.print(_accuracy_table(kind.value, accuracy))
            return
        settings = LoopSettings(n_reads=spice_sample, seed=seed, replace=replace, n_workers=workers)
        with RichProgress(Console(stderr=True)) as progress:
            outcome = run_in_the_loop(subject, chosen, saved, settings, folder, progress)
        result = outcome.result
        loop = (settings, result)
        write_evaluation(folder, name=subject.name, attention=chosen, accuracy=result.accuracy, saved=saved, loop=loop)
        console.print(_title(kind.value, saved, subject.name), "", markup=False)
        console.print(_accuracy_table(kind.value, result.accuracy))
        title = f"Model minus ngspice, {len(result.reads)} of {show_count(result.population.size)} reads"
        rows = figure_rows(result, chosen.arrays.hardware)
        console.print("", _table(title, ("", "keys", "values", "both"), rows))
        if rows := effect_rows(result):
            console.print("", _table("ngspice's pulses in place of the model's", ("", "found"), rows))
        if outcome.worst is not None:
            console.print(f"\nWorst read: {place_text(outcome.worst)}")
        if outcome.deck is not None:
            console.print(f"Its deck: {outcome.deck}; plot: {folder / PLOT}", soft_wrap=True, markup=False)


def _lines(answer: Answer) -> list[str]:
    """What else was found, a line each."""
    lines = ["", f"{answer.tokens_per_second:.0f} tokens a second"]
    if answer.agreement is not None:
        lines.append(f"against exact attention: {answer.agreement}")
    if answer.choices is not None:
        lines.append(f"tasks: {answer.choices}")
    return lines


def _title(kind: str, saved: SavedAttention | None, text: str) -> str:
    if saved is None:
        return f"{kind} attention: {text}"
    return f"{kind} attention: {saved.conditions}, models of {saved.run}\n{text}"


def _accuracy_table(kind: str, accuracy: Accuracy) -> Table:
    from pycosim.evaluate.quantities import show_count, show_number

    error = show_number(accuracy.standard_error, digits=2)
    row = (
        kind,
        show_number(accuracy.perplexity, digits=4),
        f"{show_number(accuracy.cross_entropy_nats, digits=4)} ± {error} nat",
        show_count(accuracy.n_tokens),
    )
    return _table("Accuracy", ("attention", "perplexity", "cross entropy", "tokens"), [row])


def _head_table(found: ByHead) -> Table:
    import numpy as np

    from pycosim.evaluate.quantities import show_number

    rows = [
        (
            f"{layer}.{head}",
            f"{100 * found.top_1[layer, head]:.2f} %",
            show_number(float(found.kl_nats[layer, head]), digits=3),
            show_number(float(found.output_error[layer, head]), digits=3),
        )
        for layer, head in np.ndindex(found.top_1.shape)
    ]
    header = ("layer.head", "top-1 agreement", "KL, nats", "error of the output")
    return _table(f"Each head alone, all others {found.reference}", header, rows)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index else "left", no_wrap=bool(index))
    for row in rows:
        table.add_row(*row)
    return table
