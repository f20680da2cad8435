"""A GPT-2 of real size on gain cells: `pycosim adapt` and `evaluate` as a user types them, their time and memory.

    python benchmarks/gpt2_adapt.py --bpe FOLDER --text FILE [--run RUN] [--context 256] [--quick]

The weights are random (the public ones do not come with pycosim), in a folder as Hugging Face writes it, with GPT-2's
own byte pairs from FOLDER; perplexities say nothing, but the flow is that of the real weights. Figures go to
docs/results/speed.json, the table to docs/gpt2.md; `--quick` has a small model and writes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy

import numpy as np
import typer
from record import SPEED, merge, table, write_table

from pycosim.transformer.bpe import read_bpe
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.parameters import Gpt2Config, Weights, expected_shapes
from pycosim.transformer.save import save_model

DEVIATION = 0.02
"""Of GPT-2's first weights  [2019 Radford]."""
N_VOCAB, START = 50257, 50256
CONFIGS = {"small": (12, 12, 1024), "quick": (2, 2, 256)}
"""Layers, heads of 64, context."""


def random_model(name: str, bpe: Path) -> Gpt2:
    """A GPT-2 as it is before training: norms are 1, biases 0, all else small."""
    n_layer, n_head, n_ctx = CONFIGS[name]
    config = Gpt2Config(n_layer=n_layer, n_head=n_head, d_head=64, n_ctx=n_ctx, n_vocab=N_VOCAB)
    random = np.random.default_rng(0)
    arrays = {}
    for key, shape in expected_shapes(config).items():
        if key.endswith("bias"):
            arrays[key] = np.zeros(shape, np.float32)
        elif len(shape) == 1:
            arrays[key] = np.ones(shape, np.float32)
        else:
            arrays[key] = random.standard_normal(shape, dtype=np.float32) * np.float32(DEVIATION)
    return Gpt2(weights=Weights(config=config, arrays=arrays), tokenizer=read_bpe(bpe, start=START))


def measured(*words: object) -> dict[str, float]:
    """Run a command alone: its time and its largest resident set."""
    program = (
        "import resource, subprocess, sys, time; start = time.perf_counter(); "
        "subprocess.run(sys.argv[1:], check=True); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(time.perf_counter() - start, 1024 * used.ru_maxrss, used.ru_utime)"
    )
    command = [sys.executable, "-c", program, sys.executable, "-m", "pycosim", *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, resident, processor = map(float, done.stdout.splitlines()[-1].split())
    typer.echo(f"{words[0]}: {seconds:.0f} s, of the processor {processor:.0f} s, {resident / 1e9:.2f} GB")
    return {"seconds": seconds, "processor_seconds": processor, "resident_bytes": resident}


def main(
    bpe: Annotated[Path, typer.Option(help="Folder with GPT-2's encoder.json and vocab.bpe.")],
    text: Annotated[Path, typer.Option(help="Text in UTF-8.")],
    run: Annotated[Path | None, typer.Option(help="Folder of a 'pycosim run'.", show_default="the cubic cell")] = None,
    context: int = 256,
    quick: bool = False,
) -> None:
    name = "quick" if quick else "small"
    context = min(context, CONFIGS[name][2])
    to = ("--cell", "cubic") if run is None else ("--models", run)
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "gpt2", Path(place) / "adapted"
        start = time.perf_counter()
        save_model(folder, random_model(name, bpe))
        made = time.perf_counter() - start
        settings = ("--iterations", 4, "--sequences", 4, "--context", context)
        found: dict[str, Any] = {
            "model": name,
            "context": context,
            "n_sequences": 4,
            "iterations": 4,
            "cell": "cubic" if run is None else "spice",
            "made_seconds": made,
        }
        common = ("--model", folder, "--text", text)
        found["adapt"] = measured("adapt", *common, *to, *settings, "--tokens", context, "--out", out)
        analog = ("--attention", "analog", "--models", out, "--tokens", CONFIGS[name][2], "--out", Path(place) / "e")
        found["evaluate"] = measured("evaluate", *common, *analog)
        exact = json.loads((out / "adaptation.json").read_text(encoding="utf-8"))["history"]
        found["perplexities"] = [row["perplexity"] for row in exact]
        answer = json.loads((Path(place) / "e" / "evaluate.json").read_text(encoding="utf-8"))
        found["tokens_per_second"] = answer["tokens_per_second"]
        found["n_evaluated"] = answer["accuracy"]["n_tokens"]
    if quick:
        return
    merge({"gpt2_adapt": found}, SPEED)
    for path in write_table("gpt2_adapt", page(found)):
        typer.echo(path)


def page(f: dict[str, Any]) -> str:
    """The table of docs/gpt2.md."""
    what = {
        "adapt": f"`adapt`: {f['n_sequences']} windows of {f['context']} tokens, {f['iterations']} iterations, "
        f"{f['context']} held-out tokens with three attentions and exact",
        "evaluate": f"`evaluate --attention analog`: {f['n_evaluated']} tokens, {f['tokens_per_second']:.0f} a second",
    }
    rows = [
        [
            text,
            f"{f[key]['seconds']:.0f} s",
            f"{f[key]['processor_seconds']:.0f} s",
            f"{f[key]['resident_bytes'] / 1e9:.1f} GB",
        ]
        for key, text in what.items()
    ]
    return table([f"GPT-2 {f['model']}, cell: {f['cell']}", "time", "of one processor", "memory"], rows)


if __name__ == "__main__":
    typer.run(main)
