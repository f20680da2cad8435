"""What training can do for the hardware, beyond the paper: each technique alone, from the same weights, equally long.

    python benchmarks/trained_techniques.py --run RUN --model softmax --text FILE --name "shipped model"
        [--steps 300] [--torch-python PATH] [--out FOLDER] [--quick]

PATH is a Python with torch (default: this one). Every row is one `pycosim finetune` of the linear hardware from MODEL,
whose scalers are then adapted to the models of RUN; perplexities are those on RUN's hardware, as designed and with dies
and noise, on the end of FILE that the training left out. Writes docs/results/accuracy.json, `trained`, and the table of
docs/attention_techniques.md. `--quick`: few steps, writes nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from record import ROOT, merge, table, write_table
from rich.console import Console

from pycosim.attention.analog import analog_layers, factored_arrays
from pycosim.attention.imperfections import Imperfections
from pycosim.attention.published import published_spreads
from pycosim.evaluate.accuracy import Losses, loss_difference, token_losses
from pycosim.flows.adapt_model import AdaptSettings, adapt_model
from pycosim.flows.adaptation import calibration_of
from pycosim.flows.evaluate_model import hardware_of_run
from pycosim.flows.progress import Progress, RichProgress
from pycosim.flows.saved_attention import SavedAttention, load_attention
from pycosim.models.spread import CellDeviation
from pycosim.transformer.attend import Tokens
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.load import load_model

RESULTS = ROOT / "docs" / "results" / "accuracy.json"
HELD_OUT = 0.1
"""Share of the text that the training leaves out."""

CELLS, OFFSET, NOISE = 0.2, 400e-12, 400e-12
"""Deviations of a cell's charge (relative), of converters, and of every conversion (s): where losses begin to show."""

ADAPTATION_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """One training.

    Attributes:
        key: of its folder and in the results.
        name: in the table.
        options: of `pycosim finetune`; TEACHER stands for the model itself.
    """

    key: str
    name: str
    options: tuple[str, ...] = ()


TECHNIQUES = (
    Technique(key="plain", name="the paper's: next tokens, linear cells"),
    Technique(key="varied", name="cells that vary in training", options=("--variation", "1")),
    Technique(key="noise", name="noise in training, 2 % of full scale", options=("--noise", "0.02")),
    Technique(key="signed", name="signed queries", options=("--signed-queries",)),
    Technique(
        key="distilled",
        name="distilled from softmax",
        options=("--distill", "TEACHER", "--distill-share", "0.7", "--temperature", "1"),
    ),
    Technique(
        key="all",
        name="signed queries, distilled, noise in training",
        options=(
            "--signed-queries",
            "--noise",
            "0.02",
            *("--distill", "TEACHER", "--distill-share", "0.7", "--temperature", "1"),
        ),
    ),
)


def main(
    run: Annotated[Path, typer.Option(help="Folder of 'pycosim run'.")],
    text: Annotated[Path, typer.Option(help="Text to learn from; its end is left out.")],
    model: Annotated[str, typer.Option(help="Trained with softmax.")] = "softmax",
    name: Annotated[str, typer.Option(help="Of the model, in the table.")] = "shipped model",
    steps: Annotated[int, typer.Option(help="Of every training.")] = 300,
    tokens: Annotated[int, typer.Option(help="Predicted of the text that is left out.")] = 32768,
    rows: Annotated[int, typer.Option(help="More than 1: also so many rows per feature.")] = 1,
    torch_python: Annotated[Path, typer.Option(help="A Python with torch.")] = Path(sys.executable),
    out: Annotated[Path, typer.Option(help="Folder of the trainings.")] = Path("runs/techniques"),
    quick: Annotated[bool, typer.Option("--quick", help="To see that all runs.")] = False,
) -> None:
    """Train, adapt, measure, print, and write into the docs."""
    saved = load_attention(run)
    techniques = (*TECHNIQUES, _rows_technique(rows)) if rows > 1 else TECHNIQUES
    losses: dict[str, tuple[Losses, Losses]] = {}
    n_ctx = 0
    for technique in techniques:
        folder = out / technique.key
        options = [model if word == "TEACHER" else word for word in technique.options]
        command = [str(torch_python), "-m", "pycosim", "finetune", "--model", model, "--text", str(text)]
        command += ["--held-out", str(HELD_OUT), "--steps", str(3 if quick else steps), "--out", str(folder), *options]
        subprocess.run(command, check=True)
        trained = load_model(folder)
        assert isinstance(trained, Gpt2 | Llama)
        ids = np.asarray(trained.tokenizer.encode(text.read_text(encoding="utf-8")), dtype=np.int64)
        held_out = ids[round(ids.size * (1 - HELD_OUT)) :][: 513 if quick else tokens + 1]
        n_ctx = trained.config.n_ctx
        with RichProgress(Console(stderr=True)) as progress:
            losses[technique.key] = _measured(trained, saved, held_out, progress)
    figures: list[dict[str, object]] = []
    for technique in techniques:
        found: dict[str, object] = {"model": name, "key": technique.key, "name": technique.name, "steps": steps}
        for condition, own, plain in zip(
            ("designed", "flawed"), losses[technique.key], losses[TECHNIQUES[0].key], strict=True
        ):
            difference, error = loss_difference(own, plain, n_ctx)
            found |= {
                f"{condition}_perplexity": float(np.exp(own.mean())),
                f"{condition}_difference_nats": difference,
                f"{condition}_difference_error_nats": error,
            }
        figures.append(found)
    Console(highlight=False).print(_table(figures), markup=False)
    if quick:
        return
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    others = [row for row in known.get("trained", []) if row["model"] != name]
    merge({"trained": others + figures}, RESULTS)
    write_table("trained_techniques", _table(others + figures))


def _rows_technique(rows: int) -> Technique:
    return Technique(key="rows", name=f"{rows} rows per feature", options=("--rows-per-feature", str(rows)))


def _measured(
    model: Gpt2 | Llama, saved: SavedAttention, held_out: Tokens, progress: Progress
) -> tuple[Losses, Losses]:
    """Losses on the adapted hardware, as designed, and with one die's deviations and noise."""
    hardware = hardware_of_run(saved, model)
    settings = AdaptSettings(steps=ADAPTATION_STEPS)
    adapted = adapt_model(model, saved.models, hardware, calibration_of(model.weights), settings, progress)
    first, second = published_spreads(offset=OFFSET, noise=NOISE)
    cell = CellDeviation(name="charge of a read", sigma=CELLS, sensitivity=saved.models.cell_k)
    flaws = Imperfections(seed=0, cells=(cell,), first=first, second=second)
    found = []
    for imperfections in (None, flaws):
        arrays = factored_arrays(saved.models, hardware, imperfections=imperfections, tolerance=1e-6)
        found.append(token_losses(held_out, model, analog_layers(arrays, adapted.scalers)))
    return found[0], found[1]


def _table(rows: list[dict[str, object]]) -> str:
    def shown(row: dict[str, object], condition: str) -> str:
        difference, error = row[f"{condition}_difference_nats"], row[f"{condition}_difference_error_nats"]
        change = "" if row["key"] == TECHNIQUES[0].key else f" ({difference:+.3f} ± {error:.3f} nat)"
        return f"{row[f'{condition}_perplexity']:.3f}{change}"

    head = ("model", "training", "steps", "as designed", "with dies and noise")
    cells = [(row["model"], row["name"], row["steps"], shown(row, "designed"), shown(row, "flawed")) for row in rows]
    return table(head, cells)


if __name__ == "__main__":
    typer.run(main)
