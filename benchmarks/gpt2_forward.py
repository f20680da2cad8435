"""A window of a GPT-2-small-sized model in NumPy against torch's CPU forward pass, and generation with a KV cache.

    python benchmarks/gpt2_forward.py --torch-python PATH [--quick] [--rounds 7]

PATH is a Python that has torch, numpy and safetensors (the product never imports torch). Random weights of the
published sizes, seed 0, passed by a safetensors file; both run in turn, float32, with OPENBLAS_NUM_THREADS threads (1
unless set). Prints medians of the ratios within a round, with the logits of all tokens and of the last alone, and the
largest difference of a logit. `--quick` runs two layers and writes nothing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

THREADS = int(os.environ.setdefault("OPENBLAS_NUM_THREADS", "1"))  # before NumPy

import numpy as np  # noqa: E402
import typer  # noqa: E402
from gpt2_page import record_gpt2  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

from pycosim.attention.exact import exact_attention  # noqa: E402
from pycosim.attention.generation import ExactSteps  # noqa: E402
from pycosim.transformer.generate import generate  # noqa: E402
from pycosim.transformer.gpt2 import Gpt2  # noqa: E402
from pycosim.transformer.parameters import Gpt2Config, expected_shapes  # noqa: E402
from pycosim.transformer.tokenizer import ByteTokenizer  # noqa: E402
from pycosim.transformer.weights import load_weights  # noqa: E402

SMALL = Gpt2Config(n_layer=12, n_head=12, d_head=64, n_ctx=1024, n_vocab=50257)
SPREAD = 0.02  # of GPT-2's initial weights [2019 Radford]
LARGEST_DIFFERENCE = 1e-4
PEER = Path(__file__).with_name("gpt2_torch.py")


def random_arrays(config: Gpt2Config, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        name: random.normal(
            1.0 if name.endswith(("ln_1.weight", "ln_2.weight", "ln_f.weight")) else 0.0, SPREAD, shape
        ).astype(np.float32)
        for name, shape in expected_shapes(config).items()
    }


class Torch:
    """The other program, kept running."""

    def __init__(self, python: Path, weights: Path, tokens: Path, n_head: int) -> None:
        command = [str(python), str(PEER), str(weights), str(tokens), str(n_head), str(THREADS)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(THREADS), "MKL_NUM_THREADS": str(THREADS)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.version = self._line().removeprefix("ready ")

    def seconds(self, word: str) -> float:
        """Let it run once."""
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            raise typer.BadParameter("torch's process ended; does --torch-python have torch, numpy and safetensors?")
        return line


def ratios(model: Gpt2, tokens: np.ndarray, torch: Torch, rounds: int) -> dict[str, float]:
    """Medians over rounds; a ratio above 1 says that NumPy is faster."""
    found: dict[str, float] = {}
    for word, last in (("all", None), ("last", 1)):
        ours, theirs = [], []
        for _ in range(rounds + 1):
            theirs.append(torch.seconds(word))
            start = time.perf_counter()
            model.logits(tokens, exact_attention, last=last)
            ours.append(time.perf_counter() - start)
        within = [b / a for a, b in zip(ours[1:], theirs[1:], strict=True)]  # the first one warms up
        found |= {
            f"{word}_seconds": statistics.median(ours[1:]),
            f"{word}_torch_seconds": statistics.median(theirs[1:]),
            f"{word}_ratio": statistics.median(within),
        }
    return found


def generation(model: Gpt2, tokens: np.ndarray, n_tokens: int) -> dict[str, float]:
    """Time of the prompt and of each token after it."""
    n_layer = model.config.n_layer
    start = time.perf_counter()
    generate(model, tokens, 1, lambda: [ExactSteps() for _ in range(n_layer)])
    prompt = time.perf_counter() - start
    start = time.perf_counter()
    generate(model, tokens, n_tokens + 1, lambda: [ExactSteps() for _ in range(n_layer)])
    return {
        "prompt_tokens": int(tokens.size),
        "prompt_seconds": prompt,
        "token_seconds": (time.perf_counter() - start - prompt) / n_tokens,
    }


def main(
    torch_python: Annotated[Path, typer.Option(help="A Python that has torch.")],
    quick: bool = False,
    rounds: int = 7,
) -> None:
    config = replace(SMALL, n_layer=2) if quick else SMALL
    rounds = min(rounds, 2) if quick else rounds
    with tempfile.TemporaryDirectory() as folder:
        weights, ids, logits = (Path(folder) / name for name in ("w.safetensors", "tokens.npy", "logits.npy"))
        sizes = {name: str(getattr(config, name)) for name in ("n_layer", "n_head", "d_head", "n_ctx", "n_vocab")}
        save_file(random_arrays(config, 0), weights, metadata=sizes)
        tokens = np.random.default_rng(1).integers(0, config.n_vocab, config.n_ctx)
        np.save(ids, tokens)
        start = time.perf_counter()
        model = Gpt2(weights=load_weights(weights), tokenizer=ByteTokenizer())
        load = time.perf_counter() - start
        torch = Torch(torch_python, weights, ids, config.n_head)
        torch.seconds(str(logits))
        difference = float(np.abs(np.load(logits) - model.logits(tokens, exact_attention)).max())
        typer.echo(f"{torch.version}, {THREADS} thread(s), {config}; largest difference of a logit {difference:.1e}")
        if difference > LARGEST_DIFFERENCE:
            raise typer.Exit(1)
        found: dict[str, float | str] = {"load_seconds": load, "largest_difference": difference}
        found |= ratios(model, tokens, torch, rounds)
        found |= generation(model, tokens[: config.n_ctx // 2], 8 if quick else 64)
    for word in ("all", "last"):
        typer.echo(
            f"logits of {word:4s}: NumPy {found[f'{word}_seconds']:.2f} s, "
            f"torch {found[f'{word}_torch_seconds']:.2f} s: "
            f"{found[f'{word}_ratio']:.2f} x the speed of torch"
        )
    typer.echo(
        f"KV cache: {found['prompt_tokens']} tokens of prompt in {found['prompt_seconds']:.2f} s, then "
        f"{1e3 * float(found['token_seconds']):.0f} ms a token"
    )
    if quick:
        return
    record_gpt2({"forward_ratio_vs_torch": found["all_ratio"], **found, "threads": THREADS, "torch": torch.version})


if __name__ == "__main__":
    typer.run(main)
