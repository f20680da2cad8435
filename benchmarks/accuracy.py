"""What analog attention costs real models: docs/results/accuracy.json and the tables and plots of docs/accuracy.md.

    pycosim run --out runs/gain-cell
    python benchmarks/accuracy.py --run runs/gain-cell --same-budget FOLDER
        [--stories FILE.bin --stories-text FILE --stories-linear FOLDER --stories-run FOLDER] [--quick]

The shipped models: with exact softmax, linear hardware, the run's hardware with adapted scalers, and fine-tuned on it;
FOLDER of --same-budget has softmax weights that were trained as long as the fine-tuned ones in all. stories260K: its
weights, and those of `pycosim finetune --attention linear` and the scalers of `pycosim adapt`; its text is the end of
FILE that the training left out. `--quick` predicts little, varies three sizes of everything, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from record import ROOT, merge, table, write_table
from rich.console import Console

from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.exact import Attend, exact_attention
from pycosim.attention.hardware import Scalers
from pycosim.attention.published import linear_models
from pycosim.evaluate.accuracy import Losses, accuracy_of_losses, loss_difference, token_losses
from pycosim.evaluate.drawing import for_file, render_svg
from pycosim.evaluate.write import write_text
from pycosim.flows.accuracy_plots import plot_sweeps
from pycosim.flows.accuracy_sweeps import (
    AXES,
    BATCH_TOKENS,
    TOLERANCE,
    AccuracySweeps,
    HardwareSubject,
    all_cases,
    sweep_accuracy,
)
from pycosim.flows.accuracy_tables import accuracy_rows, accuracy_tables
from pycosim.flows.hardware_scalers import scalers_of
from pycosim.flows.progress import Progress, RichProgress
from pycosim.flows.saved_attention import SavedAttention, load_attention
from pycosim.transformer.attend import Tokens
from pycosim.transformer.corpus import load_held_out_text
from pycosim.transformer.llama import Llama
from pycosim.transformer.load import load_model
from pycosim.transformer.model import LanguageModel

RESULTS = ROOT / "docs" / "results" / "accuracy.json"
HELD_OUT = 0.1
"""Share of a text that `pycosim finetune` cuts off its end."""

TUNED = "shipped, fine-tuned"
"""Name of the subject whose distance from exact softmax is taken apart."""

Attention = Attend | Sequence[Attend]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One line of a table: a model with an attention.

    Attributes:
        key: in the results file.
        name: in the table.
        model: which weights.
        attention: of its layers.
    """

    key: str
    name: str
    model: LanguageModel
    attention: Attention


