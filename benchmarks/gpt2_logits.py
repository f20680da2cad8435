"""Randomly initialised GPT-2s of the published sizes against transformers, and what it takes to load and run a folder.

    python benchmarks/gpt2_logits.py --torch-python PATH [--sizes small,medium,large,xl] [--quick]

PATH is a Python that has torch and transformers; it writes a folder as Hugging Face does, with the logits of 64 tokens,
which must agree to 1e-4. Then the folder is loaded as a user loads his own, and timed: loading, a window of 1024 tokens
with exact attention, tokens written one by one; memory is the largest resident set of a process that does this alone.
`--quick` does the small one only and writes nothing. The largest, XL, takes 13 GB of memory and 7 GB of disk.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

THREADS = os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy

import numpy as np  # noqa: E402
import typer  # noqa: E402
from gpt2_page import record_gpt2  # noqa: E402

from pycosim.attention.exact import exact_attention  # noqa: E402
from pycosim.attention.generation import ExactSteps  # noqa: E402
from pycosim.transformer.generate import generate  # noqa: E402
from pycosim.transformer.gpt2 import Gpt2  # noqa: E402
from pycosim.transformer.huggingface import read_huggingface  # noqa: E402
from pycosim.transformer.parameters import Weights  # noqa: E402
from pycosim.transformer.tokenizer import ByteTokenizer  # noqa: E402

SIZES = {"small": (12, 12, 768), "medium": (24, 16, 1024), "large": (36, 20, 1280), "xl": (48, 25, 1600)}
"""Layers, heads and width of the published models [2019 Radford, table 2]."""
LARGEST_DIFFERENCE = 1e-4
N_WRITTEN = 16
PEER = Path(__file__).with_name("transformers_logits.py")
ALONE = "--alone"


def measure(folder: Path) -> dict[str, float]:
    """All figures of one folder, in this process."""
    start = time.perf_counter()
    weights = read_huggingface(folder)
    load = time.perf_counter() - start
    assert isinstance(weights, Weights)
    model = Gpt2(weights=weights, tokenizer=ByteTokenizer())
    with np.load(folder / "reference.npz") as reference:
        difference = np.abs(model.logits(reference["tokens"], exact_attention) - reference["logits"]).max()
    tokens = np.random.default_rng(0).integers(0, weights.config.n_vocab, weights.config.n_ctx)
    start = time.perf_counter()
    model.logits(tokens, exact_attention, last=1)
    window = time.perf_counter() - start
    n_layer = weights.config.n_layer
    start = time.perf_counter()
    generate(model, tokens[:1], N_WRITTEN, lambda: [ExactSteps() for _ in range(n_layer)])
    return {
        "parameters": sum(array.size for array in weights.arrays.values()),
        "largest_difference": float(difference),
        "load_seconds": load,
        "window_seconds": window,
        "token_seconds": (time.perf_counter() - start) / N_WRITTEN,
        "resident_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def main(
    torch_python: Annotated[Path, typer.Option(help="A Python that has torch and transformers.")],
    sizes: str = "small,medium",
    quick: bool = False,
) -> None:
    found = {}
    for name in ["small"] if quick else sizes.split(","):
        with tempfile.TemporaryDirectory() as folder:
            command = [str(torch_python), str(PEER), "folder", folder, *map(str, SIZES[name])]
            subprocess.run(command, check=True, capture_output=True)
            alone = subprocess.run(
                [sys.executable, __file__, ALONE, folder], check=True, capture_output=True, text=True
            )
        found[name] = figures = json.loads(alone.stdout)
        typer.echo(
            f"{name:6s} {figures['parameters'] / 1e6:6.0f} M weights, "
            f"logits within {figures['largest_difference']:.1e}; loaded in {figures['load_seconds']:.1f} s, "
            f"1024 tokens in {figures['window_seconds']:.1f} s, {1e3 * figures['token_seconds']:.0f} ms a token, "
            f"{figures['resident_bytes'] / 1e9:.1f} GB"
        )
    if any(figures["largest_difference"] > LARGEST_DIFFERENCE for figures in found.values()):
        raise typer.Exit(1)
    if not quick:
        record_gpt2({"folders": found})


if __name__ == "__main__":
    if sys.argv[1:2] == [ALONE]:
        typer.echo(json.dumps(measure(Path(sys.argv[2]))))
    else:
        typer.run(main)
