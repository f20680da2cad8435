"""Models on gain cells without a gradient: perplexity before, during and after the adaptation, cell by cell.

    python benchmarks/adaptation.py [--run RUN] [--data FOLDER] [--only SECTION] [--quick]

The shipped linear model and, where the reference data are, stories260K (a softmax model that was never trained for the
hardware), on every published cell and on the cells of a `pycosim run`. Figures go to docs/results/adaptation.json,
tables and plot to docs/adaptation.md and docs/adaptation.svg, section by section; `--quick` has fewer tokens and writes
nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

THREADS = os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy

import numpy as np  # noqa: E402
import typer  # noqa: E402
from adaptation_page import write_page  # noqa: E402
from record import ROOT, merge  # noqa: E402

from pycosim.attention.cells import CELL_NAMES, named_models  # noqa: E402
from pycosim.attention.exact import exact_attention  # noqa: E402
from pycosim.attention.hardware import AttentionHardware, AttentionModels  # noqa: E402
from pycosim.evaluate.accuracy import perplexity  # noqa: E402
from pycosim.flows.adapt_model import AdaptedModel, AdaptSettings, adapt_model, calibration_windows  # noqa: E402
from pycosim.flows.adapt_report import history_rows  # noqa: E402
from pycosim.flows.evaluate_model import hardware_of_run  # noqa: E402
from pycosim.flows.hardware_scalers import linear_hardware  # noqa: E402
from pycosim.flows.progress import SilentProgress  # noqa: E402
from pycosim.flows.saved_attention import SavedAttention, load_attention  # noqa: E402
from pycosim.transformer.attend import Attend  # noqa: E402
from pycosim.transformer.corpus import load_held_out_text  # noqa: E402
from pycosim.transformer.gpt2 import Gpt2  # noqa: E402
from pycosim.transformer.llama import Llama  # noqa: E402
from pycosim.transformer.load import load_model  # noqa: E402

RESULTS = ROOT / "docs" / "results" / "adaptation.json"
N_TRIALS = 30
HELD_OUT_SHARE = 0.1
FAR_CELLS = ("linear", "x5", "exponential")
"""Cells of which two are far from linear."""
SMOOTH: dict[str, int | None] = {"n_input_levels": None, "n_stored_levels": None, "n_output_counts": None}
FEWER_LEVELS: tuple[dict[str, int | None], ...] = ({"n_stored_levels": None}, SMOOTH)
"""Hardware without levels of some operands, and of any."""
Tokens = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


class Subject:
    """A model with its texts and the hardware that holds its context.

    Args:
        model: from `load_model`.
        windows: calibration text, (n_texts, n_tokens).
        held_out: ids, (n_text,).
        run: cells from SPICE; None for none.
    """

    def __init__(self, model: Gpt2 | Llama, windows: Tokens, held_out: Tokens, run: SavedAttention | None) -> None:
        self.model, self.windows, self.held_out, self.run = model, windows, held_out, run

    @property
    def cells(self) -> tuple[str, ...]:
        """Names of the cells; ``spice`` for those of the run."""
        return CELL_NAMES if self.run is None else (*CELL_NAMES, "spice")

    def adapted(self, cell: str, settings: AdaptSettings, **levels: int | None) -> dict[str, Any]:
        """Adapt, say so, and return the figures; `levels` are numbers of levels of the hardware that are others."""
        models, hardware = self._on(cell)
        hardware = replace(hardware, **levels)
        start = time.process_time()
        found = adapt_model(
            self.model, models, hardware, self.windows, settings, SilentProgress(), held_out=self.held_out
        )
        row = _row(cell, found, settings) | {"processor_seconds": time.process_time() - start}
        row["levels"] = levels
        figures = ", ".join(f"{name} {value['perplexity']:.4g}" for name, value in row["held_out"].items())
        typer.echo(f"{cell:12s} {figures}, {row['processor_seconds']:.0f} s")
        return row

    def _on(self, cell: str) -> tuple[AttentionModels, AttentionHardware]:
        if cell == "spice":
            assert self.run is not None
            return self.run.models, hardware_of_run(self.run, self.model)
        return named_models(cell), linear_hardware(self.model.weights, self.model.config.n_ctx)


def _row(cell: str, found: AdaptedModel, settings: AdaptSettings) -> dict[str, Any]:
    search = found.search
    return {
        "cell": cell,
        "settings": asdict(settings),
        "reference": found.reference,
        "n_shared": found.n_shared,
        "history": history_rows(found),
        "chosen": found.adaptation.chosen,
        "converged": found.adaptation.converged,
        "search": None
        if search is None
        else {"first_error": float(search.first_errors.mean()), "error": float(search.errors.mean())},
        "held_out": {name: asdict(accuracy) for name, accuracy in found.accuracy.items()},
    }


def shipped(run: SavedAttention | None, n_sequences: int, n_held_out: int) -> Subject:
    """The shipped linear model."""
    model = load_model("linear")
    held_out = model.tokenizer.encode(load_held_out_text())[: n_held_out + 1]
    return Subject(model, calibration_windows(model, None, n_sequences, None), held_out, run)


def stories(data: Path, run: SavedAttention | None, n_sequences: int, n_held_out: int) -> Subject:
    """stories260K: the first nine tenths of its text calibrate, the last is held out."""
    model = load_model(data / "models" / "stories260K" / "stories260K.bin")
    tokens = model.tokenizer.encode((data / "text" / "tinystories.txt").read_text(encoding="utf-8"))
    cut = int((1 - HELD_OUT_SHARE) * tokens.size)
    held_out = tokens[cut:][: n_held_out + 1]
    return Subject(model, calibration_windows(model, tokens[:cut], n_sequences, None), held_out, run)


def first_scalers(subject: Subject, settings: AdaptSettings, cells: Sequence[str]) -> list[dict[str, Any]]:
    """What the search of first scalers, shared scalers and the choice of the wanted signals bring."""
    ways = {
        "statistics": settings,
        "statistics, linear signals wanted": replace(settings, reference="linear"),
        f"search of {N_TRIALS}": replace(settings, n_trials=N_TRIALS),
        f"search of {N_TRIALS}, k and v shared": replace(settings, n_trials=N_TRIALS, share=True),
    }
    return [{"way": name, **subject.adapted(cell, own)} for cell in cells for name, own in ways.items()]


def floors(subject: Subject) -> list[dict[str, Any]]:
    """Attentions that know nothing of queries and keys: what hardware must do better than."""

    def silent(q: Floats, k: Floats, v: Floats) -> Floats:
        return np.zeros_like(v)

    def even(q: Floats, k: Floats, v: Floats) -> Floats:
        return v.cumsum(axis=-2) / np.arange(1, v.shape[-2] + 1, dtype=np.float32)[:, None]

    ways: dict[str, Attend] = {"exact": exact_attention, "mean of all values so far": even, "none: zeros": silent}
    found = {name: perplexity(subject.held_out, subject.model, attend, batch=8) for name, attend in ways.items()}
    return [{"attention": name, **asdict(accuracy)} for name, accuracy in found.items()]


def sections(
    run: SavedAttention | None, data: Path | None, settings: AdaptSettings, n_sequences: int, n_held_out: int
) -> dict[str, Callable[[], list[dict[str, Any]]]]:
    """By name, what makes the rows of a section."""
    mine = cache(lambda: shipped(run, n_sequences, n_held_out))
    found: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "shipped": lambda: [mine().adapted(cell, settings) for cell in mine().cells],
        "shipped_written": lambda: [
            mine().adapted(cell, replace(settings, match="written")) for cell in mine().cells[1:]
        ],
        "shipped_levels": lambda: [
            mine().adapted(cell, settings, **levels) for cell in FAR_CELLS for levels in FEWER_LEVELS
        ],
    }
    if data is not None:
        theirs = cache(lambda: stories(data, run, max(2, n_sequences // 2), n_held_out // 2))
        found["stories260k"] = lambda: [theirs().adapted(cell, settings) for cell in theirs().cells]
        found["floors"] = lambda: floors(theirs())
        found["first_scalers"] = lambda: first_scalers(theirs(), settings, ("linear", "cubic"))
    return found


def main(
    run: Annotated[Path | None, typer.Option(help="Folder of a 'pycosim run', for cells from SPICE.")] = None,
    data: Annotated[Path | None, typer.Option(help="Reference data, with models/stories260K.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A section; may be repeated.", show_default="all")] = None,
    quick: bool = False,
) -> None:
    saved = None if run is None else load_attention(run)
    n_sequences, n_held_out, steps = (2, 1024, 3) if quick else (8, 8192, 20)
    record: dict[str, Any] = {}
    for name, rows in sections(saved, data, AdaptSettings(steps=steps), n_sequences, n_held_out).items():
        if not only or name in only:
            typer.echo(name)
            found = rows()
            record = {} if quick else merge({name: found, "threads": int(THREADS)}, RESULTS)
    for path in write_page(record) if record else ():
        typer.echo(path)


if __name__ == "__main__":
    typer.run(main)