def main(
    run: Annotated[Path, typer.Option(help="Folder of 'pycosim run'.")],
    same_budget: Annotated[Path | None, typer.Option(help="Softmax weights that were trained as long.")] = None,
    finetuned: Annotated[str, typer.Option(help="Fine-tuned weights.")] = "finetuned",
    stories: Annotated[Path | None, typer.Option(help="stories260K's .bin.")] = None,
    stories_text: Annotated[Path | None, typer.Option(help="tinystories.txt.")] = None,
    stories_linear: Annotated[Path | None, typer.Option(help="Folder of its weights for the hardware.")] = None,
    stories_run: Annotated[Path | None, typer.Option(help="Folder of 'pycosim adapt' of these.")] = None,
    tokens: Annotated[int, typer.Option(help="Tokens of each case of a sweep.")] = 8192,
    whole_texts_only: Annotated[bool, typer.Option("--whole-texts-only", help="No sweeps.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="To see that all runs.")] = False,
) -> None:
    """Measure, print, and write into the docs."""
    console = Console(highlight=False)
    saved = load_attention(run)
    subjects: dict[str, HardwareSubject] = {}
    tables: dict[str, str] = {}
    found: dict[str, object] = {}
    with RichProgress(Console(stderr=True)) as progress:
        entries, swept = _shipped(saved, finetuned, same_budget)
        text = _held_out_text()[: 2049 if quick else None]
        found["shipped"], tables["accuracy_shipped"] = _compared(entries, text, progress)
        subjects |= {name: replace(subject, tokens=text[: tokens + 1]) for name, subject in swept.items()}
        if same_budget is not None:
            found["gap"], tables["accuracy_gap"] = _gap(subjects[TUNED], load_model(same_budget), progress)
        if stories is not None and stories_text is not None and stories_linear is not None and stories_run is not None:
            entries, subject = _stories(stories, stories_linear, load_attention(stories_run))
            ids = np.asarray(
                entries[0].model.tokenizer.encode(stories_text.read_text(encoding="utf-8")), dtype=np.int64
            )
            ids = ids[round(ids.size * (1 - HELD_OUT)) :][: 2049 if quick else None]
            found["stories260k"], tables["accuracy_stories"] = _compared(entries, ids, progress)
            subjects["stories260K, adapted"] = replace(subject, tokens=ids[: tokens + 1])
        if whole_texts_only:
            subjects = {}
        sweeps = {name: sweep_accuracy(one, all_cases(one, quick=quick), progress) for name, one in subjects.items()}
    found |= {axis: _rows(sweeps, axis) for axis in AXES} if sweeps else {}
    tables |= {f"accuracy_{name}".replace(" ", "_"): t.markdown() for name, t in accuracy_tables(sweeps).items()}
    for name, text_of in tables.items():
        console.print(f"\n{name}\n{text_of}", markup=False)
    if quick:
        return
    merge(found, RESULTS)
    for name, text_of in tables.items():
        write_table(name.replace(",", ""), text_of)
    if sweeps:
        write_text(RESULTS.with_name("accuracy_sweeps.svg"), for_file(render_svg(plot_sweeps(sweeps), "accuracy")))


def _shipped(
    saved: SavedAttention, finetuned: str, same_budget: Path | None
) -> tuple[list[Entry], dict[str, HardwareSubject]]:
    softmax, linear, tuned = load_model("softmax"), load_model("linear"), load_model(finetuned)
    adapted, own = _subject(linear, saved, saved.scalers), _subject(tuned, saved, scalers_of(tuned))
    entries = [
        Entry(key="exact", name="exact softmax", model=softmax, attention=exact_attention),
        Entry(key="linear", name="linear hardware", model=linear, attention=_ideal(linear, saved)),
        Entry(key="unadapted", name="ours, not adapted", model=linear, attention=_on(adapted, scalers_of(linear))),
        Entry(key="adapted", name="ours, adapted", model=linear, attention=_on(adapted, saved.scalers)),
        Entry(key="finetuned", name="ours, fine-tuned", model=tuned, attention=_on(own, own.scalers)),
    ]
    if same_budget is not None:
        longer = load_model(same_budget)
        name = "exact softmax, trained as long as the fine-tuned"
        entries.append(Entry(key="exact_same_budget", name=name, model=longer, attention=exact_attention))
    return entries, {"shipped, adapted": adapted, TUNED: own}


def _stories(stories: Path, trained: Path, saved: SavedAttention) -> tuple[list[Entry], HardwareSubject]:
    public, linear = load_model(stories), load_model(trained)
    assert isinstance(public, Llama)
    config = replace(public.config, n_ctx=linear.config.n_ctx)  # both see as many tokens
    public = replace(public, weights=replace(public.weights, config=config))
    adapted = _subject(linear, saved, saved.scalers)
    entries = [
        Entry(key="exact", name="exact softmax", model=public, attention=exact_attention),
        Entry(key="linear", name="linear hardware, fine-tuned for it", model=linear, attention=_ideal(linear, saved)),
        Entry(key="unadapted", name="ours, not adapted", model=linear, attention=_on(adapted, scalers_of(linear))),
        Entry(key="adapted", name="ours, adapted", model=linear, attention=_on(adapted, saved.scalers)),
    ]
    return entries, adapted


def _subject(model: LanguageModel, saved: SavedAttention, scalers: Sequence[Scalers]) -> HardwareSubject:
    return HardwareSubject(
        model=model, models=saved.models, hardware=saved.hardware, scalers=scalers, tokens=np.zeros(0, np.int64)
    )


def _ideal(model: LanguageModel, saved: SavedAttention) -> list[Attend]:
    """The linear hardware of the published numbers, which keeps what was written."""
    arrays = factored_arrays(linear_models(), replace(saved.hardware, token_period=0.0, stored_high=0.9))
    return analog_layers(arrays, scalers_of(model))


def _on(subject: HardwareSubject, scalers: Sequence[Scalers]) -> list[Attend]:
    return analog_layers(factored_arrays(subject.models, subject.hardware), scalers)


def _compared(entries: Sequence[Entry], text: Tokens, progress: Progress) -> tuple[dict[str, object], str]:
    """Perplexities of one text, each beside that of the first entry."""
    progress.stage("transformers on the whole text", total=len(entries))
    losses: dict[str, Losses] = {}
    figures: dict[str, object] = {"n_tokens": int(text.size) - 1}
    rows = []
    for entry in entries:
        n_ctx = entry.model.config.n_ctx
        losses[entry.key] = token_losses(text, entry.model, entry.attention, batch=max(1, BATCH_TOKENS // n_ctx))
        accuracy = accuracy_of_losses(losses[entry.key], n_ctx)
        difference, error = loss_difference(losses[entry.key], losses[entries[0].key], n_ctx)
        figures[entry.key] = accuracy.perplexity
        figures[f"{entry.key}_cross_entropy_nats"] = accuracy.cross_entropy_nats
        ratio = f"{np.exp(difference):.3f} ± {error * np.exp(difference):.3f}"
        rows.append((entry.name, f"{accuracy.perplexity:.3f}", f"{accuracy.cross_entropy_nats:.4f}", ratio))
        progress.advance()
    if "exact_same_budget" in figures:
        of_budget = loss_difference(losses["finetuned"], losses["exact_same_budget"], entries[0].model.config.n_ctx)
        figures["finetuned_over_same_budget"] = float(np.exp(of_budget[0]))
        figures["finetuned_over_same_budget_error"] = float(np.exp(of_budget[0]) * of_budget[1])
    return figures, table(("attention", "perplexity", "nat", "over exact softmax"), rows)


def _gap(
    subject: HardwareSubject, same_budget: LanguageModel, progress: Progress
) -> tuple[list[dict[str, object]], str]:
    """The fine-tuned model without levels of one kind, and of any, against exact softmax of the same budget."""
    n_ctx = subject.model.config.n_ctx
    exact = token_losses(subject.tokens, same_budget, exact_attention)
    without: dict[str, dict[str, None]] = {
        "as it is": {},
        "queries of any width": {"n_input_levels": None},
        "keys and values of any voltage": {"n_stored_levels": None},
        "read-outs of any width": {"n_output_counts": None},
        "no levels at all": {"n_input_levels": None, "n_stored_levels": None, "n_output_counts": None},
    }
    progress.stage("what the gap is made of", total=len(without))
    found: list[dict[str, object]] = []
    for name, levels in without.items():
        hardware = replace(subject.hardware, **levels)  # type: ignore[arg-type]
        arrays = factored_arrays(subject.models, hardware, tolerance=TOLERANCE)
        losses = token_losses(subject.tokens, subject.model, analog_layers(arrays, subject.scalers))
        difference, error = loss_difference(losses, exact, n_ctx)
        found.append({"name": name, "over_same_budget": float(np.exp(difference)), "difference_nats": difference})
        found[-1]["difference_error_nats"] = error
        progress.advance()
    rows = [(row["name"], f"{row['over_same_budget']:.3f}", f"{row['difference_nats']:+.4f}") for row in found]
    return found, table(("fine-tuned hardware", "perplexity over exact softmax of the same budget", "nat"), rows)


def _rows(sweeps: Mapping[str, AccuracySweeps], axis: str) -> list[dict[str, object]]:
    return [{"model": name, **row} for name, found in sweeps.items() for row in accuracy_rows(found, axis)]


def _held_out_text() -> Tokens:
    model = load_model("linear")
    return np.asarray(model.tokenizer.encode(load_held_out_text()), dtype=np.int64)


if __name__ == "__main__":
    typer.run(main)
